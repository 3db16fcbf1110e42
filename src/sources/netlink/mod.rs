//! The kernel's networks by netlink: interfaces, addresses, routes, forwarding databases, network namespaces and
//! traffic control and counters, as they are and as they change.
//!
//! It only ever asks: no request in here changes anything, not even the id that a namespace lacks. (Framing, socket and
//! dumps are shared with the hands, which make requests of their own and read back with these.) Two sockets and
//! one thread: [`watch()`] listens for what changed and says so to a thread that dumps once per burst; counters have a
//! socket of their own ([`LinkStatsReader`]), read at every refresh.
//!
//! ```text
//! multicast socket ─► monitor ─► watch (waits for the burst to end) ─► survey (dumps, on its thread) ─► NetlinkUpdate
//!                                                                        ├ dump, inside, netns
//!                                                                        └ diff ─► events
//! ```
//!
//! What could not be read is a gap in the picture with its reason. It knows no engine: which container a namespace is
//! of, and which namespace the engine's is, is for others to say.

mod diff;
pub(crate) mod dump;
mod error;
mod inside;
mod kinds;
pub(crate) mod links;
mod monitor;
pub(crate) mod netns;
mod picture;
mod routes;
pub(crate) mod socket;
mod stats;
mod survey;
pub mod tc;
mod watch;
pub(crate) mod wire;

pub use error::NetlinkError;
pub use stats::LinkStatsReader;
pub use watch::{read_once, watch};

use crate::model::{Event, Fact, FdbEntry, Link, Netns, Route, SourceState, SourceStatus, Tc};
use std::sync::Arc;
use std::time::Instant;

/// The kernel's half of the network at one instant.
///
/// A part that did not change since the state before is the same `Arc`.
#[derive(Debug, Clone)]
pub struct NetlinkState {
    /// Interfaces of all namespaces that could be read, sorted by (netns, ifindex).
    pub links: Arc<Vec<Link>>,
    /// Routes of our own namespace, table `local` left out; sorted by family, table, destination and metric.
    pub routes: Arc<Vec<Route>>,
    /// Forwarding databases of our own namespace, sorted by bridge, port, VLAN and address. As old as the last reading
    /// that had it in its scope, see [`NetlinkNudge::Fdb`].
    pub fdb: Arc<Vec<FdbEntry>>,
    /// Network namespaces, sorted by inode. In the very first state only ours.
    pub netns: Arc<Vec<Netns>>,
    /// Traffic control of our own namespace, without counters.
    pub tc: Fact<Arc<Tc>>,
    /// Health: partial when a namespace could not be read, stale when ours could not.
    pub state: SourceState,
    /// Why it is not `ok`; empty when it is.
    pub reason: String,
    /// How often everything was read anew because notifications were lost.
    pub resyncs: u64,
    /// When it was read.
    pub read_at: Instant,
}

impl NetlinkState {
    /// Its health as the snapshot has it, seen from `now`.
    pub fn status(&self, now: Instant) -> SourceStatus {
        let age = now.saturating_duration_since(self.read_at).as_millis();
        SourceStatus {
            name: "netlink".to_owned(),
            state: self.state,
            reason: self.reason.clone(),
            age_ms: (self.state != SourceState::Down).then(|| u64::try_from(age).unwrap_or(u64::MAX)),
            resyncs: self.resyncs,
        }
    }
}

/// What [`watch()`] tells.
#[derive(Debug, Clone)]
pub enum NetlinkUpdate {
    /// The picture, after something changed or was read again.
    State(NetlinkState),
    /// What changed between two pictures; `seq` is 0, for the receiver to number.
    Events(Vec<Event>),
}

/// What [`watch()`] can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetlinkNudge {
    /// Read everything again now.
    Refresh,
    /// Containers came or went: look for network namespaces now.
    Containers,
    /// Somebody looks at forwarding databases (true: read them now and with every change) or nobody does any more.
    /// They change with every new neighbour, so they are not followed otherwise.
    Fdb(bool),
}
