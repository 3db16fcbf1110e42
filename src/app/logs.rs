//! The log pane: a bounded run of lines, where one stands in it, and what is searched for.
//!
//! Well-formed colour sequences (SGR) are taken out of the lines and tabs become blanks; everything else that a
//! terminal could act on is spelled out.

use crate::feed::{LogBatch, LogLine, LogQuery};
use crate::model::ContainerId;
use crate::text::{Outside, clean_line};
use crate::theme::Role;
use crate::views::flow::find_all;
use crate::views::{Line, Span};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::VecDeque;

/// Most lines that are kept.
pub const MAX_LINES: usize = 10_000;
/// Most bytes of text that are kept.
pub const MAX_BYTES: usize = 4 << 20;
/// Most bytes of one line that are kept.
const MAX_LINE: usize = 32 << 10;

#[derive(Debug, Clone)]
struct Kept {
    at: Option<Timestamp>,
    is_stderr: bool,
    is_mark: bool,
    text: String,
}

/// State of the log pane.
#[derive(Debug, Clone)]
pub struct LogPane {
    /// Whose log it is.
    pub container: Option<ContainerId>,
    /// Number of the question whose answers are taken.
    pub request: u64,
    /// What was asked for.
    pub query: LogQuery,
    /// Words for the query, e.g. `last 500`.
    pub range: String,
    /// Lines not shown: cut off at the front because of the bounds, or skipped by the feed.
    pub lost: u64,
    /// The stream has ended, with the reason when it was not asked to end.
    pub ended: Option<String>,
    /// Times are shown.
    pub times: bool,
    /// Long lines are wrapped.
    pub wrap: bool,
    /// What is searched for, in lower case.
    pub needle: String,
    /// Only lines that match are shown.
    pub matches_only: bool,
    /// An answer has come.
    pub answered: bool,
    lines: VecDeque<Kept>,
    bytes: usize,
    /// Number of the first kept line since the stream began.
    first: u64,
    /// The last line on the screen; none follows the newest.
    bottom: Option<u64>,
}

impl Default for LogPane {
    fn default() -> Self {
        LogPane {
            container: None,
            request: 0,
            query: LogQuery { tail: 500, since: None, follow: true },
            range: "last 500 lines".to_owned(),
            lost: 0,
            ended: None,
            times: false,
            wrap: true,
            needle: String::new(),
            matches_only: false,
            answered: false,
            lines: VecDeque::new(),
            bytes: 0,
            first: 0,
            bottom: None,
        }
    }
}

impl LogPane {
    /// Begins a new stream; what was kept goes.
    pub fn begin(&mut self, container: ContainerId) {
        self.container = Some(container);
        self.request += 1;
        self.lines.clear();
        (self.bytes, self.first, self.lost, self.bottom) = (0, 0, 0, None);
        (self.ended, self.answered) = (None, false);
    }

    /// Takes a batch. False when it answers an older question.
    pub fn take(&mut self, batch: LogBatch) -> bool {
        if batch.request != self.request {
            return false;
        }
        self.answered = true;
        self.lost += batch.skipped;
        for line in batch.lines {
            let kept = keep(line);
            self.bytes += kept.text.len();
            self.lines.push_back(kept);
            while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
                let Some(old) = self.lines.pop_front() else { break };
                self.bytes -= old.text.len();
                self.first += 1;
                self.lost += 1;
            }
        }
        if batch.ended.is_some() {
            self.ended = batch.ended;
        }
        self.bottom = self.bottom.map(|b| b.max(self.first));
        true
    }

    /// It shows the newest line.
    pub fn is_following(&self) -> bool {
        self.bottom.is_none()
    }

    /// Number of lines kept.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    fn visible(&self, n: u64) -> bool {
        let Some(line) = self.lines.get((n - self.first) as usize) else { return false };
        !self.matches_only || self.needle.is_empty() || line.is_mark || matches(line, &self.needle)
    }

    /// Numbers of the lines on a screen, from the last up. They go on to the first line; the caller stops when full.
    pub fn upwards(&self) -> impl Iterator<Item = u64> + '_ {
        let last = self.bottom.map_or(self.end(), |b| (b + 1).min(self.end()));
        (self.first..last).rev().filter(|n| self.visible(*n))
    }

    /// Scrolls by lines, negative is up; at the end it follows again.
    pub fn scroll(&mut self, by: i64) {
        if self.lines.is_empty() {
            return;
        }
        let mut at = self.bottom.unwrap_or(self.end() - 1);
        let mut left = by.unsigned_abs();
        while left > 0 {
            let next = if by < 0 {
                (self.first..at).rev().find(|n| self.visible(*n))
            } else {
                (at + 1..self.end()).find(|n| self.visible(*n))
            };
            match next {
                Some(n) => at = n,
                None => {
                    self.bottom = (by < 0).then_some(at);
                    return;
                }
            }
            left -= 1;
        }
        self.bottom = (at + 1 < self.end()).then_some(at);
    }

    /// Goes to the first line (with `height` lines on the screen) or to the newest.
    pub fn to_edge(&mut self, end: bool, height: usize) {
        self.bottom = if end || self.lines.is_empty() {
            None
        } else {
            (self.first..self.end()).filter(|n| self.visible(*n)).take(height.max(1)).last()
        };
    }

    /// Follows, or stays where it is.
    pub fn toggle_follow(&mut self) {
        self.bottom = match self.bottom {
            Some(_) => None,
            None => self.end().checked_sub(1),
        };
    }

    /// Goes to the next or previous line that matches. False when there is none.
    pub fn to_match(&mut self, forward: bool) -> bool {
        if self.needle.is_empty() || self.lines.is_empty() {
            return false;
        }
        let at = self.bottom.unwrap_or(self.end() - 1);
        let hit = |n: &u64| self.lines.get((*n - self.first) as usize).is_some_and(|l| matches(l, &self.needle));
        let found = if forward { (at + 1..self.end()).find(hit) } else { (self.first..at).rev().find(hit) };
        if let Some(n) = found {
            self.bottom = Some(n);
        }
        found.is_some()
    }

    /// Lines that match, of those kept.
    pub fn match_count(&self) -> usize {
        self.lines.iter().filter(|l| matches(l, &self.needle)).count()
    }

    /// A line as it is shown.
    pub fn line(&self, n: u64, zone: &TimeZone) -> Line {
        let Some(kept) = self.lines.get(n.saturating_sub(self.first) as usize) else { return Line::blank() };
        if kept.is_mark {
            return Line::of([Span::new(format!("── {} ──", kept.text), Role::Notice)]);
        }
        let mut spans = Vec::with_capacity(3);
        if self.times {
            let at = kept.at.map(|at| at.to_zoned(zone.clone()).strftime("%m-%d %H:%M:%S ").to_string());
            spans.push(Span::new(at.unwrap_or_else(|| "?              ".to_owned()), Role::Dim));
        }
        if kept.is_stderr {
            spans.push(Span::new("│ ", Role::Bad));
        }
        spans.push(Span::plain(kept.text.clone()));
        Line::of(spans)
    }
}

fn matches(line: &Kept, needle: &str) -> bool {
    !needle.is_empty() && !find_all(&line.text, needle).is_empty()
}

fn keep(line: LogLine) -> Kept {
    let text = readable(&line.text);
    Kept { at: line.at, is_stderr: line.is_stderr, is_mark: line.is_mark, text }
}

fn readable(text: &Outside) -> String {
    let raw = text.raw().trim_end_matches(['\r', '\n']);
    let mut end = raw.len().min(MAX_LINE);
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    let without = without_colours(&raw[..end]);
    let mut shown = without.split('\t').map(|part| clean_line(part).into_owned()).collect::<Vec<_>>().join("    ");
    if end < raw.len() {
        shown.push_str(&format!(" … {} bytes more", raw.len() - end));
    }
    shown
}

/// Takes `ESC [ digits ; … m` out; anything that only looks like it stays.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let body = &rest[at + 2..];
        let digits = body.len() - body.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == ':').len();
        if body[digits..].starts_with('m') {
            rest = &body[digits + 1..];
        } else {
            out.push('\u{1b}');
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(request: u64, lines: &[&str]) -> LogBatch {
        let line = |t: &&str| LogLine { at: None, is_stderr: false, text: Outside::from(*t), is_mark: false };
        LogBatch { request, container: "c".into(), lines: lines.iter().map(line).collect(), skipped: 0, ended: None }
    }

    fn shown(pane: &LogPane) -> Vec<String> {
        pane.upwards().map(|n| pane.line(n, &TimeZone::UTC).text()).collect()
    }

    #[test]
    fn l10_colours_go_and_broken_sequences_are_spelled_out() {
        assert_eq!(readable(&Outside::from("\u{1b}[1;31merror\u{1b}[0m\tx")), "error    x");
        assert_eq!(readable(&Outside::from("\u{1b}[2Jx\u{1b}[31")), "\\x1b[2Jx\\x1b[31");
    }

    #[test]
    fn l07_lines_and_bytes_are_bounded_and_losses_counted() {
        let mut pane = LogPane::default();
        pane.begin("c".into());
        let long = "x".repeat(100_000);
        for _ in 0..300 {
            pane.take(batch(1, &[&long]));
        }
        assert!(pane.bytes <= MAX_BYTES);
        assert!(pane.line(pane.first, &TimeZone::UTC).text().contains("bytes more"));
        let before = pane.lost;
        let many = vec!["y"; 30_000];
        pane.take(batch(1, &many));
        assert_eq!(pane.len(), MAX_LINES);
        assert!(pane.lost > before + 20_000);
        assert!(!pane.take(batch(7, &["late answer"])));
    }

    #[test]
    fn scrolling_stays_in_place_while_lines_come() {
        let mut pane = LogPane::default();
        pane.begin("c".into());
        pane.take(batch(1, &["a", "b error", "c", "d Error"]));
        pane.scroll(-1);
        pane.take(batch(1, &["e"]));
        assert_eq!(shown(&pane)[0], "c");
        pane.needle = "error".into();
        assert!(pane.to_match(true));
        assert_eq!(shown(&pane)[0], "d Error");
        pane.matches_only = true;
        assert_eq!(shown(&pane), ["d Error", "b error"]);
        pane.to_edge(true, 2);
        assert!(pane.is_following());
    }

    proptest! {
        #[test]
        fn s01_no_log_line_carries_a_control(text in "[\\x00-\\x7f\\u{80}-\\u{9f}\\u{202e}é]{0,60}") {
            let shown = readable(&Outside::from(text));
            prop_assert!(!shown.chars().any(|c| c.is_control() || c == '\u{202e}'), "{:?}", shown);
        }

        #[test]
        fn any_walk_stays_inside(moves in proptest::collection::vec((0..6u8, -50..50i64), 0..40)) {
            let mut pane = LogPane { needle: "x".into(), ..LogPane::default() };
            pane.begin("c".into());
            for (kind, by) in moves {
                match kind {
                    0 => drop(pane.take(batch(1, &["x", "y", "z"]))),
                    1 => pane.scroll(by),
                    2 => pane.to_edge(by > 0, by.unsigned_abs() as usize),
                    3 => pane.toggle_follow(),
                    4 => drop(pane.to_match(by > 0)),
                    _ => pane.matches_only = by > 0,
                }
                let _ = shown(&pane);
            }
        }
    }
}
