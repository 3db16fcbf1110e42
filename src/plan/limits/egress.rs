//! Steps for what an interface sends: a root qdisc of ours, set, changed in place, or taken away.

use super::draft::{Draft, here};
use super::parts::Parts;
use super::standing::{self, Egress};
use super::{rule, units};
use crate::model::{Link, QdiscSetup, Shape, TcHandle};
use crate::plan::{KernelOp, LinkRef, Refusal};

/// The part that a setup needs.
pub(super) fn part_of(setup: &QdiscSetup) -> &'static str {
    if matches!(setup, QdiscSetup::Netem(_)) { "sch_netem" } else { "sch_tbf" }
}

/// Puts a root qdisc on a link, or says why it can't.
pub(super) fn set(draft: &mut Draft, parts: &Parts<'_>, link: &Link, shape: &Shape, what: &str) -> Result<(), Refusal> {
    if shape.police {
        return Err(Refusal::new(
            what,
            "only what comes in can be policed, and download goes out towards the container",
        )
        .instead("leave the policer out for download: it is queued")
        .at("police"));
    }
    let mut notes = vec![];
    let setup = rule::qdisc(shape, link.mtu, &mut notes)?;
    parts.need(part_of(&setup), what)?;
    match standing::egress(parts.tc, link) {
        Egress::Foreign(qdisc) => return Err(foreign(what, link, &standing::words(qdisc), "root")),
        Egress::Free => {
            draft.expect_link(link);
            draft.expect_qdisc(link.ifindex, TcHandle::ROOT, None);
            draft.kernel(put(here(link), setup, false), vec![delete(here(link))]);
        }
        Egress::Ours(old) => {
            draft.expect_link(link);
            draft.expect_qdisc(link.ifindex, TcHandle::ROOT, Some(old));
            change(draft, here(link), &old.setup, setup);
        }
    }
    notes.into_iter().for_each(|note| draft.note(note));
    Ok(())
}

/// Takes our root qdisc away; false when there is none of ours.
pub(super) fn clear(draft: &mut Draft, parts: &Parts<'_>, link: &Link) -> bool {
    match standing::egress(parts.tc, link) {
        Egress::Ours(old) => {
            draft.expect_link(link);
            draft.expect_qdisc(link.ifindex, TcHandle::ROOT, Some(old));
            draft.kernel(delete(here(link)), vec![put(here(link), old.setup.clone(), false)]);
            true
        }
        Egress::Foreign(qdisc) => {
            let name = link.name.shown();
            draft.note(format!("{name} has {}, which is not ours: it stays", standing::words(qdisc)));
            false
        }
        Egress::Free => false,
    }
}

/// From one setup of ours to another: in place where the kind stays, so that counters go on; else one goes and the
/// other comes. Nothing when they are the same.
pub(super) fn change(draft: &mut Draft, link: LinkRef, old: &QdiscSetup, new: QdiscSetup) {
    if same(old, &new) {
        draft.note(format!("{} is set so already", link.name.shown()));
    } else if std::mem::discriminant(old) == std::mem::discriminant(&new) {
        draft.kernel(put(link.clone(), new, true), vec![put(link, old.clone(), true)]);
    } else {
        draft.note("a queue of one kind gives way to one of another: for an instant nothing is limited");
        draft.kernel(delete(link.clone()), vec![put(link.clone(), old.clone(), false)]);
        draft.kernel(put(link.clone(), new, false), vec![delete(link)]);
    }
}

/// Same but for what ticks make of it.
fn same(old: &QdiscSetup, new: &QdiscSetup) -> bool {
    match (old, new) {
        (
            QdiscSetup::Tbf { rate_bps: a, burst_bytes: b, limit_bytes: c },
            QdiscSetup::Tbf { rate_bps: x, burst_bytes: y, limit_bytes: z },
        ) => a == x && b.abs_diff(*y) <= rule::tick_bytes(*a) + 1 && c == z,
        _ => old == new,
    }
}

pub(super) fn put(link: LinkRef, setup: QdiscSetup, replace: bool) -> KernelOp {
    KernelOp::PutQdisc { link, parent: TcHandle::ROOT, handle: TcHandle::OWN, setup, replace }
}

pub(super) fn delete(link: LinkRef) -> KernelOp {
    KernelOp::DeleteQdisc { link, parent: TcHandle::ROOT, handle: TcHandle::OWN }
}

/// Somebody else's traffic control stands where ours would go.
pub(super) fn foreign(what: &str, link: &Link, words: &str, place: &str) -> Refusal {
    let name = link.name.shown();
    Refusal::new(what, format!("{name} has {words} already, which is not ours, and is not replaced"))
        .instead(format!("whoever set it can change it; `tc qdisc del dev {name} {place}` removes it for good"))
}

/// A setup in a few words: `10mbit`, `10mbit, delay 50ms, loss 1%`.
pub(super) fn in_words(shape: &Shape) -> String {
    let mut words: Vec<String> = shape.rate_bps.map(units::rate).into_iter().collect();
    if let Some(netem) = &shape.netem {
        if netem.rate_bps > 0 && shape.rate_bps.is_none() {
            words.push(units::rate(netem.rate_bps));
        }
        let times = [("delay", netem.delay_us), ("jitter", netem.jitter_us)];
        words.extend(times.iter().filter(|t| t.1 > 0).map(|(name, us)| format!("{name} {}", units::time(*us))));
        let shares =
            [("loss", netem.loss_percent), ("duplicate", netem.duplicate_percent), ("reorder", netem.reorder_percent)];
        words.extend(
            shares.iter().filter(|s| s.1 > 0.0).map(|(name, share)| format!("{name} {}", units::percent(*share))),
        );
    }
    if shape.police {
        words.push("policed".to_owned());
    }
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
