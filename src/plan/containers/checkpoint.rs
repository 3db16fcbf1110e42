//! Processes of a container written to disk and brought back (CRIU).

use super::power::{may_start, stop_effects};
use super::rename::is_name;
use crate::model::{Container, State};
use crate::plan::Refusal;
use crate::plan::draft::{Draft, container_ref, shown};
use crate::plan::op::EngineOp;
use crate::text::clean_line;

const NEEDS: &str = "it needs an engine with experimental features and the program criu on the engine's host";

pub(super) fn checkpoint(
    draft: &mut Draft<'_>,
    container: &Container,
    name: &str,
    leave_running: bool,
) -> Result<(), Refusal> {
    let who = shown(container);
    let what = format!("checkpoint {who} as {}", clean_line(name));
    can_at_all(draft, &what, name)?;
    if container.state != State::Running {
        return Err(Refusal::new(what, "it does not run").instead("start it"));
    }
    if container.config.known().is_some_and(|config| config.tty) {
        return Err(Refusal::new(what, "it has a terminal, which criu can't write down"));
    }
    let row = draft.row(&who);
    draft.same_run(container);
    let mut undo = vec![EngineOp::RemoveCheckpoint { container: container_ref(container), name: name.to_owned() }];
    if !leave_running {
        undo.insert(0, EngineOp::Start { container: container_ref(container), checkpoint: Some(name.to_owned()) });
    }
    let op = EngineOp::Checkpoint { container: container_ref(container), name: name.to_owned(), leave_running };
    draft.step(row, op, undo);
    draft.change();
    draft.note(NEEDS);
    if !leave_running {
        stop_effects(draft, container);
    }
    Ok(())
}

pub(super) fn restore(draft: &mut Draft<'_>, container: &Container, name: &str) -> Result<(), Refusal> {
    let who = shown(container);
    let what = format!("start {who} from checkpoint {}", clean_line(name));
    can_at_all(draft, &what, name)?;
    may_start(draft, container, &what)?;
    let row = draft.row(&who);
    draft.same_run(container);
    let undo = vec![EngineOp::Stop { container: container_ref(container), timeout_s: None }];
    let op = EngineOp::Start { container: container_ref(container), checkpoint: Some(name.to_owned()) };
    draft.step(row, op, undo);
    draft.change();
    draft.note(NEEDS);
    Ok(())
}

fn can_at_all(draft: &Draft<'_>, what: &str, name: &str) -> Result<(), Refusal> {
    if !is_name(name) {
        let way_out = "letters, digits, _ . and -, the first a letter or digit, at least two";
        return Err(Refusal::new(what, "that is no name for a checkpoint").instead(way_out).at("name"));
    }
    let engine = draft.ground.snapshot.host.engine.known();
    match engine {
        Some(engine) if engine.product != "Docker" => {
            Err(Refusal::new(what, format!("{} has no checkpoints over this API", engine.product))
                .instead("use its own command line"))
        }
        Some(engine) if !engine.experimental => Err(Refusal::new(what, "this engine's experimental features are off")
            .instead("set \"experimental\": true in daemon.json, install criu, restart the engine")),
        _ => Ok(()),
    }
}
