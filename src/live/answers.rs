//! What is answered on demand only: a container's log, the engine's raw words for a subject.

use super::hub::Sink;
use crate::feed::{LogBatch, LogLine, LogQuery, Update};
use crate::model::{ContainerId, Snapshot, Subject};
use crate::sources::engine::{self, EngineReader, EngineTarget, LogRequest, RawSubject, Stream};
use crate::text::Outside;
use std::time::Duration;
use tokio::task::JoinHandle;

/// Lines are handed over in batches at most this often: a flood must not wake the console for every line.
const BATCH_EVERY: Duration = Duration::from_millis(60);

/// The connection for questions, made when the first is asked.
pub struct Answers {
    target: Option<EngineTarget>,
    reader: Option<EngineReader>,
    sink: Sink,
    log: Option<JoinHandle<()>>,
}

impl Answers {
    /// Answers from the engine at `target`.
    pub fn new(target: Option<EngineTarget>, sink: Sink) -> Self {
        Answers { target, reader: None, sink, log: None }
    }

    fn reader(&mut self) -> Result<EngineReader, String> {
        if let Some(reader) = &self.reader {
            return Ok(reader.clone());
        }
        let target = self.target.as_ref().ok_or("no endpoint of an engine is known")?;
        let reader = EngineReader::connect(target).map_err(|e| e.to_string())?;
        self.reader = Some(reader.clone());
        Ok(reader)
    }

    /// Streams a log; the stream before it ends.
    pub fn logs(&mut self, request: u64, container: ContainerId, tty: bool, query: LogQuery) {
        self.stop_logs();
        let reader = match self.reader() {
            Ok(reader) => reader,
            Err(reason) => {
                (self.sink)(Update::Logs(LogBatch {
                    request,
                    container,
                    lines: Vec::new(),
                    skipped: 0,
                    ended: Some(reason),
                }));
                return;
            }
        };
        let sink = self.sink.clone();
        self.log = Some(tokio::spawn(async move {
            let wanted = LogRequest { tail: Some(query.tail), since: query.since, follow: query.follow };
            let mut stream = reader.logs(&container, tty, wanted);
            while let Some(batch) = stream.next().await {
                let ended = batch.ended.clone();
                let over = ended.is_some();
                let lines = batch.lines.into_iter().map(line).collect();
                let batch = LogBatch { request, container: container.clone(), lines, skipped: batch.skipped, ended };
                if !sink(Update::Logs(batch)) || over {
                    return;
                }
                tokio::time::sleep(BATCH_EVERY).await;
            }
            let ended = Some("the log has ended".to_owned());
            sink(Update::Logs(LogBatch { request, container, lines: Vec::new(), skipped: 0, ended }));
        }));
    }

    /// Ends the stream.
    pub fn stop_logs(&mut self) {
        if let Some(task) = self.log.take() {
            task.abort();
        }
    }

    /// Asks the engine what takes room on its disk.
    pub fn disk_use(&mut self) {
        let reader = match self.reader() {
            Ok(reader) => reader,
            Err(reason) => {
                (self.sink)(Update::DiskUse(Err(reason)));
                return;
            }
        };
        let sink = self.sink.clone();
        tokio::spawn(async move {
            sink(Update::DiskUse(reader.disk_use().await.map_err(|e| e.to_string())));
        });
    }

    /// Asks the engine for its own words.
    pub fn raw(&mut self, subject: Subject, snapshot: &Snapshot) {
        let wanted = match &subject {
            Subject::Container { id } => RawSubject::Container(id.clone()),
            Subject::Network { id } => RawSubject::Network(id.clone()),
            other => {
                let answer = kernel_words(other, snapshot);
                (self.sink)(Update::Raw(subject, answer));
                return;
            }
        };
        match self.reader() {
            Err(reason) => {
                (self.sink)(Update::Raw(subject, Err(reason)));
            }
            Ok(reader) => {
                let sink = self.sink.clone();
                tokio::spawn(async move {
                    let answer = match reader.inspect_raw(&wanted).await {
                        Ok(value) => serde_json::to_string_pretty(&value).map(Outside::from).map_err(|e| e.to_string()),
                        Err(error) => Err(error.to_string()),
                    };
                    sink(Update::Raw(subject, answer));
                });
            }
        }
    }
}

/// For subjects that no engine knows: what the kernel said, as the model has it.
fn kernel_words(subject: &Subject, snapshot: &Snapshot) -> Result<Outside, String> {
    let json = match subject {
        Subject::Link { netns, ifindex } => snapshot.link(*netns, *ifindex).map(serde_json::to_string_pretty),
        Subject::Netns { inode } => snapshot.netns.iter().find(|n| n.inode == *inode).map(serde_json::to_string_pretty),
        Subject::Host | Subject::Daemon => Some(serde_json::to_string_pretty(&*snapshot.host)),
        _ => None,
    };
    match json {
        Some(Ok(text)) => Ok(Outside::from(text)),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("there is no raw answer for this".to_owned()),
    }
}

fn line(line: engine::LogLine) -> LogLine {
    let text = if line.cut_bytes > 0 {
        Outside::from(format!("{}… {} bytes more", line.text.raw(), line.cut_bytes))
    } else {
        line.text
    };
    LogLine { at: line.at, is_stderr: line.stream == Stream::Stderr, text, is_mark: line.stream == Stream::Mark }
}
