//! Commands that change something: from words to a wish, to a plan that is shown and confirmed, to what became of it.

mod container;
mod documents;
mod find;
mod flow;
mod guard;
mod history;
mod interrupt;
mod keep;
mod limit;
mod network;
mod text;

pub use documents::{EntryDoc, PlanDoc};
pub use flow::{desk, hands};
pub use keep::{beside, is_kept};

use super::CommandError;
use super::args::{Command, Global};
use std::io::Write;

/// Runs a command of this family; gives back one of another.
///
/// # Errors
/// See [`CommandError`].
pub fn run(global: &Global, command: Command, out: &mut impl Write) -> Result<Result<u8, CommandError>, Box<Command>> {
    Ok(match command {
        Command::Container { what } => container::run(global, what, out),
        Command::Network { what } => network::run(global, what, out),
        Command::Limit { keep: true, .. } => keep::run(global, out),
        Command::Limit { what: Some(what), .. } => limit::run(global, what, out),
        Command::Undo { id, force, how } => history::undo(global, id.as_deref(), force, &how, out),
        Command::Journal { id, format } => history::journal(global, id.as_deref(), format, out),
        Command::Confirm { id } => history::confirm(global, id.as_deref(), out),
        Command::Guard { state, id } => guard::run(global, &state, id),
        other => return Err(Box::new(other)),
    })
}
