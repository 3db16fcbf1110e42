//! A terminal inside a container: a new process, or the main process's own terminal.
//!
//! The operator's terminal is raw meanwhile and is given back whatever happens; the caller steps aside before and comes
//! back after. The engine's bytes go to the terminal as they are: that is what a terminal is for.

mod end;
mod exec;
mod keyboard;
mod pump;
mod raw;
mod screen;

pub use end::{ShellEnd, ShellError};

use crate::plan::{Permit, ShellWish};
use crate::sources::engine::{self, EngineReader, EngineTarget};
use std::os::fd::{AsFd, BorrowedFd};

/// Where the operator sits.
pub struct ShellIo<'a> {
    /// Where keys come from; mostly standard input.
    pub input: BorrowedFd<'a>,
    /// Where the terminal's output goes.
    pub output: BorrowedFd<'a>,
    /// Where errors of a process without a terminal go.
    pub errors: BorrowedFd<'a>,
    /// Columns and lines of the terminal, asked when it may have changed.
    pub size: &'a dyn Fn() -> (u16, u16),
}

/// Keys that leave the process running, as the engine writes them; they do not reach it.
const DETACH_KEYS: &str = "ctrl-p,ctrl-q";

/// As [`run_shell`], for the engine that a command line or its environment names, on the terminal of this process.
///
/// # Errors
/// As [`run_shell`], and when no engine is named.
pub fn run_shell_here(
    (host, context): (Option<&str>, Option<&str>),
    wish: &ShellWish,
    size: &dyn Fn() -> (u16, u16),
    permit: &Permit,
) -> Result<ShellEnd, ShellError> {
    let target = engine::resolve(host, context);
    let target = target.map_err(|e| ShellError::Refused { what: "find the engine".into(), reason: e.to_string() })?;
    let (input, output, errors) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    let io = ShellIo { input: input.as_fd(), output: output.as_fd(), errors: errors.as_fd(), size };
    run_shell(&target, wish, &io, permit)
}

/// Runs a terminal until its process ends or the operator leaves it. Blocks.
///
/// With input and output on a terminal the process gets one, else bytes are passed as through a pipe.
///
/// # Errors
/// [`ShellError`], with the terminal given back.
pub fn run_shell(
    target: &EngineTarget,
    wish: &ShellWish,
    io: &ShellIo<'_>,
    _permit: &Permit,
) -> Result<ShellEnd, ShellError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let reader = EngineReader::connect(target)?;
        exec::run(&reader, target, wish, io).await
    })
}
