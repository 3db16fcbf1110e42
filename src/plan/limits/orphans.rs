//! Intermediate blocks of ours that nothing leads to any more: the container stopped, its interface went with its
//! filter, and the ifb stayed.

use super::draft::{Draft, here};
use super::standing::is_own_ifb;
use crate::model::{ContainerId, Link, Mark, Snapshot, TcAction};
use crate::plan::{Ground, KernelOp, Plan, Risk};

/// Lists them. One whose interface is still there is none, even when no filter leads to it: somebody may be at it.
pub fn orphans(snapshot: &Snapshot) -> Vec<&Link> {
    let (Some(ours), Some(tc)) = (snapshot.our_netns(), snapshot.tc.known()) else { return vec![] };
    let is_orphan = |link: &&Link| {
        let Some(Mark::Ifb { link: owner, netns, .. }) = link.alias.as_ref().and_then(|a| Mark::read(a.raw())) else {
            return false;
        };
        let leads_here = |action: &TcAction| *action == TcAction::Redirect { to: link.ifindex };
        let is_used = tc.filters.iter().any(|f| f.netns == ours && f.actions.iter().any(leads_here));
        is_own_ifb(link) && netns == ours && snapshot.link(ours, owner).is_none() && !is_used
    };
    snapshot.links_in(ours).iter().filter(is_orphan).collect()
}

/// Steps that remove what is left of a container's earlier runs, as part of a plan for its limits.
pub(super) fn sweep_of(draft: &mut Draft, snapshot: &Snapshot, container: &ContainerId) {
    for link in orphans(snapshot) {
        let mark = link.alias.as_ref().and_then(|alias| Mark::read(alias.raw()));
        if mark.is_some_and(|mark| mark.is_of(container)) {
            draft.note(format!("{} is left of an earlier run and leads nowhere: it is removed", link.name.shown()));
            draft.expect_link(link);
            draft.kernel(KernelOp::DeleteLink { link: here(link) }, vec![]);
        }
    }
}

/// A plan that removes them; none when there are none.
pub fn sweep(ground: &Ground<'_>) -> Option<Plan> {
    let left = orphans(ground.snapshot);
    if left.is_empty() {
        return None;
    }
    let mut draft = Draft { rows: left.iter().map(|l| l.name.shown().into_owned()).collect(), ..Draft::default() };
    for (row, link) in left.iter().enumerate() {
        draft.row = row;
        draft.expect_link(link);
        draft.kernel(KernelOp::DeleteLink { link: here(link) }, vec![]);
    }
    draft.note("each held back what came in by an interface that is gone; nothing leads to it any more");
    let count = left.len();
    let what = if count == 1 { "an unused ifb".to_owned() } else { format!("{count} unused ifbs") };
    let plan = draft.finish(format!("remove {what}"), None);
    Some(Plan { risk: Risk::Trifle, ..plan })
}
