//! What views borrow: the snapshot, its report, the past, and how the operator wants things shown.

use crate::analysis::{History, Report};
use crate::model::Snapshot;
use crate::plan::Entry;
use jiff::Timestamp;
use std::sync::Arc;

/// How things are shown; changed by keys and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefs {
    /// Containers that do not run are shown too.
    pub show_all: bool,
    /// Values of secret-looking environment variables are shown.
    pub reveal_secrets: bool,
    /// Only characters of ASCII for glyphs and borders.
    pub ascii: bool,
    /// Times in UTC instead of local time.
    pub utc: bool,
    /// Minutes that charts span.
    pub chart_minutes: u32,
}

impl Default for Prefs {
    fn default() -> Self {
        Prefs { show_all: true, reveal_secrets: false, ascii: false, utc: false, chart_minutes: 2 }
    }
}

/// A read-only bundle for views.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The host at this instant.
    pub snapshot: &'a Snapshot,
    /// What follows from it.
    pub report: &'a Report,
    /// The past.
    pub history: &'a History,
    /// The wall clock of the picture: the snapshot's, so that a replay looks as it did.
    pub now: Timestamp,
    /// How things are shown.
    pub prefs: &'a Prefs,
    /// What was changed.
    pub journal: &'a Journal,
}

/// The journal as it was read last, oldest entry first; or why it can't be read.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    /// Entries.
    pub entries: Arc<Vec<Entry>>,
    /// Why it can't be read.
    pub gap: Option<String>,
    /// It was read at least once.
    pub is_read: bool,
}
