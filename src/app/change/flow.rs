//! From a key to an order and from its progress to a result.

use super::deed::{Begin, deed};
use super::sheet::{Run, Sheet, Source, Stage};
use super::{Targets, last_undoable, unconfirmed};
use crate::app::Scene;
use crate::app::forms::Form;
use crate::app::keymap::Action;
use crate::app::keys::{Code, Key};
use crate::app::message::Effect;
use crate::app::overlay::Overlay;
use crate::app::state::App;
use crate::feed::Ask;
use crate::model::DiskUse;
use crate::plan::{
    Entry, EntryId, EntryState, Ground, OnFailure, Order, Permit, Plan, Progress, Refusal, Risk, StepState, Wish,
};

/// Time after the end of a change until pictures are taken to show it.
const SETTLING: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

impl App {
    /// The newest scene, also while the screen is frozen: changes are made to what is there now.
    pub fn newest_scene(&self) -> Scene<'_> {
        self.world.newest_scene(&self.prefs)
    }

    /// What plans are made from.
    pub fn ground(&self) -> Ground<'_> {
        let scene = self.newest_scene();
        Ground { snapshot: scene.snapshot, report: scene.report, session: &self.options.session }
    }

    /// Why nothing can be changed; none when it can.
    pub fn why_no_change(&self) -> Option<&'static str> {
        match &self.options.permit {
            _ if self.options.is_recording => Some("this is a recording: nothing can be changed in it"),
            _ if self.options.read_only => Some("this console is read-only: it was started with --read-only"),
            None => Some("this console is read-only: it was given no hands"),
            Some(_) if self.changes.is_disarmed => Some("changes are disarmed for this session: W arms them"),
            Some(_) => None,
        }
    }

    /// The permit, when changes may be ordered now.
    fn permit(&self) -> Option<Permit> {
        self.options.permit.clone().filter(|_| self.why_no_change().is_none())
    }

    pub(in crate::app) fn order(&mut self, order: Order, effects: &mut Vec<Effect>) {
        match self.permit() {
            Some(permit) => effects.push(Effect::Order(Box::new(order), permit)),
            None => self.say(self.why_no_change().unwrap_or_default()),
        }
    }

    /// Begins what a changing action stands for.
    pub(in crate::app) fn change(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if action == Action::Arm {
            return self.arm();
        }
        if let Some(why) = self.why_no_change() {
            let words = self.options.keymap.words_of(action);
            let key = self.options.keymap.key_of(action).map(|k| format!("{k} ")).unwrap_or_default();
            return self.say(format!("{key}is refused, {why} ({words})"));
        }
        match action {
            Action::Undo => self.undo(effects),
            Action::Keep => self.keep(effects),
            _ => {
                let targets = self.targets();
                self.begin_deed(action, targets, effects);
            }
        }
    }

    fn begin_deed(&mut self, action: Action, targets: Targets, effects: &mut Vec<Effect>) {
        match deed(self, action, &targets) {
            Ok(Begin::Plan(wish)) => self.propose(Source::Wish(Box::new(wish)), effects),
            Ok(Begin::Form(spec)) => {
                let form = Form::open(spec, targets, &self.ground(), self.world.generation);
                self.overlays.push(Overlay::Form(Box::new(form)));
            }
            Ok(Begin::Preview(what)) => {
                self.changes.prune = Some(what);
                self.say("asking the engine what would go and what that frees …");
                effects.push(Effect::Ask(Ask::DiskUse));
            }
            Ok(Begin::Shell(wish)) => {
                let form = crate::app::forms::attach(&self.ground(), wish, self.world.generation);
                self.overlays.push(Overlay::Form(Box::new(form)));
            }
            Err(why) => self.say(why),
        }
    }

    fn arm(&mut self) {
        if self.options.permit.is_none() || self.options.is_recording {
            let why = self.why_no_change().unwrap_or_default();
            return self.say(format!("W is refused: {why}"));
        }
        self.changes.is_disarmed = !self.changes.is_disarmed;
        self.say(if self.changes.is_disarmed { "changes are disarmed" } else { "changes are armed" });
    }

    fn undo(&mut self, effects: &mut Vec<Effect>) {
        let journal = self.world.journal();
        let chosen = self.targets().entries.into_iter().next();
        let waiting = unconfirmed(&journal.entries).map(|u| u.entry.id.clone());
        match (chosen, waiting) {
            (chosen, Some(id)) if chosen.is_none() || chosen.as_ref() == Some(&id) => {
                self.order(Order::TakeBack(id), effects);
            }
            (Some(id), _) => self.propose(Source::Undo(id, false), effects),
            (None, _) => match (&journal.gap, last_undoable(&journal.entries).cloned()) {
                (_, Some(id)) => self.propose(Source::Undo(id, false), effects),
                (Some(why), None) => self.error(format!("the journal can't be read: {}", crate::text::clean_line(why))),
                (None, None) => self.say("there is nothing to undo"),
            },
        }
    }

    fn keep(&mut self, effects: &mut Vec<Effect>) {
        match unconfirmed(&self.world.journal().entries).map(|u| u.entry.id.clone()) {
            Some(id) => self.order(Order::Confirm(id), effects),
            None => self.say("no change waits to be kept"),
        }
    }

    /// Makes the plan of a source on the newest ground.
    pub(super) fn plan_of(&self, source: &Source) -> Result<Plan, Refusal> {
        match source {
            Source::Wish(wish) => crate::plan::plan(&self.ground(), wish),
            Source::Undo(id, force) => self.undoing(id, *force),
        }
    }

    fn undoing(&self, id: &EntryId, force: bool) -> Result<Plan, Refusal> {
        let entry = self.world.journal().entries.iter().find(|e| e.id == *id);
        let entry = entry.ok_or_else(|| Refusal::new("undo", "the journal has no such entry"))?;
        let done = entry.ended_at.unwrap_or(entry.at);
        let seen = done.checked_add(SETTLING).unwrap_or(done);
        if self.world.newest().taken_at < seen {
            // A picture from before would say that somebody else changed it, or that nothing stands.
            let why = "the host is being read again after the change";
            return Err(Refusal::new(format!("undo {id}"), why).instead("the plan is shown here in a moment"));
        }
        let plan = if force { crate::plan::undo_forced } else { crate::plan::undo };
        plan(&self.ground(), entry)
    }

    /// Shows the plan of a source on a sheet; a trifle is done at once.
    pub(in crate::app) fn propose(&mut self, source: Source, effects: &mut Vec<Effect>) {
        let plan = self.plan_of(&source);
        let sheet = Sheet::new(source, plan, self.world.generation);
        let is_trifle = sheet.asked().is_some_and(|p| p.risk == Risk::Trifle && p.cutoff.is_none());
        if is_trifle && self.overlays.is_empty() {
            if let Some(plan) = sheet.ordered() {
                self.carry_out(plan, OnFailure::Stop, effects);
            }
            return;
        }
        self.overlays.push(Overlay::Sheet(Box::new(sheet)));
    }

    fn carry_out(&mut self, plan: Plan, on_failure: OnFailure, effects: &mut Vec<Effect>) {
        if self.changes.run.is_some() {
            return self.say("another change is under way; it has to end first");
        }
        self.changes.run = Some(Run::of(plan.clone()));
        self.order(Order::Apply { plan: Box::new(plan), on_failure }, effects);
    }

    /// A key on a sheet that is a letter of the word to be typed. True when it was taken.
    pub(in crate::app) fn word_key(&mut self, key: Key) -> bool {
        let Some(Overlay::Sheet(sheet)) = self.overlays.last_mut() else { return false };
        if sheet.wanted_word().is_none() || matches!(key.code, Code::Esc | Code::Up | Code::Down | Code::F(_)) {
            return false;
        }
        if key.code == Code::Enter || !sheet.is_seen {
            return key.code != Code::Enter;
        }
        sheet.word.key(key)
    }

    /// What an action of the plan's context does on the top sheet.
    pub(in crate::app) fn sheet_action(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let Some(Overlay::Sheet(sheet)) = self.overlays.last_mut() else { return };
        let stage = sheet.stage.clone();
        match (action, &stage) {
            (Action::Choose, Stage::Asking(_)) if sheet.wanted_word() == Some(sheet.word.text()) => {
                self.confirm(effects)
            }
            (Action::Yes, Stage::Asking(_)) if sheet.wanted_word().is_none() => self.confirm(effects),
            (Action::Choose, Stage::Ended(_) | Stage::Refused(_)) => drop(self.overlays.pop()),
            (Action::No, Stage::Running) => self.cancel(effects),
            // What runs goes on without its sheet; the banner tells of it.
            (Action::No | Action::Back, _) => drop(self.overlays.pop()),
            (Action::OnFailure, Stage::Asking(plan)) if plan.rows.len() > 1 => {
                sheet.on_failure = if sheet.on_failure == OnFailure::Stop { OnFailure::GoOn } else { OnFailure::Stop };
            }
            (Action::Window, Stage::Asking(_)) => sheet.window = !sheet.window,
            (Action::CopyPlan, Stage::Asking(_) | Stage::Running | Stage::Ended(_)) => self.copy_lines(effects),
            (Action::Force, Stage::Refused(refusal)) if refusal.field == Some("force") => {
                if let Source::Undo(id, false) = sheet.source.clone() {
                    self.overlays.pop();
                    self.propose(Source::Undo(id, true), effects);
                }
            }
            (Action::Undo, Stage::Ended(entry)) => self.undo_ended(&entry.id, effects),
            (Action::Keep, Stage::Ended(entry)) => {
                let id = entry.id.clone();
                self.order(Order::Confirm(id), effects);
            }
            _ => {}
        }
    }

    fn undo_ended(&mut self, id: &EntryId, effects: &mut Vec<Effect>) {
        let waits = unconfirmed(&self.world.journal().entries).is_some_and(|u| u.entry.id == *id);
        if waits {
            return self.order(Order::TakeBack(id.clone()), effects);
        }
        self.overlays.pop();
        self.propose(Source::Undo(id.clone(), false), effects);
    }

    fn confirm(&mut self, effects: &mut Vec<Effect>) {
        if let Some(why) = self.why_no_change() {
            return self.say(why);
        }
        if self.changes.run.is_some() {
            return self.say("another change is under way; it has to end first");
        }
        let Some(Overlay::Sheet(sheet)) = self.overlays.last_mut() else { return };
        if !sheet.is_seen {
            return self.say("not done: the key was typed before the plan was on the screen");
        }
        let Some(plan) = sheet.ordered() else { return };
        let on_failure = sheet.on_failure;
        sheet.stage = Stage::Running;
        sheet.scroll = 0;
        // The form below has served.
        let top = self.overlays.len() - 1;
        if top > 0 && matches!(self.overlays[top - 1], Overlay::Form(_)) {
            self.overlays.remove(top - 1);
        }
        self.carry_out(plan, on_failure, effects);
        if let Some(slot) = self.slot_mut() {
            slot.screen.state_mut().unmark();
        }
    }

    fn cancel(&mut self, effects: &mut Vec<Effect>) {
        if let Some(run) = &mut self.changes.run
            && !std::mem::replace(&mut run.is_cancelled, true)
        {
            self.order(Order::Cancel, effects);
            self.say("no further step begins");
        }
    }

    fn copy_lines(&mut self, effects: &mut Vec<Effect>) {
        let plan = match self.overlays.last() {
            Some(Overlay::Sheet(sheet)) => match &sheet.stage {
                Stage::Asking(plan) => Some((**plan).clone()),
                Stage::Ended(entry) => Some(entry.plan.clone()),
                _ => self.changes.run.as_ref().map(|r| r.plan.clone()),
            },
            _ => None,
        };
        if let Some(plan) = plan {
            self.copy_plan(&plan, effects);
        }
    }

    /// Copies the lines of a plan, joined so that none runs before all of them were read.
    pub(in crate::app) fn copy_plan(&mut self, plan: &Plan, effects: &mut Vec<Effect>) {
        let lines: Vec<String> = plan.steps.iter().map(|s| s.op.words()).collect();
        self.copy(if lines.len() == 1 { "the line" } else { "the lines" }, &lines.join(" && "), effects);
    }

    /// What the engine says of its disk: the preview of a prune that was asked for.
    pub(in crate::app) fn previewed(&mut self, answer: Result<DiskUse, String>, effects: &mut Vec<Effect>) {
        let Some(what) = self.changes.prune.take() else { return };
        match answer {
            Ok(preview) => self.propose(Source::Wish(Box::new(Wish::PruneShown { what, preview })), effects),
            Err(why) => self.error(format!("the engine does not say what would go: {why}")),
        }
    }

    /// What the hands tell.
    pub(in crate::app) fn progress(&mut self, progress: Progress) {
        match progress {
            Progress::Begun(id) => {
                if let Some(run) = &mut self.changes.run {
                    run.entry = Some(id);
                }
            }
            Progress::Step { step, state, detail } => {
                let steps = self.changes.run.as_mut().map(|r| &mut r.steps);
                if let Some(slot) = steps.and_then(|s| s.get_mut(step)) {
                    *slot = (state, crate::text::clean_line(&detail).into_owned());
                }
            }
            Progress::Ended(entry) => self.ended(*entry),
            Progress::NotBegun(refusal) => {
                self.changes.run = None;
                self.show_outcome(Stage::Refused(refusal));
            }
            Progress::Journal(Ok(entries)) => {
                self.world.take_journal(entries);
                self.renew_results();
            }
            Progress::Journal(Err(why)) => self.world.lose_journal(why),
            Progress::Say(text, true) => self.error(text),
            Progress::Say(text, false) => self.say(text),
        }
    }

    fn ended(&mut self, entry: Entry) {
        let ours = self.changes.run.as_ref().is_some_and(|r| r.entry.as_ref().is_none_or(|id| *id == entry.id));
        if ours {
            self.changes.run = None;
        }
        let well = entry.state == EntryState::Done && entry.results.iter().all(|r| is_well(r.state));
        let (title, key) = (entry.plan.title.clone(), self.options.keymap.key_of(Action::Undo));
        let undo = key.filter(|_| super::is_undoable(&entry)).map(|k| format!("; {k} undoes it")).unwrap_or_default();
        let shown = self.show_in_sheet(Stage::Ended(Box::new(entry.clone())));
        if shown {
        } else if well {
            self.say(format!("{title}: done{undo}"));
        } else if ours {
            self.show_outcome(Stage::Ended(Box::new(entry)));
        } else {
            self.say(format!("{title}: {}", super::page::state_words(entry.state)));
        }
    }

    /// Results that are on the screen follow the journal: what waited was kept or taken back.
    fn renew_results(&mut self) {
        let entries = self.world.journal().entries.clone();
        for overlay in &mut self.overlays {
            let Overlay::Sheet(sheet) = overlay else { continue };
            let Stage::Ended(old) = &sheet.stage else { continue };
            if let Some(new) = entries.iter().find(|e| e.id == old.id && e.state != old.state) {
                sheet.stage = Stage::Ended(Box::new(new.clone()));
            }
        }
    }

    /// Puts an outcome on the sheet that waits for it. False when there is none.
    fn show_in_sheet(&mut self, stage: Stage) -> bool {
        let waits = |o: &&mut Overlay| match o {
            Overlay::Sheet(s) => match (&s.stage, &stage) {
                (Stage::Running, _) => true,
                // A result of the same entry anew: it was kept or taken back.
                (Stage::Ended(old), Stage::Ended(new)) => old.id == new.id,
                _ => false,
            },
            _ => false,
        };
        match self.overlays.iter_mut().rev().find(waits) {
            Some(Overlay::Sheet(sheet)) => {
                (sheet.stage, sheet.scroll, sheet.is_over) = (stage, 0, true);
                true
            }
            _ => false,
        }
    }

    fn show_outcome(&mut self, stage: Stage) {
        if !self.show_in_sheet(stage.clone()) {
            let nothing = Source::Undo(EntryId(String::new()), true);
            let refusal = Refusal::new("", "");
            let sheet = Sheet { stage, is_over: true, ..Sheet::new(nothing, Err(refusal), self.world.generation) };
            self.overlays.push(Overlay::Sheet(Box::new(sheet)));
        }
    }

    /// The frame that shows the state as it is has reached the terminal.
    pub(in crate::app) fn painted(&mut self) {
        if let Some(Overlay::Sheet(sheet)) = self.overlays.last_mut() {
            sheet.is_seen = true;
        }
    }
}

fn is_well(state: StepState) -> bool {
    matches!(state, StepState::Done | StepState::Already)
}
