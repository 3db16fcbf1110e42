//! What an entry made without that its identity was written down: whoever made it died before the answer came, or the
//! answer was lost.

use super::straight::{is_nameless, made};
use crate::model::{IfIndex, Link, Network, NetworkId};
use crate::plan::{EngineOp, Entry, Ground, KernelOp, LinkRef, NetworkSpec, Op, StepState};
use jiff::SignedDuration;

/// How long after its beginning an entry can have made something.
const MAKING: SignedDuration = SignedDuration::from_secs(60);

/// The entry with what the host tells of what it made. A name alone is no evidence: a network was made in those
/// seconds and is as it was asked for, an interface bears the mark of this very change.
pub(super) fn found(ground: &Ground<'_>, entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    let mut bound = made(&entry);
    for (step, result) in entry.plan.steps.iter().zip(&entry.results) {
        let may_be = matches!(result.state, StepState::Begun | StepState::Unknown | StepState::Differs);
        if may_be && result.undo.iter().any(is_nameless) {
            bound.note(&step.op, network(ground, &entry, &step.op), link(ground, &step.op));
        }
    }
    for op in entry.results.iter_mut().flat_map(|result| &mut result.undo).filter(|op| is_nameless(op)) {
        bound.fill(op);
    }
    entry
}

fn network<'a>(ground: &'a Ground<'_>, entry: &Entry, op: &Op) -> Option<&'a NetworkId> {
    let Op::Engine(EngineOp::CreateNetwork { spec }) = op else { return None };
    let until = entry.ended_at.unwrap_or(entry.at).checked_add(MAKING).ok()?;
    let is_it = |network: &&Network| {
        let in_time = network.created_at.is_some_and(|at| entry.at <= at && at <= until);
        network.name == spec.name.as_str() && in_time && is_as_asked(network, spec)
    };
    let mut all = ground.snapshot.networks.iter().filter(is_it);
    match (all.next(), all.next()) {
        (Some(network), None) => Some(&network.id),
        _ => None,
    }
}

fn is_as_asked(network: &Network, spec: &NetworkSpec) -> bool {
    let same_pools = spec.pools.iter().all(|asked| network.pools.iter().any(|pool| pool.subnet == asked.subnet));
    network.driver == spec.driver && network.internal == spec.internal && same_pools
}

fn link(ground: &Ground<'_>, op: &Op) -> Option<IfIndex> {
    let Op::Kernel(KernelOp::AddLink { link: LinkRef { place, name, .. }, alias, .. }) = op else { return None };
    let has_mark = |link: &&Link| link.alias.as_ref().is_some_and(|a| !alias.is_empty() && a.raw() == alias);
    let mut named = ground.snapshot.links.iter().filter(|link| link.netns == place.netns && link.name == *name);
    named.next().filter(has_mark).map(|link| link.ifindex)
}
