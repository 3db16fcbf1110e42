//! `record`: what is seen, into a file, until interrupted.

use super::args::Global;
use super::run::{CommandError, code};
use super::source::live_options;
use crate::feed::{Ask, LogLine, LogQuery, Update};
use crate::live;
use crate::model::{ContainerId, Snapshot, SourceState, Subject};
use crate::recording::{Detail, Recorder, Scrub, Scrubber, WriteOptions};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

/// What is to be recorded.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Where to.
    pub file: PathBuf,
    /// For how long; until interrupted when none.
    pub duration: Option<Duration>,
    /// Secrets are masked.
    pub scrub: bool,
    /// Newest log lines kept of each container.
    pub logs: u32,
    /// An existing file is overwritten.
    pub force: bool,
}

/// A snapshot without its secrets.
pub fn scrubbed(snapshot: &Snapshot) -> Snapshot {
    Scrubber::new(Scrub::default()).snapshot(snapshot)
}

/// How long the beginning may take: the first frame is to hold everything.
const SETTLE: Duration = Duration::from_secs(3);
/// How long one container's log or raw answer is waited for.
const ANSWER: Duration = Duration::from_millis(800);

/// Records until the time is over or a signal comes.
///
/// # Errors
/// The file can't be made or written, or the host can't be watched.
pub fn record(global: &Global, wish: &Wish) -> Result<u8, CommandError> {
    let (send, updates) = channel();
    let asks = live::start(live_options(global), Arc::new(move |update| send.send(update).is_ok()))?;
    // Dropped with this function; a signal ends the loop, so that the file is closed properly.
    let stop = stop_on_signal()?;
    let mut recording = Recording { wish, recorder: None, asks: &asks, answers: Answers::default() };
    let begin = Instant::now();
    loop {
        let left = wish.duration.map(|d| d.saturating_sub(begin.elapsed()));
        if left == Some(Duration::ZERO) || stop.try_recv().is_ok() {
            break;
        }
        let wait = left.unwrap_or(Duration::from_millis(200)).min(Duration::from_millis(200));
        match updates.recv_timeout(wait) {
            Ok(update) => recording.take(update, begin.elapsed())?,
            Err(RecvTimeoutError::Timeout) => recording.answers.give_up_late(recording.asks),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let _ = asks.send(Ask::Quit);
    let Some(recorder) = recording.recorder else {
        return Err(CommandError::Usage("nothing was recorded: it ended before the first moment was whole".into()));
    };
    let frames = recorder.frames();
    let bytes = recorder.finish()?;
    eprintln!(
        "bridgewatch: {frames} moments, {bytes} bytes in {}",
        crate::text::clean_line(&wish.file.to_string_lossy())
    );
    Ok(code::OK)
}

fn stop_on_signal() -> Result<Receiver<()>, CommandError> {
    let (send, receive) = channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("bw-signal".into()).spawn(move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut term), Ok(mut hup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
                return;
            };
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
                _ = hup.recv() => {}
            }
            let _ = send.send(());
        });
    })?;
    Ok(receive)
}

struct Recording<'a> {
    wish: &'a Wish,
    recorder: Option<Recorder>,
    asks: &'a UnboundedSender<Ask>,
    answers: Answers,
}

impl Recording<'_> {
    fn take(&mut self, update: Update, elapsed: Duration) -> Result<(), CommandError> {
        match update {
            Update::Snapshot(snapshot) => self.frame(&snapshot, elapsed)?,
            Update::Logs(batch) => {
                if let Some(detail) = self.answers.log(batch.container, batch.lines, batch.ended.is_some()) {
                    self.detail(&detail)?;
                    self.answers.next(self.asks);
                }
            }
            Update::Raw(Subject::Container { id }, Ok(json)) => self.detail(&Detail::of_inspect(id, json))?,
            _ => {}
        }
        Ok(())
    }

    fn frame(&mut self, snapshot: &Arc<Snapshot>, elapsed: Duration) -> Result<(), CommandError> {
        if let Some(recorder) = &mut self.recorder {
            return Ok(recorder.snapshot(snapshot)?);
        }
        let settled = snapshot.sources.iter().all(|s| s.state != SourceState::Starting)
            && snapshot.containers.iter().all(|c| c.config.known().is_some() || snapshot.engine_is_stale());
        if !settled && elapsed < SETTLE {
            return Ok(());
        }
        let scrubber = self.wish.scrub.then(|| Scrubber::new(Scrub::default()));
        let options = WriteOptions { overwrite: self.wish.force, ..WriteOptions::default() };
        self.recorder = Some(Recorder::start(&self.wish.file, snapshot, scrubber, options)?);
        if self.wish.logs > 0 {
            let ids = snapshot.containers.iter().map(|c| c.id.clone());
            self.answers = Answers { waiting: ids.collect(), tail: self.wish.logs, ..Answers::default() };
            for container in snapshot.containers.iter() {
                let _ = self.asks.send(Ask::Raw(Subject::Container { id: container.id.clone() }));
            }
            self.answers.next(self.asks);
        }
        Ok(())
    }

    fn detail(&mut self, detail: &Detail) -> Result<(), CommandError> {
        match &mut self.recorder {
            Some(recorder) => Ok(recorder.detail(detail)?),
            None => Ok(()),
        }
    }
}

/// Logs are asked for one container after another, as the feed streams one at a time.
#[derive(Default)]
struct Answers {
    waiting: VecDeque<ContainerId>,
    current: Option<(ContainerId, Vec<LogLine>, Instant)>,
    tail: u32,
    number: u64,
}

impl Answers {
    fn next(&mut self, asks: &UnboundedSender<Ask>) {
        self.current = self.waiting.pop_front().map(|id| (id, Vec::new(), Instant::now()));
        if let Some((id, ..)) = &self.current {
            self.number += 1;
            let query = LogQuery { tail: self.tail, since: None, follow: false };
            let _ = asks.send(Ask::Logs(self.number, id.clone(), query));
        }
    }

    /// Gathers lines; the whole answer when it has ended.
    fn log(&mut self, container: ContainerId, lines: Vec<LogLine>, ended: bool) -> Option<Detail> {
        let (id, gathered, _) = self.current.as_mut()?;
        if *id != container {
            return None;
        }
        gathered.extend(lines);
        ended.then(|| Detail::of_log(container, gathered))
    }

    fn give_up_late(&mut self, asks: &UnboundedSender<Ask>) {
        if self.current.as_ref().is_some_and(|(.., since)| since.elapsed() > ANSWER) {
            self.next(asks);
        }
    }
}
