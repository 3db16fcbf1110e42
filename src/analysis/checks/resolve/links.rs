//! R-uplink: which interfaces of the engine's namespace lead away from the containers, and which bridges are the
//! engine's.

use crate::model::{IfIndex, Link, Network, NsInode, Route};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Names of the bridges of the engine's networks.
pub fn engine_bridges(networks: &[Network]) -> BTreeSet<String> {
    networks.iter().filter(|network| network.driver == "bridge").filter_map(Network::device).collect()
}

/// Interfaces that lead outside: not loopback, no bridge of the engine, no port of a bridge, no tunnel of the engine.
/// A veth counts when it is no port: the engine itself may live in a namespace that a veth connects.
pub fn uplinks<'a>(links: &'a [Link], bridges: &BTreeSet<String>) -> Vec<&'a Link> {
    links
        .iter()
        .filter(|link| {
            let name = link.name.raw();
            link.kind != "loopback"
                && name != "lo"
                && link.master.is_none()
                && !bridges.contains(name)
                && name != "docker0"
                && name != "docker_gwbridge"
                && !matches!(link.kind.as_str(), "dummy" | "ifb" | "vxlan" | "nlmon")
        })
        .collect()
}

/// True when an uplink has a global address or carries a default route.
pub fn is_external(link: &Link, routes: &[Route]) -> bool {
    has_global(link, false)
        || has_global(link, true)
        || routes.iter().any(|r| r.netns == link.netns && r.dst.is_default() && r.oif == Some(link.ifindex))
}

/// True when the interface has a global address of the family.
pub fn has_global(link: &Link, v6: bool) -> bool {
    link.addresses.iter().any(|a| a.scope == "global" && a.cidr.addr.is_ipv6() == v6 && !is_link_local(a.cidr.addr))
}

fn is_link_local(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => addr.is_link_local(),
        IpAddr::V6(addr) => addr.is_unicast_link_local(),
    }
}

/// The interface that the default route of a namespace leaves by, the best metric first.
pub fn default_uplink(routes: &[Route], netns: NsInode) -> Option<IfIndex> {
    routes
        .iter()
        .filter(|route| route.netns == netns && route.dst.is_default() && route.oif.is_some() && route.table == 254)
        .min_by_key(|route| (route.dst.addr.is_ipv6(), route.metric, route.oif))
        .and_then(|route| route.oif)
}
