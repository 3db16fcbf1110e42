//! Reads a recording: an index of its frames on opening, then any frame by number or by time.
//!
//! A recording is outside data, possibly cut, edited or hostile: no length in it is trusted, no path in it is followed.

use super::delta::Delta;
use super::format::{self, FRAME_HEAD, FrameHead, FrameKind};
use super::{Detail, Meta, RecordingError};
use crate::model::{ContainerId, SCHEMA_VERSION, Snapshot};
use crate::text::clean_line;
use jiff::Timestamp;
use nix::fcntl::OFlag;
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufReader, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// More frames than 46 days at one a second; beyond it the rest is not indexed, so that the index stays small.
const MAX_FRAMES: usize = 4_000_000;

/// Bytes that can be read anywhere: a file or an embedded recording.
trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

/// How a recording ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With its last frame.
    Whole,
    /// In the middle of a frame: the recorder or its disk was stopped. All before it plays.
    Cut {
        /// Where the unfinished frame begins.
        offset: u64,
        /// Bytes of it that are there.
        lost_bytes: u64,
    },
    /// At bytes that are no frame. What follows them is not played.
    Damaged {
        /// Where they begin.
        offset: u64,
        /// Bytes from there to the end of the file.
        lost_bytes: u64,
    },
    /// At the largest number of frames this program indexes.
    TooLong {
        /// Where the rest begins.
        offset: u64,
    },
}

impl Ending {
    /// The sentence for people; none when all is well.
    pub fn complaint(&self) -> Option<String> {
        match self {
            Ending::Whole => None,
            Ending::Cut { offset, lost_bytes } => Some(format!(
                "the recording is cut at byte {offset}; {lost_bytes} bytes of an unfinished frame are lost"
            )),
            Ending::Damaged { offset, lost_bytes } => Some(format!(
                "the recording is damaged at byte {offset}; {lost_bytes} bytes from there on are not played"
            )),
            Ending::TooLong { offset } => {
                Some(format!("the recording has more than {MAX_FRAMES} frames; it is played up to byte {offset}"))
            }
        }
    }
}

/// Where a frame is.
#[derive(Debug, Clone, Copy)]
struct Entry {
    head: FrameHead,
    /// Of the payload.
    offset: u64,
}

/// Answers by container and kind: positions and frames, in the order of the recording.
type DetailIndex = BTreeMap<(ContainerId, String), Vec<(u64, usize)>>;

/// An open recording.
pub struct Reader {
    source: Box<dyn Source>,
    name: String,
    meta: Meta,
    frames: Vec<Entry>,
    details: Vec<Entry>,
    ending: Ending,
    /// The frame read last: the next one is usually its successor.
    current: Option<(usize, Arc<Snapshot>)>,
    detail_index: Option<DetailIndex>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("name", &self.name).field("frames", &self.frames.len()).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file and indexes it; payloads are not read yet.
    ///
    /// # Errors
    /// When it can't be read, is no regular file, no recording, or from a newer version. A cut or damaged end is no
    /// error: see [`Reader::ending`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let name = clean_line(&path.to_string_lossy()).into_owned();
        let io = |source| RecordingError::Io { operation: "open", path: name.clone(), source };
        // Without O_NONBLOCK, opening a named pipe would wait for a writer.
        let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(RecordingError::NotAFile { path: name });
        }
        Reader::index(Box::new(BufReader::new(file)), name)
    }

    /// Opens a recording that is in memory; `name` is for messages.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn from_bytes(bytes: impl AsRef<[u8]> + Send + 'static, name: &str) -> Result<Self, RecordingError> {
        Reader::index(Box::new(Cursor::new(bytes)), name.to_owned())
    }

    fn index(mut source: Box<dyn Source>, name: String) -> Result<Self, RecordingError> {
        let text = format::read_file_head(&mut source, &name)?;
        let meta: Meta = serde_json::from_slice(&text)
            .map_err(|error| RecordingError::damaged(format::FILE_HEAD as u64, format!("its head: {error}")))?;
        if meta.schema_version > SCHEMA_VERSION {
            let found = meta.schema_version;
            return Err(RecordingError::Newer { path: name, what: "schema", found, known: SCHEMA_VERSION });
        }
        let mut reader = Reader {
            source,
            name,
            meta,
            frames: Vec::new(),
            details: Vec::new(),
            ending: Ending::Whole,
            current: None,
            detail_index: None,
        };
        reader.ending = reader.scan((format::FILE_HEAD + text.len()) as u64)?;
        Ok(reader)
    }

    /// Walks over the heads of frames from byte `offset` on.
    fn scan(&mut self, mut offset: u64) -> Result<Ending, RecordingError> {
        let io = |source| RecordingError::Io { operation: "read", path: String::new(), source };
        let end = self.source.seek(SeekFrom::End(0)).map_err(io)?;
        self.source.seek(SeekFrom::Start(offset)).map_err(io)?;
        loop {
            let left = end - offset;
            if left == 0 {
                return Ok(Ending::Whole);
            }
            if self.frames.len() + self.details.len() >= MAX_FRAMES {
                return Ok(Ending::TooLong { offset });
            }
            if left < FRAME_HEAD as u64 {
                return Ok(Ending::Cut { offset, lost_bytes: left });
            }
            let mut bytes = [0; FRAME_HEAD];
            match self.source.read_exact(&mut bytes) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Ok(Ending::Cut { offset, lost_bytes: left });
                }
                Err(error) => return Err(io(error)),
            }
            let Some(head) = FrameHead::parse(&bytes) else {
                return Ok(Ending::Damaged { offset, lost_bytes: left });
            };
            if left - (FRAME_HEAD as u64) < u64::from(head.stored_len) {
                return Ok(Ending::Cut { offset, lost_bytes: left });
            }
            if !self.may_follow(&head) {
                return Ok(Ending::Damaged { offset, lost_bytes: left });
            }
            offset += FRAME_HEAD as u64;
            let list = if head.kind == FrameKind::Detail { &mut self.details } else { &mut self.frames };
            list.push(Entry { head, offset });
            offset += u64::from(head.stored_len);
            self.source.seek_relative(i64::from(head.stored_len)).map_err(io)?;
        }
    }

    /// False for what a recorder never writes: a delta without a key frame before it, or time that does not rise.
    fn may_follow(&self, head: &FrameHead) -> bool {
        let last = self.frames.last().map(|entry| entry.head.position_ns);
        match head.kind {
            FrameKind::Key => last.is_none_or(|last| head.position_ns > last),
            FrameKind::Delta => last.is_some_and(|last| head.position_ns > last),
            FrameKind::Detail => true,
        }
    }

    /// Who made the recording, and how.
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// How it ends.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Number of snapshots.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// True when there is no snapshot at all.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Time from the first to the last snapshot.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.frames.last().map_or(0, |entry| entry.head.position_ns))
    }

    /// Time of a snapshot since the first one, nanoseconds; 0 when it is not there.
    pub fn position_ns(&self, index: usize) -> u64 {
        self.frames.get(index).map_or(0, |entry| entry.head.position_ns)
    }

    /// Wall clock of a snapshot.
    pub fn taken_at(&self, index: usize) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.frames.get(index)?.head.taken_at_us).ok()
    }

    /// The snapshot that was the newest at a time since the first one; none only in an empty recording.
    pub fn index_at(&self, position: Duration) -> Option<usize> {
        let position_ns = u64::try_from(position.as_nanos()).unwrap_or(u64::MAX);
        let after = self.frames.partition_point(|entry| entry.head.position_ns <= position_ns);
        (!self.frames.is_empty()).then(|| after.saturating_sub(1))
    }

    /// The last snapshot taken at or before a wall clock time; the first one for an earlier time.
    pub fn index_at_time(&self, time: Timestamp) -> Option<usize> {
        let time_us = time.as_microsecond();
        // A wall clock may have been set back meanwhile, so the list need not be sorted by it.
        let index = self.frames.iter().rposition(|entry| entry.head.taken_at_us <= time_us).unwrap_or(0);
        (!self.frames.is_empty()).then_some(index)
    }

    /// The snapshot that was the newest at a time since the first one.
    ///
    /// # Errors
    /// As [`Reader::frame`].
    pub fn at(&mut self, position: Duration) -> Result<Arc<Snapshot>, RecordingError> {
        let index = self.index_at(position).unwrap_or(0);
        self.frame(index)
    }

    /// A snapshot by number. Successors are cheap; others cost the frames since the key frame before them.
    ///
    /// # Errors
    /// When there is no such frame, or it or one that it builds on is damaged.
    pub fn frame(&mut self, index: usize) -> Result<Arc<Snapshot>, RecordingError> {
        if index >= self.frames.len() {
            return Err(RecordingError::NoFrame { index, frames: self.frames.len() });
        }
        let key = self.frames[..=index].iter().rposition(|entry| entry.head.kind == FrameKind::Key).unwrap_or(0);
        let (mut next, mut snapshot) = match &self.current {
            Some((at, snapshot)) if (key..=index).contains(at) => (at + 1, snapshot.clone()),
            _ => (key + 1, Arc::new(self.decode(self.frames[key])?)),
        };
        while next <= index {
            let delta: Delta = self.decode(self.frames[next])?;
            snapshot = Arc::new(delta.apply(&snapshot));
            next += 1;
        }
        self.current = Some((index, snapshot.clone()));
        Ok(snapshot)
    }

    /// All snapshots in order.
    pub fn frames(&mut self) -> impl Iterator<Item = Result<Arc<Snapshot>, RecordingError>> + '_ {
        (0..self.len()).map(|index| self.frame(index))
    }

    /// The answer to a question as it was known at a time since the first snapshot; the first answer there is when
    /// none is that old.
    ///
    /// # Errors
    /// When the frame that holds it is damaged.
    pub fn detail(
        &mut self,
        container: &ContainerId,
        kind: &str,
        position: Duration,
    ) -> Result<Option<Detail>, RecordingError> {
        let position_ns = u64::try_from(position.as_nanos()).unwrap_or(u64::MAX);
        let answers = self.answers(container, kind);
        let after = answers.partition_point(|(at, _)| *at <= position_ns);
        let Some((_, entry)) = answers.get(after.saturating_sub(1)) else { return Ok(None) };
        self.decode(self.details[*entry]).map(Some)
    }

    /// The answers to a question that were written after one time and not after another, in their order; at most the
    /// newest 1,000. A damaged one is left out.
    pub fn details(
        &mut self,
        container: &ContainerId,
        kind: &str,
        times: std::ops::Range<Option<Duration>>,
    ) -> Vec<Detail> {
        let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let (after, until) = (times.start.map(ns), times.end.map_or(u64::MAX, ns));
        let answers = self.answers(container, kind);
        let within = answers.into_iter().filter(|(at, _)| after.is_none_or(|after| *at > after) && *at <= until);
        let mut entries: Vec<usize> = within.map(|(_, entry)| entry).collect();
        entries.drain(..entries.len().saturating_sub(1_000));
        entries.into_iter().filter_map(|entry| self.decode(self.details[entry]).ok()).collect()
    }

    /// Positions and frames of the answers to a question.
    fn answers(&mut self, container: &ContainerId, kind: &str) -> Vec<(u64, usize)> {
        if self.detail_index.is_none() {
            self.detail_index = Some(self.index_details());
        }
        let key = (container.clone(), kind.to_owned());
        self.detail_index.as_ref().and_then(|index| index.get(&key)).cloned().unwrap_or_default()
    }

    /// Which answers there are. A damaged one is as if it were not there.
    fn index_details(&mut self) -> DetailIndex {
        let mut index = DetailIndex::new();
        for n in 0..self.details.len() {
            let entry = self.details[n];
            if let Ok(detail) = self.decode::<Detail>(entry) {
                index.entry((detail.container, detail.kind)).or_default().push((entry.head.position_ns, n));
            }
        }
        index
    }

    fn decode<T: serde::de::DeserializeOwned>(&mut self, entry: Entry) -> Result<T, RecordingError> {
        let name = &self.name;
        let io = |source| RecordingError::Io { operation: "read", path: name.clone(), source };
        self.source.seek(SeekFrom::Start(entry.offset)).map_err(io)?;
        let mut stored = Vec::new();
        // The index was built from bytes that were there then; the file may have been cut since.
        (&mut self.source).take(entry.head.stored_len.into()).read_to_end(&mut stored).map_err(io)?;
        let damaged = |what: String| RecordingError::damaged(entry.offset, what);
        let plain = format::unpack(&entry.head, &stored).map_err(damaged)?;
        serde_json::from_slice(&plain).map_err(|error| damaged(format!("the payload is no frame: {error}")))
    }
}
