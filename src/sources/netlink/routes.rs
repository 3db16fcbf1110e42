//! Addresses, routes and forwarding entries: the smaller objects of the routing socket, from message to model.
//!
//! Formats: `include/uapi/linux/if_addr.h`, `rtnetlink.h`, `neighbour.h`. Knows no socket.

use super::wire::{
    AF_BRIDGE, AF_INET, AF_INET6, Message, RTM_NEWADDR, RTM_NEWNEIGH, RTM_NEWROUTE, attributes, ip, text, u16_at,
    u32_at,
};
use crate::model::{Cidr, FdbEntry, IfIndex, LinkAddress, Mac, NsInode, Route};
use crate::text::Outside;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Table `local`, kept by the kernel: addresses, said already by the interfaces.
const TABLE_LOCAL: u32 = 255;
/// `RTM_F_CLONED`: an entry of the cache, not a route.
const CLONED: u32 = 0x200;

/// Reads an `RTM_NEWADDR` (`struct ifaddrmsg`: family, prefix length, flags, scope, index).
pub(super) fn parse_address(message: &Message<'_>) -> Option<(IfIndex, LinkAddress)> {
    let bytes = message.payload;
    if message.kind != RTM_NEWADDR || !matches!(bytes.first(), Some(&(AF_INET | AF_INET6))) {
        return None;
    }
    let (prefix, scope) = (*bytes.get(1)?, *bytes.get(3)?);
    let ifindex = IfIndex(u32_at(bytes, 4)?);
    let (mut addr, mut local, mut label) = (None, None, Outside::default());
    for (kind, value) in attributes(bytes.get(8..)?) {
        match kind {
            1 => addr = ip(value),
            // On a point-to-point link the first is the far end; this one is ours.
            2 => local = ip(value),
            3 => label = Outside::from(&*text(value)),
            _ => {}
        }
    }
    let addr = local.or(addr)?;
    let prefix = prefix.min(if addr.is_ipv4() { 32 } else { 128 });
    Some((ifindex, LinkAddress { cidr: Cidr { addr, prefix }, scope: scope_word(scope), label }))
}

fn scope_word(scope: u8) -> String {
    match scope {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        255 => "nowhere".to_owned(),
        other => other.to_string(),
    }
}

/// Reads an `RTM_NEWROUTE` into `out`: one entry per next hop, none for what is no route of a person's or a daemon's
/// making (`struct rtmsg`: family, destination length, source length, tos, table, protocol, scope, type, flags).
pub(super) fn parse_route(netns: NsInode, family: u8, message: &Message<'_>, out: &mut Vec<Route>) {
    if message.kind == RTM_NEWROUTE && message.payload.first() == Some(&family) {
        // A message cut short is no route.
        let _ = read_route(netns, family, message.payload, out);
    }
}

fn read_route(netns: NsInode, family: u8, bytes: &[u8], out: &mut Vec<Route>) -> Option<()> {
    let everything = if family == AF_INET { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let kind = route_kind(*bytes.get(7)?)?;
    let mut route = Route {
        netns,
        dst: Cidr { addr: everything, prefix: (*bytes.get(1)?).min(if family == AF_INET { 32 } else { 128 }) },
        gateway: None,
        oif: None,
        source: None,
        metric: 0,
        table: u32::from(*bytes.get(4)?),
        protocol: protocol_word(*bytes.get(5)?),
        kind: kind.to_owned(),
    };
    let flags = u32_at(bytes, 8)?;
    let mut hops = &[][..];
    for (kind, value) in attributes(bytes.get(12..)?) {
        match kind {
            1 => route.dst.addr = ip(value).filter(|addr| addr.is_ipv4() == everything.is_ipv4()).unwrap_or(everything),
            4 => route.oif = u32_at(value, 0).map(IfIndex),
            5 => route.gateway = ip(value),
            6 => route.metric = u32_at(value, 0).unwrap_or_default(),
            7 => route.source = ip(value),
            9 => hops = value,
            15 => route.table = u32_at(value, 0).unwrap_or(route.table),
            18 => route.gateway = via(value),
            _ => {}
        }
    }
    if route.table == TABLE_LOCAL || flags & CLONED != 0 {
        return None;
    }
    if hops.is_empty() {
        out.push(route);
    } else {
        next_hops(&route, hops, out);
    }
    Some(())
}

/// `RTA_MULTIPATH`: a row of `struct rtnexthop` (length, flags, weight, index), each followed by attributes.
fn next_hops(route: &Route, mut hops: &[u8], out: &mut Vec<Route>) {
    while let (Some(length), Some(ifindex)) = (u16_at(hops, 0), u32_at(hops, 4)) {
        let Some(inner) = hops.get(8..usize::from(length)) else { return };
        let mut hop = Route { oif: Some(IfIndex(ifindex)), ..route.clone() };
        for (kind, value) in attributes(inner) {
            match kind {
                5 => hop.gateway = ip(value),
                18 => hop.gateway = via(value),
                _ => {}
            }
        }
        out.push(hop);
        hops = hops.get((usize::from(length) + 3) & !3..).unwrap_or_default();
    }
}

/// `struct rtvia`: a family, then an address of it (an IPv4 route with an IPv6 next hop).
fn via(value: &[u8]) -> Option<IpAddr> {
    ip(value.get(2..)?)
}

/// `RTN_*`; none for local, broadcast, anycast and multicast entries.
fn route_kind(value: u8) -> Option<&'static str> {
    match value {
        1 => Some("unicast"),
        6 => Some("blackhole"),
        7 => Some("unreachable"),
        8 => Some("prohibit"),
        9 => Some("throw"),
        10 => Some("nat"),
        _ => None,
    }
}

/// `RTPROT_*`, as `/etc/iproute2/rt_protos` has the words.
fn protocol_word(value: u8) -> String {
    let word = match value {
        0 => "unspec",
        1 => "redirect",
        2 => "kernel",
        3 => "boot",
        4 => "static",
        8 => "gated",
        9 => "ra",
        10 => "mrt",
        11 => "zebra",
        12 => "bird",
        16 => "dhcp",
        17 => "mrouted",
        18 => "keepalived",
        42 => "babel",
        99 => "openr",
        186 => "bgp",
        187 => "isis",
        188 => "ospf",
        189 => "rip",
        192 => "eigrp",
        other => return other.to_string(),
    };
    word.to_owned()
}

/// Reads an `RTM_NEWNEIGH` of family bridge (`struct ndmsg`: family, padding, index, state, flags, type).
pub(super) fn parse_fdb(netns: NsInode, message: &Message<'_>) -> Option<FdbEntry> {
    const NUD_NOARP: u16 = 0x40;
    const NUD_PERMANENT: u16 = 0x80;
    const NTF_EXT_LEARNED: u8 = 0x10;
    let bytes = message.payload;
    if message.kind != RTM_NEWNEIGH || bytes.first() != Some(&AF_BRIDGE) {
        return None;
    }
    let (state, flags) = (u16_at(bytes, 8)?, *bytes.get(10)?);
    let mut entry = FdbEntry {
        netns,
        bridge: None,
        port: IfIndex(u32_at(bytes, 4)?),
        mac: Mac::default(),
        vlan: None,
        dst: None,
        state: match () {
            () if state & NUD_PERMANENT != 0 => "permanent",
            () if state & NUD_NOARP != 0 => "static",
            () if flags & NTF_EXT_LEARNED != 0 => "extern-learn",
            () => "learned",
        }
        .to_owned(),
    };
    for (kind, value) in attributes(bytes.get(12..)?) {
        match kind {
            1 => entry.dst = ip(value),
            2 => entry.mac = Mac(value.to_vec()),
            5 => entry.vlan = u16_at(value, 0),
            9 => entry.bridge = u32_at(value, 0).map(IfIndex),
            _ => {}
        }
    }
    Some(entry)
}

#[cfg(test)]
mod tests {
    use super::super::wire::messages;
    use super::*;
    use proptest::prelude::*;

    const NS: NsInode = NsInode(1);
    /// The same namespace as in the dump of links: addresses, IPv4 and IPv6 routes, forwarding entries.
    const ADDRESSES: &[u8] = include_bytes!("captured/addresses.bin");
    const ROUTES: &[u8] = include_bytes!("captured/routes4.bin");
    const ROUTES6: &[u8] = include_bytes!("captured/routes6.bin");
    const FDB: &[u8] = include_bytes!("captured/fdb.bin");

    fn routes(bytes: &[u8], family: u8) -> Vec<Route> {
        let mut out = Vec::new();
        messages(bytes).for_each(|m| parse_route(NS, family, &m, &mut out));
        out
    }

    #[test]
    fn captured_addresses_have_prefix_and_scope() {
        let found: Vec<_> = messages(ADDRESSES).filter_map(|m| parse_address(&m)).map(|(_, a)| a).collect();
        let text: Vec<_> = found.iter().map(|a| format!("{} {}", a.cidr, a.scope)).collect();
        assert!(text.contains(&"127.0.0.1/8 host".to_owned()), "{text:?}");
        assert!(text.contains(&"192.0.2.1/24 global".to_owned()), "{text:?}");
        assert!(text.contains(&"10.9.0.1/32 global".to_owned()), "ours, not the far end: {text:?}");
        assert!(text.contains(&"2001:db8::1/64 global".to_owned()), "{text:?}");
        assert!(found.iter().any(|a| a.label == *"d0:one"));
    }

    #[test]
    fn captured_routes_have_next_hops_tables_and_kinds_and_no_local_ones() {
        let found = routes(ROUTES, AF_INET);
        let has = |want: &dyn Fn(&Route) -> bool| found.iter().any(want);
        assert!(has(&|r| r.dst.is_default() && r.gateway == "192.0.2.254".parse().ok() && r.metric == 100));
        assert!(has(&|r| r.table == 100 && r.dst.to_string() == "198.51.100.0/24"));
        assert!(has(&|r| r.kind == "blackhole"));
        assert_eq!(found.iter().filter(|r| r.dst.to_string() == "203.0.113.0/24").count(), 2, "one per next hop");
        assert!(has(&|r| r.dst.to_string() == "10.77.0.0/16" && r.gateway == "fe80::1".parse().ok()));
        assert!(found.iter().all(|r| r.table != TABLE_LOCAL && r.kind != "local"));
        let found = routes(ROUTES6, AF_INET6);
        assert!(found.iter().any(|r| r.dst.to_string() == "2001:db8:7::/48"));
        assert!(routes(ROUTES6, AF_INET).is_empty(), "an answer of the other family is not taken for this one");
    }

    #[test]
    fn captured_forwarding_entries_name_bridge_port_and_vlan() {
        let found: Vec<_> = messages(FDB).filter_map(|m| parse_fdb(NS, &m)).collect();
        let one = found.iter().find(|e| e.mac.to_string() == "02:00:00:00:00:77").expect("the entry added by hand");
        assert!(one.bridge.is_some());
        assert_eq!((one.vlan, one.state.as_str()), (Some(1), "static"));
        let remote = found.iter().find(|e| e.mac.to_string() == "02:00:00:00:00:88").expect("the vxlan's");
        assert_eq!(remote.dst, "192.0.2.77".parse().ok());
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(payload in proptest::collection::vec(any::<u8>(), 0..300), six: bool) {
            let mut payload = payload;
            let family = if six { AF_INET6 } else { AF_INET };
            let mut out = Vec::new();
            for (kind, first) in [(RTM_NEWADDR, family), (RTM_NEWROUTE, family), (RTM_NEWNEIGH, AF_BRIDGE)] {
                if let Some(byte) = payload.first_mut() {
                    *byte = first;
                }
                let message = Message { kind, flags: 0, seq: 0, payload: &payload };
                let _ = (parse_address(&message), parse_fdb(NS, &message));
                parse_route(NS, family, &message, &mut out);
            }
            for route in out {
                let bits = if route.dst.addr.is_ipv4() { 32 } else { 128 };
                prop_assert!(route.dst.prefix <= bits);
            }
        }
    }
}
