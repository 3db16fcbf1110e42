//! Plans that are shown are made anew when the host changes, and what moved is said.

use super::sheet::{Sheet, Source, Stage};
use crate::app::forms::Verdict;
use crate::app::overlay::Overlay;
use crate::app::state::App;
use crate::plan::{Plan, Refusal};

/// Most sentences on what moved.
const MOST_MOVED: usize = 5;

impl App {
    /// Brings plans and forms in line with the newest picture.
    pub(in crate::app) fn replan(&mut self) {
        let generation = self.world.generation;
        for n in 0..self.overlays.len() {
            let source = match &self.overlays[n] {
                Overlay::Sheet(sheet) if sheet.generation != generation && may_renew(sheet) => sheet.source.clone(),
                Overlay::Form(form) if form.generation != generation => {
                    let mut form = form.clone();
                    form.refill(&self.ground(), generation);
                    let awaited = match &form.verdict {
                        Verdict::Plan(wish, _) if form.is_awaited && n + 1 == self.overlays.len() => Some(wish.clone()),
                        _ => None,
                    };
                    form.is_awaited &= awaited.is_none();
                    self.overlays[n] = Overlay::Form(form);
                    if let Some(wish) = awaited {
                        // With a form below nothing is done at once, not even a trifle.
                        self.propose(Source::Wish(wish), &mut Vec::new());
                    }
                    continue;
                }
                _ => continue,
            };
            let plan = self.plan_of(&source);
            if let Overlay::Sheet(sheet) = &mut self.overlays[n] {
                renew(sheet, plan);
                sheet.generation = generation;
            }
        }
    }
}

/// What is asked, and what was refused by a picture that may have been older than what was done a moment ago.
fn may_renew(sheet: &Sheet) -> bool {
    !sheet.is_over && matches!(sheet.stage, Stage::Asking(_) | Stage::Refused(_))
}

fn renew(sheet: &mut Sheet, plan: Result<Plan, Refusal>) {
    match (plan, &sheet.stage) {
        (Ok(plan), Stage::Refused(_)) => {
            sheet.is_seen = false;
            sheet.stage = Stage::Asking(Box::new(plan));
        }
        (Err(refusal), Stage::Refused(_)) => sheet.stage = Stage::Refused(refusal),
        (Ok(plan), Stage::Asking(old)) => {
            let told = differences(old, &plan);
            if !told.is_empty() {
                // What was read does not hold any more: the answer has to be given anew.
                sheet.is_seen = false;
                sheet.word.clear();
                sheet.moved.extend(told);
                let most = sheet.moved.len().saturating_sub(MOST_MOVED);
                sheet.moved.drain(..most);
            }
            sheet.stage = Stage::Asking(Box::new(plan));
        }
        (Err(refusal), _) => {
            let why = format!("it has changed since you looked: {}", refusal.why);
            sheet.stage = Stage::Refused(Refusal { why, ..refusal });
        }
        (Ok(_), _) => {}
    }
}

/// What the new plan does otherwise; figures in affects and notes may move without that.
fn differences(old: &Plan, new: &Plan) -> Vec<String> {
    let mut out = Vec::new();
    for row in old.rows.iter().filter(|r| !new.rows.contains(r)) {
        let why = new.left_out.iter().find(|l| l.row == **row).map(|l| format!(": {}", l.why)).unwrap_or_default();
        out.push(format!("{row} is left out now{why}"));
    }
    out.extend(new.rows.iter().filter(|r| !old.rows.contains(r)).map(|r| format!("{r} has come in")));
    if out.is_empty() && old.identities != new.identities {
        let moved =
            new.identities.iter().filter(|i| !old.identities.contains(i)).filter_map(super::page::identity_words);
        out.extend(moved.map(|words| format!("{words} has changed since you looked")));
    }
    let steps = |plan: &Plan| plan.steps.iter().map(|s| (s.op.clone(), s.undo.clone())).collect::<Vec<_>>();
    if out.is_empty() && (steps(old) != steps(new) || old.risk != new.risk || old.lasting != new.lasting) {
        out.push("the steps are others now, as the host has changed".to_owned());
    }
    out
}

impl Source {
    /// True for an undo.
    pub fn is_undo(&self) -> bool {
        matches!(self, Source::Undo(..))
    }
}
