//! The pump behind a log stream: reads, puts lines into a bounded ring, and opens the log again where it broke off.
//!
//! A log may end cleanly while the engine or the container restarts, so a clean end is a seam and not the end. Closing
//! it without doubled lines goes by the engine's times: what was seen at the last of them is left out.

use super::LogRequest;
use super::assembler::{Assembler, Framing, LogLine, Stream};
use crate::model::ContainerId;
use crate::sources::engine::client::EngineReader;
use crate::sources::engine::error::EngineError;
use crate::sources::engine::happening::Happening;
use futures_util::StreamExt;
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// Lines that wait for their reader.
const WAITING_LINES: usize = 5_000;
/// Bytes of text that wait for their reader.
const WAITING_BYTES: usize = 4 << 20;
/// A line that has begun is shown after this long without more.
const IDLE: Duration = Duration::from_secs(1);
/// Wait between two tries when the engine is away.
const RETRY: Duration = Duration::from_secs(1);

/// Lines that arrived since the last question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogBatch {
    /// The lines, oldest first.
    pub lines: Vec<LogLine>,
    /// Lines that were dropped before these because the reader was slower than the log.
    pub skipped: u64,
    /// The stream is over, and why; empty when it was read to its end.
    pub ended: Option<String>,
}

/// A log that is being read. Dropping it closes the connection.
#[derive(Debug)]
pub struct LogStream {
    ring: Arc<Ring>,
    pump: tokio::task::JoinHandle<()>,
    is_over: bool,
}

#[derive(Debug, Default)]
struct Ring {
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<LogLine>,
    bytes: usize,
    skipped: u64,
    ended: Option<String>,
}

impl LogStream {
    pub(super) fn open(reader: EngineReader, id: ContainerId, tty: bool, request: LogRequest) -> Self {
        let ring = Arc::new(Ring::default());
        let framing = if tty { Framing::Raw } else { Framing::Frames };
        let pump = Pump { reader, id, framing, ring: ring.clone(), seam: Seam::default() };
        LogStream { ring, pump: tokio::spawn(pump.run(request)), is_over: false }
    }

    /// Waits for news and takes all of it; none after the batch that had `ended`.
    pub async fn next(&mut self) -> Option<LogBatch> {
        while !self.is_over {
            if let Some(batch) = self.ring.take() {
                self.is_over = batch.ended.is_some();
                return Some(batch);
            }
            self.ring.news.notified().await;
        }
        None
    }
}

impl Drop for LogStream {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

impl Ring {
    /// A panic of another thread leaves whole lines behind; they can still be read.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, lines: impl IntoIterator<Item = LogLine>) {
        let mut waiting = self.lock();
        for line in lines {
            // A preview gives way to the line it previewed.
            if waiting.lines.back().is_some_and(|last| last.partial && last.stream == line.stream) {
                waiting.pop_back();
            }
            waiting.bytes += line.text.raw().len();
            waiting.lines.push_back(line);
            while waiting.lines.len() > WAITING_LINES || waiting.bytes > WAITING_BYTES {
                waiting.pop_front();
            }
        }
        drop(waiting);
        self.news.notify_one();
    }

    fn end(&self, reason: String) {
        self.lock().ended = Some(reason);
        self.news.notify_one();
    }

    fn take(&self) -> Option<LogBatch> {
        let mut waiting = self.lock();
        if waiting.lines.is_empty() && waiting.skipped == 0 && waiting.ended.is_none() {
            return None;
        }
        waiting.bytes = 0;
        Some(LogBatch {
            lines: std::mem::take(&mut waiting.lines).into(),
            skipped: std::mem::take(&mut waiting.skipped),
            ended: waiting.ended.take(),
        })
    }
}

impl Waiting {
    fn pop_back(&mut self) {
        if let Some(line) = self.lines.pop_back() {
            self.bytes -= line.text.raw().len();
        }
    }

    fn pop_front(&mut self) {
        if let Some(line) = self.lines.pop_front() {
            self.bytes -= line.text.raw().len();
            self.skipped += 1;
        }
    }
}

/// Where the log broke off: the last time seen, and how many lines had it.
#[derive(Debug, Default)]
struct Seam {
    last: Option<Timestamp>,
    seen: u64,
    skip: u64,
    resumed: bool,
}

impl Seam {
    /// The log is read again from its last time on.
    fn resume(&mut self) {
        self.skip = self.seen;
        self.resumed = true;
    }

    /// False for a line that was given before the seam.
    fn is_new(&mut self, line: &LogLine) -> bool {
        let (Some(at), false) = (line.at, line.partial) else { return true };
        if self.resumed && self.last.is_some_and(|last| at < last) {
            return false;
        }
        if self.last == Some(at) {
            if self.skip > 0 {
                self.skip -= 1;
                return false;
            }
            self.seen += 1;
        } else {
            self.resumed = false;
            self.skip = 0;
            self.last = Some(at);
            self.seen = 1;
        }
        true
    }
}

struct Pump {
    reader: EngineReader,
    id: ContainerId,
    framing: Framing,
    ring: Arc<Ring>,
    seam: Seam,
}

impl Pump {
    async fn run(mut self, mut request: LogRequest) {
        let reason = loop {
            let outcome = self.read(&request).await;
            match outcome {
                Ok(()) if !request.follow => break String::new(),
                Ok(()) => self.ring.put([LogLine::mark("the stream ended; waiting for the container to run")]),
                Err(error) if request.follow && (error.is_engine_away() || self.seam.last.is_some()) => {
                    self.ring.put([LogLine::mark(error.to_string())]);
                }
                Err(error) => break error.to_string(),
            }
            if let Err(error) = self.wait_until_it_runs().await {
                break error.to_string();
            }
            self.seam.resume();
            request.since = self.seam.last.or(request.since);
            request.tail = None;
        };
        self.ring.end(reason);
    }

    /// Reads until the stream ends.
    async fn read(&mut self, request: &LogRequest) -> Result<(), EngineError> {
        let mut bytes = self.reader.log_bytes(&self.id, &request.query())?;
        let mut assembler = Assembler::new(self.framing);
        let mut lines = Vec::new();
        let outcome = loop {
            match timeout(IDLE, bytes.next()).await {
                Ok(Some(Ok(chunk))) => assembler.push(&chunk, &mut lines),
                Ok(Some(Err(error))) => break Err(error),
                Ok(None) => break Ok(()),
                Err(_idle) => assembler.preview(&mut lines),
            }
            self.give(&mut lines);
            if assembler.is_damaged() {
                break Ok(());
            }
            // A flood must not keep the other tasks of this thread from their turn.
            tokio::task::yield_now().await;
        };
        if !assembler.is_damaged() {
            assembler.finish(&mut lines);
        }
        self.give(&mut lines);
        outcome
    }

    fn give(&mut self, lines: &mut Vec<LogLine>) {
        if !lines.is_empty() {
            let seam = &mut self.seam;
            self.ring.put(lines.drain(..).filter(|line| line.stream == Stream::Mark || seam.is_new(line)));
        }
    }

    /// Waits until the container runs (again): by its start event, as nothing is asked twice a second for hours.
    async fn wait_until_it_runs(&self) -> Result<(), EngineError> {
        let mut since = jiff::Timestamp::now().as_second() - 2;
        loop {
            sleep(RETRY / 4).await;
            match self.reader.container(&self.id).await {
                Ok(container) if container.state.has_processes() => return Ok(()),
                Ok(_) => {}
                Err(error @ EngineError::Gone { .. }) => return Err(error),
                Err(_) => {
                    sleep(RETRY).await;
                    continue;
                }
            }
            let filters = format!(r#"{{"type":["container"],"container":["{}"]}}"#, self.id.as_str());
            let mut events = self.reader.events(&since.to_string(), &filters);
            match events.next().await {
                Ok(Some(lines)) => {
                    let newest = lines.iter().filter_map(|line| Happening::parse(line)?.at_ns).max();
                    since = newest.map_or_else(|| Timestamp::now().as_second(), |ns| ns / 1_000_000_000 + 1);
                }
                Ok(None) | Err(_) => sleep(RETRY).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: i64, text: &str) -> LogLine {
        let mut line = LogLine::mark(text);
        line.stream = Stream::Stdout;
        line.at = Timestamp::from_second(at).ok();
        line
    }

    #[test]
    fn l07_a_slow_reader_gets_the_newest_lines_and_a_count() {
        let ring = Ring::default();
        for n in 0..WAITING_LINES as i64 + 7 {
            ring.put([line(n, "x")]);
        }
        let batch = ring.take().expect("lines");
        assert_eq!((batch.lines.len(), batch.skipped), (WAITING_LINES, 7));
        let big = "y".repeat(1 << 20);
        ring.put((0..10).map(|n| line(n, &big)));
        let batch = ring.take().expect("lines");
        assert_eq!((batch.lines.len(), batch.skipped), (4, 6));
        assert_eq!(ring.take(), None);
    }

    #[test]
    fn l08_a_seam_doubles_nothing_and_loses_nothing() {
        let mut seam = Seam::default();
        for (at, text) in [(1, "a"), (2, "b"), (2, "c")] {
            assert!(seam.is_new(&line(at, text)));
        }
        seam.resume();
        let again = [(1, "a"), (2, "b"), (2, "c"), (2, "d"), (3, "e"), (2, "late")];
        let new: Vec<bool> = again.iter().map(|(at, text)| seam.is_new(&line(*at, text))).collect();
        assert_eq!(new, [false, false, false, true, true, true]);
    }

    #[test]
    fn a_preview_gives_way_to_its_line() {
        let ring = Ring::default();
        let mut half = line(1, "ha");
        half.partial = true;
        ring.put([half]);
        ring.put([line(1, "half")]);
        assert_eq!(ring.take().expect("lines").lines.len(), 1);
    }
}
