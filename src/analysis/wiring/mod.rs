//! Who is wired to whom: containers, their network namespaces, interfaces, host ends, bridges and networks, joined by
//! inode and interface index. The one place where these are joined; topology, ports, rates and views look it up.
//!
//! - `devices`: engine network ⇄ kernel device
//! - `attach`: interface in a namespace → its outer end → bridge → network
//! - `blind`: the same where namespaces can't be read, as far as it can be proven

mod attach;
mod blind;
mod devices;
#[cfg(test)]
mod tests;

use super::scope;
use crate::model::{ContainerId, IfIndex, Network, NetworkId, NetworkMode, NsInode, Snapshot};
use std::collections::BTreeMap;

/// Identity of an interface on this host at one time.
pub type LinkKey = (NsInode, IfIndex);

/// Stands for the namespace of an interface whose peer is seen while its namespace can't be: no namespace has inode 0.
pub const UNSEEN_NETNS: NsInode = NsInode(0);

/// An interface in a network namespace other than ours, followed to the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The interface inside. Its namespace is [`UNSEEN_NETNS`] when only the outer end could be read.
    pub link: LinkKey,
    /// Containers in that namespace: the one whose sandbox it is first, those that joined it after. Empty for a
    /// namespace that no container is known to own (`ip netns`, a VM's, a stale one).
    pub containers: Vec<ContainerId>,
    /// For a veth: its peer outside. For a macvlan or ipvlan: the parent.
    pub outer: Option<LinkKey>,
    /// The bridge the outer end is a port of.
    pub bridge: Option<LinkKey>,
    /// The engine network this attachment belongs to: by bridge, parent or address.
    pub network: Option<NetworkId>,
}

/// All joins of one snapshot's structure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wiring {
    /// Attachments, sorted by `link`. Loopback is not among them.
    pub attachments: Vec<Attachment>,
    /// Containers by network namespace, owner first. Includes the host's namespace (host network mode).
    pub by_netns: BTreeMap<NsInode, Vec<ContainerId>>,
    /// Positions in `attachments` by outer end (veth peers only).
    pub by_outer: BTreeMap<LinkKey, usize>,
    /// Device of each engine network: the bridge, or the parent of a macvlan or ipvlan network.
    pub device_of: BTreeMap<NetworkId, LinkKey>,
    /// Network of each device. A parent that several networks share is not among them.
    pub network_of: BTreeMap<LinkKey, NetworkId>,
    /// Ports of each bridge or bond, by master.
    pub ports_of: BTreeMap<LinkKey, Vec<LinkKey>>,
}

impl Wiring {
    /// Joins a snapshot.
    pub fn build(snapshot: &Snapshot) -> Self {
        let mut wiring = Wiring { by_netns: group(snapshot), ..Wiring::default() };
        for link in snapshot.links.iter() {
            if let Some(master) = link.master {
                wiring.ports_of.entry((link.netns, master)).or_default().push((link.netns, link.ifindex));
            }
        }
        devices::join(snapshot, &mut wiring);
        attach::join(snapshot, &mut wiring);
        blind::join(snapshot, &mut wiring);
        wiring.attachments.sort_by_key(|a| (a.link, a.outer));
        for (n, attachment) in wiring.attachments.iter().enumerate() {
            if let Some(outer) = attachment.outer
                && is_pair(snapshot, attachment.link, outer)
            {
                wiring.by_outer.insert(outer, n);
            }
        }
        wiring
    }

    /// The attachment whose inner or outer end this interface is.
    pub fn attachment(&self, link: LinkKey) -> Option<&Attachment> {
        match self.attachments.binary_search_by(|a| a.link.cmp(&link)) {
            Ok(n) => Some(&self.attachments[n]),
            Err(_) => self.by_outer.get(&link).map(|n| &self.attachments[*n]),
        }
    }

    /// Attachments of the namespace of a container, in order of interface index.
    pub fn attachments_of<'a>(&'a self, id: &'a ContainerId) -> impl Iterator<Item = &'a Attachment> + 'a {
        self.attachments.iter().filter(move |a| a.containers.contains(id))
    }

    /// True when a network should have a device where the engine is and has none; none when that can't be told.
    pub fn lacks_device(&self, snapshot: &Snapshot, network: &Network) -> Option<bool> {
        let Some(device) = network.device().filter(|_| !self.device_of.contains_key(&network.id)) else {
            return Some(false);
        };
        let links = snapshot.links_in(scope::engine_netns(snapshot)?);
        (!links.is_empty()).then(|| !links.iter().any(|l| l.name == *device))
    }

    /// The container whose namespace an interface is in, or whose interface it is the host end of.
    pub fn container_of(&self, link: LinkKey) -> Option<&ContainerId> {
        self.attachment(link).and_then(|a| a.containers.first())
    }

    /// The container whose sandbox a namespace is; none for the host's, which nobody owns.
    pub fn owner_of(&self, snapshot: &Snapshot, netns: NsInode) -> Option<&ContainerId> {
        if scope::is_host_netns(snapshot, netns) {
            return None;
        }
        self.by_netns.get(&netns)?.first()
    }

    /// Others in the network namespace of a container, in order of the group (owner first).
    pub fn neighbours<'a>(&'a self, snapshot: &Snapshot, id: &'a ContainerId) -> Vec<&'a ContainerId> {
        let netns = snapshot.container(id).and_then(|c| scope::netns_of(snapshot, c));
        let group = netns.and_then(|netns| self.by_netns.get(&netns));
        group.into_iter().flatten().filter(|other| *other != id).collect()
    }
}

/// True for the two ends of a veth pair; a macvlan on a veth has that as its parent, not as its other end.
fn is_pair(snapshot: &Snapshot, inner: LinkKey, outer: LinkKey) -> bool {
    let far = snapshot.link(outer.0, outer.1).filter(|l| l.kind == "veth").and_then(|l| l.peer.as_ref());
    far.is_some_and(|peer| peer.ifindex == inner.1 && peer.netns.get().is_none_or(|netns| netns == inner.0))
        && snapshot.link(inner.0, inner.1).is_none_or(|l| l.kind == "veth")
}

/// Containers by the inode of their network namespace. The owner of a sandbox is the one that did not join another's.
fn group(snapshot: &Snapshot) -> BTreeMap<NsInode, Vec<ContainerId>> {
    let mut groups: BTreeMap<NsInode, Vec<(bool, ContainerId)>> = BTreeMap::new();
    for container in snapshot.containers.iter() {
        let seen = scope::netns_of(snapshot, container);
        // The engine's own word is enough where it names the one namespace that the daemon is in itself.
        let said = || {
            let on_host = container.network_mode == NetworkMode::Host && container.state.has_processes();
            on_host.then(|| scope::daemon_netns(snapshot)).flatten()
        };
        if let Some(netns) = seen.or_else(said) {
            let joined = matches!(container.network_mode, NetworkMode::Container(_));
            groups.entry(netns).or_default().push((joined, container.id.clone()));
        }
    }
    groups
        .into_iter()
        .map(|(netns, mut members)| {
            members.sort();
            (netns, members.into_iter().map(|(_, id)| id).collect())
        })
        .collect()
}
