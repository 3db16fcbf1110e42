//! A plan: what would be done, to what exactly, what it affects and what takes it back.

use super::op::Op;
use super::wish::Wish;
use crate::model::{ContainerId, IfIndex, NetworkId, NsInode, Pid, TcHandle};
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A plan. It is plain data: shown, copied, written to the journal, carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// One line: `limit worker to 10mbit both ways`.
    pub title: String,
    /// What was asked for; none for an undo.
    pub wish: Option<Wish>,
    /// The entry that this takes back, of an undo.
    pub undoes: Option<super::EntryId>,
    /// The rows it works on, in words (`worker`); results are told for each. At least one.
    pub rows: Vec<String>,
    /// What must still be as it was shown, checked just before the first step.
    pub identities: Vec<Identity>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What it affects, a sentence each: containers, connections, networks that lose their last member.
    pub affects: Vec<String>,
    /// What can't be taken back, a sentence each; empty when all can.
    pub lasting: Vec<String>,
    /// What the operator should know besides: kernel parts, rounding, formulas.
    pub notes: Vec<String>,
    /// How it is confirmed.
    pub risk: Risk,
    /// It may cut off the operator: it is taken back unless confirmed in time.
    pub cutoff: Option<Cutoff>,
    /// Rows that were left out, with the reason; never silently.
    pub left_out: Vec<LeftOut>,
}

/// A row that a plan leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The row.
    pub row: String,
    /// Why.
    pub why: String,
}

/// How a plan is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "confirm", rename_all = "kebab-case")]
pub enum Risk {
    /// Not at all: it is reversible and nobody notices.
    Trifle,
    /// The plan is shown and answered with y or n.
    Change,
    /// A word has to be typed: it destroys data or disconnects others.
    Grave {
        /// The word, the name of what it is done to.
        word: String,
        /// Why.
        why: String,
    },
}

/// A plan that may cut off the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cutoff {
    /// Why, e.g. `your SSH session from 192.0.2.7 comes in by eth0`; empty when it was asked for.
    pub why: String,
    /// Seconds until it is taken back unless confirmed.
    pub seconds: u32,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Number of its row.
    pub row: usize,
    /// What is done.
    pub op: Op,
    /// What takes it back, in order; empty when nothing does or nothing need (see `gone_with`, `lasting`).
    pub undo: Vec<Op>,
    /// It goes by itself when this earlier step is taken back (a filter with its qdisc, both with their interface).
    pub gone_with: Option<usize>,
    /// What of it can't be taken back.
    pub lasting: Option<String>,
}

/// What must be as it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Identity {
    /// The same boot of the same host.
    Boot {
        /// `/proc/sys/kernel/random/boot_id`.
        id: String,
    },
    /// The same engine.
    Engine {
        /// `info.ID`.
        id: String,
    },
    /// A container, not restarted since and with the same name.
    Container {
        /// Its id.
        id: ContainerId,
        /// Its name.
        name: Outside,
        /// When it was started last.
        started_at: Option<Timestamp>,
        /// Whether its processes run.
        running: bool,
    },
    /// A container that exists, whatever its run.
    ContainerExists {
        /// Its id.
        id: ContainerId,
        /// Its name.
        name: Outside,
    },
    /// A network.
    Network {
        /// Its id.
        id: NetworkId,
        /// Its name.
        name: Outside,
    },
    /// No network has this name.
    NoNetwork {
        /// The name.
        name: String,
    },
    /// No container has this name.
    NoContainer {
        /// The name.
        name: String,
    },
    /// No image has this name.
    NoImage {
        /// `name:tag`.
        reference: String,
    },
    /// A process in a network namespace.
    Netns {
        /// The namespace.
        netns: NsInode,
        /// The process.
        pid: Pid,
    },
    /// An interface.
    Link {
        /// Its namespace.
        netns: NsInode,
        /// A process in it, for a namespace that is not ours.
        by: Option<Pid>,
        /// Its index.
        ifindex: IfIndex,
        /// Its name.
        name: Outside,
        /// Index of its peer, of a veth.
        peer: Option<IfIndex>,
    },
    /// No interface of our namespace has this name.
    NoLink {
        /// The name.
        name: String,
    },
    /// The qdisc at a place of an interface of our namespace; none when there is none or the kernel's default.
    Qdisc {
        /// The interface.
        ifindex: IfIndex,
        /// Where: root or ingress.
        parent: TcHandle,
        /// Kind word and handle.
        qdisc: Option<(String, TcHandle)>,
    },
    /// A container is on a network with (or without) an address.
    Endpoint {
        /// The container.
        container: ContainerId,
        /// The network.
        network: NetworkId,
        /// Whether it is on it.
        connected: bool,
    },
}
