//! Opening the console on a live host, a recording, or the demo.

use super::args::Global;
use super::run::CommandError;
use std::path::Path;

/// The console on this host.
///
/// # Errors
/// See [`CommandError`].
pub fn live(_global: &Global) -> Result<u8, CommandError> {
    Err(CommandError::Usage("the console is not here yet".into()))
}

/// The console on a recording.
///
/// # Errors
/// See [`CommandError`].
pub fn replay(_global: &Global, _file: &Path) -> Result<u8, CommandError> {
    Err(CommandError::Usage("the console is not here yet".into()))
}

/// The console on the demo.
///
/// # Errors
/// See [`CommandError`].
pub fn demo(_global: &Global) -> Result<u8, CommandError> {
    Err(CommandError::Usage("the console is not here yet".into()))
}
