//! How full a network's subnets are, and what else on the host has the same addresses.

use super::PoolUse;
use crate::analysis::wiring::LinkKey;
use crate::analysis::{Wiring, scope};
use crate::model::{Cidr, Fact, GapKind, Network, Pool, Snapshot};
use crate::text::Outside;
use std::collections::BTreeSet;
use std::net::IpAddr;

pub(super) fn of_network(snapshot: &Snapshot, wiring: &Wiring, network: &Network) -> Vec<PoolUse> {
    let of_pool = |pool: &Pool| PoolUse {
        subnet: pool.subnet,
        capacity: capacity(pool, &own_addresses(snapshot, wiring, network)),
        used: used(network, pool),
        overlaps: overlaps(snapshot, wiring, network, pool),
    };
    network.pools.iter().map(of_pool).collect()
}

/// Addresses the engine's allocator can hand out. It keeps back the subnet's first address and, for IPv4, its last
/// (both in prefixes of up to 30 and 126 bits), the gateway (or where it does not name one, the address the bridge
/// has) and the auxiliary addresses, as far as they lie in the range that it hands out from.
fn capacity(pool: &Pool, own: &[IpAddr]) -> u128 {
    let range = pool.range.unwrap_or(pool.subnet);
    let mut kept: BTreeSet<IpAddr> = pool.reserved.values().filter_map(|a| a.parse().ok()).collect();
    match pool.gateway {
        Some(gateway) => kept.extend([gateway]),
        None => kept.extend(own.iter().filter(|a| pool.subnet.contains(**a))),
    }
    let bits = if pool.subnet.addr.is_ipv4() { 32 } else { 128 };
    if bits - pool.subnet.prefix >= 2 {
        kept.insert(pool.subnet.network());
        if let (IpAddr::V4(first), size) = (pool.subnet.network(), pool.subnet.size()) {
            let last = u128::from(u32::from(first)) + size - 1;
            kept.insert(IpAddr::V4((last as u32).into()));
        }
    }
    range.size().saturating_sub(kept.iter().filter(|a| range.contains(**a)).count() as u128)
}

/// Addresses of the bridge of a network.
fn own_addresses(snapshot: &Snapshot, wiring: &Wiring, network: &Network) -> Vec<IpAddr> {
    let at = wiring.device_of.get(&network.id).filter(|_| network.driver == "bridge");
    let link = at.and_then(|at| snapshot.link(at.0, at.1));
    link.into_iter().flat_map(|l| &l.addresses).map(|a| a.cidr.addr).collect()
}

fn used(network: &Network, pool: &Pool) -> Fact<u128> {
    if network.scope == "swarm" {
        return Fact::unknown(GapKind::Unsupported, "members on other nodes of the swarm are not listed on this one");
    }
    let range = pool.range.unwrap_or(pool.subnet);
    network.members.map(|members| {
        let addresses: BTreeSet<IpAddr> = members
            .iter()
            .flat_map(|m| [m.ipv4, m.ipv6])
            .flatten()
            .map(|c| c.addr)
            .filter(|a| range.contains(*a))
            .collect();
        addresses.len() as u128
    })
}

fn overlaps(snapshot: &Snapshot, wiring: &Wiring, network: &Network, pool: &Pool) -> Vec<Outside> {
    if network.scope == "swarm" {
        return Vec::new();
    }
    let mut words: Vec<Outside> = Vec::new();
    let engine_is_here =
        scope::engine_netns(snapshot).is_some() && scope::engine_netns(snapshot) == snapshot.our_netns();
    if engine_is_here {
        words.extend(with_host(snapshot, wiring, network, pool.subnet));
    }
    let parent = wiring.device_of.get(&network.id);
    for other in snapshot.networks.iter().filter(|n| n.id != network.id && n.scope != "swarm") {
        // Networks on one parent are one segment on purpose.
        let is_same_wire = parent.is_some() && wiring.device_of.get(&other.id) == parent;
        for subnet in other.pools.iter().map(|p| p.subnet).filter(|s| s.overlaps(&pool.subnet) && !is_same_wire) {
            words.push(format!("network {} {subnet}", other.name.raw()).into());
        }
    }
    words.sort();
    words.dedup();
    words
}

/// Routes and addresses of the host in the subnet that are not the network's own device's.
fn with_host(snapshot: &Snapshot, wiring: &Wiring, network: &Network, subnet: Cidr) -> Vec<Outside> {
    let own = wiring.device_of.get(&network.id).copied();
    let ours = snapshot.our_netns();
    // Devices of other networks are named as networks.
    let is_other = |at: LinkKey| Some(at) != own && !is_bridge_of_network(snapshot, wiring, at);
    let device = |at: LinkKey| snapshot.link(at.0, at.1).map(|l| l.name.raw().to_owned());
    let mut words = Vec::new();
    let mut routed = BTreeSet::new();
    for route in snapshot.routes.iter() {
        let at = route.oif.map(|index| (route.netns, index));
        let counts = Some(route.netns) == ours
            && !route.dst.is_default()
            && !matches!(route.kind.as_str(), "local" | "broadcast" | "multicast" | "anycast")
            && route.dst.overlaps(&subnet)
            && at.is_none_or(is_other);
        if !counts {
            continue;
        }
        routed.extend(at);
        let mut text = format!("route {}", Cidr { addr: route.dst.network(), ..route.dst });
        if let Some(gateway) = route.gateway {
            text.push_str(&format!(" via {gateway}"));
        }
        match at.and_then(device) {
            Some(name) => text.push_str(&format!(" dev {name}")),
            None => text.push_str(&format!(" {}", route.kind)),
        }
        words.push(Outside::from(text));
    }
    for link in ours.map(|netns| snapshot.links_in(netns)).into_iter().flatten() {
        let at = (link.netns, link.ifindex);
        if routed.contains(&at) || !is_other(at) {
            continue;
        }
        for address in link.addresses.iter().filter(|a| a.scope == "global" && a.cidr.overlaps(&subnet)) {
            words.push(format!("address {} dev {}", address.cidr, link.name.raw()).into());
        }
    }
    words
}

fn is_bridge_of_network(snapshot: &Snapshot, wiring: &Wiring, at: LinkKey) -> bool {
    wiring
        .network_of
        .get(&at)
        .and_then(|id| snapshot.networks.iter().find(|n| n.id == *id))
        .is_some_and(|n| n.driver == "bridge")
}
