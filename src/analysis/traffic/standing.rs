//! What became of the limits that are wanted: a veth dies with its container, and its limit with it.

use super::{Shaped, Shaping};
use crate::analysis::{LinkKey, Wiring};
use crate::model::{ContainerId, Shape, Snapshot, Wanted};
use jiff::Timestamp;

/// A limit that is wanted, and whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedLimit {
    /// The limit.
    pub wanted: Wanted,
    /// Whether it holds.
    pub standing: Standing,
    /// The host ends that it is for.
    pub links: Vec<LinkKey>,
}

/// Whether a wanted limit holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It holds on each interface.
    Holds,
    /// The container runs and has none of it: since its start, when that is after the limit was set.
    Gone {
        /// When the container was started, when that is what took the limit.
        restarted: Option<Timestamp>,
    },
    /// There is another limit on its interface, or it holds on some interfaces only.
    Differs,
    /// The container does not run: there is no interface to limit.
    Away {
        /// The container exists.
        exists: bool,
    },
    /// It can't be told.
    Unknown {
        /// Why.
        why: String,
    },
}

impl WantedLimit {
    /// True when the container runs without (all of) the limit.
    pub fn is_lost(&self) -> bool {
        matches!(self.standing, Standing::Gone { .. } | Standing::Differs)
    }
}

/// What became of one.
pub(super) fn of(wanted: &Wanted, snapshot: &Snapshot, wiring: &Wiring, shaped: &[Shaped]) -> WantedLimit {
    let links = links(wanted, wiring);
    let standing = standing(wanted, &links, snapshot, shaped);
    WantedLimit { wanted: wanted.clone(), standing, links }
}

/// Host ends of the container's interfaces on the network, or on all.
fn links(wanted: &Wanted, wiring: &Wiring) -> Vec<LinkKey> {
    let id: &ContainerId = &wanted.container;
    let on_network = |network: &Option<_>| wanted.network.is_none() || *network == wanted.network;
    let is_own = |outer: &LinkKey| wiring.by_outer.contains_key(outer);
    wiring
        .attachments_of(id)
        // Those that joined another's namespace are limited with it, not by themselves.
        .filter(|a| a.containers.first() == Some(id) && on_network(&a.network))
        .filter_map(|a| a.outer.filter(is_own))
        .collect()
}

fn standing(wanted: &Wanted, links: &[LinkKey], snapshot: &Snapshot, shaped: &[Shaped]) -> Standing {
    let container = snapshot.container(&wanted.container);
    let Some(container) = container.filter(|c| c.state.has_processes()) else {
        return Standing::Away { exists: container.is_some() };
    };
    if let Some(gap) = snapshot.tc.why() {
        return Standing::Unknown { why: gap.reason.clone() };
    }
    if links.is_empty() {
        return Standing::Unknown { why: "no interface of the container on this host is known".to_owned() };
    }
    let find = |link: &LinkKey| shaped.iter().find(|s| s.link == *link);
    let directions = |link: &LinkKey| {
        let shaped = find(link);
        let egress = wanted.down.as_ref().map(|shape| (shape, shaped.and_then(|s| s.egress.as_ref())));
        let ingress = wanted.up.as_ref().map(|shape| (shape, shaped.and_then(|s| s.ingress.as_ref())));
        egress.into_iter().chain(ingress)
    };
    let all: Vec<_> = links.iter().flat_map(directions).collect();
    if all.iter().all(|(shape, shaping)| shaping.is_some_and(|shaping| holds(shape, shaping))) {
        return Standing::Holds;
    }
    if all.iter().any(|(_, shaping)| shaping.is_some()) {
        return Standing::Differs;
    }
    Standing::Gone { restarted: container.started_at.filter(|at| *at > wanted.since) }
}

/// True when an interface is held to what a wish says; what it leaves open may be anything.
fn holds(shape: &Shape, shaping: &Shaping) -> bool {
    let rate = shape.rate_bps.or(shape.netem.as_ref().map(|n| n.rate_bps).filter(|rate| *rate > 0));
    let netem = shape.netem.as_ref().is_none_or(|wanted| {
        shaping.netem.as_ref().is_some_and(|has| {
            (has.delay_us, has.jitter_us) == (wanted.delay_us, wanted.jitter_us)
                && (has.loss_percent - wanted.loss_percent).abs() < 1e-3
        })
    });
    // The kernel keeps whole bytes per second.
    rate.is_none_or(|rate| shaping.rate_bps.is_some_and(|has| has.abs_diff(rate) < 8)) && netem
}
