//! How a terminal inside a container ends.

use crate::sources::engine::EngineError;
use std::io;

/// It ended as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShellEnd {
    /// The process has ended with this exit code.
    Exited(i64),
    /// The operator left it; the process goes on.
    Left,
}

/// It did not come about, or broke off.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    /// The container is in no state for it.
    #[error("{name}: {why}; {way_out}")]
    Unfit {
        /// The container.
        name: String,
        /// Why.
        why: String,
        /// What would help.
        way_out: &'static str,
    },
    /// The command is not there, or may not be run.
    #[error("{name}: {reason}{}", if *.is_shell { "; the image has no shell: name a command that it has" } else { "" })]
    NoCommand {
        /// The container.
        name: String,
        /// The engine's words.
        reason: String,
        /// A shell was looked for, not a command of the operator's.
        is_shell: bool,
    },
    /// The engine refused, or can't be reached.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// The engine refused.
    #[error("{what}: {reason}")]
    Refused {
        /// What was asked.
        what: String,
        /// The engine's words.
        reason: String,
    },
    /// The connection broke; the process may go on.
    #[error("the connection to the engine broke ({0}); the process may still run")]
    Lost(String),
    /// A signal ended bridgewatch meanwhile.
    #[error("ended by {0}; the process may still run")]
    Signal(&'static str),
    /// The operator's terminal could not be used.
    #[error("terminal: {0}")]
    Terminal(#[from] io::Error),
}
