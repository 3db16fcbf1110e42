//! The hidden command that a guard's process runs. What it has to say goes to the pipe of whoever started it.

use super::flow::hands;
use crate::actions::stand_guard;
use crate::cli::args::Global;
use crate::cli::{CommandError, code};
use crate::plan::{EntryId, Mode};
use std::io::Write;
use std::path::Path;

/// Stands guard over an entry.
pub(super) fn run(global: &Global, state_dir: &Path, id: String) -> Result<u8, CommandError> {
    let Mode::Operate(warrant) = Mode::settle(global.read_only) else {
        return Err(CommandError::Refused("a guard takes back: nothing is changed with --read-only".into()));
    };
    let mut hands = hands(global, warrant, state_dir);
    match stand_guard(state_dir, &EntryId(id), &mut hands, std::io::stdout()) {
        Ok(()) => Ok(code::OK),
        Err(why) => {
            let _ = writeln!(std::io::stdout(), "{why}");
            Ok(code::FAILED)
        }
    }
}
