//! Steps for what comes in by an interface: handed to an ifb of ours with a root qdisc, or policed.
//!
//! The ifb is ready before anything is handed to it, and stays until nothing is any more: built in the order ifb, up,
//! queue, ingress, filter, and taken down the other way round.

use super::draft::{Draft, here, made};
use super::egress::{change, delete, foreign, part_of, put};
use super::parts::Parts;
use super::standing::{self, Ingress};
use super::{Port, rule};
use crate::model::{IFB_PREFIX, IfIndex, Link, Mark, Qdisc, Shape, Snapshot, TcAction, TcFilter, TcHandle};
use crate::plan::{Classifier, Identity, KernelOp, LinkRef, NewLink, Refusal};

/// Limits what comes in by a port, or says why it can't.
pub(super) fn set(
    draft: &mut Draft,
    snapshot: &Snapshot,
    parts: &Parts<'_>,
    port: Port<'_>,
    shape: &Shape,
    what: &str,
) -> Result<(), Refusal> {
    let link = port.link;
    let now = standing::ingress(snapshot, parts.tc, link);
    if let Ingress::Foreign(words) = &now {
        return Err(foreign(what, link, words, "ingress"));
    }
    let mut notes = vec![];
    if shape.police {
        let action = rule::police(shape, link.mtu, &mut notes)?;
        parts.need("sch_ingress", what)?;
        parts.need("act_police", what)?;
        let classifier = parts.classifier(what)?;
        expect(draft, parts, link);
        if let Ingress::Policed { filter } = &now {
            if filter.actions.first() == Some(&action) {
                draft.note(format!("{} is set so already", link.name.shown()));
            } else {
                draft.note("a policer can't be changed in place: for an instant nothing is limited");
                draft.kernel(delete_filter(link, filter), vec![filter_again(link, filter, None)]);
                draft.kernel(filter_new(link, classifier, action, None), vec![delete_filter(link, filter)]);
            }
        } else {
            take_down(draft, snapshot, parts, link, &now);
            let ingress = draft.kernel(KernelOp::AddIngress { link: here(link) }, vec![delete_ingress(link)]);
            draft.within(ingress, filter_new(link, classifier, action, None));
        }
    } else {
        let setup = rule::qdisc(shape, link.mtu, &mut notes)?;
        parts.need(part_of(&setup), what)?;
        let classifier = parts.need_queue(what)?;
        expect(draft, parts, link);
        if let Ingress::Queued { ifb, qdisc, .. } = &now {
            draft.expect_link(ifb);
            draft.expect_qdisc(ifb.ifindex, TcHandle::ROOT, *qdisc);
            match qdisc {
                Some(old) => change(draft, here(ifb), &old.setup, setup),
                None => {
                    draft.kernel(put(here(ifb), setup, false), vec![delete(here(ifb))]);
                }
            }
        } else {
            take_down(draft, snapshot, parts, link, &now);
            let name = free_name(snapshot, link);
            draft.expect(Identity::NoLink { name: name.clone() });
            let ifb = made(link.netns, None, &name);
            let made = draft.kernel(add_ifb(&ifb, alias(port)), vec![KernelOp::DeleteLink { link: ifb.clone() }]);
            draft.within(made, KernelOp::SetUp { link: ifb.clone(), up: true });
            draft.within(made, put(ifb.clone(), setup, false));
            let ingress = draft.kernel(KernelOp::AddIngress { link: here(link) }, vec![delete_ingress(link)]);
            draft.within(ingress, filter_new(link, classifier, TcAction::Redirect { to: IfIndex(0) }, Some(ifb)));
        }
    }
    notes.into_iter().for_each(|note| draft.note(note));
    Ok(())
}

/// Takes away what we have at the ingress of a link; false when there is nothing of ours.
pub(super) fn clear(draft: &mut Draft, snapshot: &Snapshot, parts: &Parts<'_>, link: &Link) -> bool {
    match standing::ingress(snapshot, parts.tc, link) {
        Ingress::Free => false,
        Ingress::Foreign(words) => {
            draft.note(format!("{} has {words}, which is not ours: it stays", link.name.shown()));
            false
        }
        now => {
            expect(draft, parts, link);
            take_down(draft, snapshot, parts, link, &now);
            true
        }
    }
}

fn expect(draft: &mut Draft, parts: &Parts<'_>, link: &Link) {
    draft.expect_link(link);
    draft.expect_qdisc(link.ifindex, TcHandle::INGRESS, parts.tc.ingress_of(link.netns, link.ifindex));
}

/// Steps that take down what is ours, filters with their qdisc first, then the ifb.
fn take_down(draft: &mut Draft, snapshot: &Snapshot, parts: &Parts<'_>, link: &Link, now: &Ingress<'_>) {
    let (filters, ifb) = match now {
        Ingress::Free | Ingress::Foreign(_) => return,
        Ingress::Queued { filter, ifb, qdisc } => (vec![*filter], Some((*ifb, *qdisc))),
        Ingress::Policed { filter } => (vec![*filter], None),
        Ingress::Broken { filters } => (filters.clone(), None),
    };
    let mut undo = vec![KernelOp::AddIngress { link: here(link) }];
    for filter in filters {
        // What led to an interface that is gone can't be put back, nor would anybody want it.
        let to = filter.actions.iter().find_map(|action| match action {
            TcAction::Redirect { to } => Some(snapshot.link(link.netns, *to)),
            _ => None,
        });
        match to {
            Some(None) => {}
            Some(Some(to)) => undo.push(filter_again(link, filter, Some(made(to.netns, None, to.name.raw())))),
            None => undo.push(filter_again(link, filter, None)),
        }
    }
    draft.kernel(delete_ingress(link), undo);
    if let Some((ifb, qdisc)) = ifb {
        delete_ifb(draft, parts, ifb, qdisc);
    }
}

fn delete_ifb(draft: &mut Draft, parts: &Parts<'_>, ifb: &Link, qdisc: Option<&Qdisc>) {
    draft.expect_link(ifb);
    draft.expect_qdisc(
        ifb.ifindex,
        TcHandle::ROOT,
        parts.tc.root_of(ifb.netns, ifb.ifindex).filter(|q| !q.is_default()),
    );
    let again = made(ifb.netns, None, ifb.name.raw());
    let alias = ifb.alias.as_ref().map(|a| a.raw().to_owned()).unwrap_or_default();
    let mut undo = vec![add_ifb(&again, alias), KernelOp::SetUp { link: again.clone(), up: ifb.is_up }];
    undo.extend(qdisc.map(|q| put(again, q.setup.clone(), false)));
    draft.kernel(KernelOp::DeleteLink { link: here(ifb) }, undo);
}

fn alias(port: Port<'_>) -> String {
    let owner = port.container.map_or_else(|| port.link.name.raw().to_owned(), |c| c.id.short().to_owned());
    Mark::Ifb { link: port.link.ifindex, netns: port.link.netns, owner }.to_string()
}

/// A name for the ifb of a link: `bwi` and its index, with a letter when something of that name is left over.
fn free_name(snapshot: &Snapshot, link: &Link) -> String {
    let taken = |name: &str| snapshot.links_in(link.netns).iter().any(|l| l.name == *name);
    let plain = format!("{IFB_PREFIX}{}", link.ifindex);
    let others = ('a'..='z').map(|letter| format!("{plain}{letter}"));
    std::iter::once(plain.clone()).chain(others).find(|name| !taken(name)).unwrap_or(plain)
}

fn add_ifb(ifb: &LinkRef, alias: String) -> KernelOp {
    KernelOp::AddLink { link: ifb.clone(), new: NewLink::Ifb, alias, mtu: None, mac: None }
}

fn delete_ingress(link: &Link) -> KernelOp {
    KernelOp::DeleteQdisc { link: here(link), parent: TcHandle::INGRESS, handle: TcHandle::INGRESS_QDISC }
}

fn filter_new(link: &Link, classifier: Classifier, action: TcAction, to: Option<LinkRef>) -> KernelOp {
    let (parent, preference) = (TcHandle::INGRESS_QDISC, TcHandle::OURS);
    KernelOp::AddFilter { link: here(link), parent, preference, classifier, action, to }
}

/// The same filter once more. An action without its like in the model stays out of what can be put back.
fn filter_again(link: &Link, filter: &TcFilter, to: Option<LinkRef>) -> KernelOp {
    let classifier = if filter.name == "matchall" { Classifier::Matchall } else { Classifier::U32 };
    let action = match (filter.actions.first(), &to) {
        (_, Some(_)) | (None, None) => TcAction::Redirect { to: IfIndex(0) },
        (Some(action), None) => action.clone(),
    };
    filter_new(link, classifier, action, to)
}

fn delete_filter(link: &Link, filter: &TcFilter) -> KernelOp {
    KernelOp::DeleteFilter { link: here(link), parent: TcHandle::INGRESS_QDISC, preference: filter.preference }
}
