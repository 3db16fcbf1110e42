//! Plans and entries of the journal as documents for scripts: each operation in the words of the tool that does it.

use crate::plan::{Entry, EntryState, Op, Plan, Risk, StepState};
use jiff::Timestamp;
use serde::Serialize;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanDoc {
    /// One line.
    pub title: String,
    /// Id of the entry that it takes back; null for none.
    pub undoes: Option<String>,
    /// Rows it works on.
    pub rows: Vec<String>,
    /// Steps in order.
    pub steps: Vec<StepDoc>,
    /// What it affects.
    pub affects: Vec<String>,
    /// What can't be taken back.
    pub lasting: Vec<String>,
    /// What should be known besides.
    pub notes: Vec<String>,
    /// `nothing`, `yes`, or `word`: what has to be given to have it done.
    pub confirm: &'static str,
    /// The word, when one has to be typed.
    pub word: Option<String>,
    /// Seconds in which it has to be confirmed afterwards; null when it need not.
    pub confirm_within_s: Option<u32>,
    /// Why it may cut off the operator; null when it may not, or was asked for.
    pub cutoff: Option<String>,
    /// Rows that were left out.
    pub left_out: Vec<LeftOutDoc>,
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepDoc {
    /// Its row.
    pub row: String,
    /// What is done.
    pub command: String,
    /// What takes it back.
    pub undo: Vec<String>,
    /// What of it can't be taken back.
    pub lasting: Option<String>,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOutDoc {
    /// The row.
    pub row: String,
    /// Why.
    pub why: String,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryDoc {
    /// Id.
    pub id: String,
    /// When it was begun.
    pub at: Timestamp,
    /// When it ended; null while it has not.
    pub ended_at: Option<Timestamp>,
    /// `under-way`, `half-done`, `done`, `unconfirmed`, `rolled-back`, `partly-done`, `not-done` or `undone`.
    pub state: EntryState,
    /// Why it did not go as planned; empty when it did.
    pub reason: String,
    /// Who asked.
    pub who: WhoDoc,
    /// What was planned, in one line.
    pub title: String,
    /// Id of the entry that it takes back; null for none.
    pub undoes: Option<String>,
    /// Steps in order.
    pub steps: Vec<DoneDoc>,
    /// Until when it has to be confirmed; null when it need not.
    pub confirm_by: Option<Timestamp>,
    /// Id of the entry that took it back; null for none.
    pub undone_by: Option<String>,
}

/// Who asked for a change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhoDoc {
    /// User name.
    pub user: String,
    /// Number of the user.
    pub uid: u32,
    /// The user that sudo was called by.
    pub sudo_user: Option<String>,
    /// Terminal.
    pub tty: Option<String>,
    /// Address of the SSH client.
    pub ssh_client: Option<std::net::IpAddr>,
    /// Process.
    pub pid: i32,
    /// Host name.
    pub host: String,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DoneDoc {
    /// Its row.
    pub row: String,
    /// What was done.
    pub command: String,
    /// `waiting`, `begun`, `done`, `already`, `differs`, `failed`, `unknown`, `taken-back` or `stands`.
    pub state: StepState,
    /// The reason or what was read; may be empty.
    pub detail: String,
    /// What takes it back.
    pub undo: Vec<String>,
}

fn words(ops: &[Op]) -> Vec<String> {
    ops.iter().map(Op::words).collect()
}

impl PlanDoc {
    /// The document of a plan.
    pub fn of(plan: &Plan) -> Self {
        let step = |step: &crate::plan::Step| StepDoc {
            row: plan.rows.get(step.row).cloned().unwrap_or_default(),
            command: step.op.words(),
            undo: words(&step.undo),
            lasting: step.lasting.clone(),
        };
        let (confirm, word) = match &plan.risk {
            Risk::Trifle => ("nothing", None),
            Risk::Change => ("yes", None),
            Risk::Grave { word, .. } => ("word", Some(word.clone())),
        };
        PlanDoc {
            title: plan.title.clone(),
            undoes: plan.undoes.as_ref().map(|id| id.0.clone()),
            rows: plan.rows.clone(),
            steps: plan.steps.iter().map(step).collect(),
            affects: plan.affects.clone(),
            lasting: plan.lasting.clone(),
            notes: plan.notes.clone(),
            confirm,
            word,
            confirm_within_s: plan.cutoff.as_ref().map(|cutoff| cutoff.seconds),
            cutoff: plan.cutoff.as_ref().map(|cutoff| cutoff.why.clone()).filter(|why| !why.is_empty()),
            left_out: plan
                .left_out
                .iter()
                .map(|left| LeftOutDoc { row: left.row.clone(), why: left.why.clone() })
                .collect(),
        }
    }
}

impl EntryDoc {
    /// The document of an entry.
    pub fn of(entry: &Entry) -> Self {
        let step = |(step, result): (&crate::plan::Step, &crate::plan::StepResult)| DoneDoc {
            row: entry.plan.rows.get(step.row).cloned().unwrap_or_default(),
            command: step.op.words(),
            state: result.state,
            detail: result.detail.clone(),
            undo: words(&result.undo),
        };
        let who = &entry.who;
        EntryDoc {
            id: entry.id.0.clone(),
            at: entry.at,
            ended_at: entry.ended_at,
            state: entry.state,
            reason: entry.reason.clone(),
            who: WhoDoc {
                user: who.user.clone(),
                uid: who.uid,
                sudo_user: who.sudo_user.clone(),
                tty: who.tty.clone(),
                ssh_client: who.session.ssh.as_ref().map(|ssh| ssh.client),
                pid: who.pid,
                host: who.host.clone(),
            },
            title: entry.plan.title.clone(),
            undoes: entry.plan.undoes.as_ref().map(|id| id.0.clone()),
            steps: entry.plan.steps.iter().zip(&entry.results).map(step).collect(),
            confirm_by: entry.confirm_by,
            undone_by: entry.undone_by.as_ref().map(|id| id.0.clone()),
        }
    }
}
