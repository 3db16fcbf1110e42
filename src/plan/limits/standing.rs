//! What traffic control an interface has now: nothing, ours, or somebody else's.

use super::units;
use crate::model::{IFB_PREFIX, Link, Mark, Qdisc, QdiscSetup, Snapshot, Tc, TcAction, TcFilter, TcHandle};

/// What an interface sends through.
#[derive(Debug, Clone, Copy)]
pub(super) enum Egress<'a> {
    /// The kernel's default.
    Free,
    /// Ours.
    Ours(&'a Qdisc),
    /// Somebody else's.
    Foreign(&'a Qdisc),
}

/// What takes up what comes in by an interface.
#[derive(Debug, Clone)]
pub(super) enum Ingress<'a> {
    /// Nothing.
    Free,
    /// Ours, through an ifb with its qdisc.
    Queued { filter: &'a TcFilter, ifb: &'a Link, qdisc: Option<&'a Qdisc> },
    /// Ours, a policer.
    Policed { filter: &'a TcFilter },
    /// Ours, but what it led to is gone.
    Broken { filters: Vec<&'a TcFilter> },
    /// Somebody else's, in words.
    Foreign(String),
}

/// The egress of an interface.
pub(super) fn egress<'a>(tc: &'a Tc, link: &Link) -> Egress<'a> {
    match tc.root_of(link.netns, link.ifindex) {
        None => Egress::Free,
        Some(qdisc) if qdisc.is_default() => Egress::Free,
        Some(qdisc) if is_own_kind(qdisc) => Egress::Ours(qdisc),
        Some(qdisc) => Egress::Foreign(qdisc),
    }
}

/// Ours, and of a kind that could be put back as it was.
fn is_own_kind(qdisc: &Qdisc) -> bool {
    qdisc.handle == TcHandle::OWN && matches!(qdisc.setup, QdiscSetup::Tbf { .. } | QdiscSetup::Netem(_))
}

/// The ingress of an interface.
pub(super) fn ingress<'a>(snapshot: &'a Snapshot, tc: &'a Tc, link: &Link) -> Ingress<'a> {
    let Some(qdisc) = tc.ingress_of(link.netns, link.ifindex) else { return Ingress::Free };
    let filters: Vec<&TcFilter> = tc.ingress_filters(link.netns, link.ifindex).collect();
    let ours = qdisc.name == "ingress" && !filters.is_empty() && filters.iter().all(|f| f.preference == TcHandle::OURS);
    if !ours {
        return Ingress::Foreign(foreign_ingress(qdisc, &filters));
    }
    match filters.as_slice() {
        [filter] => match filter.actions.as_slice() {
            [TcAction::Police { .. }] => Ingress::Policed { filter },
            [TcAction::Redirect { to }] => match snapshot.link(link.netns, *to) {
                Some(ifb) if is_own_ifb(ifb) => {
                    let qdisc = tc.root_of(link.netns, ifb.ifindex).filter(|q| is_own_kind(q));
                    Ingress::Queued { filter, ifb, qdisc }
                }
                _ => Ingress::Broken { filters },
            },
            _ => Ingress::Broken { filters },
        },
        _ => Ingress::Broken { filters },
    }
}

/// True for an intermediate block that we made.
pub(super) fn is_own_ifb(link: &Link) -> bool {
    let marked = link.alias.as_ref().is_some_and(|alias| matches!(Mark::read(alias.raw()), Some(Mark::Ifb { .. })));
    link.kind == "ifb" && link.name.raw().starts_with(IFB_PREFIX) && marked
}

/// A qdisc of somebody else's, as an operator would name it.
pub(super) fn words(qdisc: &Qdisc) -> String {
    let setup = match &qdisc.setup {
        QdiscSetup::Tbf { rate_bps, .. } => format!(" rate {}", units::rate(*rate_bps)),
        QdiscSetup::Netem(netem) if netem.delay_us > 0 => format!(" delay {}", units::time(netem.delay_us)),
        QdiscSetup::Other { words } if !words.is_empty() => format!(" {}", crate::text::clean_line(words)),
        _ => String::new(),
    };
    format!("{} {}{setup}", crate::text::clean_line(&qdisc.name), qdisc.handle)
}

fn foreign_ingress(qdisc: &Qdisc, filters: &[&TcFilter]) -> String {
    let name = crate::text::clean_line(&qdisc.name);
    match filters.first() {
        None => format!("{name} without filters"),
        Some(first) => {
            let kind = crate::text::clean_line(&first.name);
            let more = if filters.len() > 1 { format!(" and {} more", filters.len() - 1) } else { String::new() };
            format!("{name} with a filter {kind} pref {}{more}", first.preference)
        }
    }
}
