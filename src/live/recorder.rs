//! Recording what the console sees, on a key.

use crate::model::{Snapshot, Weight};
use crate::recording::{Meta, WriteOptions, Writer};
use std::fs::File;
use std::path::PathBuf;

/// A recording that is being written, if one is.
#[derive(Default)]
pub struct Recorder {
    open: Option<(Writer<File>, PathBuf)>,
}

impl Recorder {
    /// Starts writing to `path`, or stops. Answers with a sentence for the timeline.
    pub fn switch(&mut self, path: Option<PathBuf>, snapshot: &Snapshot) -> (Weight, String) {
        let Some(path) = path else {
            return match self.stop() {
                Some(text) => (Weight::Info, text),
                None => (Weight::Info, "nothing was being recorded".into()),
            };
        };
        self.stop();
        let meta = Meta::new(snapshot.taken_at, false);
        match Writer::create(&path, &meta, WriteOptions::default()) {
            Ok(writer) => {
                let text = format!("recording to {}", path.display());
                self.open = Some((writer, path));
                self.append(snapshot);
                (Weight::Info, text)
            }
            Err(error) => (Weight::Alarm, format!("not recording: {error}")),
        }
    }

    /// Adds a frame. A file that can't be written any more is closed; what it holds plays.
    pub fn append(&mut self, snapshot: &Snapshot) {
        if let Some((writer, _)) = &mut self.open {
            if writer.append(snapshot).is_err() {
                self.open = None;
            }
        }
    }

    /// Closes the file; what was written, in words.
    pub fn stop(&mut self) -> Option<String> {
        let (writer, path) = self.open.take()?;
        let frames = writer.frames();
        Some(match writer.finish() {
            Ok(bytes) => format!("recorded {frames} moments, {bytes} bytes, to {}", path.display()),
            Err(error) => format!("the recording could not be closed: {error}"),
        })
    }
}
