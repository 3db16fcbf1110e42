//! The whole known state of one host at one instant.

use super::{
    Container, ContainerId, Event, FdbEntry, Firewall, Host, HostSample, IfIndex, KernelFacts, Link, LinkSample, Netns,
    Network, NsInode, QdiscSample, Route, Sample, SocketScan, SourceState, SourceStatus, Tc, Volume, WantedLimits,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Version of the JSON form of [`Snapshot`] and of all documents made from it. Raised when a field changes its
/// meaning or goes; new fields do not raise it.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything known of one host at one instant.
///
/// The parts are shared: a snapshot that follows another holds the same `Arc` for each part that did not change, so
/// that what is derived from a part can be kept as long as [`Arc::ptr_eq`] holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Wall clock, for people.
    pub taken_at: Timestamp,
    /// Steady clock, nanoseconds since an arbitrary start, for intervals.
    pub at_ns: u64,
    /// Facts about the host and its engine.
    pub host: Arc<Host>,
    /// Health of each source.
    pub sources: Arc<Vec<SourceStatus>>,
    /// Counters of the machine.
    pub host_sample: HostSample,
    /// Containers, sorted by id.
    pub containers: Arc<Vec<Arc<Container>>>,
    /// Kernel facts of containers with processes.
    pub kernel: Arc<BTreeMap<ContainerId, Arc<KernelFacts>>>,
    /// Counters of containers, sorted by id.
    pub samples: Arc<Vec<Sample>>,
    /// Engine networks, sorted by name.
    pub networks: Arc<Vec<Network>>,
    /// Volumes in use, sorted by name.
    pub volumes: Arc<Vec<Volume>>,
    /// Network namespaces, sorted by inode.
    pub netns: Arc<Vec<Netns>>,
    /// Interfaces of all namespaces that could be read, sorted by (netns, ifindex).
    pub links: Arc<Vec<Link>>,
    /// Counters of interfaces, sorted by (netns, ifindex).
    pub link_samples: Arc<Vec<LinkSample>>,
    /// Routes of our own namespace.
    pub routes: Arc<Vec<Route>>,
    /// Forwarding databases of bridges of our own namespace.
    pub fdb: Arc<Vec<FdbEntry>>,
    /// Listening sockets by namespace.
    pub sockets: Arc<Vec<SocketScan>>,
    /// Packet filter.
    pub firewall: super::Fact<Arc<Firewall>>,
    /// Traffic control of our own namespace; unknown until it was read.
    #[serde(default = "not_recorded")]
    pub tc: super::Fact<Arc<Tc>>,
    /// Counters of qdiscs, sorted by (netns, ifindex, parent, handle). Empty when nobody looks and nothing is limited.
    pub qdisc_samples: Arc<Vec<QdiscSample>>,
    /// Limits that are wanted, as the state file has them.
    pub wanted: WantedLimits,
    /// The newest events, oldest first, bounded.
    pub events: Arc<Vec<Arc<Event>>>,
}

/// Recordings and documents from before traffic control was part of them.
fn not_recorded() -> super::Fact<Arc<Tc>> {
    super::Fact::unknown(super::GapKind::NotRecorded, "this recording was made without traffic control")
}

impl Default for Snapshot {
    fn default() -> Self {
        Snapshot {
            schema_version: SCHEMA_VERSION,
            taken_at: Timestamp::UNIX_EPOCH,
            at_ns: 0,
            host: Arc::default(),
            sources: Arc::default(),
            host_sample: HostSample::default(),
            containers: Arc::default(),
            kernel: Arc::default(),
            samples: Arc::default(),
            networks: Arc::default(),
            volumes: Arc::default(),
            netns: Arc::default(),
            links: Arc::default(),
            link_samples: Arc::default(),
            routes: Arc::default(),
            fdb: Arc::default(),
            sockets: Arc::default(),
            firewall: super::Fact::default(),
            tc: super::Fact::default(),
            qdisc_samples: Arc::default(),
            wanted: Arc::default(),
            events: Arc::default(),
        }
    }
}

impl Snapshot {
    /// A container by id.
    pub fn container(&self, id: &ContainerId) -> Option<&Arc<Container>> {
        self.containers.binary_search_by(|c| c.id.cmp(id)).ok().map(|n| &self.containers[n])
    }

    /// Counters of a container.
    pub fn sample(&self, id: &ContainerId) -> Option<&Sample> {
        self.samples.binary_search_by(|s| s.id.cmp(id)).ok().map(|n| &self.samples[n])
    }

    /// Kernel facts of a container.
    pub fn kernel_of(&self, id: &ContainerId) -> Option<&Arc<KernelFacts>> {
        self.kernel.get(id)
    }

    /// An interface.
    pub fn link(&self, netns: NsInode, ifindex: IfIndex) -> Option<&Link> {
        self.links.binary_search_by(|l| (l.netns, l.ifindex).cmp(&(netns, ifindex))).ok().map(|n| &self.links[n])
    }

    /// Interfaces of one namespace.
    pub fn links_in(&self, netns: NsInode) -> &[Link] {
        let from = self.links.partition_point(|l| l.netns < netns);
        let to = self.links.partition_point(|l| l.netns <= netns);
        &self.links[from..to]
    }

    /// Counters of an interface.
    pub fn link_sample(&self, netns: NsInode, ifindex: IfIndex) -> Option<&LinkSample> {
        let key = (netns, ifindex);
        self.link_samples.binary_search_by(|l| (l.netns, l.ifindex).cmp(&key)).ok().map(|n| &self.link_samples[n])
    }

    /// The network namespace bridgewatch runs in, when it could be read.
    pub fn our_netns(&self) -> Option<NsInode> {
        self.host.namespaces.get(&super::NsKind::Net).and_then(super::Fact::get)
    }

    /// Network namespace of a container, when it has one and it could be read.
    pub fn netns_of(&self, id: &ContainerId) -> Option<NsInode> {
        self.kernel.get(id)?.namespaces.get(&super::NsKind::Net)?.get()
    }

    /// Health of a source by name.
    pub fn source(&self, name: &str) -> Option<&SourceStatus> {
        self.sources.iter().find(|s| s.name == name)
    }

    /// True when the engine's half is old or missing.
    pub fn engine_is_stale(&self) -> bool {
        self.source("engine").is_none_or(|s| !matches!(s.state, SourceState::Ok | SourceState::Partial))
    }
}
