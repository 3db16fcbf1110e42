//! Where snapshots come from, as the console sees it: the live host, a recording or the demo. The console can't tell
//! them apart; it reads updates and asks questions.

use crate::model::{ContainerId, DiskUse, Snapshot, Subject};
use crate::text::Outside;
use jiff::Timestamp;
use std::sync::Arc;

/// Something that arrives without being waited for. `S` is what a snapshot has become on its way.
#[derive(Debug, Clone)]
pub enum Update<S = Arc<Snapshot>> {
    /// The host at a new instant.
    Snapshot(S),
    /// The next snapshot does not continue the one before (a jump in a recording): rates and history begin anew.
    Jump,
    /// Log lines of the container asked for, oldest first.
    Logs(LogBatch),
    /// The raw answer of the engine for a subject, pretty JSON; or why there is none.
    Raw(Subject, Result<Outside, String>),
    /// What takes room on the engine's disk; or why that is not known.
    DiskUse(Result<DiskUse, String>),
    /// State of a recording that plays.
    Playback(Playback),
    /// The feed has ended for good; the reason in words.
    Ended(String),
}

impl<S> Update<S> {
    /// The same update with another thing in the place of the snapshot.
    pub fn map<T>(self, make: impl FnOnce(S) -> T) -> Update<T> {
        match self {
            Update::Snapshot(snapshot) => Update::Snapshot(make(snapshot)),
            Update::Jump => Update::Jump,
            Update::Logs(batch) => Update::Logs(batch),
            Update::Raw(subject, answer) => Update::Raw(subject, answer),
            Update::DiskUse(answer) => Update::DiskUse(answer),
            Update::Playback(playback) => Update::Playback(playback),
            Update::Ended(why) => Update::Ended(why),
        }
    }
}

/// A line of a container's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When the engine got it.
    pub at: Option<Timestamp>,
    /// It came on standard error.
    pub is_stderr: bool,
    /// The line, bounded; may hold anything.
    pub text: Outside,
    /// A mark of ours between lines (restart, lines skipped, stream damaged), not the container's words.
    pub is_mark: bool,
}

/// Lines that arrived together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogBatch {
    /// The question this answers: the number given to [`Ask::Logs`].
    pub request: u64,
    /// The container.
    pub container: ContainerId,
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Lines left out because more came than can be shown.
    pub skipped: u64,
    /// The stream is at its end, with the reason when it was not asked to end.
    pub ended: Option<String>,
}

/// What part of the log is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// Number of newest lines to begin with.
    pub tail: u32,
    /// Nothing older than this.
    pub since: Option<Timestamp>,
    /// Go on with what comes.
    pub follow: bool,
}

/// State of a recording that plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Playback {
    /// It plays (or is paused).
    pub is_playing: bool,
    /// Speed in percent of real time.
    pub speed_percent: u32,
    /// Number of the frame shown, from 0.
    pub frame: usize,
    /// How many frames there are.
    pub frames: usize,
    /// Time of the first frame.
    pub from: Timestamp,
    /// Time of the frame shown.
    pub at: Timestamp,
    /// Time of the last frame.
    pub to: Timestamp,
    /// The file is cut short or damaged, in words.
    pub damage: Option<String>,
}

/// A question or a wish of the console.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Read all again now.
    Refresh,
    /// What is looked at, so that it is read more often.
    Interest(Interest),
    /// Stream a container's log; replaces the stream before. The number comes back in the batches.
    Logs(u64, ContainerId, LogQuery),
    /// End the log stream.
    StopLogs,
    /// The engine's raw answer for a subject.
    Raw(Subject),
    /// What takes room on the engine's disk. The engine counts it anew, which may take it a while.
    DiskUse,
    /// Start or stop recording to a file; the answer is an event in the timeline.
    Record(Option<std::path::PathBuf>),
    /// Recording: play or pause.
    TogglePlay,
    /// Recording: step by frames, negative is back.
    Step(i32),
    /// Recording: jump by seconds, negative is back.
    Seek(i64),
    /// Recording: jump to a share of the whole, in thousandths.
    SeekTo(u32),
    /// Recording: speed in percent.
    Speed(u32),
    /// The console is closing.
    Quit,
}

/// What the operator looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interest {
    /// The container whose processes are on the screen.
    pub processes_of: Option<ContainerId>,
    /// Listening sockets are on the screen.
    pub sockets: bool,
    /// Forwarding databases are on the screen.
    pub fdb: bool,
    /// Traffic is on the screen: qdiscs that nobody made are counted, too.
    pub traffic: bool,
}

/// The console's end of a feed.
#[derive(Debug)]
pub struct Feed {
    /// Updates, in order. The sender side wakes the console by the same channel as its keys.
    pub asks: tokio::sync::mpsc::UnboundedSender<Ask>,
    /// True for a recording.
    pub is_recording: bool,
    /// What is shown in the header for the feed: `live`, `replay FILE`, `demo`.
    pub label: String,
}
