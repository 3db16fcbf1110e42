//! Engine networks and the kernel devices that carry them.

use super::{LinkKey, Wiring};
use crate::analysis::scope;
use crate::model::{Link, Network, NsInode, Snapshot};
use std::collections::btree_map::Entry;

/// Finds the device of each network in the engine's namespace.
pub(super) fn join(snapshot: &Snapshot, wiring: &mut Wiring) {
    let Some(netns) = scope::engine_netns(snapshot) else { return };
    let links = snapshot.links_in(netns);
    let mut shared = Vec::new();
    for network in snapshot.networks.iter() {
        let Some(link) = device(snapshot, network, links, netns) else { continue };
        let key: LinkKey = (link.netns, link.ifindex);
        wiring.device_of.insert(network.id.clone(), key);
        match wiring.network_of.entry(key) {
            Entry::Vacant(free) => {
                free.insert(network.id.clone());
            }
            Entry::Occupied(_) => shared.push(key),
        }
    }
    for key in shared {
        wiring.network_of.remove(&key);
    }
}

fn device<'a>(snapshot: &Snapshot, network: &Network, links: &'a [Link], netns: NsInode) -> Option<&'a Link> {
    let wanted = network.device();
    let named = wanted.as_deref().and_then(|name| links.iter().find(|l| l.name == *name));
    if network.driver != "bridge" {
        return named;
    }
    if let Some(link) = named.filter(|l| l.kind == "bridge") {
        // A name that holds the network's id is proof; `docker0` exists on other hosts too, so that it is only taken
        // when the namespace is known to be the engine's or the bridge has the network's gateway.
        let is_proof = link.name.raw().ends_with(network.id.short()) || scope::daemon_netns(snapshot) == Some(netns);
        return (is_proof || has_gateway(network, link) || link.addresses.is_empty()).then_some(link);
    }
    // Podman does not say the name of the device (`podman1`); its bridge has the gateway's address.
    let is_podman = snapshot.host.engine.known().is_some_and(|e| e.product.to_lowercase().contains("podman"));
    let mut candidates = links.iter().filter(|l| is_podman && l.kind == "bridge" && has_gateway(network, l));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The bridge has an address of the network: the gateway's, or for want of one, any in exactly its subnet.
fn has_gateway(network: &Network, link: &Link) -> bool {
    network.pools.iter().any(|pool| match pool.gateway {
        Some(gateway) => link.addresses.iter().any(|a| a.cidr.addr == gateway),
        None => {
            let subnet = (pool.subnet.network(), pool.subnet.prefix);
            link.addresses.iter().any(|a| (a.cidr.network(), a.cidr.prefix) == subnet)
        }
    })
}
