//! One plan under way: its steps forward, and back again where a row failed.

use super::PutUpGuard;
use crate::actions::{Hand, HandError, Made};
use crate::journal::{End, Journal, JournalError};
use crate::plan::{Bound, Entry, EntryId, EntryState, OnFailure, Op, Plan, Progress, StepResult, StepState, Who};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) struct Run<'a> {
    hand: &'a mut dyn Hand,
    journal: &'a mut Journal,
    tell: &'a mut dyn FnMut(Progress),
    entry: Entry,
    bound: Bound,
    on_failure: OnFailure,
    failed_rows: BTreeSet<usize>,
    reason: String,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        hand: &'a mut dyn Hand,
        journal: &'a mut Journal,
        tell: &'a mut dyn FnMut(Progress),
        id: EntryId,
        plan: Plan,
        who: &Who,
        on_failure: OnFailure,
    ) -> Self {
        let waiting =
            |undo: &Vec<Op>| StepResult { state: StepState::Waiting, detail: String::new(), undo: undo.clone() };
        let entry = Entry {
            id,
            at: jiff::Timestamp::now(),
            ended_at: None,
            who: who.clone(),
            results: plan.steps.iter().map(|step| waiting(&step.undo)).collect(),
            plan,
            state: EntryState::UnderWay,
            reason: String::new(),
            confirm_by: None,
            undone_by: None,
        };
        let (bound, failed_rows, reason) = (Bound::default(), BTreeSet::new(), String::new());
        Run { hand, journal, tell, entry, bound, on_failure, failed_rows, reason }
    }

    pub(super) fn go(mut self, cancel: &AtomicBool, guard: PutUpGuard<'_>) -> Entry {
        (self.tell)(Progress::Begun(self.entry.id.clone()));
        if let Err(why) = self.ready(guard) {
            return self.end(EntryState::NotDone, why);
        }
        match self.forward(cancel) {
            Ok(()) => self.settle(),
            // Without a line there is no step, not even one back.
            Err(error) => {
                let why = format!("stopped where it was, as the journal can't be written: {error}");
                let untouched = [StepState::Waiting, StepState::Failed, StepState::Already];
                let nothing = self.entry.results.iter().all(|r| untouched.contains(&r.state));
                self.end(if nothing { EntryState::NotDone } else { EntryState::PartlyDone }, why)
            }
        }
    }

    /// What was shown still holds, and the guard is up.
    fn ready(&mut self, guard: PutUpGuard<'_>) -> Result<(), String> {
        for identity in &self.entry.plan.identities {
            self.hand.check(identity).map_err(|moved| moved.to_string())?;
        }
        if self.entry.plan.cutoff.is_some() {
            guard(&self.entry.id).map_err(|why| format!("the guard that would take it back can't be put up: {why}"))?;
        }
        Ok(())
    }

    fn is_undo(&self) -> bool {
        self.entry.plan.undoes.is_some()
    }

    fn forward(&mut self, cancel: &AtomicBool) -> Result<(), JournalError> {
        for n in 0..self.entry.plan.steps.len() {
            let row = self.entry.plan.steps[n].row;
            if self.failed_rows.contains(&row) {
                continue;
            }
            if cancel.load(Ordering::SeqCst) {
                self.note("cancelled");
                return self.fail(row);
            }
            if self.step(n)? || self.is_undo() {
                continue;
            }
            self.fail(row)?;
            if self.on_failure == OnFailure::Stop || self.entry.plan.cutoff.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Does one step; false when its row has failed with it.
    fn step(&mut self, n: usize) -> Result<bool, JournalError> {
        self.bound.fill(&mut self.entry.plan.steps[n].op);
        let op = self.entry.plan.steps[n].op.clone();
        if let Err(error) = self.set(n, StepState::Begun, String::new()) {
            self.entry.results[n].state = StepState::Waiting;
            return Err(error);
        }
        let applied = self.hand.apply(&op);
        let (state, detail) = self.judge(&op, &applied);
        let made = applied.unwrap_or_default();
        self.bound.note(&op, made.network.as_ref(), made.link);
        match state {
            // What was so before is not ours to take back.
            StepState::Already => self.entry.results[n].undo.clear(),
            _ => {
                for op in &mut self.entry.results[n].undo {
                    self.bound.fill(op);
                }
            }
        }
        let is_good = matches!(state, StepState::Done | StepState::Already);
        if !is_good {
            self.note(&detail);
        }
        self.set(n, state, detail)?;
        Ok(is_good)
    }

    /// What became of an operation, by its answer and by what is read back.
    fn judge(&mut self, op: &Op, applied: &Result<Made, HandError>) -> (StepState, String) {
        match applied {
            Ok(made) => match self.hand.read_back(op, made) {
                Ok(()) if made.already => (StepState::Already, made.words.join("; ")),
                Ok(()) => (StepState::Done, made.words.join("; ")),
                Err(difference) if difference.is_unknown => (StepState::Unknown, difference.to_string()),
                Err(difference) => (StepState::Differs, difference.to_string()),
            },
            Err(HandError::Gone { .. }) if self.is_undo() => (StepState::Already, "it was gone already".into()),
            Err(error @ (HandError::Refused { .. } | HandError::Gone { .. })) => (StepState::Failed, error.to_string()),
            Err(error @ HandError::Unknown { .. }) => match self.hand.read_back(op, &Made::default()) {
                Ok(()) => (StepState::Done, format!("{error}: it happened")),
                Err(difference) if difference.is_unknown => (StepState::Unknown, format!("{error}: {difference}")),
                Err(difference) => (StepState::Failed, format!("{error}: it did not happen, {difference}")),
            },
        }
    }

    /// A row has failed: what was done of it is taken back, of a plan that could cut off the operator all.
    fn fail(&mut self, row: usize) -> Result<(), JournalError> {
        self.failed_rows.insert(row);
        if self.is_undo() {
            return Ok(());
        }
        let all = self.entry.plan.cutoff.is_some();
        let doomed = |n: &usize| {
            let state = self.entry.results[*n].state;
            let happened = matches!(state, StepState::Done | StepState::Differs | StepState::Unknown);
            happened && (all || self.entry.plan.steps[*n].row == row)
        };
        let doomed: BTreeSet<usize> = (0..self.entry.plan.steps.len()).filter(doomed).collect();
        let goes_with = |n: usize| self.entry.plan.steps[n].gone_with.filter(|with| doomed.contains(with));
        let (followers, leaders): (Vec<usize>, Vec<usize>) =
            doomed.iter().rev().partition(|n| goes_with(**n).is_some());
        for n in leaders {
            self.back(n)?;
        }
        // What goes by itself with another step shares that one's fate, the first ones first.
        for n in followers.into_iter().rev() {
            let Some(with) = self.entry.plan.steps[n].gone_with else { continue };
            let fate = self.entry.results[with].state;
            self.set(n, fate, format!("with step {}", with + 1))?;
        }
        Ok(())
    }

    /// Takes one step back.
    fn back(&mut self, n: usize) -> Result<(), JournalError> {
        let was = self.entry.results[n].state;
        let step = &self.entry.plan.steps[n];
        let undo = self.entry.results[n].undo.clone();
        if undo.is_empty() {
            let with = step.gone_with.map(|with| format!("it goes with what step {} found there", with + 1));
            return match step.lasting.clone().or(with) {
                Some(why) => self.set(n, StepState::Stands, why),
                None => self.set(n, StepState::TakenBack, "nothing of it stays".into()),
            };
        }
        self.set(n, StepState::Begun, "taking it back".into())?;
        let mut problems = Vec::new();
        let mut is_known = was == StepState::Done;
        for mut op in undo {
            self.bound.fill(&mut op);
            let (state, detail) = match self.hand.apply(&op) {
                Err(HandError::Gone { .. }) => continue,
                applied => {
                    if let Ok(made) = &applied {
                        self.bound.note(&op, made.network.as_ref(), made.link);
                    }
                    self.judge(&op, &applied)
                }
            };
            is_known &= state != StepState::Unknown;
            if !matches!(state, StepState::Done | StepState::Already) {
                problems.push(detail);
            }
        }
        if problems.is_empty() {
            return self.set(n, StepState::TakenBack, String::new());
        }
        // Of what nobody knows whether it happened, nobody knows whether it stands.
        let state = if is_known { StepState::Stands } else { StepState::Unknown };
        self.set(n, state, format!("taking it back failed: {}", problems.join("; ")))
    }

    fn set(&mut self, n: usize, state: StepState, detail: String) -> Result<(), JournalError> {
        let changed = self.entry.results[n].undo != self.entry.plan.steps[n].undo;
        let undo = changed.then_some(self.entry.results[n].undo.as_slice());
        let written = self.journal.step(&self.entry.id, n, state, &detail, undo);
        self.entry.results[n].state = state;
        self.entry.results[n].detail.clone_from(&detail);
        written?;
        (self.tell)(Progress::Step { step: n, state, detail });
        Ok(())
    }

    /// The first reason is the one that is told; the steps have the others.
    fn note(&mut self, reason: &str) {
        if self.reason.is_empty() {
            reason.clone_into(&mut self.reason);
        }
    }

    fn settle(self) -> Entry {
        use StepState::{Already, Begun, Differs, Done, Failed, Stands, TakenBack, Unknown, Waiting};
        let has = |states: &[StepState]| self.entry.results.iter().any(|r| states.contains(&r.state));
        let is_whole = !has(&[Waiting, Begun, Failed, Differs, Unknown, Stands, TakenBack]);
        let state = if is_whole {
            if self.entry.plan.cutoff.is_some() { EntryState::Unconfirmed } else { EntryState::Done }
        } else if has(&[Done, Differs, Unknown, Stands]) {
            EntryState::PartlyDone
        } else if has(&[TakenBack]) {
            EntryState::RolledBack
        } else if has(&[Already]) && !has(&[Failed, Waiting]) {
            EntryState::Done
        } else {
            EntryState::NotDone
        };
        let reason = self.reason.clone();
        self.end(state, reason)
    }

    fn end(mut self, state: EntryState, reason: String) -> Entry {
        let seconds = self.entry.plan.cutoff.as_ref().map(|cutoff| cutoff.seconds);
        let confirm_within_s = seconds.filter(|_| state == EntryState::Unconfirmed);
        let end = End { state, reason, confirm_within_s };
        if let Err(error) = self.journal.end(&mut self.entry, end) {
            let reason = &mut self.entry.reason;
            let told = format!("its end is not in the journal: {error}");
            *reason = if reason.is_empty() { told } else { format!("{reason}; {told}") };
        }
        (self.tell)(Progress::Ended(Box::new(self.entry.clone())));
        self.entry
    }
}
