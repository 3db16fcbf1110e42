//! The state file's side of a limit: what is wanted for a container, whatever interface it comes back with.

use super::draft::Draft;
use crate::model::{Container, ContainerId, NetworkId, Snapshot, Wanted};
use crate::plan::{ContainerRef, LedgerOp, LimitWish, Op};

fn kept<'a>(snapshot: &'a Snapshot, container: &Container, network: Option<&NetworkId>) -> Option<&'a Wanted> {
    snapshot.wanted.iter().find(|w| w.container == container.id && w.network.as_ref() == network)
}

/// Steps that forget what is kept for a container: on a network, or on all.
pub(super) fn forget(draft: &mut Draft, snapshot: &Snapshot, id: &ContainerId, network: Option<&NetworkId>) {
    let is_meant = |w: &&Wanted| w.container == *id && (network.is_none() || w.network.as_ref() == network);
    for wanted in snapshot.wanted.iter().filter(is_meant) {
        let container = ContainerRef { id: id.clone(), name: wanted.name.clone() };
        let forget = LedgerOp::Forget { container, network: wanted.network.clone() };
        draft.step(Op::Ledger(forget), vec![Op::Ledger(LedgerOp::Keep { wanted: wanted.clone() })]);
    }
}

/// Steps of the state file for a target, after those of the kernel.
pub(super) fn steps(
    draft: &mut Draft,
    snapshot: &Snapshot,
    wish: &LimitWish,
    container: &Container,
    network: Option<&NetworkId>,
) {
    if wish.down.is_none() && wish.up.is_none() {
        // Whoever takes a limit off does not want it back with the next start.
        return forget(draft, snapshot, &container.id, network);
    }
    let old = kept(snapshot, container, network);
    let leaves = |given: &Option<_>, old: Option<_>| given.clone().or(if wish.clear { None } else { old });
    let down = leaves(&wish.down, old.and_then(|w| w.down.clone()));
    let up = leaves(&wish.up, old.and_then(|w| w.up.clone()));
    match old {
        _ if wish.keep => {
            let reference = ContainerRef { id: container.id.clone(), name: container.name.clone() };
            let back = match old {
                Some(old) => LedgerOp::Keep { wanted: old.clone() },
                None => LedgerOp::Forget { container: reference, network: network.cloned() },
            };
            let (id, name) = (container.id.clone(), container.name.clone());
            let wanted = Wanted { container: id, name, network: network.cloned(), down, up, since: snapshot.taken_at };
            draft.step(Op::Ledger(LedgerOp::Keep { wanted }), vec![Op::Ledger(back)]);
        }
        Some(_) => {
            let name = container.name.shown();
            draft.note(format!(
                "the state file keeps an earlier limit of {name}, which is applied again when it comes back"
            ));
        }
        None => {
            draft.note("the limit goes with the interface when the container stops; keep it to have it applied again");
        }
    }
}
