//! Why a wish can't be planned.

use serde::Serialize;

/// A wish that is refused before anything is done, with the reason and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{what}: {why}{}", if .way_out.is_empty() { String::new() } else { format!("; {}", .way_out) })]
pub struct Refusal {
    /// What was asked for: `connect web to back`.
    pub what: String,
    /// Why it can't be: `172.19.0.2 is taken by db`.
    pub why: String,
    /// What would do instead: `the next free address is 172.19.0.5`; may be empty.
    pub way_out: String,
    /// The field of the form (or the flag without its dashes) that is wrong, when it is one.
    pub field: Option<&'static str>,
}

impl Refusal {
    /// A refusal of the whole wish.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Refusal { what: what.into(), why: why.into(), way_out: String::new(), field: None }
    }

    /// With what would do instead.
    pub fn instead(mut self, way_out: impl Into<String>) -> Self {
        self.way_out = way_out.into();
        self
    }

    /// With the field that is wrong.
    pub fn at(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
}
