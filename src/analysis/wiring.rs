//! Who is wired to whom: containers, their network namespaces, interfaces, host ends, bridges and networks, joined by
//! inode and interface index. The one place where these are joined; topology, ports, rates and views look it up.

use crate::model::{ContainerId, IfIndex, NetworkId, NsInode, Snapshot};
use std::collections::BTreeMap;

/// Identity of an interface on this host at one time.
pub type LinkKey = (NsInode, IfIndex);

/// An interface in a network namespace that containers own, followed to the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The interface inside.
    pub link: LinkKey,
    /// Containers in that namespace: the one whose sandbox it is first, those that joined it after.
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
    /// Network of each device.
    pub network_of: BTreeMap<LinkKey, NetworkId>,
    /// Ports of each bridge or bond, by master.
    pub ports_of: BTreeMap<LinkKey, Vec<LinkKey>>,
}

impl Wiring {
    /// Joins a snapshot.
    pub fn build(_snapshot: &Snapshot) -> Self {
        Wiring::default()
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
}
