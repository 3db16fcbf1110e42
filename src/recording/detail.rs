//! Answers to questions that are asked on demand and not part of a snapshot: logs, raw inspect.

use crate::feed::LogLine;
use crate::model::ContainerId;
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The answer to a question that is asked on demand and not part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// About which container.
    pub container: ContainerId,
    /// Which question: see [`Detail::LOGS`] and [`Detail::INSPECT`].
    pub kind: String,
    /// The answer.
    pub text: Outside,
}

/// A log line as it is stored, one JSON object a line.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    stderr: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    mark: bool,
    text: Outside,
}

impl Detail {
    /// Log lines that came since the answer of this kind before: see [`Detail::of_log`].
    pub const LOGS: &str = "logs";
    /// The engine's answer to inspect, as JSON.
    pub const INSPECT: &str = "inspect";

    /// The engine's raw answer about a container.
    pub fn of_inspect(container: ContainerId, json: impl Into<Outside>) -> Self {
        Detail { container, kind: Detail::INSPECT.to_owned(), text: json.into() }
    }

    /// New lines of a container's log, oldest first.
    pub fn of_log(container: ContainerId, lines: &[LogLine]) -> Self {
        let line = |line: &LogLine| {
            let line = Line { at: line.at, stderr: line.is_stderr, mark: line.is_mark, text: line.text.clone() };
            serde_json::to_string(&line).unwrap_or_default()
        };
        let text = lines.iter().map(line).collect::<Vec<_>>().join("\n");
        Detail { container, kind: Detail::LOGS.to_owned(), text: text.into() }
    }

    /// The log lines that this holds; one that can't be parsed is taken as the text of a line.
    pub fn log_lines(&self) -> Vec<LogLine> {
        let parse = |text: &str| match serde_json::from_str::<Line>(text) {
            Ok(line) => LogLine { at: line.at, is_stderr: line.stderr, text: line.text, is_mark: line.mark },
            Err(_) => LogLine { at: None, is_stderr: false, text: text.into(), is_mark: false },
        };
        self.text.raw().lines().map(parse).collect()
    }
}
