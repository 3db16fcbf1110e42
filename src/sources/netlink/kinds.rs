//! What an interface has because of its kind or because of what it is a port of: `IFLA_LINKINFO`.
//!
//! Names of details are ours and stable: they are part of the JSON form. Formats: `include/uapi/linux/if_link.h`,
//! `if_tunnel.h`, `if_macsec.h`, `if_bonding.h`. Knows no other attribute of the interface.

use super::wire::{attributes, be16, be32, ip, text, u16_at, u32_at};
use crate::model::{Bridge, BridgePort, Link};
use std::net::IpAddr;

const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const INFO_SLAVE_KIND: u16 = 4;
const INFO_SLAVE_DATA: u16 = 5;

/// Reads the nest into the kind, the bridge and port settings and the details of `link`.
pub(super) fn read_info(info: &[u8], link: &mut Link) {
    let (mut data, mut port_kind, mut port_data) = (&[][..], String::new(), &[][..]);
    for (kind, value) in attributes(info) {
        match kind {
            INFO_KIND => link.kind = text(value).into_owned(),
            INFO_DATA => data = value,
            INFO_SLAVE_KIND => port_kind = text(value).into_owned(),
            INFO_SLAVE_DATA => port_data = value,
            _ => {}
        }
    }
    match link.kind.as_str() {
        "bridge" => link.bridge = Some(bridge(data)),
        "vlan" => vlan(data, link),
        "vxlan" => vxlan(data, link),
        "geneve" => geneve(data, link),
        "macvlan" | "macvtap" => macvlan(data, link),
        "ipvlan" | "ipvtap" => ipvlan(data, link),
        "bond" => bond(data, link),
        "tun" => tun(data, link),
        "ipip" | "sit" | "ip6tnl" => ends(data, link, [2, 3, 0]),
        "gre" | "gretap" | "ip6gre" | "ip6gretap" | "erspan" | "ip6erspan" => ends(data, link, [6, 7, 5]),
        "vti" | "vti6" => ends(data, link, [4, 5, 3]),
        "vrf" => number(data, link, 1, "table"),
        "xfrm" => number(data, link, 2, "if_id"),
        _ => {}
    }
    match port_kind.as_str() {
        "bridge" => link.port = Some(bridge_port(port_data)),
        "bond" => bond_port(port_data, link),
        _ => {}
    }
}

fn set(link: &mut Link, name: &str, value: impl ToString) {
    link.details.insert(name.to_owned(), value.to_string());
}

fn flag(value: &[u8]) -> bool {
    value.first().is_some_and(|byte| *byte != 0)
}

/// An address that was set: tunnels have all zeroes when none was.
fn address(value: &[u8]) -> Option<IpAddr> {
    ip(value).filter(|addr| !addr.is_unspecified())
}

fn number(data: &[u8], link: &mut Link, wanted: u16, name: &str) {
    if let Some(value) = attributes(data).find(|(kind, _)| *kind == wanted).and_then(|(_, value)| u32_at(value, 0)) {
        set(link, name, value);
    }
}

/// `IFLA_BR_*`.
fn bridge(data: &[u8]) -> Bridge {
    let mut bridge = Bridge::default();
    for (kind, value) in attributes(data) {
        match kind {
            // USER_HZ is 100 on every architecture Linux has today, so a tick is a centisecond.
            4 => bridge.ageing_cs = u32_at(value, 0).unwrap_or_default(),
            5 => bridge.stp_state = u32_at(value, 0).unwrap_or_default(),
            7 => bridge.vlan_filtering = flag(value),
            10 => bridge.root_id = bridge_id(value),
            11 => bridge.bridge_id = bridge_id(value),
            23 => bridge.mcast_snooping = flag(value),
            36 => bridge.nf_call_iptables = flag(value),
            37 => bridge.nf_call_ip6tables = flag(value),
            39 => bridge.default_pvid = u16_at(value, 0),
            _ => {}
        }
    }
    bridge
}

/// `struct ifla_bridge_id`: two bytes of priority, six of address; written as `brctl` writes it.
fn bridge_id(value: &[u8]) -> String {
    use std::fmt::Write;
    let mut id = String::with_capacity(17);
    for (n, byte) in value.iter().take(8).enumerate() {
        if n == 2 {
            id.push('.');
        }
        // Writing to a string can't fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// `IFLA_BRPORT_*`; states are `BR_STATE_*` of `if_bridge.h`.
fn bridge_port(data: &[u8]) -> BridgePort {
    let mut port = BridgePort::default();
    for (kind, value) in attributes(data) {
        match kind {
            1 => {
                port.state = match value.first() {
                    Some(0) => "disabled",
                    Some(1) => "listening",
                    Some(2) => "learning",
                    Some(3) => "forwarding",
                    Some(4) => "blocking",
                    _ => "unknown",
                }
                .to_owned();
            }
            3 => port.cost = u32_at(value, 0).unwrap_or_default(),
            4 => port.hairpin = flag(value),
            8 => port.learning = flag(value),
            33 => port.isolated = flag(value),
            _ => {}
        }
    }
    port
}

/// `IFLA_VLAN_*`.
fn vlan(data: &[u8], link: &mut Link) {
    for (kind, value) in attributes(data) {
        match (kind, u16_at(value, 0), be16(value)) {
            (1, Some(id), _) => set(link, "vlan", id),
            (5, _, Some(0x8100)) => set(link, "protocol", "802.1Q"),
            (5, _, Some(0x88a8)) => set(link, "protocol", "802.1ad"),
            (5, _, Some(other)) => set(link, "protocol", format!("{other:#06x}")),
            _ => {}
        }
    }
}

/// `IFLA_VXLAN_*`. The group is the remote end when it is no multicast address.
fn vxlan(data: &[u8], link: &mut Link) {
    for (kind, value) in attributes(data) {
        match kind {
            1 => set(link, "vni", u32_at(value, 0).unwrap_or_default()),
            2 | 16 => {
                if let Some(addr) = address(value) {
                    set(link, if addr.is_multicast() { "group" } else { "remote" }, addr);
                }
            }
            // The device it sends through; a vxlan has no IFLA_LINK.
            3 => set(link, "underlay_ifindex", u32_at(value, 0).unwrap_or_default()),
            4 | 17 => {
                if let Some(addr) = address(value) {
                    set(link, "local", addr);
                }
            }
            7 => set(link, "learning", flag(value)),
            11 if flag(value) => set(link, "proxy", true),
            13 if flag(value) => set(link, "l2miss", true),
            14 if flag(value) => set(link, "l3miss", true),
            15 => set(link, "port", be16(value).unwrap_or_default()),
            25 if flag(value) => set(link, "external", true),
            _ => {}
        }
    }
}

/// `IFLA_GENEVE_*`.
fn geneve(data: &[u8], link: &mut Link) {
    for (kind, value) in attributes(data) {
        match kind {
            1 => set(link, "vni", u32_at(value, 0).unwrap_or_default()),
            2 | 7 => {
                if let Some(addr) = address(value) {
                    set(link, "remote", addr);
                }
            }
            5 => set(link, "port", be16(value).unwrap_or_default()),
            6 => set(link, "external", true),
            _ => {}
        }
    }
}

/// `IFLA_MACVLAN_*`; modes are single bits.
fn macvlan(data: &[u8], link: &mut Link) {
    let mode = attributes(data).find(|(kind, _)| *kind == 1).and_then(|(_, value)| u32_at(value, 0));
    match mode {
        Some(1) => set(link, "mode", "private"),
        Some(2) => set(link, "mode", "vepa"),
        Some(4) => set(link, "mode", "bridge"),
        Some(8) => set(link, "mode", "passthru"),
        Some(16) => set(link, "mode", "source"),
        Some(other) => set(link, "mode", other),
        None => {}
    }
}

/// `IFLA_IPVLAN_*`; flags `IPVLAN_F_PRIVATE` 1, `IPVLAN_F_VEPA` 2.
fn ipvlan(data: &[u8], link: &mut Link) {
    for (kind, value) in attributes(data) {
        match (kind, u16_at(value, 0)) {
            (1, Some(0)) => set(link, "mode", "l2"),
            (1, Some(1)) => set(link, "mode", "l3"),
            (1, Some(2)) => set(link, "mode", "l3s"),
            (1, Some(other)) => set(link, "mode", other),
            (2, Some(flags)) if flags & 1 != 0 => set(link, "isolation", "private"),
            (2, Some(flags)) if flags & 2 != 0 => set(link, "isolation", "vepa"),
            (2, Some(_)) => set(link, "isolation", "bridge"),
            _ => {}
        }
    }
}

/// `IFLA_BOND_*`; modes are `BOND_MODE_*`.
fn bond(data: &[u8], link: &mut Link) {
    const MODES: [&str; 7] =
        ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];
    for (kind, value) in attributes(data) {
        match kind {
            1 => {
                let mode = value.first().copied().unwrap_or_default();
                match MODES.get(usize::from(mode)) {
                    Some(word) => set(link, "mode", word),
                    None => set(link, "mode", mode),
                }
            }
            2 => set(link, "active", u32_at(value, 0).unwrap_or_default()),
            3 => set(link, "miimon", u32_at(value, 0).unwrap_or_default()),
            _ => {}
        }
    }
}

/// `IFLA_BOND_SLAVE_*`: states active 0, backup 1.
fn bond_port(data: &[u8], link: &mut Link) {
    match attributes(data).find(|(kind, _)| *kind == 1).and_then(|(_, value)| value.first()) {
        Some(0) => set(link, "bond_port", "active"),
        Some(1) => set(link, "bond_port", "backup"),
        _ => {}
    }
}

/// `IFLA_TUN_*`; types are `IFF_TUN` 1, `IFF_TAP` 2.
fn tun(data: &[u8], link: &mut Link) {
    for (kind, value) in attributes(data) {
        match (kind, value.first()) {
            (1, _) => set(link, "owner", u32_at(value, 0).unwrap_or_default()),
            (2, _) => set(link, "owner_group", u32_at(value, 0).unwrap_or_default()),
            (3, Some(1)) => set(link, "mode", "tun"),
            (3, Some(2)) => set(link, "mode", "tap"),
            (6, Some(1)) => set(link, "persist", true),
            (7, Some(1)) => set(link, "multi_queue", true),
            _ => {}
        }
    }
}

/// Ends and outgoing key of a tunnel; `attribute` holds the types of the local end, the remote end and the key
/// (0 for a kind without one).
fn ends(data: &[u8], link: &mut Link, attribute: [u16; 3]) {
    let [local, remote, key] = attribute;
    for (kind, value) in attributes(data) {
        if kind == local {
            if let Some(addr) = address(value) {
                set(link, "local", addr);
            }
        } else if kind == remote {
            if let Some(addr) = address(value) {
                set(link, "remote", addr);
            }
        } else if kind == key && key != 0 && be32(value).is_some_and(|key| key != 0) {
            set(link, "key", be32(value).unwrap_or_default());
        }
    }
}
