//! The shell around the console: raw mode, keys, signals, output, the loop. It knows no rule of the domain.

mod analyst;
pub mod clipboard;
pub mod decode;
pub mod encode;
mod painter;
mod panics;
mod reader;
mod run;
mod signals;
pub mod themes;
mod tty;

pub use analyst::analysed;
pub use run::run;
pub use signals::Signal;
pub use tty::size;

use crate::app::{News, Options};
use crate::plan::{Order, Permit, Progress, ShellWish};
use crate::theme::Face;

/// Everything that wakes the console; the feed sends its updates by a clone of the same sender.
#[derive(Debug, Clone)]
pub enum Msg {
    /// From the terminal, and by which reading of it.
    Input(decode::Input, u64),
    /// From the feed.
    Update(News),
    /// A signal.
    Signal(Signal),
    /// The terminal took the bytes it owed.
    Drained,
    /// The terminal is gone, and why.
    Gone(&'static str),
    /// Something to tell the operator; true for an error.
    Say(String, bool),
    /// From the hands.
    Progress(Progress),
}

/// What the console's orders go to. A console without it can only read.
pub struct Hands {
    /// Takes an order; what comes of it is told through the inbox.
    pub order: Box<dyn FnMut(Order, Permit) + Send>,
    /// Runs a terminal inside a container on this terminal until it ends, which is as its shell left it meanwhile. Gives
    /// what there is to say of it; true for an error.
    pub shell: Box<dyn FnMut(ShellWish, Permit) -> (String, bool)>,
}

impl std::fmt::Debug for Hands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").finish_non_exhaustive()
    }
}

/// How a console is started on a terminal.
#[derive(Debug)]
pub struct Setup {
    /// The console's options.
    pub options: Options,
    /// Theme of the settings: a name, a path, or `auto`.
    pub theme: String,
    /// What the terminal can show.
    pub face: Face,
    /// What orders go to.
    pub hands: Option<Hands>,
}

/// Why a console can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum TerminalError {
    /// Standard input or output is not a terminal.
    #[error(
        "{0} is not a terminal; the console needs one. For output to a pipe or a file use a subcommand, e.g. `bridgewatch stats --no-stream`"
    )]
    NotATerminal(&'static str),
    /// `TERM=dumb`.
    #[error(
        "this terminal (TERM=dumb) can't move its cursor; use a subcommand, e.g. `bridgewatch stats --no-stream`, or set TERM"
    )]
    Dumb,
    /// The terminal refused.
    #[error("{operation}: {source}")]
    Refused {
        /// What was tried.
        operation: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl TerminalError {
    /// The exit code that goes with it.
    pub fn exit_code(&self) -> u8 {
        match self {
            TerminalError::NotATerminal(_) | TerminalError::Dumb => 2,
            TerminalError::Refused { .. } => 1,
        }
    }
}
