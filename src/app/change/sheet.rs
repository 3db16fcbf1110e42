//! The sheet of a plan: what is asked, what is done, what came of it.

use crate::app::input::Input;
use crate::plan::{Cutoff, Entry, EntryId, OnFailure, Plan, Refusal, Risk, StepState, Wish};

/// Seconds of a confirm window that was asked for.
pub const WINDOW_SECONDS: u32 = 60;

/// What a plan is made from, again whenever the host has changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A wish.
    Wish(Box<Wish>),
    /// An entry of the journal that is taken back; true also when it was changed since.
    Undo(EntryId, bool),
}

/// How far a sheet is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// The plan is shown and waits for an answer.
    Asking(Box<Plan>),
    /// The plan can't be made, or not any more.
    Refused(Refusal),
    /// It is carried out; its progress is in [`super::Changes::run`].
    Running,
    /// What came of it.
    Ended(Box<Entry>),
}

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Where the plan comes from.
    pub source: Source,
    /// How far it is.
    pub stage: Stage,
    /// What follows a row that fails.
    pub on_failure: OnFailure,
    /// A confirm window was asked for.
    pub window: bool,
    /// The word that confirms, as far as it is typed.
    pub word: Input,
    /// First line shown.
    pub scroll: usize,
    /// A frame with this sheet has reached the terminal: only keys typed after that confirm.
    pub is_seen: bool,
    /// What has changed since it was opened, a sentence each.
    pub moved: Vec<String>,
    /// Generation of the world that the plan was made from.
    pub generation: u64,
    /// It tells what came of an order: no plan is made from it any more.
    pub is_over: bool,
}

impl Sheet {
    /// A sheet that asks, or says why nothing can be asked.
    pub fn new(source: Source, plan: Result<Plan, Refusal>, generation: u64) -> Self {
        let stage = match plan {
            Ok(plan) => Stage::Asking(Box::new(plan)),
            Err(refusal) => Stage::Refused(refusal),
        };
        Sheet {
            source,
            stage,
            on_failure: OnFailure::Stop,
            window: false,
            word: Input::default(),
            scroll: 0,
            is_seen: false,
            moved: Vec::new(),
            generation,
            is_over: false,
        }
    }

    /// The plan that waits for an answer.
    pub fn asked(&self) -> Option<&Plan> {
        match &self.stage {
            Stage::Asking(plan) => Some(plan),
            _ => None,
        }
    }

    /// The word that has to be typed.
    pub fn wanted_word(&self) -> Option<&str> {
        match self.asked().map(|p| &p.risk) {
            Some(Risk::Grave { word, .. }) => Some(word),
            _ => None,
        }
    }

    /// The plan as it is ordered: with the window that was asked for.
    pub fn ordered(&self) -> Option<Plan> {
        let mut plan = self.asked()?.clone();
        if self.window && plan.cutoff.is_none() {
            plan.cutoff = Some(Cutoff { why: String::new(), seconds: WINDOW_SECONDS });
        }
        Some(plan)
    }
}

/// A plan that is carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The plan.
    pub plan: Plan,
    /// Its entry in the journal, once it is written.
    pub entry: Option<EntryId>,
    /// How far each step came, and why.
    pub steps: Vec<(StepState, String)>,
    /// No further step is to begin.
    pub is_cancelled: bool,
}

impl Run {
    /// Nothing of it is begun.
    pub fn of(plan: Plan) -> Self {
        let steps = vec![(StepState::Waiting, String::new()); plan.steps.len()];
        Run { plan, entry: None, steps, is_cancelled: false }
    }

    /// Steps that are over, and all of them.
    pub fn share(&self) -> (usize, usize) {
        let waits = |s: &(StepState, String)| matches!(s.0, StepState::Waiting | StepState::Begun);
        (self.steps.iter().filter(|s| !waits(s)).count(), self.steps.len())
    }
}
