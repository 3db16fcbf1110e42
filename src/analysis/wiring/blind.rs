//! Joins without the right to look into namespaces: which container a host veth belongs to is concluded from the
//! bridge's forwarding database, or from there being only one candidate. What can't be proven stays unknown.

use super::attach::{leads_nowhere_known, unmatched};
use super::{Attachment, LinkKey, UNSEEN_NETNS, Wiring};
use crate::analysis::scope;
use crate::model::{ContainerId, Mac, NetworkId, Snapshot};
use std::collections::BTreeMap;

/// Adds attachments for host veths whose far end can't be seen.
pub(super) fn join(snapshot: &Snapshot, wiring: &mut Wiring) {
    let Some(ours) = snapshot.our_netns() else { return };
    let mut by_bridge: BTreeMap<LinkKey, Vec<LinkKey>> = BTreeMap::new();
    for link in snapshot.links_in(ours).iter().filter(|l| leads_nowhere_known(l, ours)) {
        let key = (link.netns, link.ifindex);
        if let Some(master) = link.master
            && !wiring.attachments.iter().any(|a| a.outer == Some(key))
        {
            by_bridge.entry((ours, master)).or_default().push(key);
        }
    }
    let mut found = Vec::new();
    for (bridge, veths) in by_bridge {
        let Some(network) = wiring.network_of.get(&bridge) else { continue };
        let mut open = candidates(snapshot, wiring, network);
        let mut left = Vec::new();
        for veth in veths {
            match open.iter().position(|(_, mac)| mac.as_ref().is_some_and(|m| learned_on(snapshot, veth, m))) {
                Some(n) => found.push(attachment(snapshot, open.swap_remove(n).0, veth, bridge, network)),
                None => left.push(veth),
            }
        }
        // Each container of a bridge network has a veth on its bridge: when one of either is left, they belong together.
        if let ([veth], [(id, _)]) = (left.as_slice(), open.as_slice()) {
            found.push(attachment(snapshot, id.clone(), *veth, bridge, network));
        }
    }
    wiring.attachments.extend(found);
}

/// Running containers on a network whose interface there has not been found, with its hardware address.
fn candidates(snapshot: &Snapshot, wiring: &Wiring, network: &NetworkId) -> Vec<(ContainerId, Option<Mac>)> {
    let alive = snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c));
    alive
        .flat_map(|c| unmatched(snapshot, wiring, c).map(move |(e, n)| (c.id.clone(), e.mac.clone(), n)))
        .filter(|(_, _, n)| n == network)
        .map(|(id, mac, _)| (id, mac))
        .collect()
}

fn learned_on(snapshot: &Snapshot, port: LinkKey, mac: &Mac) -> bool {
    snapshot.fdb.iter().any(|f| (f.netns, f.port) == port && f.mac == *mac && f.state != "permanent")
}

fn attachment(
    snapshot: &Snapshot,
    container: ContainerId,
    veth: LinkKey,
    bridge: LinkKey,
    network: &NetworkId,
) -> Attachment {
    let inner = snapshot.link(veth.0, veth.1).and_then(|l| l.peer.as_ref()).map(|p| p.ifindex);
    Attachment {
        link: (UNSEEN_NETNS, inner.unwrap_or(crate::model::IfIndex(0))),
        containers: vec![container],
        outer: Some(veth),
        bridge: Some(bridge),
        network: Some(network.clone()),
    }
}
