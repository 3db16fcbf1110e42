//! Limits of CPU, memory, tasks and I/O, changed while the container runs.
//!
//! An engine reads 0 and absence in an update as "as it is", so a limit that was set can't be taken off again: what is
//! written instead has no effect (measured on Docker 20.10 and 26.1). In a wish 0 is "no limit"; the operations carry
//! the engine's own values.

mod cpu;
mod memory;

use super::amounts::size_words;
use crate::model::{Config, Container, State};
use crate::plan::draft::{Draft, container_ref, is_running, shown, unfit};
use crate::plan::op::{EngineOp, LimitsUpdate};
use crate::plan::{Ground, Refusal};

/// A change of limits in the making: updates in order, and those that take them back.
#[derive(Default)]
struct Change {
    /// Updates of memory, each with those that take it back.
    memory: Vec<(LimitsUpdate, Vec<LimitsUpdate>)>,
    now: LimitsUpdate,
    before: LimitsUpdate,
    notes: Vec<String>,
    lasting: Vec<String>,
}

/// What the limits of one container are checked against.
struct Context<'a> {
    ground: &'a Ground<'a>,
    container: &'a Container,
    config: &'a Config,
    what: String,
    cpus: u32,
}

impl Context<'_> {
    fn refuse(&self, field: &'static str, why: impl Into<String>, way_out: impl Into<String>) -> Refusal {
        Refusal::new(&self.what, why).instead(way_out).at(field)
    }
}

pub(super) fn set(draft: &mut Draft<'_>, container: &Container, wish: &LimitsUpdate) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("limit {name}");
    let Some(config) = container.config.known() else {
        return Err(Refusal::new(what, "its limits of now are not known yet").instead("try again in a moment"));
    };
    if let Some((why, way_out)) = unfit(&container.state) {
        return Err(Refusal::new(what, why).instead(way_out));
    }
    let host = &draft.ground.snapshot.host;
    let cpus = host.engine.known().map(|engine| engine.cpus).filter(|n| *n > 0).unwrap_or(host.cpus);
    let context = Context { ground: draft.ground, container, config, what, cpus };
    let mut change = Change::default();
    memory::plan(&context, wish, &mut change)?;
    cpu::plan(&context, wish, &mut change)?;
    pids(&context, wish, &mut change)?;
    blkio(&context, wish, &mut change)?;
    let steps = joined(change.memory, change.now, change.before);
    if steps.is_empty() {
        return Err(Refusal::new(context.what, "all of that is so already"));
    }
    let op = |limits| EngineOp::SetLimits { container: container_ref(container), limits };
    let row = draft.row(&name);
    draft.same_run(container);
    for (limits, back) in steps {
        draft.step(row, op(limits), back.into_iter().map(op).collect());
    }
    draft.change();
    change.notes.into_iter().for_each(|note| draft.note(note));
    change.lasting.into_iter().for_each(|sentence| draft.lasting(sentence));
    if container.state == State::Created || !is_running(container) {
        draft.note(format!("{name} does not run: the limits hold from its next start on"));
    }
    Ok(())
}

/// What is not memory goes with the last update of memory, or is one of its own.
fn joined(
    mut memory: Vec<(LimitsUpdate, Vec<LimitsUpdate>)>,
    now: LimitsUpdate,
    before: LimitsUpdate,
) -> Vec<(LimitsUpdate, Vec<LimitsUpdate>)> {
    if now == LimitsUpdate::default() {
        return memory;
    }
    let with = |update: &mut LimitsUpdate, rest: LimitsUpdate| {
        let (memory_bytes, memory_swap_bytes) = (update.memory_bytes, update.memory_swap_bytes);
        *update = LimitsUpdate { memory_bytes, memory_swap_bytes, ..rest };
    };
    match memory.last_mut() {
        Some((update, back)) => {
            with(update, now);
            if let Some(last) = back.last_mut() {
                with(last, before);
            }
        }
        None => memory.push((now, vec![before])),
    }
    memory
}

fn pids(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    let Some(limit) = wish.pids_limit else { return Ok(()) };
    let before = context.config.pids_limit.filter(|limit| *limit > 0).unwrap_or(-1);
    let after = if limit == 0 { -1 } else { limit };
    if after < -1 {
        return Err(context.refuse("pids", "a number of tasks is not negative", "none is written as -1"));
    }
    if let Some(now) = context.ground.snapshot.sample(&context.container.id).and_then(|sample| sample.pids.get())
        && after > 0
        && is_running(context.container)
        && now > after.unsigned_abs()
    {
        let why = format!("it has {now} tasks now, and could start no other with a limit of {after}");
        return Err(context.refuse("pids", why, format!("{now} or more")));
    }
    if before != after {
        change.now.pids_limit = Some(after);
        change.before.pids_limit = Some(before);
    }
    Ok(())
}

fn blkio(context: &Context<'_>, wish: &LimitsUpdate, change: &mut Change) -> Result<(), Refusal> {
    let Some(weight) = wish.blkio_weight else { return Ok(()) };
    let engine = context.ground.snapshot.host.engine.known();
    let warnings = engine.map(|engine| engine.warnings.as_slice()).unwrap_or_default();
    if warnings.iter().any(|w| w.raw().to_ascii_lowercase().contains("no blkio weight support")) {
        let why = "the engine's kernel has no weights of block I/O";
        return Err(context.refuse("blkio-weight", why, "a kernel with the BFQ scheduler or io.weight has them"));
    }
    let before = context.config.blkio_weight;
    match weight {
        0 if before == 0 => return Ok(()),
        0 => {
            return Err(context.refuse(
                "blkio-weight",
                "the engine can't take a weight off again",
                "set another, 10 to 1000",
            ));
        }
        10..=1000 => {}
        _ => return Err(context.refuse("blkio-weight", "that is no weight", "10 to 1000")),
    }
    if weight == before {
        return Ok(());
    }
    change.now.blkio_weight = Some(weight);
    change.before.blkio_weight = Some(if before == 0 { 500 } else { before });
    if before == 0 {
        change.lasting.push("the engine can't take an I/O weight off again: undo sets the middle one, 500".into());
    }
    change.notes.push("a kernel without I/O weights discards this; that shows when it is read back".into());
    Ok(())
}

/// `256 MiB`, or `none`.
fn limit_words(bytes: i64) -> String {
    match u64::try_from(bytes) {
        Ok(bytes) if bytes > 0 && bytes < 1 << 60 => size_words(bytes),
        _ => "none".to_owned(),
    }
}
