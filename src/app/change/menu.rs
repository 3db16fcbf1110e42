//! The menu of actions: all that can be done with the selection, each with its key.

use super::deed::deed;
use super::{Targets, is_undoable};
use crate::app::keymap::{Action, Context, TABLE};
use crate::app::overlay::{Command, Entry};
use crate::app::state::App;

/// Shown by another entry with the same key, or not about the selection.
const ELSEWHERE: &[Action] = &[Action::Arm, Action::Keep];

impl App {
    pub(in crate::app) fn open_action_menu(&mut self) {
        if let Some(why) = self.why_no_change() {
            return self.say(format!("no actions: {why}"));
        }
        let targets = self.targets();
        let entries = self.offers(&targets);
        let title = format!("Actions for {}", targets.words(self.world.newest()));
        self.open_menu(title, entries, false);
    }

    /// The actions that can begin for these targets, in the order of the table.
    fn offers(&self, targets: &Targets) -> Vec<Entry> {
        let mut out = Vec::new();
        for row in TABLE.iter().filter(|e| e.context == Context::Change && !ELSEWHERE.contains(&e.action)) {
            let fits = match row.action {
                Action::Undo => self.world.journal().entries.iter().any(is_undoable),
                // The two of it are listed by themselves.
                Action::StartStop | Action::Unpause => false,
                action => deed(self, action, targets).is_ok(),
            };
            if fits && !self.is_idle(row.action, targets) {
                out.push(Entry {
                    label: self.label(row.action, row.words, targets),
                    detail: self.key_for(row.action, targets),
                    marked: false,
                    command: Command::Do(row.action),
                });
            }
        }
        out
    }

    /// Starting what runs, stopping what does not.
    fn is_idle(&self, action: Action, targets: &Targets) -> bool {
        let mut all = targets.of(self.world.newest()).map(|c| c.state.has_processes());
        match action {
            Action::Start => all.all(|runs| runs),
            Action::Stop | Action::StopWithin | Action::Pause | Action::Kill | Action::Attach | Action::Checkpoint => {
                !all.any(|runs| runs)
            }
            Action::Restore => all.any(|runs| runs),
            _ => false,
        }
    }

    fn label(&self, action: Action, words: &str, targets: &Targets) -> String {
        let paused = targets.of(self.world.newest()).all(|c| c.state == crate::model::State::Paused);
        match action {
            Action::Pause if paused => "go on".to_owned(),
            Action::Pause => "pause".to_owned(),
            _ => words.to_owned(),
        }
    }

    fn key_for(&self, action: Action, targets: &Targets) -> String {
        let map = &self.options.keymap;
        let all_alike = {
            let mut states = targets.of(self.world.newest()).map(|c| c.state.has_processes());
            let first = states.next();
            states.all(|s| Some(s) == first)
        };
        let action = match action {
            Action::Start | Action::Stop if all_alike => Action::StartStop,
            other => other,
        };
        map.key_of(action).map(|k| k.to_string()).unwrap_or_default()
    }
}
