//! Fields of forms: text, choices, switches.

use crate::app::input::Input;
use crate::app::keys::{Code, Key};

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text; several things are separated by commas.
    Text(Input),
    /// One of several.
    Choice {
        /// What is chosen from.
        options: Vec<String>,
        /// Number of the chosen one.
        at: usize,
    },
    /// On or off.
    Switch(bool),
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its id: what a refusal names, and the flag of the command line without its dashes.
    pub id: &'static str,
    /// Its label.
    pub label: &'static str,
    /// What it holds.
    pub value: Value,
    /// What holds now, shown beside it; clean text.
    pub beside: String,
    /// What may be given.
    pub help: &'static str,
    /// The operator has changed it: a proposal does not replace it any more.
    pub is_touched: bool,
}

impl Field {
    /// A text field.
    pub fn text(id: &'static str, label: &'static str, help: &'static str) -> Self {
        Self::of(id, label, help, Value::Text(Input::default()))
    }

    /// A switch.
    pub fn switch(id: &'static str, label: &'static str, on: bool, help: &'static str) -> Self {
        Self::of(id, label, help, Value::Switch(on))
    }

    /// A choice; the first option is chosen.
    pub fn choice(id: &'static str, label: &'static str, options: Vec<String>, help: &'static str) -> Self {
        Self::of(id, label, help, Value::Choice { options, at: 0 })
    }

    fn of(id: &'static str, label: &'static str, help: &'static str, value: Value) -> Self {
        Field { id, label, value, beside: String::new(), help, is_touched: false }
    }

    /// With a text or an option proposed.
    pub fn with(mut self, proposed: &str) -> Self {
        match &mut self.value {
            Value::Text(input) => *input = Input::with(proposed),
            Value::Choice { options, at } => *at = options.iter().position(|o| o == proposed).unwrap_or(0),
            Value::Switch(on) => *on = proposed == "true",
        }
        self
    }

    /// With what holds now.
    pub fn beside(mut self, now: impl AsRef<str>) -> Self {
        self.beside = crate::text::clean_line(now.as_ref()).replace("\\\\", "\\");
        self
    }

    /// Takes a key. True when it changed the field.
    pub fn key(&mut self, key: Key) -> bool {
        let before = self.value.clone();
        match &mut self.value {
            Value::Text(input) => {
                // A proposal is replaced by what is typed, unless it is edited first.
                let replaces = !self.is_touched && matches!(key.code, Code::Char(_)) && !key.ctrl && !key.alt;
                if replaces {
                    input.clear();
                }
                input.key(key);
                self.is_touched |= replaces || before != self.value || matches!(key.code, Code::Left | Code::Home);
            }
            Value::Switch(on) => match key.code {
                Code::Char(' ') | Code::Left | Code::Right => *on = !*on,
                Code::Char('y') => *on = true,
                Code::Char('n') => *on = false,
                _ => {}
            },
            Value::Choice { options, at } if !options.is_empty() => match key.code {
                Code::Char(' ') | Code::Right => *at = (*at + 1) % options.len(),
                Code::Left => *at = (*at + options.len() - 1) % options.len(),
                Code::Char(c) => {
                    let begins = |n: &usize| options[*n].chars().next().is_some_and(|o| o.eq_ignore_ascii_case(&c));
                    let after = (*at + 1..options.len()).chain(0..=*at).find(begins);
                    *at = after.unwrap_or(*at);
                }
                _ => {}
            },
            Value::Choice { .. } => {}
        }
        let changed = before != self.value;
        self.is_touched |= changed;
        changed
    }

    /// Takes over the operator's value from the same field as it was before.
    pub(super) fn keep(&mut self, old: &Field) {
        if !old.is_touched {
            return;
        }
        self.is_touched = true;
        match (&mut self.value, &old.value) {
            (Value::Choice { options, at }, Value::Choice { options: was, at: place }) => {
                let chosen = was.get(*place);
                // A chosen option that vanished stays, so that nothing else is chosen by itself.
                match options.iter().position(|o| Some(o) == chosen) {
                    Some(n) => *at = n,
                    None => {
                        options.extend(chosen.cloned());
                        *at = options.len().saturating_sub(1);
                    }
                }
            }
            (own, old) => *own = old.clone(),
        }
    }
}
