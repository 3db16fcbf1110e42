//! What the directions of an interface go through, from its qdiscs, classes and filters.

use super::{Figures, How, Shaped, Shaping};
use crate::analysis::LinkKey;
use crate::model::{Qdisc, QdiscSetup, Snapshot, Tc, TcAction, TcFilter, TcHandle};
use std::collections::BTreeSet;

/// Where filters of `clsact` stand for what goes out.
const CLSACT_EGRESS: TcHandle = TcHandle::new(0xffff, 0xfff3);
/// Kinds that share out or order, and neither limit nor disturb.
const HARMLESS: [&str; 12] =
    ["noqueue", "pfifo_fast", "pfifo", "bfifo", "fq_codel", "fq", "codel", "sfq", "mq", "prio", "multiq", "pie"];
/// As many qdiscs below each other are followed.
const DEPTH: usize = 4;

/// All interfaces that are shaped, sorted.
pub(super) fn all(snapshot: &Snapshot, tc: &Tc) -> Vec<Shaped> {
    let touched: BTreeSet<LinkKey> =
        tc.qdiscs.iter().filter(|q| !q.is_default()).map(|q| (q.netns, q.ifindex)).collect();
    let shaped = touched.into_iter().filter(|link| !(is_block(snapshot, *link) && is_led_to(tc, *link))).map(|link| {
        let egress = egress(tc, link).or_else(|| egress_filters(tc, link));
        Shaped { link, egress, ingress: ingress(tc, link) }
    });
    shaped.filter(|s| s.egress.is_some() || s.ingress.is_some()).collect()
}

/// True for an intermediate functional block.
fn is_block(snapshot: &Snapshot, link: LinkKey) -> bool {
    snapshot.link(link.0, link.1).is_some_and(|l| l.kind == "ifb")
}

/// True when some filter leads packets to an interface.
pub(super) fn is_led_to(tc: &Tc, link: LinkKey) -> bool {
    let leads = |action: &TcAction| *action == TcAction::Redirect { to: link.1 };
    tc.filters.iter().any(|f| f.netns == link.0 && f.actions.iter().any(leads))
}

/// What the root qdisc of an interface does, with those below it that all traffic goes through, too.
fn egress(tc: &Tc, link: LinkKey) -> Option<Shaping> {
    let root = tc.root_of(link.0, link.1).filter(|q| !q.is_default())?;
    let mut shaping = Shaping {
        by: link,
        at: root.parent,
        handle: root.handle,
        kind: root.name.clone(),
        how: How::Queued,
        is_ours: root.is_ours(),
        is_partial: false,
        rate_bps: None,
        burst_bytes: None,
        latency_us: None,
        netem: None,
        figures: Figures::default(),
    };
    let mut qdisc = root;
    let mut says_something = false;
    for _ in 0..DEPTH {
        says_something |= add(&mut shaping, tc, qdisc);
        // Only these two hand everything on to one qdisc below.
        let passes_on = matches!(qdisc.setup, QdiscSetup::Tbf { .. } | QdiscSetup::Netem(_));
        let below = tc.qdiscs_of(link.0, link.1).find(|q| {
            let is_below = q.parent.major() == qdisc.handle.major() && q.handle != qdisc.handle;
            passes_on && is_below && q.parent != TcHandle::ROOT && q.parent != TcHandle::INGRESS
        });
        let Some(below) = below else { break };
        qdisc = below;
    }
    says_something.then_some(shaping)
}

/// Adds what a qdisc does; false when it neither limits nor disturbs.
fn add(shaping: &mut Shaping, tc: &Tc, qdisc: &Qdisc) -> bool {
    match &qdisc.setup {
        QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes } => {
            limit(shaping, *rate_bps);
            shaping.burst_bytes = Some(*burst_bytes);
            let beyond = u128::from(limit_bytes.saturating_sub(*burst_bytes)) * 8_000_000;
            shaping.latency_us = beyond.checked_div(u128::from(*rate_bps)).and_then(|us| u64::try_from(us).ok());
            true
        }
        QdiscSetup::Netem(netem) => {
            if netem.rate_bps > 0 {
                limit(shaping, netem.rate_bps);
            }
            shaping.netem = Some(netem.clone());
            true
        }
        QdiscSetup::Htb { .. } => {
            if let Some(ceil) = htb_ceil(tc, qdisc) {
                limit(shaping, ceil);
            }
            true
        }
        QdiscSetup::Other { .. } => !HARMLESS.contains(&qdisc.name.as_str()),
    }
}

/// The lowest rate of those it goes through is the one that holds.
fn limit(shaping: &mut Shaping, rate_bps: u64) {
    shaping.rate_bps = Some(shaping.rate_bps.map_or(rate_bps, |before| before.min(rate_bps)));
}

/// The ceiling of the one class that all others are below of. Several at the top have no ceiling in common, and what
/// no class takes goes out unlimited.
fn htb_ceil(tc: &Tc, qdisc: &Qdisc) -> Option<u64> {
    let QdiscSetup::Htb { default_class } = qdisc.setup else { return None };
    let mut classes = tc
        .classes
        .iter()
        .filter(|c| (c.netns, c.ifindex) == (qdisc.netns, qdisc.ifindex) && c.handle.major() == qdisc.handle.major());
    let has_default = classes.clone().any(|c| u32::from(c.handle.minor()) == default_class);
    let top = classes.clone().filter(|c| c.parent == TcHandle::ROOT || c.parent == qdisc.handle).count();
    let only = classes.find(|c| c.parent == TcHandle::ROOT || c.parent == qdisc.handle)?;
    (top == 1 && has_default).then_some(only.ceil_bps).flatten()
}

/// What filters do with what comes in.
fn ingress(tc: &Tc, link: LinkKey) -> Option<Shaping> {
    let qdisc = tc.ingress_of(link.0, link.1)?;
    filtered(tc, qdisc, tc.ingress_filters(link.0, link.1))
}

/// What filters of `clsact` do with what goes out.
fn egress_filters(tc: &Tc, link: LinkKey) -> Option<Shaping> {
    let qdisc = tc.ingress_of(link.0, link.1).filter(|q| q.name == "clsact")?;
    let at = |f: &&TcFilter| (f.netns, f.ifindex, f.parent) == (link.0, link.1, CLSACT_EGRESS);
    filtered(tc, qdisc, tc.filters.iter().filter(at))
}

/// The first filter that leads to a shaped interface or polices.
fn filtered<'a>(tc: &Tc, qdisc: &Qdisc, filters: impl Iterator<Item = &'a TcFilter>) -> Option<Shaping> {
    for filter in filters {
        for action in &filter.actions {
            let found = match action {
                TcAction::Redirect { to } => egress(tc, (qdisc.netns, *to)),
                TcAction::Police { rate_bps, burst_bytes } => Some(Shaping {
                    by: (qdisc.netns, qdisc.ifindex),
                    at: qdisc.parent,
                    handle: qdisc.handle,
                    kind: "police".to_owned(),
                    how: How::Policed,
                    is_ours: false,
                    is_partial: false,
                    rate_bps: Some(*rate_bps),
                    burst_bytes: Some(*burst_bytes),
                    latency_us: None,
                    netem: None,
                    figures: Figures::default(),
                }),
                TcAction::Other { .. } => None,
            };
            if let Some(shaping) = found {
                let is_ours = filter.preference == TcHandle::OURS;
                return Some(Shaping { is_ours, is_partial: !takes_all(filter), ..shaping });
            }
        }
    }
    None
}

/// True for a filter that every packet goes through.
fn takes_all(filter: &TcFilter) -> bool {
    const EVERY_PROTOCOL: u16 = 3;
    filter.takes == "everything" && filter.protocol == EVERY_PROTOCOL && filter.chain == 0
}
