//! Carrying out a plan. One order of things, always:
//!
//! ```text
//! journal: begun ─► identities ─► guard ─► for each step: journal ─► apply ─► read back ─► journal ─► journal: ended
//! ```
//!
//! A step that was sent is never sent again: where the answer is lost, reading back decides. Of a row that fails, what
//! was done is taken back in reverse; what can't be taken back is told. Of a plan that itself takes something back, the
//! rest is done all the same: half of an undo is better than none.

mod run;
#[cfg(test)]
mod tests;

use super::Hand;
use crate::journal::Journal;
use crate::plan::{Entry, EntryId, OnFailure, Plan, Progress, Refusal, Who};
use run::Run;
use std::sync::atomic::AtomicBool;

/// Puts up the guard of an entry that must be confirmed; it has to be up when this returns.
pub type PutUpGuard<'a> = &'a mut dyn FnMut(&EntryId) -> Result<(), String>;

/// How a plan is carried out, besides the plan.
pub struct Manner<'a> {
    /// Who asked.
    pub who: Who,
    /// What follows a row that failed.
    pub on_failure: OnFailure,
    /// Set from outside: no further step is begun.
    pub cancel: &'a AtomicBool,
    /// Puts up the guard, when the plan needs one.
    pub guard: PutUpGuard<'a>,
}

/// Carries out a plan and answers what became of it.
///
/// # Errors
/// A refusal when nothing was done because nothing could be written down.
pub fn carry_out(
    hand: &mut dyn Hand,
    journal: &mut Journal,
    plan: Plan,
    manner: Manner<'_>,
    tell: &mut dyn FnMut(Progress),
) -> Result<Entry, Refusal> {
    let refused = |why: String| Refusal::new(plan.title.clone(), format!("nothing was done: {why}"));
    let id = journal.begin(&manner.who, &plan).map_err(|e| refused(e.to_string()))?;
    Ok(Run::new(hand, journal, tell, id, plan, &manner.who, manner.on_failure).go(manner.cancel, manner.guard))
}

/// Carries out the take-back of an entry that waits to be confirmed or whose doer died, unless it was confirmed.
///
/// # Errors
/// A refusal when it does not wait any more, or nothing could be written down.
pub fn take_back(
    hand: &mut dyn Hand,
    journal: &mut Journal,
    plan: Plan,
    who: Who,
    tell: &mut dyn FnMut(Progress),
) -> Result<Entry, Refusal> {
    let refused = |why: String| Refusal::new(plan.title.clone(), format!("nothing was done: {why}"));
    if let (true, Some(left)) = (plan.steps.is_empty(), plan.left_out.first()) {
        // A take-back of nothing would say that all is as it was.
        return Err(refused(left.why.clone()));
    }
    let id = journal.begin_unless_confirmed(&who, &plan).map_err(|e| refused(e.to_string()))?;
    let run = Run::new(hand, journal, tell, id, plan, &who, OnFailure::GoOn);
    Ok(run.go(&AtomicBool::new(false), &mut |_| Ok(())))
}
