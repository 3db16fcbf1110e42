//! Traffic control: queueing disciplines, classes and filters of interfaces, what this kernel has of it, and the
//! limits that the operator wants kept.

use super::{ContainerId, Fact, IfIndex, NetworkId, NsInode};
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Major and minor number of a qdisc, class or attachment point, as tc writes it: `b1d6:1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TcHandle(pub u32);

impl TcHandle {
    /// Attachment point of the egress qdisc of an interface (`TC_H_ROOT`).
    pub const ROOT: TcHandle = TcHandle(0xffff_ffff);
    /// Attachment point of `ingress` and `clsact` (`TC_H_INGRESS`).
    pub const INGRESS: TcHandle = TcHandle(0xffff_fff1);
    /// Major number of the qdiscs that bridgewatch makes, so that they are told from those of others. It is also the
    /// preference of its filters: an `ingress` qdisc has the same handle whoever made it, and is ours when it has
    /// filters and all of them have this preference.
    pub const OURS: u16 = 0xb1d6;
    /// Handle of the egress qdiscs that bridgewatch makes.
    pub const OWN: TcHandle = TcHandle::new(TcHandle::OURS, 0);
    /// Handle of an `ingress` (or `clsact`) qdisc, `ffff:`.
    pub const INGRESS_QDISC: TcHandle = TcHandle(0xffff_0000);

    /// From its two numbers.
    pub const fn new(major: u16, minor: u16) -> Self {
        TcHandle(((major as u32) << 16) | minor as u32)
    }

    /// The major number.
    pub const fn major(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The minor number.
    pub const fn minor(self) -> u16 {
        (self.0 & 0xffff) as u16
    }
}

impl std::fmt::Display for TcHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            TcHandle::ROOT => f.write_str("root"),
            TcHandle::INGRESS => f.write_str("ingress"),
            TcHandle(0) => f.write_str("0:"),
            handle if handle.minor() == 0 => write!(f, "{:x}:", handle.major()),
            handle => write!(f, "{:x}:{:x}", handle.major(), handle.minor()),
        }
    }
}

/// Delay, loss and disorder of packets (`sch_netem`). Shares are in percent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Netem {
    /// Added delay, microseconds.
    pub delay_us: u64,
    /// Variation of the delay, microseconds.
    pub jitter_us: u64,
    /// Packets lost.
    pub loss_percent: f64,
    /// Packets doubled.
    pub duplicate_percent: f64,
    /// Packets sent at once, ahead of those that are delayed.
    pub reorder_percent: f64,
    /// Rate, bits per second; 0 is none.
    pub rate_bps: u64,
    /// Packets the queue holds.
    pub limit_packets: u32,
    /// What else it does, in words (correlations, corruption, …); empty for those that bridgewatch makes.
    pub more: String,
}

/// What a qdisc is set to, of the kinds this program reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum QdiscSetup {
    /// Token bucket.
    Tbf {
        /// Rate, bits per second.
        rate_bps: u64,
        /// Bucket, bytes; exact to one kernel tick of the rate.
        burst_bytes: u64,
        /// Bytes that may wait, the bucket included.
        limit_bytes: u64,
    },
    /// Delay, loss and disorder.
    Netem(Netem),
    /// Hierarchical token bucket; its rates are those of its classes.
    Htb {
        /// Minor number of the class for what no filter takes.
        default_class: u32,
    },
    /// Anything else: what tc would print of it, as far as it is known.
    Other {
        /// In words; may be empty.
        words: String,
    },
}

/// A queueing discipline of an interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Qdisc {
    /// Namespace of the interface.
    pub netns: NsInode,
    /// The interface.
    pub ifindex: IfIndex,
    /// Kind word of tc: `noqueue`, `fq_codel`, `tbf`, `ingress`, `clsact`, …
    pub name: String,
    /// Its handle; 0 for one that the kernel made by itself.
    pub handle: TcHandle,
    /// Where it is attached: [`TcHandle::ROOT`], [`TcHandle::INGRESS`], or a class.
    pub parent: TcHandle,
    /// What it is set to.
    pub setup: QdiscSetup,
}

impl Qdisc {
    /// True when it carries the handle that bridgewatch gives to its own.
    pub fn is_ours(&self) -> bool {
        self.handle.major() == TcHandle::OURS
    }

    /// True for what the kernel attaches by itself and gives back when a qdisc is deleted (`noqueue` or the default
    /// queue of a device, both without a handle).
    pub fn is_default(&self) -> bool {
        self.handle == TcHandle(0)
    }
}

/// A class of a classful qdisc.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TcClass {
    /// Namespace of the interface.
    pub netns: NsInode,
    /// The interface.
    pub ifindex: IfIndex,
    /// Kind word of its qdisc.
    pub name: String,
    /// Its handle.
    pub handle: TcHandle,
    /// The class or qdisc above.
    pub parent: TcHandle,
    /// The qdisc below that holds its packets, when it was given one.
    pub leaf: Option<TcHandle>,
    /// Guaranteed rate, bits per second, where its kind has one.
    pub rate_bps: Option<u64>,
    /// Ceiling, bits per second.
    pub ceil_bps: Option<u64>,
    /// Bucket of the rate, bytes; exact to one kernel tick of the rate.
    pub burst_bytes: Option<u64>,
    /// Bucket of the ceiling, bytes.
    pub ceil_burst_bytes: Option<u64>,
    /// Priority among its siblings; lower is served first. None for a class with classes below.
    pub priority: Option<u32>,
}

/// What a filter does with a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TcAction {
    /// Sends it out of (or into) another interface of the same namespace (`mirred`).
    Redirect {
        /// That interface.
        to: IfIndex,
    },
    /// Drops what exceeds a rate (`police`).
    Police {
        /// Rate, bits per second.
        rate_bps: u64,
        /// Bucket, bytes.
        burst_bytes: u64,
    },
    /// Anything else.
    Other {
        /// Kind word of tc, and what it does where that is known: `gact drop`, `mirred mirror to if7`, `vlan`.
        name: String,
    },
}

/// A filter of a qdisc.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcFilter {
    /// Namespace of the interface.
    pub netns: NsInode,
    /// The interface.
    pub ifindex: IfIndex,
    /// The qdisc it belongs to.
    pub parent: TcHandle,
    /// Kind word: `u32`, `matchall`, `flower`, `bpf`, …
    pub name: String,
    /// Preference; lower comes first.
    pub preference: u16,
    /// Ethertype that it looks at: 0x0003 (`ETH_P_ALL`) is every one.
    pub protocol: u16,
    /// Chain; 0 is where packets come in.
    pub chain: u32,
    /// Its handle.
    pub handle: u32,
    /// Class that its packets go to.
    pub class: Option<TcHandle>,
    /// What it takes, in words: `everything`, `match 0a000000/ff000000 at 12`, `dst_port 80`; empty when its kind is
    /// not read.
    pub takes: String,
    /// What it does, in order.
    pub actions: Vec<TcAction>,
}

/// Traffic control of our own namespace, without counters.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tc {
    /// Qdiscs, sorted by (netns, ifindex, parent, handle).
    pub qdiscs: Vec<Qdisc>,
    /// Classes, sorted likewise.
    pub classes: Vec<TcClass>,
    /// Filters, in the order in which the kernel asks them.
    pub filters: Vec<TcFilter>,
    /// Parts of traffic control by module name (`sch_tbf`, `sch_netem`, `sch_ingress`, `cls_u32`, `cls_matchall`,
    /// `act_mirred`, `act_police`, `ifb`): known true when this kernel has it or can load it, known false when not.
    pub parts: BTreeMap<String, Fact<bool>>,
}

impl Tc {
    /// Qdiscs of an interface, in the order of the list.
    pub fn qdiscs_of(&self, netns: NsInode, ifindex: IfIndex) -> impl Iterator<Item = &Qdisc> {
        self.qdiscs.iter().filter(move |q| (q.netns, q.ifindex) == (netns, ifindex))
    }

    /// The egress qdisc of an interface.
    pub fn root_of(&self, netns: NsInode, ifindex: IfIndex) -> Option<&Qdisc> {
        self.qdiscs_of(netns, ifindex).find(|q| q.parent == TcHandle::ROOT)
    }

    /// Filters of what comes in by an interface: of its `ingress` qdisc, or of the ingress half of its `clsact`
    /// (whose attachment points are `ffff:fff1` and `ffff:fff2`).
    pub fn ingress_filters(&self, netns: NsInode, ifindex: IfIndex) -> impl Iterator<Item = &TcFilter> {
        let of_link = self.filters.iter().filter(move |f| (f.netns, f.ifindex) == (netns, ifindex));
        of_link.filter(|f| f.parent.major() == 0xffff && f.parent != TcHandle::ROOT && f.parent.minor() != 0xfff3)
    }

    /// The `ingress` or `clsact` qdisc of an interface.
    pub fn ingress_of(&self, netns: NsInode, ifindex: IfIndex) -> Option<&Qdisc> {
        self.qdiscs_of(netns, ifindex).find(|q| q.parent == TcHandle::INGRESS)
    }
}

/// Counters of a qdisc since it was made, or of a class: a class has a minor number in its handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QdiscSample {
    /// Namespace of the interface.
    pub netns: NsInode,
    /// The interface.
    pub ifindex: IfIndex,
    /// Its handle.
    pub handle: TcHandle,
    /// Where it is attached.
    pub parent: TcHandle,
    /// Bytes sent, headers of each segment included.
    pub bytes: u64,
    /// Packets sent.
    pub packets: u64,
    /// Packets dropped.
    pub drops: u64,
    /// Times it had to hold a packet back; thousands per second are normal at a limit.
    pub overlimits: u64,
    /// Bytes that wait.
    pub backlog_bytes: u64,
    /// Packets that wait.
    pub queued: u64,
}

/// How one direction of an interface is to be shaped. Fields that are absent are left to the planner or not set.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Shape {
    /// Rate, bits per second.
    pub rate_bps: Option<u64>,
    /// Bucket, bytes.
    pub burst_bytes: Option<u64>,
    /// Longest time a packet may wait, microseconds.
    pub latency_us: Option<u64>,
    /// Delay, loss and disorder.
    pub netem: Option<Netem>,
    /// Drop what exceeds the rate instead of queueing it (ingress policer); upload only.
    pub police: bool,
}

/// A limit that is wanted, kept in the state directory by identity of its container, so that it can be applied
/// again when the container comes back with another interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wanted {
    /// The container.
    pub container: ContainerId,
    /// Its name when the limit was set.
    pub name: Outside,
    /// The network it holds on; none is every network.
    pub network: Option<NetworkId>,
    /// Download, as the container sees it.
    pub down: Option<Shape>,
    /// Upload.
    pub up: Option<Shape>,
    /// When it was set.
    pub since: Timestamp,
}

/// All limits that are wanted.
pub type WantedLimits = Arc<Vec<Wanted>>;
