//! The guard of a change that could cut off the operator: a process of its own that takes the change back at the deadline
//! unless it was confirmed. It needs no terminal, no console and no search path, and it goes on when they are gone.

use super::executor::take_back;
use super::{Hand, who};
use crate::journal::{Journal, JournalError, process};
use crate::plan::{Entry, EntryId, EntryState, Progress, Session, straight};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What the guard says when it is up.
const UP: &[u8] = b"up\n";

/// How long it may take to be up, milliseconds.
const START_MS: u16 = 5_000;

/// Time between two looks at the journal.
const LOOK: Duration = Duration::from_millis(100);

/// Times it tries to take back what it could not the time before.
const TRIES: u32 = 5;

/// How the guard's process is started; the id of the entry follows the arguments.
#[derive(Debug, Clone)]
pub struct GuardCommand {
    /// This program.
    pub program: PathBuf,
    /// What makes it a guard.
    pub arguments: Vec<OsString>,
}

impl GuardCommand {
    /// Starts a guard and waits until it is up.
    ///
    /// # Errors
    /// Why it is not; then nothing may be changed.
    pub fn put_up(&self, id: &EntryId) -> Result<Child, String> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(&id.0)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("start {}: {e}", self.program.display()))?;
        match answer(&mut child) {
            Ok(()) => Ok(child),
            Err(why) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(why)
            }
        }
    }
}

fn answer(child: &mut Child) -> Result<(), String> {
    let mut pipe = child.stdout.take().ok_or("no pipe to it")?;
    let ready = poll(&mut [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)], PollTimeout::from(START_MS));
    if !matches!(ready, Ok(1..)) {
        return Err(format!("it said nothing for {} s", START_MS / 1000));
    }
    // A line this short comes in one piece, or an end does.
    let mut text = [0; 4096];
    let count = pipe.read(&mut text).map_err(|e| e.to_string())?;
    if &text[..count] == UP {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&text[..count]).into_owned();
    Err(if words.is_empty() { "it ended at once".into() } else { crate::text::clean_line(&words).into_owned() })
}

/// What the guard's process does: it stands until the entry is settled.
///
/// # Errors
/// Why it can't stand guard, or could not take the change back; the journal has the details.
pub fn stand_guard(dir: &Path, id: &EntryId, hand: &mut dyn Hand, mut up: impl Write) -> Result<(), String> {
    // Of its own session, and deaf to what ends that of the operator.
    let _ = nix::unistd::setsid();
    let mut deaf = SigSet::empty();
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGPIPE, Signal::SIGTERM, Signal::SIGTSTP] {
        deaf.add(signal);
    }
    deaf.thread_block().map_err(|e| format!("block signals: {e}"))?;
    let mut journal = Journal::open(dir).map_err(|e| e.to_string())?;
    if journal.read().map_err(|e| e.to_string())?.entry(id).is_none() {
        return Err(format!("the journal has no entry {id}"));
    }
    let pid = std::process::id().cast_signed();
    let start = process::start_of(pid).unwrap_or_default();
    journal.guarded(id, pid, start).map_err(|e| e.to_string())?;
    up.write_all(UP).and_then(|()| up.flush()).map_err(|e| e.to_string())?;
    drop(up);
    let mut last = String::new();
    for _ in 0..TRIES {
        let Some(entry) = wait(&mut journal, id)? else { return Ok(()) };
        let plan = straight(&entry);
        let who = who(Session::default(), &plan);
        match take_back(hand, &mut journal, plan, who, &mut |_: Progress| {}) {
            Ok(done) if done.state == EntryState::Done => return Ok(()),
            Ok(done) => last = done.reason,
            Err(refusal) => last = refusal.to_string(),
        }
        std::thread::sleep(LOOK * 20);
    }
    Err(last)
}

/// Waits until the entry has to be taken back; none when it need not be any more.
fn wait(journal: &mut Journal, id: &EntryId) -> Result<Option<Entry>, String> {
    let mut reading = journal.read().map_err(|e: JournalError| e.to_string())?;
    loop {
        let Some(entry) = reading.entry(id) else { return Err(format!("the journal has no entry {id}")) };
        match entry.state {
            EntryState::UnderWay if process::is_alive(&entry.who) => {}
            EntryState::UnderWay | EntryState::HalfDone if journal.has_changed() => {}
            EntryState::UnderWay | EntryState::HalfDone => return Ok(Some(entry.clone())),
            EntryState::Unconfirmed => {
                let deadline = reading.deadlines.get(id).copied().unwrap_or_default();
                if deadline <= process::since_boot_ms() && !journal.has_changed() {
                    return Ok(Some(entry.clone()));
                }
            }
            _ => return Ok(None),
        }
        std::thread::sleep(LOOK);
        if journal.has_changed() {
            reading = journal.read().map_err(|e| e.to_string())?;
        }
    }
}
