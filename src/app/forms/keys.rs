//! Keys and pastes in the form on top, and a capital in the menu of actions.

use super::{Form, Verdict};
use crate::app::change::Source;
use crate::app::keymap::{Action, Context};
use crate::app::keys::Key;
use crate::app::message::Effect;
use crate::app::overlay::{Command, Overlay};
use crate::app::state::App;
use crate::plan::{Ground, Order};

impl App {
    /// Works on the form on top with what plans are made from.
    fn with_form(&mut self, work: impl FnOnce(&mut Form, &Ground<'_>)) {
        let Some(Overlay::Form(mut form)) = self.overlays.pop_if(|o| matches!(o, Overlay::Form(_))) else { return };
        work(&mut form, &self.ground());
        self.overlays.push(Overlay::Form(form));
    }

    pub(in crate::app) fn type_in_form(&mut self, key: Key) {
        self.with_form(|form, ground| form.key(key, ground));
    }

    /// Takes a paste into a text field. False when no form is open.
    pub(in crate::app) fn paste_in_form(&mut self, text: &str) -> bool {
        let is_open = matches!(self.overlays.last(), Some(Overlay::Form(_)));
        self.with_form(|form, ground| form.paste(text, ground));
        is_open
    }

    pub(in crate::app) fn form_action(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let Some(Overlay::Form(form)) = self.overlays.last_mut() else { return };
        match action {
            Action::NextField => form.step(true),
            Action::PreviousField => form.step(false),
            Action::CloseForm => drop(self.overlays.pop()),
            Action::CopyForm => match form.verdict.clone() {
                Verdict::Plan(_, plan) => self.copy_plan(&plan, effects),
                _ => self.say("there is no plan to copy yet"),
            },
            _ => match form.verdict.clone() {
                Verdict::Plan(wish, _) => self.propose(Source::Wish(wish), effects),
                Verdict::Shell(wish) => {
                    self.overlays.pop();
                    self.order(Order::Shell(wish), effects);
                }
                Verdict::Refused(_) => form.to_refused(),
            },
        }
    }

    /// In the menu of actions each entry's own key chooses it, too.
    pub(in crate::app) fn menu_capital(&mut self, key: Key, effects: &mut Vec<Effect>) -> bool {
        let Some(Overlay::Menu(menu)) = self.overlays.last() else { return false };
        let Some(action) = self.options.keymap.action(&[Context::Change], key) else { return false };
        if !key.is_capital() || !menu.entries.iter().any(|e| matches!(e.command, Command::Do(a) if a.changes())) {
            return false;
        }
        self.overlays.pop();
        self.change(action, effects);
        true
    }
}
