//! An `RTM_NEWLINK` message as the model's interface.
//!
//! Total by hand: a device with an attribute nobody knows is still a device, so only a message without an index or a
//! name is left out. What a kind has beyond the common attributes is read in [`super::kinds`].
//!
//! Formats: `include/uapi/linux/if_link.h`, `include/uapi/linux/if.h`.

use super::kinds;
use super::wire::{Message, RTM_NEWLINK, attributes, i32_at, text, u16_at, u32_at};
use crate::model::{Fact, IfIndex, Link, Mac, NsInode, Peer};
use crate::text::Outside;
use std::collections::BTreeMap;

/// Length of `struct ifinfomsg`: family, padding, type (2), index (4), flags (4), change (4).
const HEADER: usize = 16;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_IFALIAS: u16 = 20;
const IFLA_PROMISCUITY: u16 = 30;
const IFLA_LINK_NETNSID: u16 = 37;

const IFF_UP: u32 = 1;
const IFF_LOOPBACK: u32 = 8;
const IFF_PROMISC: u32 = 0x100;

/// Where the other end of an interface is, before ids are mapped to inodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Other {
    /// It has none.
    None,
    /// In the same namespace.
    Here(IfIndex),
    /// In the namespace that the asking socket's namespace knows by this id.
    There(IfIndex, i32),
    /// In a namespace that was looked up where it was read.
    Found(IfIndex, Fact<NsInode>),
}

/// An interface as a message has it: without its addresses, and its other end by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkFacts {
    pub link: Link,
    pub other: Other,
    pub is_loopback: bool,
}

/// Reads an `RTM_NEWLINK` of a namespace; none for other messages and for one without an index or a name.
pub(crate) fn parse_link(netns: NsInode, message: &Message<'_>) -> Option<LinkFacts> {
    if message.kind != RTM_NEWLINK {
        return None;
    }
    let device_type = u16_at(message.payload, 2)?;
    let ifindex = IfIndex(u32_at(message.payload, 4)?);
    let flags = u32_at(message.payload, 8)?;
    let is_loopback = flags & IFF_LOOPBACK != 0;
    let mut link = blank(netns, ifindex);
    link.is_up = flags & IFF_UP != 0;
    link.is_promisc = flags & IFF_PROMISC != 0;
    let (mut below, mut nsid) = (None, None);
    for (kind, value) in attributes(message.payload.get(HEADER..)?) {
        match kind {
            IFLA_ADDRESS => link.mac = Mac(value.to_vec()),
            IFLA_IFNAME => link.name = Outside::from(&*text(value)),
            IFLA_IFALIAS => link.alias = Some(Outside::from(&*text(value))),
            IFLA_MTU => link.mtu = u32_at(value, 0).unwrap_or_default(),
            IFLA_LINK => below = u32_at(value, 0),
            IFLA_MASTER => link.master = u32_at(value, 0).filter(|n| *n != 0).map(IfIndex),
            IFLA_OPERSTATE => link.operstate = operstate(value.first().copied()).to_owned(),
            IFLA_PROMISCUITY => link.promiscuity = u32_at(value, 0).unwrap_or_default(),
            IFLA_LINK_NETNSID => nsid = i32_at(value, 0),
            IFLA_LINKINFO => kinds::read_info(value, &mut link),
            _ => {}
        }
    }
    if link.name.is_empty() {
        return None;
    }
    if link.kind.is_empty() {
        link.kind = kind_of_type(device_type, is_loopback);
    }
    let other = other_end(&link, below, nsid);
    Some(LinkFacts { link, other, is_loopback })
}

/// `IFLA_LINK` is the interface itself for real devices and 0 for tunnels over no device in particular; old kernels
/// leave it out for a veth whose peer has the same index in another namespace.
fn other_end(link: &Link, below: Option<u32>, nsid: Option<i32>) -> Other {
    match (below, nsid) {
        (Some(0), _) | (None, None) => Other::None,
        (Some(index), Some(nsid)) => Other::There(IfIndex(index), nsid),
        (Some(index), None) if index == link.ifindex.0 => Other::None,
        (Some(index), None) => Other::Here(IfIndex(index)),
        (None, Some(nsid)) if matches!(link.kind.as_str(), "veth" | "netkit") => Other::There(link.ifindex, nsid),
        (None, Some(_)) => Other::None,
    }
}

impl LinkFacts {
    /// The peer as the model has it, with ids looked up by `inode_of`.
    pub fn peer(&self, inode_of: impl Fn(i32) -> Fact<NsInode>) -> Option<Peer> {
        match &self.other {
            Other::None => None,
            Other::Here(ifindex) => Some(Peer { ifindex: *ifindex, netns: Fact::Known(self.link.netns) }),
            Other::There(ifindex, nsid) => Some(Peer { ifindex: *ifindex, netns: inode_of(*nsid) }),
            Other::Found(ifindex, netns) => Some(Peer { ifindex: *ifindex, netns: netns.clone() }),
        }
    }
}

fn blank(netns: NsInode, ifindex: IfIndex) -> Link {
    Link {
        netns,
        ifindex,
        name: Outside::default(),
        alias: None,
        kind: String::new(),
        mac: Mac::default(),
        mtu: 0,
        operstate: operstate(None).to_owned(),
        is_up: false,
        is_promisc: false,
        promiscuity: 0,
        master: None,
        peer: None,
        addresses: Vec::new(),
        bridge: None,
        port: None,
        details: BTreeMap::new(),
    }
}

/// `IF_OPER_*`, RFC 2863.
fn operstate(value: Option<u8>) -> &'static str {
    match value {
        Some(1) => "notpresent",
        Some(2) => "down",
        Some(3) => "lowerlayerdown",
        Some(4) => "testing",
        Some(5) => "dormant",
        Some(6) => "up",
        _ => "unknown",
    }
}

/// A word for devices whose driver has no kind, by `ARPHRD_*` (`include/uapi/linux/if_arp.h`), as `ip link` has it.
fn kind_of_type(device_type: u16, is_loopback: bool) -> String {
    match device_type {
        _ if is_loopback => "loopback".to_owned(),
        1 => "ether".to_owned(),
        32 => "infiniband".to_owned(),
        512 => "ppp".to_owned(),
        768 => "ipip".to_owned(),
        769 => "ip6tnl".to_owned(),
        776 => "sit".to_owned(),
        778 => "gre".to_owned(),
        823 => "ip6gre".to_owned(),
        65534 => "none".to_owned(),
        other => format!("arphrd-{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::messages;
    use super::*;
    use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
    use netlink_packet_route::RouteNetlinkMessage;
    use netlink_packet_route::link::LinkAttribute;
    use proptest::prelude::*;

    /// A namespace with a bridge, its veth port, a vlan, a macvlan, an ipvlan, a vxlan, a dummy, as the kernel sent it.
    const DUMP: &[u8] = include_bytes!("captured/links.bin");
    const NS: NsInode = NsInode(4_026_531_840);

    fn captured() -> Vec<LinkFacts> {
        messages(DUMP).filter_map(|m| parse_link(NS, &m)).collect()
    }

    fn by_name(name: &str) -> LinkFacts {
        captured().into_iter().find(|f| f.link.name == *name).unwrap_or_else(|| panic!("no {name}"))
    }

    #[test]
    fn a_captured_dump_gives_every_kind_with_its_settings() {
        let bridge = by_name("br0").link;
        assert_eq!(bridge.kind, "bridge");
        let settings = bridge.bridge.expect("bridge settings");
        assert!(settings.bridge_id.starts_with("8000."));
        assert!(settings.vlan_filtering && settings.mcast_snooping);
        assert_eq!((settings.stp_state, settings.default_pvid, settings.ageing_cs), (1, Some(1), 30_000));

        let port = by_name("v0");
        assert_eq!((port.link.kind.as_str(), port.link.master), ("veth", Some(bridge.ifindex)));
        assert!(matches!(port.other, Other::There(_, nsid) if nsid >= 0));
        let port = port.link.port.expect("port settings");
        assert!(port.isolated && port.hairpin && port.learning);

        let vxlan = by_name("vx0").link;
        let detail = |name: &str| vxlan.details.get(name).map(String::as_str);
        assert_eq!(detail("vni"), Some("42"));
        assert_eq!(detail("remote"), Some("192.0.2.9"));
        assert_eq!(detail("local"), Some("192.0.2.1"));
        assert_eq!(detail("port"), Some("4789"));

        assert_eq!(by_name("d0.7").link.details.get("vlan").map(String::as_str), Some("7"));
        assert_eq!(by_name("mv0").link.details.get("mode").map(String::as_str), Some("bridge"));
        assert_eq!(by_name("iv0").link.details.get("mode").map(String::as_str), Some("l3"));
        assert_eq!(by_name("mv0").other, Other::Here(by_name("d0").link.ifindex));
        assert_eq!(by_name("d0").link.alias, Some(Outside::from("uplink of the test")));
        let detail = |link: &str, name: &str| by_name(link).link.details.get(name).cloned().unwrap_or_default();
        assert_eq!(detail("bo0", "mode"), "active-backup");
        assert_eq!((detail("gre1", "remote"), detail("gre1", "key")), ("192.0.2.3".to_owned(), "5".to_owned()));
        assert_eq!(detail("tip0", "remote"), "192.0.2.4");
        assert_eq!(detail("vrf0", "table"), "77");
        assert_eq!((detail("gnv0", "vni"), detail("gnv0", "remote")), ("9".to_owned(), "192.0.2.5".to_owned()));
        assert_eq!(detail("tap0", "mode"), "tap");
        assert_eq!(by_name("lo").link.kind, "loopback");
        assert_eq!((by_name("wg0").link.kind, by_name("ifb7").link.kind), ("wireguard".to_owned(), "ifb".to_owned()));
    }

    /// The crate's typed parser is the second opinion on the captured bytes.
    #[test]
    fn the_typed_parser_of_the_crate_sees_the_same() {
        let mut rest = DUMP;
        let mut compared = 0;
        while rest.len() >= 16 {
            let length = u32_at(rest, 0).expect("length") as usize;
            let typed = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&rest[..length]).expect("parses");
            rest = &rest[(length + 3) & !3..];
            let NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(typed)) = typed.payload else { continue };
            let ours = &captured()[compared];
            compared += 1;
            assert_eq!(typed.header.index, ours.link.ifindex.0);
            for attribute in typed.attributes {
                match attribute {
                    LinkAttribute::IfName(name) => assert_eq!(ours.link.name, *name.as_str()),
                    LinkAttribute::Mtu(mtu) => assert_eq!(ours.link.mtu, mtu),
                    LinkAttribute::Address(mac) => assert_eq!(ours.link.mac.0, mac),
                    LinkAttribute::Controller(n) => assert_eq!(ours.link.master, Some(IfIndex(n))),
                    LinkAttribute::Promiscuity(n) => assert_eq!(ours.link.promiscuity, n),
                    _ => {}
                }
            }
        }
        assert_eq!(compared, captured().len());
    }

    proptest! {
        #[test]
        fn never_panics_on_a_damaged_dump(
            at in 0..DUMP.len(), byte: u8, junk in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = DUMP.to_vec();
            bytes[at] = byte;
            let _ = messages(&bytes).filter_map(|m| parse_link(NS, &m)).count();
            let _ = parse_link(NS, &Message { kind: RTM_NEWLINK, flags: 0, seq: 0, payload: &junk });
        }
    }
}
