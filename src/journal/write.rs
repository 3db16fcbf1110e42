//! The journal as a file that is only ever added to: one line at a time, under a lock, and on the disk before the caller
//! goes on.

use super::line::Line;
use super::place::{self, PlaceError, shown};
use super::process;
use super::read::{MAX_JOURNAL, Reading, read_bytes};
use crate::plan::{Entry, EntryId, EntryState, Op, Plan, StepState, Who};
use jiff::Timestamp;
use nix::fcntl::{FallocateFlags, Flock, FlockArg, fallocate};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The journal can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Its place is no good.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// It is no longer what it was taken for.
    #[error("{0}")]
    Late(String),
}

/// The journal, open for writing.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    seen: Option<Face>,
}

/// Inode, length and time of the last change of the file: another face is another content.
type Face = (u64, u64, i64, i64);

/// How an entry ended.
#[derive(Debug, Clone)]
pub struct End {
    /// State of the whole.
    pub state: EntryState,
    /// The reason; may be empty.
    pub reason: String,
    /// Seconds in which it must be confirmed.
    pub confirm_within_s: Option<u32>,
}

/// Room that is kept free beyond the plan itself, so that a disk that fills up meanwhile does not silence the outcome.
const RESERVE: usize = 64 << 10;

/// Newest bytes that are searched for an id.
const RECENT: u64 = 1 << 20;

impl Journal {
    /// Opens the journal of a state directory; both are made where they are missing.
    ///
    /// # Errors
    /// See [`JournalError`]: then nothing may be changed on the host.
    pub fn open(dir: &Path) -> Result<Self, JournalError> {
        place::prepare(dir)?;
        let journal = Journal { path: path(dir), seen: None };
        journal.file()?;
        Ok(journal)
    }

    /// State directory of the journal.
    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// Begins an entry.
    ///
    /// # Errors
    /// See [`JournalError`]; then nothing was written down and nothing may be done.
    pub fn begin(&mut self, who: &Who, plan: &Plan) -> Result<EntryId, JournalError> {
        let mut locked = self.lock()?;
        // Two that take back one entry, its guard and an operator, would meet half-way.
        if let Some(target) = &plan.undoes {
            let reading = locked.read()?;
            let other = reading.entries.iter().rev().find(|e| e.plan.undoes.as_ref() == Some(target));
            if let Some(other) = other.filter(|e| matches!(e.state, EntryState::UnderWay | EntryState::Done)) {
                return Err(JournalError::Late(format!("{target} is taken back by {} already", other.id)));
            }
        }
        locked.begin(who, plan)
    }

    /// Begins taking back an entry that waits to be confirmed, or whose doer died.
    ///
    /// # Errors
    /// As [`Journal::begin`], and [`JournalError::Late`] when it does not wait any more.
    pub fn begin_unless_confirmed(&mut self, who: &Who, plan: &Plan) -> Result<EntryId, JournalError> {
        let mut locked = self.lock()?;
        let reading = locked.read()?;
        let entry = plan.undoes.as_ref().and_then(|id| reading.entry(id));
        if !entry.is_some_and(|e| matches!(e.state, EntryState::Unconfirmed | EntryState::HalfDone)) {
            return Err(JournalError::Late("it does not wait to be taken back".into()));
        }
        locked.begin(who, plan)
    }

    /// A guard is up.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn guarded(&mut self, id: &EntryId, pid: i32, pid_start: u64) -> Result<(), JournalError> {
        self.lock()?.append(&Line::Guarded { id: id.clone(), pid, pid_start })
    }

    /// A step, before it is done and after.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn step(
        &mut self,
        id: &EntryId,
        step: usize,
        state: StepState,
        detail: &str,
        undo: Option<&[Op]>,
    ) -> Result<(), JournalError> {
        let (id, at, detail) = (id.clone(), Timestamp::now(), detail.to_owned());
        self.lock()?.append(&Line::Step { id, at, step, state, detail, undo: undo.map(<[Op]>::to_vec) })
    }

    /// The end of an entry, which the entry is then told as.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn end(&mut self, entry: &mut Entry, end: End) -> Result<(), JournalError> {
        let at = Timestamp::now();
        let within = end.confirm_within_s.map(u64::from);
        entry.state = end.state;
        entry.reason.clone_from(&end.reason);
        entry.ended_at = Some(at);
        entry.confirm_by = within.and_then(|s| at.checked_add(std::time::Duration::from_secs(s)).ok());
        let line = Line::Ended {
            id: entry.id.clone(),
            at,
            state: end.state,
            reason: end.reason,
            confirm_by: entry.confirm_by,
            deadline_ms: within.map(|s| process::since_boot_ms() + 1000 * s),
        };
        self.lock()?.append(&line)
    }

    /// Keeps an entry that waits to be confirmed.
    ///
    /// # Errors
    /// [`JournalError::Late`] when it does not wait (any more).
    pub fn confirm(&mut self, id: &EntryId) -> Result<(), JournalError> {
        let mut locked = self.lock()?;
        let reading = locked.read()?;
        let entry = reading.entry(id).ok_or_else(|| JournalError::Late(format!("the journal has no entry {id}")))?;
        if entry.state != EntryState::Unconfirmed {
            return Err(JournalError::Late(format!("{id} does not wait to be confirmed")));
        }
        let taken = reading.entries.iter().any(|e| e.plan.undoes.as_ref() == Some(id));
        let late = reading.deadlines.get(id).is_some_and(|deadline| *deadline <= process::since_boot_ms());
        if taken || late || entry.who.boot_id != process::boot_id() {
            return Err(JournalError::Late(format!("it is too late to confirm {id}: it is being taken back")));
        }
        locked.append(&Line::Confirmed { id: id.clone(), at: Timestamp::now() })
    }

    /// What the journal holds now.
    ///
    /// # Errors
    /// See [`JournalError`].
    pub fn read(&mut self) -> Result<Reading, JournalError> {
        self.seen = face(&self.path);
        read(self.dir())
    }

    /// True when somebody wrote since it was last read.
    pub fn has_changed(&self) -> bool {
        face(&self.path) != self.seen
    }

    /// Opened for each line: a journal that was moved away or replaced is noticed, not written to.
    fn file(&self) -> Result<File, JournalError> {
        let uid = nix::unistd::geteuid().as_raw();
        place::vet(self.dir(), uid, true)?;
        Ok(place::open_file(&self.path, OpenOptions::new().read(true).append(true).create(true), uid)?)
    }

    fn lock(&self) -> Result<Locked<'_>, JournalError> {
        let file = Flock::lock(self.file()?, FlockArg::LockExclusive)
            .map_err(|(_, errno)| PlaceError::io("lock", &self.path, errno.into()))?;
        Ok(Locked { file, path: &self.path })
    }
}

/// Tells when somebody wrote to a journal, by one look at its file.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    seen: Option<Face>,
}

impl Watch {
    /// Watches the journal of a state directory, from what it is now.
    pub fn new(dir: &Path) -> Self {
        let path = path(dir);
        Watch { seen: face(&path), path }
    }

    /// True when it was written to, made or removed since this was last asked.
    pub fn has_changed(&mut self) -> bool {
        let now = face(&self.path);
        let before = std::mem::replace(&mut self.seen, now);
        before != self.seen
    }
}

fn face(path: &Path) -> Option<Face> {
    let meta = path.symlink_metadata().ok()?;
    Some((meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec()))
}

/// Where the journal is in a state directory.
pub fn path(dir: &Path) -> PathBuf {
    dir.join("journal.jsonl")
}

/// Reads the journal of a state directory; nothing is made, and none is an empty one.
///
/// # Errors
/// See [`JournalError`].
pub fn read(dir: &Path) -> Result<Reading, JournalError> {
    let path = path(dir);
    let uid = nix::unistd::geteuid().as_raw();
    match path.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Reading::default()),
        Err(error) => return Err(PlaceError::io("look at", &path, error).into()),
        Ok(_) => place::vet(dir, uid, true)?,
    }
    let file = place::open_file(&path, OpenOptions::new().read(true), uid)?;
    read_file(&file, &path)
}

fn read_file(mut file: &File, path: &Path) -> Result<Reading, JournalError> {
    let mut bytes = Vec::new();
    let start = (|| {
        let start = file.metadata()?.len().saturating_sub(MAX_JOURNAL);
        file.seek(SeekFrom::Start(start))?;
        file.take(MAX_JOURNAL).read_to_end(&mut bytes)?;
        Ok(start)
    })()
    .map_err(|e| PlaceError::io("read", path, e))?;
    // The first line of a part is a part of a line.
    let from = if start == 0 { 0 } else { bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1) };
    let mut reading = read_bytes(&bytes[from..], &process::is_alive);
    if start > 0 {
        reading.problems.push(format!("{} is longer than is read: its older part is left out", shown(path)));
    }
    Ok(reading)
}

struct Locked<'a> {
    file: Flock<File>,
    path: &'a Path,
}

impl Locked<'_> {
    fn io<T>(&self, operation: &'static str, done: io::Result<T>) -> Result<T, JournalError> {
        Ok(done.map_err(|e| PlaceError::io(operation, self.path, e))?)
    }

    fn read(&self) -> Result<Reading, JournalError> {
        read_file(&self.file, self.path)
    }

    fn append(&mut self, line: &Line) -> Result<(), JournalError> {
        let mut text = self.io("write", line.encode().map_err(io::Error::from))?;
        if self.ends_torn()? {
            text.insert(0, b'\n');
        }
        let done = self.file.write_all(&text).and_then(|()| self.file.sync_data());
        self.io("write", done)
    }

    /// True when the last line has no end: whoever wrote it died over it.
    fn ends_torn(&mut self) -> Result<bool, JournalError> {
        let done = (|| {
            let len = self.file.metadata()?.len();
            if len == 0 {
                return Ok(false);
            }
            self.file.seek(SeekFrom::Start(len - 1))?;
            let mut last = [0];
            self.file.read_exact(&mut last)?;
            Ok(last != *b"\n")
        })();
        self.io("read", done)
    }

    fn reserve(&mut self, line: &Line) -> Result<(), JournalError> {
        let size = RESERVE + 4 * line.encode().map_or(0, |text| text.len());
        let done = self.file.metadata().and_then(|meta| {
            let (at, size) = (meta.len().cast_signed(), i64::try_from(size).unwrap_or(i64::MAX / 2));
            match fallocate(&*self.file, FallocateFlags::FALLOC_FL_KEEP_SIZE, at, size) {
                // Not every file system can; then the next line will tell.
                Err(nix::errno::Errno::EOPNOTSUPP | nix::errno::Errno::ENOSYS) => Ok(()),
                done => Ok(done?),
            }
        });
        self.io("make room in", done)
    }

    fn begin(&mut self, who: &Who, plan: &Plan) -> Result<EntryId, JournalError> {
        let id = self.fresh_id()?;
        let line = Line::Begun { id: id.clone(), at: Timestamp::now(), who: who.clone(), plan: Box::new(plan.clone()) };
        self.reserve(&line)?;
        self.append(&line)?;
        Ok(id)
    }

    /// An id that no entry has: it begins with the second, so that only the newest could have the same.
    fn fresh_id(&mut self) -> Result<EntryId, JournalError> {
        let mut newest = Vec::new();
        let done = (|| {
            let start = self.file.metadata()?.len().saturating_sub(RECENT);
            self.file.seek(SeekFrom::Start(start))?;
            (&*self.file).take(RECENT).read_to_end(&mut newest)
        })();
        self.io("read", done)?;
        loop {
            let random = std::hash::RandomState::new().build_hasher().finish() as u16;
            let id = format!("{}-{random:04x}", Timestamp::now().strftime("%Y%m%d-%H%M%S"));
            if !newest.windows(id.len()).any(|part| part == id.as_bytes()) {
                return Ok(EntryId(id));
            }
        }
    }
}
