//! Pure nouns: the state of one host at one instant, as plain data that serialises.
//!
//! No I/O, no clock, no terminal. Sources fill it, analysis reads it, views draw it.

mod container;
mod disk;
mod event;
mod firewall;
mod gap;
mod host;
mod ids;
mod kernel;
mod link;
mod mark;
mod net;
mod network;
mod sample;
mod snapshot;
mod socket;
mod source;
mod tc;

pub use container::{
    Compose, Config, Container, Device, Endpoint, Exec, Health, HealthCheck, Mount, NetworkMode, Owner, PublishedPort,
    RestartPolicy, State, Ulimit,
};
pub use disk::{DiskImage, DiskUse, DiskVolume};
pub use event::{Event, Origin, Weight};
pub use firewall::{Backend, Chain, Family, Firewall, Match, Rule, Table, Target};
pub use gap::{Fact, Gap, GapKind};
pub use host::{CgroupVersion, Daemon, Endpoint as EngineEndpoint, Engine, Host, Locality, Rights};
pub use ids::{ContainerId, IfIndex, NetworkId, NsInode, Pid, Subject};
pub use kernel::{
    Caps, CgroupLimits, Cgroups, KernelFacts, MountInfo, Namespaces, NsKind, Process, Rlimits, SmallFile,
};
pub use link::{Bridge, BridgePort, FdbEntry, Link, LinkAddress, LinkCounters, LinkSample, Netns, Peer, Route};
pub use mark::{IFB_PREFIX, Mark, PLUMB_PREFIX};
pub use net::{Cidr, Mac, NotACidr, Proto};
pub use network::{Member, Network, Pool, Volume};
pub use sample::{HostSample, Pressure, Sample};
pub use snapshot::{SCHEMA_VERSION, Snapshot};
pub use socket::{Listener, ProcessRef, Proxy, SocketScan};
pub use source::{SourceState, SourceStatus};
pub use tc::{
    Netem, Qdisc, QdiscSample, QdiscSetup, Shape, Tc, TcAction, TcClass, TcFilter, TcHandle, Wanted, WantedLimits,
};
