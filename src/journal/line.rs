//! One line of the journal: JSON with a version and a checksum in front, so that a flipped bit is damage and never a
//! change of what is told.
//!
//! ```text
//! {"v":1,"sum":"9ab3c01f","line":"step","id":"20261128-211530-7f3a",…}
//! ```

use crate::plan::{EntryId, EntryState, Op, Plan, StepState, Who};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of the lines that are written. Lines of a newer one are told and left out.
pub const VERSION: u32 = 1;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum Line {
    /// An entry begins.
    Begun {
        /// The entry.
        id: EntryId,
        /// When.
        at: Timestamp,
        /// Who.
        who: Who,
        /// What.
        plan: Box<Plan>,
    },
    /// A guard is up that takes the entry back.
    Guarded {
        /// The entry.
        id: EntryId,
        /// The guard's process.
        pid: i32,
        /// Its start, clock ticks since boot.
        pid_start: u64,
    },
    /// A step is about to be done (`begun`), or what became of it.
    Step {
        /// The entry.
        id: EntryId,
        /// When.
        at: Timestamp,
        /// Number of the step.
        step: usize,
        /// How far it came.
        state: StepState,
        /// The reason; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
        /// What takes it back, when that is known better than from the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undo: Option<Vec<Op>>,
    },
    /// An entry has ended.
    Ended {
        /// The entry.
        id: EntryId,
        /// When.
        at: Timestamp,
        /// How.
        state: EntryState,
        /// The reason; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
        /// Until when it must be confirmed, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confirm_by: Option<Timestamp>,
        /// The same on the clock that nobody sets, milliseconds since boot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline_ms: Option<u64>,
    },
    /// It was confirmed.
    Confirmed {
        /// The entry.
        id: EntryId,
        /// When.
        at: Timestamp,
    },
}

impl Line {
    /// The entry it belongs to.
    pub fn id(&self) -> &EntryId {
        match self {
            Line::Begun { id, .. }
            | Line::Guarded { id, .. }
            | Line::Step { id, .. }
            | Line::Ended { id, .. }
            | Line::Confirmed { id, .. } => id,
        }
    }

    /// The line as it is written, with its line feed.
    ///
    /// # Errors
    /// Those of serde: none for what is made here.
    pub fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let body = serde_json::to_string(self)?;
        let rest = &body[1..];
        Ok(format!("{}{:08x}\",{rest}\n", head(VERSION), sum(rest.as_bytes())).into_bytes())
    }

    /// Reads a line without its line feed.
    ///
    /// # Errors
    /// See [`Unread`].
    pub fn decode(text: &[u8]) -> Result<Self, Unread> {
        let head = head(VERSION);
        let Some(rest) = text.strip_prefix(head.as_bytes()) else {
            return Err(newer(text).map_or(Unread::Damaged, Unread::Newer));
        };
        let (digits, rest) = rest.split_at_checked(8).ok_or(Unread::Damaged)?;
        let rest = rest.strip_prefix(b"\",").ok_or(Unread::Damaged)?;
        // As it was written, to the letter: a sign or a capital would have the same value.
        if digits != format!("{:08x}", sum(rest)).as_bytes() {
            return Err(Unread::Damaged);
        }
        let body = [b"{", rest].concat();
        serde_json::from_slice(&body).map_err(|e| Unread::Foreign(e.to_string()))
    }
}

/// Why a line is left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is torn, or bits of it were changed.
    #[error("it is damaged")]
    Damaged,
    /// A newer program wrote it.
    #[error("it was written by a newer bridgewatch (version {0})")]
    Newer(u32),
    /// It is whole, and says something that this program does not know.
    #[error("it says what this bridgewatch does not know: {0}")]
    Foreign(String),
}

/// What every line of a version begins with.
pub(super) fn head(version: u32) -> String {
    format!("{{\"v\":{version},\"sum\":\"")
}

fn newer(text: &[u8]) -> Option<u32> {
    let rest = text.strip_prefix(b"{\"v\":")?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let version: u32 = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
    (version > VERSION && text.ends_with(b"}")).then_some(version)
}

fn sum(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}
