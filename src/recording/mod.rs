//! Recordings: the stream of snapshots in a file, and its way back to the screen.
//!
//! The [`Writer`] appends whole and differential frames, the [`Reader`] indexes a file and gives any frame, the
//! [`Player`] turns time into frames, the [`Scrubber`] takes secrets out before they are
//! written, and [`demo`] is a recording that is always at hand.
//!
//! This room knows the model, the feed's words and files. It knows no source of snapshots, no view and no terminal.

mod delta;
pub mod demo;
mod detail;
mod error;
mod format;
mod player;
mod reader;
mod recorder;
mod scrub;
mod writer;

pub use detail::Detail;
pub use error::RecordingError;
pub use format::FORMAT_VERSION;
pub use player::{Frames, Player, SPEEDS, Transport};
pub use reader::{Ending, Reader};
pub use recorder::Recorder;
pub use scrub::{Scrub, Scrubber, scrub};
pub use writer::{WriteOptions, Writer};

use crate::model::SCHEMA_VERSION;
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

#[cfg(test)]
pub(crate) mod tests;
