//! Stand-in until the planners are there.
use crate::model::Snapshot;
use crate::plan::*;

pub fn plan(ground: &Ground<'_>, wish: &Wish) -> Result<Plan, Refusal> {
    let snapshot: &Snapshot = ground.snapshot;
    let Wish::Containers { of, change } = wish else { return Err(Refusal::new("plan", "not planned yet")) };
    let mut plan = Plan {
        title: String::new(),
        wish: Some(wish.clone()),
        undoes: None,
        rows: Vec::new(),
        identities: Vec::new(),
        steps: Vec::new(),
        affects: Vec::new(),
        lasting: Vec::new(),
        notes: Vec::new(),
        risk: Risk::Change,
        cutoff: None,
        left_out: Vec::new(),
    };
    for c in of.iter().filter_map(|id| snapshot.container(id)) {
        let container = ContainerRef { id: c.id.clone(), name: c.name.clone() };
        plan.identities.push(Identity::Container {
            id: c.id.clone(),
            name: c.name.clone(),
            started_at: c.started_at,
            running: c.state.has_processes(),
        });
        let (op, undo) = match change.clone() {
            ContainerChange::Start => (EngineOp::Start { container: container.clone(), checkpoint: None }, Some(EngineOp::Stop { container, timeout_s: None })),
            ContainerChange::Stop { timeout_s } => (EngineOp::Stop { container: container.clone(), timeout_s }, Some(EngineOp::Start { container, checkpoint: None })),
            ContainerChange::Restart { timeout_s } => (EngineOp::Restart { container, timeout_s }, None),
            ContainerChange::Pause => (EngineOp::Pause { container: container.clone() }, Some(EngineOp::Unpause { container })),
            ContainerChange::Unpause => (EngineOp::Unpause { container: container.clone() }, Some(EngineOp::Pause { container })),
            _ => return Err(Refusal::new("plan", "not planned yet")),
        };
        let row = plan.rows.len();
        plan.rows.push(c.name.shown().into_owned());
        plan.steps.push(Step { row, op: Op::Engine(op), undo: undo.into_iter().map(Op::Engine).collect(), gone_with: None, lasting: None });
    }
    if plan.steps.is_empty() {
        return Err(Refusal::new("plan", "none of them exists any more"));
    }
    plan.title = format!("change {}", plan.rows.join(", "));
    Ok(plan)
}

pub fn undo(_: &Ground<'_>, _: &[Entry], _: &EntryId, _: bool) -> Result<Plan, Refusal> {
    Err(Refusal::new("undo", "not planned yet"))
}

