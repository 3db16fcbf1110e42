//! The operations that plans are made of: each is one call to the engine, one message to the kernel, or one line of the
//! state file.

use super::wish::{EndpointSpec, NetworkSpec};
use crate::model::{
    Cidr, ContainerId, IfIndex, Mac, NetworkId, NsInode, Pid, QdiscSetup, RestartPolicy, TcAction, TcHandle, Wanted,
};
use crate::text::Outside;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Op {
    /// By the engine.
    Engine(EngineOp),
    /// By the kernel, over netlink.
    Kernel(KernelOp),
    /// In the state file of limits that are wanted.
    Ledger(LedgerOp),
}

/// A container as an operation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerRef {
    /// Identity.
    pub id: ContainerId,
    /// Its name, for people.
    pub name: Outside,
}

/// A network as an operation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRef {
    /// Identity; none for one that a step before makes.
    pub id: Option<NetworkId>,
    /// Its name.
    pub name: Outside,
}

/// Which network namespace an operation works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The namespace.
    pub netns: NsInode,
    /// A process in it, for a namespace that is not ours: it is entered by way of this process.
    pub by: Option<Pid>,
}

/// An interface as an operation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkRef {
    /// Where it is.
    pub place: Place,
    /// Its index; none for one that a step before makes, which is found by name.
    pub ifindex: Option<IfIndex>,
    /// Its name.
    pub name: Outside,
}

/// A route as an operation names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRef {
    /// Destination; `0.0.0.0/0` or `::/0` for the default route.
    pub dst: Cidr,
    /// Next hop.
    pub gateway: Option<IpAddr>,
    /// Interface.
    pub link: LinkRef,
}

/// Limits of a container that can be changed while it runs. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsUpdate {
    /// 10⁻⁹ CPUs; 0 is no limit. Excludes quota and period.
    pub nano_cpus: Option<i64>,
    /// Microseconds per period; −1 or 0 is no limit.
    pub cpu_quota_us: Option<i64>,
    /// Microseconds.
    pub cpu_period_us: Option<i64>,
    /// Relative weight, 2 to 262144; 0 is the default of 1024.
    pub cpu_shares: Option<i64>,
    /// Processors, e.g. `0-1,3`; empty is all.
    pub cpuset_cpus: Option<String>,
    /// Bytes; 0 is no limit.
    pub memory_bytes: Option<i64>,
    /// Memory and swap together, bytes; −1 is no limit, 0 is the engine's choice.
    pub memory_swap_bytes: Option<i64>,
    /// Tasks; −1 is no limit.
    pub pids_limit: Option<i64>,
    /// 10 to 1000; 0 is none.
    pub blkio_weight: Option<u16>,
}

/// A call to the engine. Fields are the arguments of the call, named as there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum EngineOp {
    /// `POST /containers/ID/start`.
    Start { container: ContainerRef, checkpoint: Option<String> },
    /// `POST /containers/ID/stop`.
    Stop { container: ContainerRef, timeout_s: Option<i64> },
    /// `POST /containers/ID/restart`.
    Restart { container: ContainerRef, timeout_s: Option<i64> },
    /// `POST /containers/ID/pause`.
    Pause { container: ContainerRef },
    /// `POST /containers/ID/unpause`.
    Unpause { container: ContainerRef },
    /// `POST /containers/ID/kill`.
    Kill { container: ContainerRef, signal: String },
    /// `POST /containers/ID/rename`.
    Rename { container: ContainerRef, to: String },
    /// `DELETE /containers/ID`.
    Remove { container: ContainerRef, force: bool, volumes: bool },
    /// `POST /containers/ID/update` with a restart policy.
    SetRestartPolicy { container: ContainerRef, policy: RestartPolicy },
    /// `POST /containers/ID/update` with limits.
    SetLimits { container: ContainerRef, limits: LimitsUpdate },
    /// `POST /commit`.
    Commit { container: ContainerRef, reference: String, pause: bool },
    /// `DELETE /images/NAME`, without removing what others use.
    RemoveImage { reference: String },
    /// `POST /containers/ID/checkpoints`.
    Checkpoint { container: ContainerRef, name: String, leave_running: bool },
    /// `DELETE /containers/ID/checkpoints/NAME`.
    RemoveCheckpoint { container: ContainerRef, name: String },
    /// `POST /networks/create`; the members of the spec are steps of their own.
    CreateNetwork { spec: NetworkSpec },
    /// `DELETE /networks/ID`.
    RemoveNetwork { network: NetworkRef },
    /// `POST /networks/ID/connect`.
    Connect { network: NetworkRef, container: ContainerRef, endpoint: EndpointSpec },
    /// `POST /networks/ID/disconnect`; by name for an endpoint whose container is gone.
    Disconnect { network: NetworkRef, container: ContainerRef, force: bool },
    /// `DELETE /volumes/NAME`, not forced.
    RemoveVolume { name: String },
}

/// A link to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum NewLink {
    /// A veth pair.
    Veth {
        /// The other end.
        peer: Outside,
        /// Where the other end is.
        peer_place: Place,
    },
    /// An intermediate functional block: where ingress traffic is queued.
    Ifb,
}

/// The classifier of a filter that takes every packet; which one depends on what the kernel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Classifier {
    /// `matchall`.
    Matchall,
    /// `u32 match u32 0 0`.
    U32,
}

/// A message to the kernel. Fields are the arguments of the call, named as there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum KernelOp {
    /// `ip link add`.
    AddLink { link: LinkRef, new: NewLink, alias: String, mtu: Option<u32>, mac: Option<Mac> },
    /// `ip link delete`.
    DeleteLink { link: LinkRef },
    /// `ip link set … up` or `down`.
    SetUp { link: LinkRef, up: bool },
    /// `ip link set … master` or `nomaster`.
    SetMaster { link: LinkRef, master: Option<LinkRef> },
    /// `ip link set … name`.
    RenameLink { link: LinkRef, to: String },
    /// `ip address add`.
    AddAddress { link: LinkRef, address: Cidr },
    /// `ip address delete`.
    DeleteAddress { link: LinkRef, address: Cidr },
    /// `ip route add`.
    AddRoute { route: RouteRef },
    /// `ip route delete`.
    DeleteRoute { route: RouteRef },
    /// `tc qdisc add` (fails when one is there that is not the kernel's default) or, with `replace`, `tc qdisc
    /// replace` of one with the same handle and kind, which keeps its counters.
    PutQdisc { link: LinkRef, parent: TcHandle, handle: TcHandle, setup: QdiscSetup, replace: bool },
    /// `tc qdisc add … ingress`.
    AddIngress { link: LinkRef },
    /// `tc qdisc delete`; the kernel's default comes back.
    DeleteQdisc { link: LinkRef, parent: TcHandle, handle: TcHandle },
    /// `tc filter add`: every packet is taken.
    AddFilter {
        link: LinkRef,
        parent: TcHandle,
        preference: u16,
        classifier: Classifier,
        action: TcAction,
        to: Option<LinkRef>,
    },
    /// `tc filter delete`.
    DeleteFilter { link: LinkRef, parent: TcHandle, preference: u16 },
}

/// A line of the state file of wanted limits. Fields are the arguments of the call, named as there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
#[allow(missing_docs)]
#[expect(clippy::large_enum_variant, reason = "two of them at most are in a plan")]
pub enum LedgerOp {
    /// The limit is wanted from now on; it replaces one of the same container and network.
    Keep { wanted: Wanted },
    /// It is wanted no longer.
    Forget { container: ContainerRef, network: Option<NetworkId> },
}
