//! What `record` and the console's record key do with each snapshot: take secrets out when asked to, and write it.

use super::{Detail, Meta, RecordingError, Scrubber, WriteOptions, Writer};
use crate::model::Snapshot;
use std::fs::File;
use std::path::Path;

/// A recording in the making.
pub struct Recorder {
    writer: Writer<File>,
    scrubber: Option<Scrubber>,
    /// Steady clock of the snapshot before.
    last_at_ns: Option<u64>,
}

impl Recorder {
    /// Creates the file and writes the first snapshot. With a scrubber, nothing is written that did not pass it.
    ///
    /// # Errors
    /// As [`Writer::create`] and [`Writer::append`].
    pub fn start(
        path: &Path,
        first: &Snapshot,
        scrubber: Option<Scrubber>,
        options: WriteOptions,
    ) -> Result<Self, RecordingError> {
        let meta = Meta::new(first.taken_at, scrubber.is_some());
        let writer = Writer::create(path, &meta, options)?;
        let mut recorder = Recorder { writer, scrubber, last_at_ns: None };
        recorder.snapshot(first)?;
        Ok(recorder)
    }

    /// Writes a snapshot; one of the same instant as the last is left out.
    ///
    /// # Errors
    /// As [`Writer::append`]; the recording then ends with its last whole frame.
    pub fn snapshot(&mut self, snapshot: &Snapshot) -> Result<(), RecordingError> {
        if self.last_at_ns == Some(snapshot.at_ns) {
            return Ok(());
        }
        self.last_at_ns = Some(snapshot.at_ns);
        match &mut self.scrubber {
            Some(scrubber) => self.writer.append(&scrubber.snapshot(snapshot)),
            None => self.writer.append(snapshot),
        }
    }

    /// Writes the answer to a question, as of the last snapshot.
    ///
    /// # Errors
    /// As [`Writer::append_detail`].
    pub fn detail(&mut self, detail: &Detail) -> Result<(), RecordingError> {
        match &self.scrubber {
            Some(scrubber) => self.writer.append_detail(&scrubber.detail(detail)),
            None => self.writer.append_detail(detail),
        }
    }

    /// Snapshots written so far.
    pub fn frames(&self) -> u64 {
        self.writer.frames()
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.writer.bytes()
    }

    /// Ends the recording and waits until the disk has it; answers its size in bytes.
    ///
    /// # Errors
    /// As [`Writer::finish`].
    pub fn finish(self) -> Result<u64, RecordingError> {
        self.writer.finish()
    }
}
