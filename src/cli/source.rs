//! Where a one-shot command takes the host from: this one, a recording, or a snapshot document.

use super::args::{From, Global};
use crate::analysis::{Analyst, Report};
use crate::live::{self, LiveError, LiveOptions, Patience};
use crate::model::Snapshot;
use crate::recording::{Reader, RecordingError};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A host could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The live host.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A recording.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The file can't be read.
    #[error("read {path}: {source}")]
    Io {
        /// The file, cleaned.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is neither a recording nor a snapshot.
    #[error("{path} is neither a recording nor a snapshot document: {detail}")]
    Format {
        /// The file, cleaned.
        path: String,
        /// Why.
        detail: String,
    },
}

/// A host and the report on it.
#[derive(Debug)]
pub struct Taken {
    /// The host.
    pub snapshot: Arc<Snapshot>,
    /// What follows.
    pub report: Report,
}

/// Largest snapshot document that is read.
const MAX_DOCUMENT: u64 = 256 << 20;

/// Options of a live host from the command line.
pub fn live_options(global: &Global) -> LiveOptions {
    LiveOptions {
        host: global.host.clone(),
        context: global.context.clone(),
        interval: global.interval.unwrap_or(Duration::from_secs(1)),
        rules: global.rules.clone(),
        ..LiveOptions::default()
    }
}

/// Takes the host that the command line names.
///
/// # Errors
/// See [`SourceError`].
pub fn take(global: &Global, from: &From, patience: Patience) -> Result<Taken, SourceError> {
    let (before, snapshot) = match &from.from {
        Some(path) => from_file(path)?,
        None => {
            let begun = std::time::Instant::now();
            let pair = live::read_once(live_options(global), patience)?;
            // What is missing then is not there for want of time, whatever the answer says of it.
            if begun.elapsed() >= patience.deadline {
                eprintln!(
                    "bridgewatch: not all of this host could be read within {} s; what is missing may be there",
                    patience.deadline.as_secs()
                );
            }
            pair
        }
    };
    Ok(judge(before, snapshot))
}

/// The report on a snapshot, with rates when there is one before it.
pub fn judge(before: Option<Arc<Snapshot>>, snapshot: Arc<Snapshot>) -> Taken {
    let mut analyst = Analyst::new();
    if let Some(before) = before {
        analyst.update(&before);
    }
    let report = analyst.update(&snapshot).clone();
    Taken { snapshot, report }
}

/// A snapshot with the one before it, where there is one.
type Pair = (Option<Arc<Snapshot>>, Arc<Snapshot>);

fn from_file(path: &Path) -> Result<Pair, SourceError> {
    let shown = || crate::text::clean_line(&path.to_string_lossy()).into_owned();
    match Reader::open(path) {
        Ok(mut reader) => {
            let last = reader.len().saturating_sub(1);
            let before = if last > 0 { Some(reader.frame(last - 1)?) } else { None };
            return Ok((before, reader.frame(last)?));
        }
        Err(RecordingError::NotARecording { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(|source| SourceError::Io { path: shown(), source })?;
    file.take(MAX_DOCUMENT).read_to_end(&mut text).map_err(|source| SourceError::Io { path: shown(), source })?;
    let snapshot: Snapshot = serde_json::from_slice(&text)
        .map_err(|error| SourceError::Format { path: shown(), detail: error.to_string() })?;
    Ok((None, Arc::new(snapshot)))
}
