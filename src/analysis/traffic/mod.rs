//! Who is limited, by what, and what comes of it: the shaping of each interface in both directions, the rate that is
//! reached under it, and what became of the limits that are wanted.
//!
//! ```text
//! root qdisc of an interface ──► egress: download of the container behind it
//! ingress filters ─► ifb ─► its root qdisc ─┐
//! ingress filters ─► police ────────────────┴► ingress: upload of the container behind it
//! ```
//!
//! Reached rates are those of the qdisc. It counts the headers of every segment, where the interface counts those of
//! the packet before it is segmented: under a limit an interface reads about four percent low.

mod figures;
mod shape;
mod standing;
#[cfg(test)]
mod tests;
pub mod words;

pub use standing::{Standing, WantedLimit};

use super::{LinkKey, Wiring};
use crate::model::{Mark, Netem, Snapshot, Tc, TcHandle};

/// How the rate of a direction is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Packets wait in a queue.
    Queued,
    /// What exceeds the rate is dropped.
    Policed,
}

/// What one direction of an interface goes through.
#[derive(Debug, Clone, PartialEq)]
pub struct Shaping {
    /// The interface that has the qdisc: itself, or the ifb that its ingress is led to.
    pub by: LinkKey,
    /// Where the qdisc is attached there, whose counters tell the rate.
    pub at: TcHandle,
    /// Its handle.
    pub handle: TcHandle,
    /// Kind word of the qdisc or action: `tbf`, `netem`, `htb`, `police`, ….
    pub kind: String,
    /// Queued or policed.
    pub how: How,
    /// bridgewatch made it.
    pub is_ours: bool,
    /// Only what some filter picks goes through it.
    pub is_partial: bool,
    /// The rate it holds to, bits per second; none when it holds to none or to several.
    pub rate_bps: Option<u64>,
    /// Bucket, bytes.
    pub burst_bytes: Option<u64>,
    /// Longest time a packet waits at that rate, microseconds.
    pub latency_us: Option<u64>,
    /// Delay, loss and disorder.
    pub netem: Option<Netem>,
    /// What it does.
    pub figures: Figures,
}

/// What a qdisc did in the last interval, and since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Rate reached, bits per second; none without two readings.
    pub reached_bps: Option<f64>,
    /// Packets dropped per second.
    pub drop_rate: Option<f64>,
    /// Times per second a packet was held back.
    pub overlimit_rate: Option<f64>,
    /// Packets dropped since it was made; none when not counted.
    pub drops: Option<u64>,
    /// Times a packet was held back since it was made.
    pub overlimits: Option<u64>,
    /// Bytes that wait.
    pub backlog_bytes: Option<u64>,
    /// Packets that wait.
    pub queued: Option<u64>,
}

/// Share of the rate from which on a direction is at its limit.
const AT_LIMIT: f64 = 0.95;

impl Shaping {
    /// Share of the rate that is reached, 1 is all of it.
    pub fn share(&self) -> Option<f64> {
        let rate = self.rate_bps.filter(|rate| *rate > 0)?;
        Some(self.figures.reached_bps? / rate as f64)
    }

    /// True when it is what holds the traffic back: the rate is reached, or packets are dropped while others wait.
    pub fn is_at_limit(&self) -> bool {
        let drops = self.figures.drop_rate.is_some_and(|rate| rate > 0.0);
        let waits = self.figures.backlog_bytes.is_some_and(|bytes| bytes > 0);
        self.rate_bps.is_some() && (self.share().is_some_and(|share| share >= AT_LIMIT) || (drops && waits))
    }
}

/// An interface of our namespace with its traffic shaped.
#[derive(Debug, Clone, PartialEq)]
pub struct Shaped {
    /// The interface.
    pub link: LinkKey,
    /// What it sends: the download of whoever is behind it.
    pub egress: Option<Shaping>,
    /// What comes in by it: the upload of whoever is behind it.
    pub ingress: Option<Shaping>,
}

impl Shaped {
    /// Its directions that are shaped.
    pub fn directions(&self) -> impl Iterator<Item = &Shaping> {
        self.egress.iter().chain(&self.ingress)
    }
}

/// All that is shaped on a host, and what became of the limits that are wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Traffic {
    /// Interfaces with a qdisc or filter that limits or disturbs them, sorted. Blocks that ingress is led to are told
    /// with the interface that leads to them.
    pub shaped: Vec<Shaped>,
    /// Each limit that is wanted, in the order of the state file.
    pub wanted: Vec<WantedLimit>,
    /// Blocks (ifb) of ours that nothing leads to any more: their interface is gone.
    pub orphans: Vec<LinkKey>,
}

impl Traffic {
    /// Reads what is shaped from a snapshot; rates from the one before it.
    pub fn build(before: Option<&Snapshot>, next: &Snapshot, wiring: &Wiring) -> Self {
        let mut traffic = Traffic::default();
        if let Some(tc) = next.tc.known() {
            traffic.orphans = orphans(next, tc);
            traffic.shaped = shape::all(next, tc);
            traffic.shaped.retain(|shaped| !traffic.orphans.contains(&shaped.link));
            for shaping in traffic.shaped.iter_mut().flat_map(|s| s.egress.iter_mut().chain(&mut s.ingress)) {
                figures::fill(shaping, before, next);
            }
        }
        traffic.wanted = next.wanted.iter().map(|w| standing::of(w, next, wiring, &traffic.shaped)).collect();
        traffic
    }

    /// True when nothing is shaped and nothing is wanted: then nothing has to be reckoned again.
    pub fn is_idle(&self) -> bool {
        self.shaped.is_empty() && self.wanted.is_empty() && self.orphans.is_empty()
    }

    /// The shaping of an interface.
    pub fn of(&self, link: LinkKey) -> Option<&Shaped> {
        self.shaped.binary_search_by_key(&link, |s| s.link).ok().map(|n| &self.shaped[n])
    }

    /// Wanted limits of a container that do not hold although it runs.
    pub fn lost_of<'a>(&'a self, id: &'a crate::model::ContainerId) -> impl Iterator<Item = &'a WantedLimit> {
        self.wanted.iter().filter(move |w| w.wanted.container == *id && w.is_lost())
    }
}

/// Blocks of ours whose interface is gone and that no filter leads to.
fn orphans(snapshot: &Snapshot, tc: &Tc) -> Vec<LinkKey> {
    let Some(ours) = snapshot.our_netns() else { return Vec::new() };
    let links = snapshot.links_in(ours).iter().filter(|link| link.kind == "ifb");
    let is_orphan = |link: &&crate::model::Link| {
        let Some(Mark::Ifb { link: owner, netns, .. }) = link.alias.as_ref().and_then(|a| Mark::read(a.raw())) else {
            return false;
        };
        netns == ours && snapshot.link(ours, owner).is_none() && !shape::is_led_to(tc, (ours, link.ifindex))
    };
    links.filter(is_orphan).map(|link| (link.netns, link.ifindex)).collect()
}
