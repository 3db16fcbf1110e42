//! Plans, progress and entries for people.

use crate::cli::table::Table;
use crate::plan::{Entry, EntryState, Plan, Progress, Risk, StepState};
use crate::text::clean_line;
use std::fmt::Write;

/// A plan, all of it.
pub fn plan(plan: &Plan) -> String {
    let mut out = format!("{}\n", clean_line(&plan.title));
    let mut row = None;
    for step in &plan.steps {
        if plan.rows.len() > 1 && row != Some(step.row) {
            row = Some(step.row);
            line(&mut out, "  ", plan.rows.get(step.row).map_or("", String::as_str));
        }
        line(&mut out, "  $ ", &step.op.words());
    }
    let undo: Vec<String> = plan.steps.iter().rev().flat_map(|s| &s.undo).map(crate::plan::Op::words).collect();
    section(&mut out, "affects", &plan.affects);
    section(&mut out, "taken back by", &undo);
    section(&mut out, "can't be taken back", &plan.lasting);
    section(&mut out, "note", &plan.notes);
    let left_out: Vec<String> = plan.left_out.iter().map(|left| format!("{}: {}", left.row, left.why)).collect();
    section(&mut out, "left out", &left_out);
    if let Some(cutoff) = &plan.cutoff {
        let why = if cutoff.why.is_empty() { String::new() } else { format!("{}: ", cutoff.why) };
        let words = format!("{why}it is taken back after {} s unless confirmed", cutoff.seconds);
        section(&mut out, "may cut you off", &[words]);
    }
    if let Risk::Grave { why, .. } = &plan.risk {
        section(&mut out, "grave", std::slice::from_ref(why));
    }
    out
}

fn line(out: &mut String, lead: &str, text: &str) {
    let _ = writeln!(out, "{lead}{}", clean_line(text));
}

fn section(out: &mut String, title: &str, lines: &[String]) {
    for text in lines {
        line(out, &format!("  {title}: "), text);
    }
}

/// How a step that has ended is told while the plan is under way; none for what need not be told.
pub fn progress(plan: &Plan, progress: &Progress) -> Option<String> {
    let Progress::Step { step, state, detail } = progress else { return None };
    if *state == StepState::Begun {
        return None;
    }
    let words = plan.steps.get(*step).map(|step| step.op.words()).unwrap_or_default();
    let detail = if detail.is_empty() { String::new() } else { format!(" ({})", clean_line(detail)) };
    Some(format!("{}: {}{detail}", step_word(*state), clean_line(&words)))
}

fn step_word(state: StepState) -> &'static str {
    match state {
        StepState::Waiting => "not begun",
        StepState::Begun => "begun",
        StepState::Done => "done",
        StepState::Already => "so already",
        StepState::Differs => "not as wanted",
        StepState::Failed => "failed",
        StepState::Unknown => "unknown",
        StepState::TakenBack => "taken back",
        StepState::Stands => "stands",
    }
}

/// The word for the state of an entry.
fn state_word(state: EntryState) -> &'static str {
    match state {
        EntryState::UnderWay => "under way",
        EntryState::HalfDone => "half done",
        EntryState::Done => "done",
        EntryState::Unconfirmed => "unconfirmed",
        EntryState::RolledBack => "rolled back",
        EntryState::PartlyDone => "partly done",
        EntryState::NotDone => "not done",
        EntryState::Undone => "undone",
    }
}

/// How an entry ended, in a line or a few.
pub fn outcome(entry: &Entry) -> String {
    let mut out = String::new();
    let reason = if entry.reason.is_empty() { String::new() } else { format!(": {}", entry.reason) };
    line(&mut out, "", &format!("{} {} ({}){reason}", state_word(entry.state), entry.plan.title, entry.id));
    if entry.state == EntryState::Unconfirmed {
        let seconds = entry.plan.cutoff.as_ref().map_or(0, |cutoff| cutoff.seconds);
        line(&mut out, "", &format!("it is taken back in {seconds} s unless: bridgewatch confirm {}", entry.id));
    }
    for left in &entry.plan.left_out {
        line(&mut out, "  left out: ", &format!("{}: {}", left.row, left.why));
    }
    if entry.state == EntryState::PartlyDone {
        for (step, result) in entry.plan.steps.iter().zip(&entry.results) {
            line(&mut out, "  ", &format!("{}: {}", step_word(result.state), step.op.words()));
        }
    }
    out
}

/// All of an entry.
pub fn entry(entry: &Entry) -> String {
    let who = &entry.who;
    let mut out = outcome(entry);
    let sudo = who.sudo_user.as_ref().map_or_else(String::new, |user| format!(" (sudo by {user})"));
    let from = who.session.ssh.as_ref().map_or_else(String::new, |ssh| format!(" from {}", ssh.client));
    line(&mut out, "  ", &format!("{} by {}{sudo} on {}{from}", entry.at, who.user, who.host));
    if let Some(by) = &entry.undone_by {
        line(&mut out, "  ", &format!("taken back by {by}"));
    }
    for (step, result) in entry.plan.steps.iter().zip(&entry.results) {
        let detail = if result.detail.is_empty() { String::new() } else { format!(" ({})", result.detail) };
        line(&mut out, "  $ ", &format!("{}{detail}", step.op.words()));
        line(&mut out, "    ", step_word(result.state));
        for op in &result.undo {
            line(&mut out, "    taken back by: ", &op.words());
        }
    }
    out
}

/// The journal as a table, oldest first.
pub fn journal(entries: &[&Entry]) -> String {
    let mut table = Table::new(&["ID", "WHO", "WHAT", "STATE"]);
    for entry in entries {
        let state = match &entry.undone_by {
            Some(by) => format!("{} by {by}", state_word(entry.state)),
            None => state_word(entry.state).to_owned(),
        };
        let who = entry.who.sudo_user.as_ref().unwrap_or(&entry.who.user);
        let cells = [entry.id.0.as_str(), who, &entry.plan.title, &state];
        table.row(cells.map(|text| clean_line(text).into_owned()));
    }
    table.text()
}
