//! Writes a recording, frame by frame. Knows no source of snapshots and no view.

use super::delta::Delta;
use super::format::{self, FrameKind};
use super::{Detail, Meta, RecordingError};
use crate::model::Snapshot;
use crate::text::clean_line;
use nix::fcntl::OFlag;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// How a recording is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// Replace a file that is there. Without it such a file is an error.
    pub overwrite: bool,
    /// Every how many frames a whole snapshot is written: smaller jumps quicker, larger takes less room. At least 1.
    pub key_every: u32,
    /// Stop before the file grows beyond this.
    pub max_bytes: Option<u64>,
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions { overwrite: false, key_every: 60, max_bytes: None }
    }
}

/// Appends frames to a recording; each is handed to the system at once, so that a crash loses at most the last one.
pub struct Writer<W: Write> {
    sink: W,
    name: String,
    options: WriteOptions,
    /// The frame before, the next delta's base, and how many frames ago the last key frame was.
    before: Option<(Snapshot, u32)>,
    first_at_ns: u64,
    position_ns: u64,
    taken_at_us: i64,
    frames: u64,
    bytes: u64,
    failed: bool,
}

impl Writer<File> {
    /// Creates the file, readable by its owner only.
    ///
    /// # Errors
    /// When it exists and `overwrite` is not set, is no regular file (a symbolic link is never followed), or can't be
    /// written.
    pub fn create(path: &Path, meta: &Meta, options: WriteOptions) -> Result<Self, RecordingError> {
        let name = clean_line(&path.to_string_lossy()).into_owned();
        let io = |source: std::io::Error| match source.kind() {
            ErrorKind::AlreadyExists => RecordingError::Exists { path: name.clone() },
            _ => RecordingError::Io { operation: "create", path: name.clone(), source },
        };
        let mut open = OpenOptions::new();
        // Without O_NONBLOCK, opening a named pipe would wait for a reader.
        open.write(true).mode(0o600).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        if options.overwrite {
            open.create(true);
        } else {
            open.create_new(true);
        }
        let file = open.open(path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(RecordingError::NotAFile { path: name });
        }
        if options.overwrite {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(io)?;
            file.set_len(0).map_err(io)?;
        }
        Writer::over(file, name, meta, options)
    }

    /// Ends the recording and waits until the disk has it.
    ///
    /// # Errors
    /// When the system can't write it out.
    pub fn finish(self) -> Result<u64, RecordingError> {
        self.sink.sync_data().map_err(|source| RecordingError::Io { operation: "write", path: self.name, source })?;
        Ok(self.bytes)
    }
}

impl<W: Write> Writer<W> {
    /// A recording into any sink; `name` is for messages.
    ///
    /// # Errors
    /// When the sink refuses the head.
    pub fn over(sink: W, name: String, meta: &Meta, options: WriteOptions) -> Result<Self, RecordingError> {
        let mut writer = Writer {
            sink,
            name,
            options,
            before: None,
            first_at_ns: 0,
            position_ns: 0,
            taken_at_us: 0,
            frames: 0,
            bytes: 0,
            failed: false,
        };
        let head = format::file_head(&json(meta)?);
        writer.put(&head)?;
        Ok(writer)
    }

    /// Appends a snapshot.
    ///
    /// # Errors
    /// When the sink fails (then the recording is over and stays as it is), the size limit is reached, or the snapshot
    /// is larger than a frame may be.
    pub fn append(&mut self, snapshot: &Snapshot) -> Result<(), RecordingError> {
        let delta = match &self.before {
            Some((before, since_key)) if since_key + 1 < self.options.key_every.max(1) => {
                Delta::between(before, snapshot).map(|delta| (delta, since_key + 1))
            }
            _ => None,
        };
        if self.frames == 0 {
            self.first_at_ns = snapshot.at_ns;
        }
        // A steady clock that stood or jumped back (another boot) must not turn the recording's time around.
        let earliest_ns = if self.frames == 0 { 0 } else { self.position_ns + 1 };
        self.position_ns = earliest_ns.max(snapshot.at_ns.saturating_sub(self.first_at_ns));
        self.taken_at_us = snapshot.taken_at.as_microsecond();
        let (kind, plain, since_key) = match &delta {
            Some((delta, since_key)) => (FrameKind::Delta, json(delta)?, *since_key),
            None => (FrameKind::Key, json(snapshot)?, 0),
        };
        self.put_frame(kind, &plain)?;
        self.frames += 1;
        self.before = Some((snapshot.clone(), since_key));
        Ok(())
    }

    /// Appends the answer to a question, as of the last snapshot.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn append_detail(&mut self, detail: &Detail) -> Result<(), RecordingError> {
        let plain = json(detail)?;
        self.put_frame(FrameKind::Detail, &plain)
    }

    /// Snapshots written.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Gives the sink back.
    pub fn into_inner(self) -> W {
        self.sink
    }

    fn put_frame(&mut self, kind: FrameKind, plain: &[u8]) -> Result<(), RecordingError> {
        let bytes = format::frame(kind, self.position_ns, self.taken_at_us, plain)?;
        self.put(&bytes)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), RecordingError> {
        if self.failed {
            return Err(RecordingError::Stopped);
        }
        if let Some(limit_bytes) = self.options.max_bytes
            && self.bytes + bytes.len() as u64 > limit_bytes
        {
            return Err(RecordingError::Full { limit_bytes });
        }
        let written = self.sink.write_all(bytes).and_then(|()| self.sink.flush());
        if let Err(source) = written {
            self.failed = true;
            return Err(RecordingError::Io { operation: "write", path: self.name.clone(), source });
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, RecordingError> {
    serde_json::to_vec(value).map_err(|error| RecordingError::Io {
        operation: "serialise",
        path: "frame".to_owned(),
        source: error.into(),
    })
}
