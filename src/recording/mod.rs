//! Recordings: the stream of snapshots in a file, and its way back to the screen.
//!
//! The [`Writer`] appends whole and differential frames, the [`Reader`] indexes a file and gives any frame, the
//! [`Player`] turns time into frames, the [`Scrubber`] takes secrets out before they are written, and [`demo`] is a
//! recording that is always at hand.
//!
//! This room knows the model and files. It knows no source of snapshots, no view and no terminal.

mod delta;
pub mod demo;
mod error;
mod format;
mod player;
mod reader;
mod scrub;
mod writer;

pub use error::RecordingError;
pub use format::FORMAT_VERSION;
pub use player::{Frames, Player, SPEEDS, Transport};
pub use reader::{Ending, Reader};
pub use scrub::{Scrub, Scrubber, scrub};
pub use writer::{WriteOptions, Writer};

use crate::model::{ContainerId, SCHEMA_VERSION};
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who made a recording, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Program and version.
    pub program: String,
    /// See [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Wall clock of the beginning.
    pub started_at: Timestamp,
    /// Secrets were taken out.
    pub scrubbed: bool,
    /// A line for people: what the recording shows.
    #[serde(default)]
    pub title: String,
}

impl Meta {
    /// The meta data of a recording that begins now.
    pub fn new(started_at: Timestamp, scrubbed: bool) -> Self {
        Meta {
            program: concat!("bridgewatch ", env!("CARGO_PKG_VERSION")).to_owned(),
            schema_version: SCHEMA_VERSION,
            started_at,
            scrubbed,
            title: String::new(),
        }
    }
}

/// The answer to a question that is asked on demand and not part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// About which container.
    pub container: ContainerId,
    /// Which question: see [`Detail::LOGS`] and [`Detail::INSPECT`].
    pub kind: String,
    /// The answer.
    pub text: Outside,
}

impl Detail {
    /// The tail of the log, one line each.
    pub const LOGS: &str = "logs";
    /// The engine's answer to inspect, as JSON.
    pub const INSPECT: &str = "inspect";
}

#[cfg(test)]
mod tests;
