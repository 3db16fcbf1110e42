//! What an undo made anew stands for what had been removed: entries from before the removal mean it from then on.
//!
//! Followed by what the journal says of both, never by name: another of the same name that somebody made is no heir.

use crate::model::{IfIndex, NetworkId, NsInode};
use crate::plan::bind::{links_of, network_of};
use crate::plan::{EngineOp, Entry, EntryState, KernelOp, Op};
use crate::text::Outside;

/// One that was made anew: what it was, and what it is.
#[derive(PartialEq)]
enum Heir {
    Network { was: NetworkId, is: NetworkId },
    Link { netns: NsInode, name: Outside, was: IfIndex, is: IfIndex },
}

/// Gives entries, oldest first, the identities of what undos have made anew since.
pub fn follow_heirs(entries: &mut [Entry]) {
    for by in 0..entries.len() {
        let undo = &entries[by];
        let Some(target) = undo.plan.undoes.clone().filter(|_| has_happened(undo)) else { continue };
        let Some(removal) = entries[..by].iter().position(|entry| entry.id == target) else { continue };
        let heirs = heirs(&entries[removal], &entries[by]);
        if heirs.is_empty() {
            continue;
        }
        for entry in &mut entries[..removal] {
            let results = entry.results.iter_mut().flat_map(|result| &mut result.undo);
            for op in results.chain(entry.plan.steps.iter_mut().map(|step| &mut step.op)) {
                heirs.iter().for_each(|heir| inherit(op, heir));
            }
        }
    }
}

fn has_happened(entry: &Entry) -> bool {
    matches!(entry.state, EntryState::Done | EntryState::PartlyDone | EntryState::Unconfirmed)
}

fn heirs(removal: &Entry, undo: &Entry) -> Vec<Heir> {
    let made = undo.results.iter().flat_map(|result| &result.undo);
    let mut out = Vec::new();
    for (step, made) in removal.plan.steps.iter().flat_map(|step| made.clone().map(move |made| (step, made))) {
        let heir = match (&step.op, made) {
            (
                Op::Engine(EngineOp::RemoveNetwork { network: old }),
                Op::Engine(EngineOp::RemoveNetwork { network: new }),
            ) if old.name == new.name => match (&old.id, &new.id) {
                (Some(was), Some(is)) => Heir::Network { was: was.clone(), is: is.clone() },
                _ => continue,
            },
            (Op::Kernel(KernelOp::DeleteLink { link: old }), Op::Kernel(KernelOp::DeleteLink { link: new }))
                if (old.place.netns, &old.name) == (new.place.netns, &new.name) =>
            {
                match (old.ifindex, new.ifindex) {
                    (Some(was), Some(is)) => Heir::Link { netns: old.place.netns, name: old.name.clone(), was, is },
                    _ => continue,
                }
            }
            _ => continue,
        };
        if !out.contains(&heir) {
            out.push(heir);
        }
    }
    out
}

fn inherit(op: &mut Op, heir: &Heir) {
    match (op, heir) {
        (Op::Engine(op), Heir::Network { was, is }) => {
            if let Some(network) = network_of(op).filter(|network| network.id.as_ref() == Some(was)) {
                network.id = Some(is.clone());
            }
        }
        (Op::Kernel(op), Heir::Link { netns, name, was, is }) => {
            for link in links_of(op) {
                if (link.place.netns, &link.name, link.ifindex) == (*netns, name, Some(*was)) {
                    link.ifindex = Some(*is);
                }
            }
        }
        _ => {}
    }
}
