//! The sheet as lines: what is done, what it affects, what takes it back; its progress; what came of each row.

use super::sheet::{Run, Sheet, Source, Stage};
use crate::app::keymap::Action;
use crate::app::state::App;
use crate::plan::{
    Entry, EntryState, Identity, OVERTIME_S, OnFailure, Op, Plan, Refusal, Risk, Step, StepResult, StepState,
};
use crate::text::clean_line;
use crate::theme::Role;
use crate::views::{Line, Span};
use jiff::Timestamp;

/// The title of a sheet.
pub fn title(app: &App, sheet: &Sheet) -> String {
    let text = match &sheet.stage {
        Stage::Asking(plan) => format!("Plan: {}", plan.title),
        Stage::Refused(refusal) if refusal.what.is_empty() => "Refused".to_owned(),
        Stage::Refused(refusal) => format!("Refused: {}", refusal.what),
        Stage::Running => match &app.changes.run {
            Some(run) => format!("Under way: {} ({}/{})", run.plan.title, run.share().0, run.share().1),
            None => "Under way".to_owned(),
        },
        Stage::Ended(entry) => format!("Result: {}", entry.plan.title),
    };
    clean(&text)
}

/// The lines of a sheet, without its question.
pub fn lines(app: &App, sheet: &Sheet) -> Vec<Line> {
    match &sheet.stage {
        Stage::Asking(plan) => plan_lines(app, sheet, plan),
        Stage::Refused(refusal) => refused(refusal),
        Stage::Running => app.changes.run.as_ref().map(running).unwrap_or_default(),
        Stage::Ended(entry) => result(app, entry),
    }
}

/// Clean text, as the operator would read it in the tool's own output.
fn clean(text: &str) -> String {
    clean_line(text).replace("\\\\", "\\")
}

fn say(text: &str, role: Role) -> Line {
    Line::of([Span::new(clean(text), role)])
}

fn item(sign: &str, role: Role, text: &str) -> Line {
    Line::of([Span::new(format!("  {sign} "), role), Span::plain(clean(text))])
}

fn plan_lines(app: &App, sheet: &Sheet, plan: &Plan) -> Vec<Line> {
    let mut out = Vec::new();
    for moved in &sheet.moved {
        out.push(item("!", Role::Notice, moved));
    }
    if let Some(cutoff) = &plan.cutoff {
        out.push(item("!", Role::Alert, &format!("this may cut you off: {}", cutoff.why)));
        out.push(item("!", Role::Alert, &window_words(app, cutoff.seconds)));
    } else if sheet.window {
        out.push(item("!", Role::Notice, &window_words(app, super::sheet::WINDOW_SECONDS)));
    }
    if let Risk::Grave { why, .. } = &plan.risk {
        out.push(item("!", Role::Alert, why));
    }
    out.extend(plan.identities.iter().filter_map(|i| identity_line(app, i)));
    out.push(Line::heading("steps"));
    out.extend(steps(plan));
    section(&mut out, "affects", &plan.affects, Role::Text);
    section(&mut out, "can't be taken back", &lasting(plan), Role::Notice);
    section(&mut out, "to know", &plan.notes, Role::Text);
    if !plan.left_out.is_empty() {
        out.push(Line::heading("left out"));
        out.extend(plan.left_out.iter().map(|l| item("·", Role::Notice, &format!("{}: {}", l.row, l.why))));
    }
    let undo: Vec<String> = plan.steps.iter().rev().flat_map(|s| s.undo.iter()).map(Op::words).collect();
    if !undo.is_empty() && plan.undoes.is_none() {
        let key = app.options.keymap.key_of(Action::Undo).map(|k| format!("taken back by {k}")).unwrap_or_default();
        out.push(Line::heading(key));
        out.extend(undo.iter().map(|line| item(" ", Role::Dim, line)));
    }
    out
}

fn lasting(plan: &Plan) -> Vec<String> {
    let mut all = plan.lasting.clone();
    for text in plan.steps.iter().filter_map(|s| s.lasting.clone()) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn window_words(app: &App, seconds: u32) -> String {
    let key = app.options.keymap.key_of(Action::Keep).map(|k| k.to_string()).unwrap_or_default();
    format!("it is taken back after {seconds} s unless you press {key}")
}

fn section(out: &mut Vec<Line>, heading: &str, sentences: &[String], role: Role) {
    if !sentences.is_empty() {
        out.push(Line::heading(heading));
        out.extend(sentences.iter().map(|s| Line::of([Span::plain("  "), Span::new(clean(s), role)])));
    }
}

/// The steps, below the name of their row when there are several rows.
fn steps(plan: &Plan) -> Vec<Line> {
    let mut out = Vec::new();
    let mut row = None;
    for (n, step) in plan.steps.iter().enumerate() {
        if plan.rows.len() > 1 && row != Some(step.row) {
            row = Some(step.row);
            out.push(row_name(plan, step, ""));
        }
        out.push(Line::of([Span::new(format!("  {:>2} ", n + 1), Role::Dim), Span::plain(clean(&step.op.words()))]));
    }
    if plan.steps.is_empty() {
        out.push(say("  none: it is so already", Role::Dim));
    }
    out
}

fn row_name(plan: &Plan, step: &Step, more: &str) -> Line {
    let name = plan.rows.get(step.row).map_or("", String::as_str);
    Line::of([Span::new(format!("  {}", clean(name)), Role::Name), Span::new(clean(more), Role::Dim)])
}

/// A container or network beside its short id and age, so that its twin is not taken for it.
fn identity_line(app: &App, identity: &Identity) -> Option<Line> {
    let snapshot = app.world.newest();
    let (name, id, created) = match identity {
        Identity::Container { id, name, .. } | Identity::ContainerExists { id, name } => {
            (name, id.short().to_owned(), snapshot.container(id).and_then(|c| c.created_at))
        }
        Identity::Network { id, name } => {
            let network = snapshot.networks.iter().find(|n| n.id == *id);
            (name, id.short().to_owned(), network.and_then(|n| n.created_at))
        }
        _ => return None,
    };
    let age = created.map(|at| format!(", created {} ago", age(snapshot.taken_at, at))).unwrap_or_default();
    Some(Line::of([
        Span::new("  ", Role::Text),
        Span::outside(name, Role::Name),
        Span::new(format!("  {}{age}", clean(&id)), Role::Dim),
    ]))
}

fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = (now.as_second() - then.as_second()).max(0) as u64;
    match seconds {
        0..=172_799 => crate::app::pages::duration(seconds),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// What an identity is of, in words.
pub(super) fn identity_words(identity: &Identity) -> Option<String> {
    Some(match identity {
        Identity::Boot { .. } => "the host".to_owned(),
        Identity::Engine { .. } => "the engine".to_owned(),
        Identity::Container { name, .. } | Identity::ContainerExists { name, .. } => {
            format!("container {}", name.shown())
        }
        Identity::Network { name, .. } => format!("network {}", name.shown()),
        Identity::Link { name, .. } => format!("interface {}", name.shown()),
        Identity::Netns { .. } => "the network namespace".to_owned(),
        _ => return None,
    })
}

fn refused(refusal: &Refusal) -> Vec<Line> {
    let mut out = vec![item("✗", Role::Bad, &refusal.why)];
    if !refusal.way_out.is_empty() {
        out.push(item("→", Role::Good, &refusal.way_out));
    }
    out.push(Line::blank());
    out.push(say("nothing was changed", Role::Dim));
    out
}

/// Sign, role and word of a step's state.
pub fn step_sign(state: StepState) -> (&'static str, Role, &'static str) {
    match state {
        StepState::Waiting => ("○", Role::Dim, "not begun"),
        StepState::Begun => ("▸", Role::Notice, "under way"),
        StepState::Done => ("●", Role::Good, "done"),
        StepState::Already => ("●", Role::Good, "was so already"),
        StepState::Differs => ("✗", Role::Bad, "done, but read back it is otherwise"),
        StepState::Failed => ("✗", Role::Bad, "failed"),
        StepState::Unknown => ("?", Role::Unknown, "unknown: no answer came"),
        StepState::TakenBack => ("◂", Role::Notice, "taken back"),
        StepState::Stands => ("✗", Role::Bad, "stands: taking it back failed"),
    }
}

/// A change's state in words.
pub fn state_words(state: EntryState) -> &'static str {
    match state {
        EntryState::UnderWay => "under way",
        EntryState::HalfDone => "half done: whoever did it died in the middle",
        EntryState::Done => "done, and read back",
        EntryState::Unconfirmed => "done, and waits to be kept",
        EntryState::RolledBack => "failed; what was done before was taken back",
        EntryState::PartlyDone => "failed in part; see what stands",
        EntryState::NotDone => "not done",
        EntryState::Undone => "taken back",
    }
}

/// Role of a change's state.
pub fn state_role(state: EntryState) -> Role {
    match state {
        EntryState::Done => Role::Good,
        EntryState::Unconfirmed | EntryState::Undone | EntryState::UnderWay => Role::Notice,
        _ => Role::Bad,
    }
}

fn running(run: &Run) -> Vec<Line> {
    let mut out = Vec::new();
    let results = run.steps.iter().map(|(state, detail)| (*state, detail.as_str()));
    step_states(&mut out, &run.plan, results);
    if run.is_cancelled {
        out.push(item("!", Role::Notice, "cancelled: no further step begins"));
    }
    out
}

fn step_states<'a>(out: &mut Vec<Line>, plan: &Plan, results: impl Iterator<Item = (StepState, &'a str)>) {
    let mut row = None;
    for (step, (state, detail)) in plan.steps.iter().zip(results) {
        if plan.rows.len() > 1 && row != Some(step.row) {
            row = Some(step.row);
            out.push(row_name(plan, step, ""));
        }
        let (sign, role, word) = step_sign(state);
        out.push(Line::of([
            Span::new(format!("  {sign} "), role),
            Span::plain(clean(&step.op.words())),
            Span::new(if state == StepState::Done { String::new() } else { format!("  {word}") }, role),
        ]));
        if !detail.is_empty() {
            out.push(Line::of([Span::plain("      "), Span::new(clean(detail), role)]));
        }
    }
}

fn result(app: &App, entry: &Entry) -> Vec<Line> {
    let (role, sign) = match entry.state {
        EntryState::Done => (Role::Good, "●"),
        EntryState::Unconfirmed | EntryState::Undone => (Role::Notice, "●"),
        _ => (Role::Bad, "✗"),
    };
    let mut out = vec![item(sign, role, state_words(entry.state))];
    if !entry.reason.is_empty() {
        out.push(Line::of([Span::plain("    "), Span::new(clean(&entry.reason), role)]));
    }
    if let Some(left) = entry.confirm_by.filter(|_| entry.state == EntryState::Unconfirmed) {
        out.push(item("!", Role::Alert, &countdown(app, left)));
    }
    out.extend(super::achieved::lines(app, entry));
    if entry.plan.rows.len() > 1 {
        out.push(Line::heading("rows"));
        out.extend(entry.plan.rows.iter().enumerate().map(|(n, name)| row_result(entry, n, name)));
    }
    out.push(Line::heading("steps"));
    step_states(&mut out, &entry.plan, entry.results.iter().map(|r| (r.state, r.detail.as_str())));
    for left in &entry.plan.left_out {
        out.push(item("·", Role::Notice, &format!("{}: left out: {}", left.row, left.why)));
    }
    out
}

/// What became of one row, from its steps: the gravest tells.
fn row_result(entry: &Entry, row: usize, name: &str) -> Line {
    let of_row = entry.plan.steps.iter().zip(&entry.results).filter(|(s, _)| s.row == row);
    let grave = |r: &StepResult| match r.state {
        StepState::Stands | StepState::Differs => 5,
        StepState::Failed | StepState::Unknown => 4,
        StepState::TakenBack => 3,
        StepState::Waiting | StepState::Begun => 2,
        StepState::Done => 1,
        StepState::Already => 0,
    };
    let worst = of_row.map(|(_, r)| r).max_by_key(|r| grave(r));
    let (sign, role, word) = worst.map_or(("●", Role::Good, "nothing to do"), |r| step_sign(r.state));
    let detail = worst.map(|r| r.detail.as_str()).filter(|d| !d.is_empty() && role != Role::Good);
    let detail = detail.map(|d| format!(": {}", clean(d))).unwrap_or_default();
    Line::of([
        Span::new(format!("  {sign} "), role),
        Span::new(clean(name), Role::Name),
        Span::new(format!("  {word}{detail}"), role),
    ])
}

/// How long an unconfirmed change still stands, and the keys.
pub fn countdown(app: &App, until: Timestamp) -> String {
    let left = until.as_second() - app.world.newest().taken_at.as_second();
    let key = |a: Action| app.options.keymap.key_of(a).map(|k| k.to_string()).unwrap_or_default();
    if left < -i64::from(OVERTIME_S) {
        return format!("neither kept nor taken back in time; {} takes it back now", key(Action::Undo));
    }
    let left = left.max(0);
    format!("taken back in {left} s; {} keeps it, {} takes it back now", key(Action::Keep), key(Action::Undo))
}

/// The question at the foot of a sheet, with the keys that answer it; and the word typed so far.
pub fn question(app: &App, sheet: &Sheet) -> Vec<Span> {
    let types = sheet.wanted_word().is_some();
    let key = |a: Action| app.options.keymap.key_in(crate::app::keymap::Context::Plan, a, types);
    let mut out: Vec<Span> = Vec::new();
    let mut offer = |keys: String, words: String| {
        out.push(Span::new(format!(" {keys}"), Role::Key));
        out.push(Span::plain(format!(" {words} ")));
    };
    match &sheet.stage {
        Stage::Asking(plan) => {
            match sheet.wanted_word() {
                Some(word) => {
                    return vec![
                        Span::new(format!(" type {} and ⏎: ", clean(word)), Role::Key),
                        Span::plain(sheet.word.text().to_owned()),
                    ];
                }
                None => {
                    offer(key(Action::Yes), "do it".to_owned());
                    offer(key(Action::No), "no".to_owned());
                }
            }
            if plan.rows.len() > 1 {
                let words = match sheet.on_failure {
                    OnFailure::Stop => "stops at a failure",
                    OnFailure::GoOn => "goes on at a failure",
                };
                offer(key(Action::OnFailure), words.to_owned());
            }
            offer(key(Action::CopyPlan), "copy".to_owned());
            if plan.cutoff.is_none() {
                offer(key(Action::Window), if sheet.window { "no window" } else { "confirm window" }.to_owned());
            }
        }
        Stage::Refused(refusal) => {
            if matches!(sheet.source, Source::Undo(_, false)) && refusal.field == Some("force") {
                offer(key(Action::Force), "undo it all the same".to_owned());
            }
            offer("esc".to_owned(), "close".to_owned());
        }
        Stage::Running => {
            if app.changes.run.as_ref().is_some_and(|r| !r.is_cancelled) {
                offer(key(Action::No), "cancel".to_owned());
            }
            offer("esc".to_owned(), "close, it goes on".to_owned());
        }
        Stage::Ended(entry) => {
            if entry.state == EntryState::Unconfirmed {
                offer(key(Action::Keep), "keep it".to_owned());
            }
            if super::is_undoable(entry) || entry.state == EntryState::Unconfirmed {
                offer(key(Action::Undo), "undo".to_owned());
            }
            offer(key(Action::CopyPlan), "copy".to_owned());
            offer("esc".to_owned(), "close".to_owned());
        }
    }
    out
}
