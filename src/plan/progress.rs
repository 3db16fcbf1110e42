//! What the console tells the hands, and what they tell it.

use super::{Entry, EntryId, Plan, Refusal, ShellWish, StepState};
use std::sync::Arc;

/// What is done with the rows that follow one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFailure {
    /// Nothing: the rows before stand, the failed one is taken back.
    #[default]
    Stop,
    /// The failed row is taken back, the others are done.
    GoOn,
}

/// An order to the hands.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Carry out a plan that was shown and confirmed.
    Apply {
        /// The plan.
        plan: Box<Plan>,
        /// What follows a failure.
        on_failure: OnFailure,
    },
    /// Keep an unconfirmed change.
    Confirm(EntryId),
    /// Take an unconfirmed change back now.
    TakeBack(EntryId),
    /// Begin no further step of what runs.
    Cancel,
    /// Read the journal again.
    ReadJournal,
    /// A terminal inside a container. The console steps aside until it ends.
    Shell(ShellWish),
}

/// What the hands tell the console.
#[derive(Debug, Clone)]
pub enum Progress {
    /// A plan was written to the journal, its first step comes.
    Begun(EntryId),
    /// A step of the plan under way.
    Step {
        /// Its number.
        step: usize,
        /// How far it came.
        state: StepState,
        /// The reason; may be empty.
        detail: String,
    },
    /// A plan has ended; the entry tells how.
    Ended(Box<Entry>),
    /// A plan was not begun: no journal, something had changed, another change runs.
    NotBegun(Refusal),
    /// The journal, oldest entry first; or why it can't be read. Sent at the start, after each change (also by
    /// another bridgewatch) and on request.
    Journal(Result<Arc<Vec<Entry>>, String>),
    /// Something to say; true for an error.
    Say(String, bool),
}
