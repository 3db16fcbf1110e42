//! Forms: what is asked of the operator before a plan can be made, one file per form. Every key makes the plan anew, so
//! that what is wrong is said at its field while it is typed, with the way out.

mod checkpoint;
mod commit;
mod connect;
mod disconnect;
mod fields;
mod form;
mod keys;
mod kill;
mod limit;
mod limits;
mod network;
pub mod page;
mod plumb;
mod policy;
mod remove;
mod rename;
mod shell;
mod within;

pub use fields::{Field, Value};
pub use form::{Form, Verdict};
pub use shell::attach;

use super::change::Targets;
use super::keymap::Action;
use crate::model::Container;
use crate::plan::{Ground, Refusal, ShellWish, Wish};
use std::sync::Arc;

/// What a filled form asks for.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once and moved on: a box would only cost")]
pub enum Request {
    /// A plan for this.
    Wish(Wish),
    /// A terminal inside a container.
    Shell(ShellWish),
}

/// A form, as it is registered.
#[derive(Debug)]
pub struct FormSpec {
    /// The action that opens it.
    pub action: Action,
    /// Its title.
    pub title: fn(&Ground<'_>, &Targets) -> String,
    /// Whether it can be asked for these targets; or why not.
    pub fits: fn(&Ground<'_>, &Targets) -> Result<(), String>,
    /// Its fields with what is proposed, and beside each what holds now.
    pub fields: fn(&Ground<'_>, &Targets) -> Vec<Field>,
    /// How what was typed is understood, where it could mean something else.
    pub says: fn(&Form) -> Vec<String>,
    /// What the filled form asks for; or which field is wrong.
    pub request: fn(&Ground<'_>, &Form) -> Result<Request, Refusal>,
}

/// All forms.
pub const FORMS: &[&FormSpec] = &[
    &network::FORM,
    &connect::FORM,
    &disconnect::FORM,
    &limit::FORM,
    &limits::FORM,
    &kill::FORM,
    &remove::FORM,
    &rename::FORM,
    &policy::FORM,
    &within::STOP,
    &within::RESTART,
    &plumb::FORM,
    &commit::FORM,
    &checkpoint::CHECKPOINT,
    &checkpoint::RESTORE,
    &shell::FORM,
];

/// Nothing that was typed could mean something else.
fn nothing(_: &Form) -> Vec<String> {
    Vec::new()
}

/// The form of an action.
pub fn of(action: Action) -> Option<&'static FormSpec> {
    FORMS.iter().copied().find(|f| f.action == action)
}

/// At least one container.
fn some_container(_: &Ground<'_>, targets: &Targets) -> Result<(), String> {
    if targets.containers.is_empty() { Err("select or mark a container first".to_owned()) } else { Ok(()) }
}

/// Exactly one container.
fn one_container(_: &Ground<'_>, targets: &Targets) -> Result<(), String> {
    match targets.containers.len() {
        1 => Ok(()),
        0 => Err("select a container first".to_owned()),
        _ => Err("this can be done to one container at a time".to_owned()),
    }
}

/// The only container of the targets, when it is still there.
fn the_container<'a>(ground: &'a Ground<'_>, targets: &'a Targets) -> Option<&'a Arc<Container>> {
    targets.of(ground.snapshot).next()
}

/// A number, or nothing for an empty field.
fn number<T: std::str::FromStr>(form: &Form, id: &'static str, what: &str) -> Result<Option<T>, Refusal> {
    let text = form.text(id);
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Refusal::new(what, format!("`{text}` is not a number")).at(id))
}
