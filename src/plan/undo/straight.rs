//! Taking an entry back as it stands in the journal.

use crate::plan::{Bound, EngineOp, Entry, Identity, KernelOp, LeftOut, LinkRef, Op, Plan, Risk, Step, StepState};

/// Takes an entry back as it stands in the journal, without a look at the host: for the guard, which may have no time
/// and no engine. What is gone by then is found gone when it is tried.
pub fn straight(entry: &Entry) -> Plan {
    let mut plan = Plan {
        title: format!("undo: {}", entry.plan.title),
        wish: None,
        undoes: Some(entry.id.clone()),
        rows: entry.plan.rows.clone(),
        identities: Vec::new(),
        steps: Vec::new(),
        affects: Vec::new(),
        lasting: Vec::new(),
        notes: Vec::new(),
        risk: Risk::Change,
        cutoff: None,
        left_out: Vec::new(),
    };
    let made = made(entry);
    for n in standing(entry).into_iter().rev() {
        let (step, result) = (&entry.plan.steps[n], &entry.results[n]);
        let row = entry.plan.rows.get(step.row).cloned().unwrap_or_default();
        if let Some(lasting) = &step.lasting {
            plan.lasting.push(lasting.clone());
        }
        let mut steps = result.undo.clone();
        // Whoever died over a step had not yet written down what the steps before it had made.
        steps.iter_mut().filter(|op| is_nameless(op)).for_each(|op| made.fill(op));
        steps.retain(|op| !is_nameless(op));
        if steps.len() < result.undo.len() {
            let why = "whether it was made, and which it is, was never read".to_owned();
            plan.left_out.push(LeftOut { row, why });
        }
        for (at, op) in steps.iter().enumerate() {
            let undo = if at + 1 == steps.len() { redo(entry, n) } else { Vec::new() };
            plan.steps.push(Step { row: step.row, op: op.clone(), undo, gone_with: None, lasting: None });
        }
    }
    let has = |family: fn(&Op) -> bool| plan.steps.iter().any(|step| family(&step.op));
    if has(|op| matches!(op, Op::Kernel(_))) {
        plan.identities.push(Identity::Boot { id: entry.who.boot_id.clone() });
    }
    if has(|op| matches!(op, Op::Engine(_))) && !entry.who.engine_id.is_empty() {
        plan.identities.push(Identity::Engine { id: entry.who.engine_id.clone() });
    }
    plan
}

/// Steps that stand or may stand, and that do not go by themselves with another that does.
pub(super) fn standing(entry: &Entry) -> Vec<usize> {
    use StepState::{Begun, Differs, Done, Stands, Unknown};
    let stands =
        |n: usize| entry.results.get(n).is_some_and(|r| matches!(r.state, Done | Differs | Unknown | Begun | Stands));
    (0..entry.plan.steps.len().min(entry.results.len()))
        .filter(|n| stands(*n) && !entry.plan.steps[*n].gone_with.is_some_and(stands))
        .collect()
}

/// What brings a step about again, with what went with it.
fn redo(entry: &Entry, n: usize) -> Vec<Op> {
    let steps = &entry.plan.steps;
    let mut group = vec![n];
    for (at, step) in steps.iter().enumerate() {
        if step.gone_with.is_some_and(|with| group.contains(&with)) {
            group.push(at);
        }
    }
    group.into_iter().map(|at| steps[at].op.clone()).collect()
}

/// What the entry has made and knows, as what takes it back tells.
pub(super) fn made(entry: &Entry) -> Bound {
    let mut bound = Bound::default();
    for (step, result) in entry.plan.steps.iter().zip(&entry.results) {
        let network = result.undo.iter().find_map(|op| match op {
            Op::Engine(EngineOp::RemoveNetwork { network }) => network.id.as_ref(),
            _ => None,
        });
        let link = result.undo.iter().find_map(|op| match op {
            Op::Kernel(KernelOp::DeleteLink { link }) => link.ifindex,
            _ => None,
        });
        if matches!(result.state, StepState::Done | StepState::Differs) {
            bound.note(&step.op, network, link);
        }
    }
    bound
}

/// True for what names something that was made without that its identity became known.
pub(super) fn is_nameless(op: &Op) -> bool {
    match op {
        Op::Engine(EngineOp::RemoveNetwork { network } | EngineOp::Disconnect { network, .. }) => network.id.is_none(),
        Op::Kernel(KernelOp::DeleteLink { link: LinkRef { ifindex, .. } }) => ifindex.is_none(),
        _ => false,
    }
}
