//! What can go wrong with a recording, in words for the person who asked for it. Knows no frame.

use std::io;

/// A recording that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A file operation failed.
    #[error("{operation} {path}: {source}")]
    Io {
        /// What was tried: `create`, `open`, `read`, `write`.
        operation: &'static str,
        /// The file, cleaned for showing.
        path: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The file is there and overwriting was not asked for.
    #[error("{path} exists already; choose another name or ask for it to be overwritten")]
    Exists {
        /// The file, cleaned for showing.
        path: String,
    },
    /// A directory, pipe, device or socket: reading or writing it could hang or do harm.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The file, cleaned for showing.
        path: String,
    },
    /// The first bytes are not those of a recording.
    #[error("{path} is not a bridgewatch recording")]
    NotARecording {
        /// The file, cleaned for showing.
        path: String,
    },
    /// Made by a version that knows more than this one.
    #[error("{path} was made by a newer bridgewatch: its {what} has version {found}, this one knows {known}")]
    Newer {
        /// The file, cleaned for showing.
        path: String,
        /// `format` or `schema`.
        what: &'static str,
        /// The version found.
        found: u32,
        /// The newest version known.
        known: u32,
    },
    /// Bytes are not what was written.
    #[error("damaged at byte {offset}: {what}")]
    Damaged {
        /// Where in the file.
        offset: u64,
        /// What is wrong there.
        what: String,
    },
    /// A frame was asked for that is not there.
    #[error("there is no frame {index}; the recording has {frames}")]
    NoFrame {
        /// The frame asked for, from 0.
        index: usize,
        /// How many there are.
        frames: usize,
    },
    /// There is nothing to play: the recorder was stopped before its first snapshot was written.
    #[error("the recording holds no snapshot")]
    Empty,
    /// The size limit that was asked for is reached; what is written is whole.
    #[error("the recording has reached its limit of {limit_bytes} bytes")]
    Full {
        /// The limit.
        limit_bytes: u64,
    },
    /// One frame is larger than the format allows.
    #[error("a frame of {bytes} bytes is more than a recording holds ({limit_bytes})")]
    TooLarge {
        /// Size of the frame.
        bytes: u64,
        /// The limit.
        limit_bytes: u64,
    },
    /// An earlier write failed; going on would leave garbage between frames.
    #[error("the recording stopped after an earlier error")]
    Stopped,
}

impl RecordingError {
    pub(super) fn damaged(offset: u64, what: impl Into<String>) -> Self {
        RecordingError::Damaged { offset, what: what.into() }
    }
}
