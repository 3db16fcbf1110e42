//! Changes from the console: who is meant, what is wished, the sheet on which the plan is shown, and how it goes on.
//!
//! ```text
//! key, menu, palette ─► deed ─► wish (by a form, where more is to be said) ─► plan ─► sheet: seen, confirmed ─► order
//!                                                                                       ▲                        │
//!                                                               progress, result, undo ─┴────────────────────────┘
//! ```
//!
//! Nothing here changes anything: an order is an effect, and it carries a permit that only a console in operate mode was
//! given.

mod achieved;
mod deed;
mod flow;
mod menu;
pub mod page;
mod replan;
mod sheet;
mod target;

pub(super) use deed::limit_targets;
pub use sheet::{Run, Sheet, Source, Stage};
pub use target::Targets;

use crate::plan::{Entry, EntryId, EntryState, Prune};
use jiff::Timestamp;

/// What goes on with changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// The plan that is carried out now.
    pub run: Option<Run>,
    /// What is pruned once the engine has said what that would free.
    pub(super) prune: Option<Prune>,
    /// The operator disarmed changes for this session.
    pub is_disarmed: bool,
}

/// A change that is taken back unless it is confirmed.
#[derive(Debug, Clone, Copy)]
pub struct Unconfirmed<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// When it is taken back.
    pub until: Timestamp,
}

/// The newest change of a journal that waits to be confirmed.
pub fn unconfirmed(journal: &[Entry]) -> Option<Unconfirmed<'_>> {
    let waits = |entry: &&Entry| entry.state == EntryState::Unconfirmed;
    journal.iter().rev().find(waits).and_then(|entry| Some(Unconfirmed { entry, until: entry.confirm_by? }))
}

/// The newest change that can still be taken back.
pub fn last_undoable(journal: &[Entry]) -> Option<&EntryId> {
    journal.iter().rev().find(|e| is_undoable(e)).map(|e| &e.id)
}

/// True for a change of which something stands that can be taken back, and that is not itself the taking back of another.
pub fn is_undoable(entry: &Entry) -> bool {
    let undo = entry.results.iter().map(|r| &r.undo).chain(entry.plan.steps.iter().map(|s| &s.undo));
    undo.into_iter().any(|ops| !ops.is_empty())
        && matches!(entry.state, EntryState::Done | EntryState::PartlyDone | EntryState::HalfDone)
        && entry.undone_by.is_none()
        && entry.plan.undoes.is_none()
}
