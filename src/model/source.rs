//! Health of the sources a snapshot is made of.

use serde::{Deserialize, Serialize};

/// State of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceState {
    /// Not answered yet.
    Starting,
    /// Answers.
    Ok,
    /// Answers in part; the reason says what is missing.
    Partial,
    /// Used to answer; what is shown of it is old.
    Stale,
    /// Does not answer and never did, or can't exist here.
    Down,
}

impl SourceState {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            SourceState::Starting => "starting",
            SourceState::Ok => "ok",
            SourceState::Partial => "partial",
            SourceState::Stale => "stale",
            SourceState::Down => "down",
        }
    }
}

/// One source's health at the time of the snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// `engine`, `netlink`, `cgroup`, `proc`, `sockets`, `firewall`.
    pub name: String,
    /// State.
    pub state: SourceState,
    /// Why it is not `ok`, and what would help; empty when it is.
    pub reason: String,
    /// Age of what is shown of it, milliseconds; none when nothing is.
    pub age_ms: Option<u64>,
    /// Events or messages lost, and resyncs done because of it.
    pub resyncs: u64,
}
