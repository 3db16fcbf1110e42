//! The plan that takes an entry back, made for the host as it is now: what went by itself is left out and said, what
//! somebody changed since is shown and needs force, and nothing is ever applied to a successor of what was changed.

mod found;
mod heirs;
mod since;
mod straight;

#[cfg(test)]
mod tests;

pub use heirs::follow_heirs;
pub use straight::straight;

use super::cutoff::judge;
use super::{
    ContainerRef, EngineOp, Entry, EntryState, Ground, Identity, KernelOp, LeftOut, LinkRef, NewLink, Op, Plan,
    Refusal, Step,
};
use crate::model::{ContainerId, Network, NsInode, SourceState};
use crate::text::Outside;
use since::Since;
use std::collections::BTreeSet;

/// Plans taking an entry back.
///
/// # Errors
/// [`Refusal`] when nothing of it stands, when it is under way, or when somebody changed since what it changed (then at
/// the field `force`: see [`undo_forced`]).
pub fn undo(ground: &Ground<'_>, entry: &Entry) -> Result<Plan, Refusal> {
    make(ground, entry, false)
}

/// Plans taking an entry back, over what somebody changed since.
///
/// # Errors
/// As [`undo`], except for changes since.
pub fn undo_forced(ground: &Ground<'_>, entry: &Entry) -> Result<Plan, Refusal> {
    make(ground, entry, true)
}

fn make(ground: &Ground<'_>, entry: &Entry, is_forced: bool) -> Result<Plan, Refusal> {
    let refuse = |why: String| Refusal::new(format!("undo {}", entry.id), why);
    match entry.state {
        EntryState::UnderWay => return Err(refuse("it is under way".into()).instead("wait until it has ended")),
        EntryState::Undone => {
            let by = entry.undone_by.as_ref().map_or_else(String::new, |id| format!(" by {id}"));
            return Err(refuse(format!("it was taken back already{by}")));
        }
        EntryState::NotDone | EntryState::RolledBack => return Err(refuse("nothing of it stands".into())),
        _ => {}
    }
    let entry = &found::found(ground, entry);
    let mut plan = straight(entry);
    let engine = ground.snapshot.source("engine").map(|source| source.state);
    let needs_engine = plan.steps.iter().any(|step| matches!(step.op, Op::Engine(_)));
    if needs_engine && matches!(engine, Some(SourceState::Stale | SourceState::Down)) {
        return Err(refuse("the engine does not answer".into()).instead("wait until it is back"));
    }
    let is_other_engine = ground
        .snapshot
        .host
        .engine
        .known()
        .is_some_and(|e| !e.id.is_empty() && !entry.who.engine_id.is_empty() && e.id != entry.who.engine_id);
    if needs_engine && is_other_engine {
        return Err(refuse("it was made on another engine".into()).instead("connect to the engine it was made on"));
    }
    let mut changed = Vec::new();
    let mut remade = Remade::default();
    let steps = std::mem::take(&mut plan.steps);
    for step in steps {
        let row = plan.rows.get(step.row).cloned().unwrap_or_default();
        let fate = match &step.op {
            op if remade.is_overtaken(op) => Since::Gone("it was started since".to_owned()),
            op if remade.holds(op) => Since::Stands,
            _ => fate(ground, entry, &step),
        };
        if let Since::Gone(why) = fate {
            remade.note_gone(&step.op);
            leave_out(&mut plan, LeftOut { row, why });
            continue;
        }
        if let Since::Changed(words) = fate {
            changed.push(words);
        }
        remade.note(&step.op);
        plan.steps.push(step);
    }
    if plan.steps.is_empty() {
        let reasons: Vec<&str> = plan.left_out.iter().map(|l| l.why.as_str()).collect();
        let why = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
        return Err(refuse(format!("there is nothing to take back{why}")));
    }
    if !changed.is_empty() && !is_forced {
        let way_out = "undo it with force to overwrite that";
        return Err(refuse(format!("it was changed since: {}", changed.join("; "))).instead(way_out).at("force"));
    }
    plan.notes.extend(changed.into_iter().map(|words| format!("overwritten: {words}")));
    plan.identities.retain(|identity| match identity {
        Identity::Boot { .. } => plan.steps.iter().any(|step| matches!(step.op, Op::Kernel(_))),
        Identity::Engine { .. } => plan.steps.iter().any(|step| matches!(step.op, Op::Engine(_))),
        _ => true,
    });
    for identity in plan.steps.iter().filter_map(|step| identity(ground, &step.op)) {
        if !plan.identities.contains(&identity) {
            plan.identities.push(identity);
        }
    }
    plan.lasting.extend(entry.plan.lasting.iter().filter(|l| !plan.lasting.contains(l)).cloned().collect::<Vec<_>>());
    judge(ground, &mut plan);
    Ok(plan)
}

/// What steps of the plan make anew under an old name, or bring back to life.
#[derive(Default)]
struct Remade {
    networks: BTreeSet<String>,
    links: BTreeSet<(NsInode, Outside)>,
    started: BTreeSet<ContainerId>,
    /// Those that somebody else has started since.
    runs: BTreeSet<ContainerId>,
}

impl Remade {
    fn note(&mut self, op: &Op) {
        match op {
            Op::Engine(EngineOp::CreateNetwork { spec }) => _ = self.networks.insert(spec.name.clone()),
            Op::Engine(EngineOp::Start { container, .. }) => _ = self.started.insert(container.id.clone()),
            Op::Kernel(KernelOp::AddLink { link, new, .. }) => {
                self.links.insert((link.place.netns, link.name.clone()));
                if let NewLink::Veth { peer, peer_place } = new {
                    self.links.insert((peer_place.netns, peer.clone()));
                }
            }
            _ => {}
        }
    }

    fn note_gone(&mut self, op: &Op) {
        if let Op::Engine(EngineOp::Start { container, .. }) = op {
            self.runs.insert(container.id.clone());
        }
    }

    /// True for what belonged to a start that somebody else has made since: who did had a reason to.
    fn is_overtaken(&self, op: &Op) -> bool {
        matches!(op, Op::Engine(EngineOp::Pause { container }) if self.runs.contains(&container.id))
    }

    /// True for what works on something that the plan makes anew: the snapshot can't know it.
    fn holds(&self, op: &Op) -> bool {
        match op.clone() {
            Op::Engine(EngineOp::Pause { container }) => self.started.contains(&container.id),
            Op::Engine(mut op) => {
                super::bind::network_of(&mut op).is_some_and(|n| self.networks.contains(n.name.raw()))
            }
            Op::Kernel(mut op) => {
                let links = super::bind::links_of(&mut op);
                links.iter().any(|l| self.links.contains(&(l.place.netns, l.name.clone())))
            }
            Op::Ledger(_) => false,
        }
    }
}

fn leave_out(plan: &mut Plan, left: LeftOut) {
    if !plan.left_out.contains(&left) {
        plan.left_out.push(left);
    }
}

/// What became of what a step takes back.
fn fate(ground: &Ground<'_>, entry: &Entry, step: &Step) -> Since {
    match &step.op {
        Op::Engine(op) => {
            if let Some(container) = container_of(op)
                && ground.snapshot.container(&container.id).is_none()
                && !container.id.as_str().is_empty()
            {
                return Since::Gone(format!("container {} is gone", container.name.shown()));
            }
            since::engine(ground, entry, op)
        }
        Op::Kernel(op) => {
            if entry.who.boot_id != ground.snapshot.host.boot_id {
                return Since::Gone("it is from an earlier boot: its interfaces went with that".into());
            }
            let mut op = op.clone();
            for link in super::bind::links_of(&mut op) {
                if let Some(why) = gone(ground, link) {
                    return Since::Gone(why);
                }
            }
            since::kernel(ground, entry, &op)
        }
        Op::Ledger(op) => since::ledger(ground, entry, op),
    }
}

/// Why an interface is not there any more.
fn gone(ground: &Ground<'_>, link: &LinkRef) -> Option<String> {
    let name = link.name.shown();
    let found = link.ifindex.and_then(|ifindex| ground.snapshot.link(link.place.netns, ifindex));
    match found {
        Some(found) if found.name == link.name => None,
        Some(found) => Some(format!("interface {name} is gone; its number is that of {} now", found.name.shown())),
        None => Some(format!("interface {name} is gone: it went with its container, or was removed")),
    }
}

/// The container that a call names.
pub(super) fn container_of(op: &EngineOp) -> Option<&ContainerRef> {
    match op {
        EngineOp::Start { container, .. }
        | EngineOp::Stop { container, .. }
        | EngineOp::Restart { container, .. }
        | EngineOp::Pause { container }
        | EngineOp::Unpause { container }
        | EngineOp::Kill { container, .. }
        | EngineOp::Rename { container, .. }
        | EngineOp::Remove { container, .. }
        | EngineOp::SetRestartPolicy { container, .. }
        | EngineOp::SetLimits { container, .. }
        | EngineOp::Commit { container, .. }
        | EngineOp::Checkpoint { container, .. }
        | EngineOp::RemoveCheckpoint { container, .. }
        | EngineOp::Connect { container, .. }
        | EngineOp::Disconnect { container, .. } => Some(container),
        _ => None,
    }
}

/// The network that a call names, as it is now.
pub(super) fn network_of<'a>(ground: &'a Ground<'_>, op: &EngineOp) -> Option<&'a Network> {
    let named = super::bind::network_of(&mut op.clone())?.clone();
    let id = named.id?;
    ground.snapshot.networks.iter().find(|network| network.id == id)
}

/// What must still be so when a step is done.
fn identity(ground: &Ground<'_>, op: &Op) -> Option<Identity> {
    match op {
        Op::Engine(op) => {
            let container = ground.snapshot.container(&container_of(op)?.id)?;
            Some(Identity::ContainerExists { id: container.id.clone(), name: container.name.clone() })
        }
        Op::Kernel(KernelOp::AddLink { .. }) | Op::Ledger(_) => None,
        Op::Kernel(op) => {
            let mut op = op.clone();
            let link = super::bind::links_of(&mut op).into_iter().next()?.clone();
            let found = ground.snapshot.link(link.place.netns, link.ifindex?).filter(|l| l.name == link.name)?;
            let peer = found.peer.as_ref().map(|peer| peer.ifindex);
            let (netns, ifindex, name) = (found.netns, found.ifindex, found.name.clone());
            Some(Identity::Link { netns, by: link.place.by, ifindex, name, peer })
        }
    }
}
