//! Recording what the console sees, on a key.

use crate::model::{Snapshot, Weight};
use crate::recording::{Recorder as File, Scrub, Scrubber, WriteOptions};
use std::path::PathBuf;

/// A recording that is being written, if one is.
#[derive(Default)]
pub struct Recorder {
    open: Option<(File, PathBuf)>,
}

impl Recorder {
    /// Starts writing to `path`, or stops. Answers with a sentence for the timeline. Secrets are taken out: a file made
    /// with one key is easily passed on.
    pub fn switch(&mut self, path: Option<PathBuf>, snapshot: &Snapshot) -> (Weight, String) {
        let before = self.stop();
        let Some(path) = path else {
            return (Weight::Info, before.unwrap_or_else(|| "nothing was being recorded".into()));
        };
        let scrubber = Scrubber::new(Scrub::default());
        match File::start(&path, snapshot, Some(scrubber), WriteOptions::default()) {
            Ok(file) => {
                let text = format!("recording to {}", path.display());
                self.open = Some((file, path));
                (Weight::Info, text)
            }
            Err(error) => (Weight::Alarm, format!("not recording: {error}")),
        }
    }

    /// Adds a frame. A file that can't be written any more is closed, what it holds plays, and the reason is a sentence
    /// for the timeline.
    pub fn append(&mut self, snapshot: &Snapshot) -> Option<(Weight, String)> {
        let (file, path) = self.open.as_mut()?;
        let error = file.snapshot(snapshot).err()?;
        let text = format!("recording to {} ended after {} moments: {error}", path.display(), file.frames());
        self.open = None;
        Some((Weight::Alarm, text))
    }

    /// Closes the file; what was written, in words.
    pub fn stop(&mut self) -> Option<String> {
        let (file, path) = self.open.take()?;
        let frames = file.frames();
        Some(match file.finish() {
            Ok(bytes) => format!("recorded {frames} moments, {bytes} bytes, to {}", path.display()),
            Err(error) => format!("the recording could not be closed: {error}"),
        })
    }
}
