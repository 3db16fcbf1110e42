//! Interfaces of namespaces that could be read, or whose host ends name them, followed to the wire.

use super::{Attachment, LinkKey, Wiring};
use crate::analysis::scope;
use crate::model::{Container, ContainerId, Link, NetworkId, NsInode, Snapshot};
use std::collections::{BTreeMap, BTreeSet};

/// Builds the attachments of all namespaces but the host's.
pub(super) fn join(snapshot: &Snapshot, wiring: &mut Wiring) {
    let ours = snapshot.our_netns();
    // Where a veth is the peer of, seen from its other end: helps when one side's namespace id maps to nothing.
    let mut other_end: BTreeMap<LinkKey, LinkKey> = BTreeMap::new();
    for link in snapshot.links.iter().filter(|l| l.kind == "veth") {
        if let Some(peer) = peer_key(link) {
            other_end.insert(peer, (link.netns, link.ifindex));
        }
    }
    let mut keys: BTreeSet<LinkKey> = BTreeSet::new();
    for link in snapshot.links.iter().filter(|l| l.kind != "loopback") {
        let key = (link.netns, link.ifindex);
        let is_host = scope::is_host_netns(snapshot, link.netns);
        let owned = wiring.by_netns.contains_key(&link.netns);
        let outer = || other_end.get(&key).copied().or_else(|| peer_key(link));
        if !is_host && (owned || outer().is_some_and(|(netns, _)| Some(netns) == ours)) {
            keys.insert(key);
        }
        // The far end of a host veth, also when nothing could be read in its namespace.
        if let Some(peer) = peer_key(link).filter(|_| link.kind == "veth" && Some(link.netns) == ours)
            && !scope::is_host_netns(snapshot, peer.0)
        {
            keys.insert(peer);
        }
    }
    for key in keys {
        let attachment = follow(snapshot, wiring, key, other_end.get(&key).copied());
        wiring.attachments.push(attachment);
    }
}

/// The other end or the parent of an interface, when its namespace is known.
pub(super) fn peer_key(link: &Link) -> Option<LinkKey> {
    let peer = link.peer.as_ref()?;
    Some((peer.netns.get()?, peer.ifindex))
}

fn follow(snapshot: &Snapshot, wiring: &Wiring, key: LinkKey, seen_from: Option<LinkKey>) -> Attachment {
    let inner = snapshot.link(key.0, key.1);
    let outer = seen_from.or_else(|| inner.and_then(peer_key));
    let outer_link = outer.and_then(|(netns, index)| snapshot.link(netns, index));
    let bridge = outer_link.and_then(|l| l.master.map(|master| (l.netns, master)));
    let containers = wiring.by_netns.get(&key.0).cloned().unwrap_or_default();
    let network = bridge
        .and_then(|b| wiring.network_of.get(&b).cloned())
        .or_else(|| inner.and_then(|l| by_address(snapshot, &containers, l)))
        .or_else(|| inner.and_then(|l| by_parent(snapshot, wiring, l, outer)));
    Attachment { link: key, containers, outer, bridge, network }
}

/// The network whose endpoint of one of these containers has an address or the hardware address of this interface.
fn by_address(snapshot: &Snapshot, containers: &[ContainerId], link: &Link) -> Option<NetworkId> {
    let endpoints = || containers.iter().filter_map(|id| snapshot.container(id)).flat_map(|c| &c.endpoints);
    let has = |addr| link.addresses.iter().any(|a| a.cidr.addr == addr);
    let found = endpoints()
        .find(|e| [e.ipv4, e.ipv6].into_iter().flatten().any(|cidr| has(cidr.addr)))
        .or_else(|| endpoints().find(|e| e.mac.as_ref().is_some_and(|mac| !mac.0.is_empty() && *mac == link.mac)))?;
    scope::network_of(snapshot, found).map(|n| n.id.clone())
}

/// The one network on this parent.
fn by_parent(snapshot: &Snapshot, wiring: &Wiring, link: &Link, parent: Option<LinkKey>) -> Option<NetworkId> {
    if !matches!(link.kind.as_str(), "macvlan" | "ipvlan") {
        return None;
    }
    let id = wiring.network_of.get(&parent?)?;
    snapshot.networks.iter().find(|n| n.id == *id && n.driver == link.kind).map(|n| n.id.clone())
}

/// Endpoints of a container whose network has no attachment of it yet: known by the engine's word only.
pub(super) fn unmatched<'a>(
    snapshot: &'a Snapshot,
    wiring: &'a Wiring,
    container: &'a Container,
) -> impl Iterator<Item = (&'a crate::model::Endpoint, NetworkId)> + 'a {
    container.endpoints.iter().filter_map(move |endpoint| {
        let network = scope::network_of(snapshot, endpoint)?.id.clone();
        let is_matched = wiring
            .attachments
            .iter()
            .any(|a| a.network == Some(network.clone()) && a.containers.contains(&container.id));
        (!is_matched).then_some((endpoint, network))
    })
}

/// True when nothing tells which namespace a host veth leads to.
pub(super) fn leads_nowhere_known(link: &Link, ours: NsInode) -> bool {
    link.netns == ours && link.kind == "veth" && link.peer.as_ref().is_some_and(|p| p.netns.known().is_none())
}
