//! An entry of the journal: a plan, who asked for it, how far it came, and what takes it back.

use super::{Op, Plan, Session};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Seconds after its deadline within which the guard of an unconfirmed change is still at its work; longer than it takes
/// one to try all it can. A change that stands after that has nobody left to take it back.
pub const OVERTIME_S: u32 = 15;

/// Identity of an entry: `20261128-211530-7f3a`, the time in UTC and four random digits. It sorts by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntryId(pub String);

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who asked for a change, from where.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Who {
    /// User name.
    pub user: String,
    /// Real uid.
    pub uid: u32,
    /// The user that sudo was called by.
    pub sudo_user: Option<String>,
    /// Connection.
    pub session: Session,
    /// Terminal, e.g. `/dev/pts/3`.
    pub tty: Option<String>,
    /// Process id of the bridgewatch that did it.
    pub pid: i32,
    /// When that process was started, clock ticks since boot: with the pid, its identity.
    pub pid_start: u64,
    /// Host name.
    pub host: String,
    /// Boot of the host: numbers of interfaces and processes mean nothing after another.
    pub boot_id: String,
    /// `info.ID` of the engine.
    pub engine_id: String,
}

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Written down, and no answer yet: it may have happened or not.
    Begun,
    /// Done and read back.
    Done,
    /// It was not needed: what it was to bring about was so already.
    Already,
    /// Done, as far as the answer goes, but read back it is otherwise.
    Differs,
    /// Refused; nothing was changed by it.
    Failed,
    /// The answer was lost and reading it back did not settle it.
    Unknown,
    /// Done, then taken back.
    TakenBack,
    /// Taking it back failed: it stands.
    Stands,
}

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepResult {
    /// How far it came.
    pub state: StepState,
    /// The reason or what was read, in clean words; may be empty.
    pub detail: String,
    /// What takes it back, with the identities of what it made filled in.
    pub undo: Vec<Op>,
}

/// State of a whole entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryState {
    /// Begun, and the process that does it lives.
    UnderWay,
    /// Begun, and no end was written: the process that did it died in the middle.
    HalfDone,
    /// Everything was done and read back.
    Done,
    /// Done, and waits to be confirmed; it is taken back at the deadline.
    Unconfirmed,
    /// Something failed; what was done before was taken back.
    RolledBack,
    /// Something failed, and some of it stands (see the steps).
    PartlyDone,
    /// Nothing was done: refused, or what was shown had changed.
    NotDone,
    /// It was taken back by a later entry, or at its deadline.
    Undone,
}

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Identity.
    pub id: EntryId,
    /// When it was begun.
    pub at: Timestamp,
    /// When it ended; none while it is half done.
    pub ended_at: Option<Timestamp>,
    /// Who.
    pub who: Who,
    /// What.
    pub plan: Plan,
    /// What became of each step, in the order of the plan's steps.
    pub results: Vec<StepResult>,
    /// State of the whole.
    pub state: EntryState,
    /// The reason when it did not go as planned, in clean words.
    pub reason: String,
    /// Until when it must be confirmed, while it is unconfirmed.
    pub confirm_by: Option<Timestamp>,
    /// The entry that took it back.
    pub undone_by: Option<EntryId>,
}
