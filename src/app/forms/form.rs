//! A form that is open: its fields, the place in it, and what would come of it.

use super::{Field, FormSpec, Request, Value};
use crate::app::change::Targets;
use crate::app::keys::Key;
use crate::plan::{Ground, Plan, Refusal, ShellWish, Wish};

/// What would come of a form as it is filled.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// This plan.
    Plan(Box<Wish>, Box<Plan>),
    /// A terminal.
    Shell(ShellWish),
    /// Nothing: something is missing or wrong.
    Refused(Refusal),
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Form {
    /// Which form.
    pub spec: &'static FormSpec,
    /// Title.
    pub title: String,
    /// For whom, by identity.
    pub targets: Targets,
    /// Fields.
    pub fields: Vec<Field>,
    /// The field that has the keys.
    pub at: usize,
    /// What would come of it.
    pub verdict: Verdict,
    /// The plan was asked for while there was none: it is shown as soon as there is one.
    pub is_awaited: bool,
    /// The operator has typed: what is missing is told as an error from now on.
    pub is_touched: bool,
    /// What the host changed meanwhile; empty when nothing that matters.
    pub moved: String,
    /// Generation of the world the verdict was made from.
    pub generation: u64,
}

impl Form {
    /// Opens a form for targets.
    pub fn open(spec: &'static FormSpec, targets: Targets, ground: &Ground<'_>, generation: u64) -> Self {
        let mut form = Form {
            spec,
            title: (spec.title)(ground, &targets),
            fields: (spec.fields)(ground, &targets),
            targets,
            at: 0,
            verdict: Verdict::Refused(Refusal::new("", "")),
            is_awaited: false,
            is_touched: false,
            moved: String::new(),
            generation,
        };
        form.judge(ground);
        form
    }

    fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|f| f.id == id)
    }

    /// Text of a field without blanks at its ends; of a choice, what is chosen.
    pub fn text(&self, id: &str) -> &str {
        match self.field(id).map(|f| &f.value) {
            Some(Value::Text(input)) => input.text().trim(),
            Some(Value::Choice { options, at }) => options.get(*at).map_or("", String::as_str),
            _ => "",
        }
    }

    /// Parts of a field that holds several things, separated by commas.
    pub fn list(&self, id: &str) -> Vec<String> {
        self.text(id).split(',').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }

    /// A switch.
    pub fn is_on(&self, id: &str) -> bool {
        matches!(self.field(id).map(|f| &f.value), Some(Value::Switch(true)))
    }

    /// Goes to the next or previous field.
    pub fn step(&mut self, forward: bool) {
        let count = self.fields.len().max(1);
        self.at = if forward { (self.at + 1) % count } else { (self.at + count - 1) % count };
    }

    /// Goes to the field that is refused.
    pub fn to_refused(&mut self) {
        (self.is_touched, self.is_awaited) = (true, true);
        if let Verdict::Refused(refusal) = &self.verdict
            && let Some(n) = self.fields.iter().position(|f| Some(f.id) == refusal.field)
        {
            self.at = n;
        }
    }

    /// Takes a key into the field that has the keys.
    pub fn key(&mut self, key: Key, ground: &Ground<'_>) {
        self.is_awaited = false;
        let Some(field) = self.fields.get_mut(self.at) else { return };
        if field.key(key) {
            self.is_touched = true;
            self.moved.clear();
            self.refresh(ground);
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str, ground: &Ground<'_>) {
        if let Some(Field { value: Value::Text(input), is_touched, .. }) = self.fields.get_mut(self.at) {
            if !std::mem::replace(is_touched, true) {
                input.clear();
            }
            input.insert(text);
            self.is_touched = true;
            self.refresh(ground);
        }
    }

    /// The host has changed: proposals and what stands beside the fields are made anew, what was typed stays.
    pub fn refill(&mut self, ground: &Ground<'_>, generation: u64) {
        let before = self.verdict.clone();
        self.generation = generation;
        self.refresh(ground);
        if let (Verdict::Plan(..), Verdict::Refused(refusal)) = (&before, &self.verdict) {
            self.moved = format!("the host has changed meanwhile: {}", refusal.why);
        }
    }

    /// Proposals follow what was typed and the host; then it is judged.
    fn refresh(&mut self, ground: &Ground<'_>) {
        let mut fresh = (self.spec.fields)(ground, &self.targets);
        for field in &mut fresh {
            if let Some(old) = self.fields.iter().find(|f| f.id == field.id) {
                field.keep(old);
            }
        }
        self.fields = fresh;
        self.judge(ground);
    }

    /// What a member is asked for is typed in one field here.
    fn at_a_field(&self, mut refusal: Refusal) -> Refusal {
        let of_member = matches!(refusal.field, Some("ip" | "ip6" | "mac" | "alias" | "link" | "container"));
        if of_member && self.field("member").is_some() {
            refusal.field = Some("member");
        }
        refusal
    }

    fn judge(&mut self, ground: &Ground<'_>) {
        self.verdict = match (self.spec.request)(ground, self) {
            Ok(Request::Shell(wish)) => Verdict::Shell(wish),
            Ok(Request::Wish(wish)) => match crate::plan::plan(ground, &wish) {
                Ok(plan) => Verdict::Plan(Box::new(wish), Box::new(plan)),
                Err(refusal) => Verdict::Refused(self.at_a_field(refusal)),
            },
            Err(refusal) => Verdict::Refused(refusal),
        };
    }
}
