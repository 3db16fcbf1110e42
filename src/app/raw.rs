//! The engine's raw answer for what is selected: asked for once, kept as lines, bounded.

use crate::model::Subject;
use crate::text::{Outside, clean_line};
use crate::theme::Role;
use crate::views::{Line, Span};

/// Most lines that are shown of an answer.
const MAX_LINES: usize = 20_000;
/// Most bytes that are shown of one line.
const MAX_LINE: usize = 4096;

/// See the module.
#[derive(Debug, Default)]
pub struct RawPane {
    subject: Option<Subject>,
    asked: bool,
    answer: Option<Vec<Line>>,
    /// Raised with every change of what is shown.
    pub version: u64,
}

impl RawPane {
    /// It holds the answer, or the question, for this subject.
    pub fn is_for(&self, subject: &Subject) -> bool {
        self.subject.as_ref() == Some(subject)
    }

    /// Wants the answer for a subject.
    pub fn want(&mut self, subject: Subject) {
        if !self.is_for(&subject) {
            *self = RawPane { subject: Some(subject), asked: false, answer: None, version: self.version + 1 };
        }
    }

    /// Forgets the answer, so that it is asked for again.
    pub fn forget(&mut self) {
        *self = RawPane { version: self.version + 1, ..RawPane::default() };
    }

    /// The question to ask, once.
    pub fn question(&mut self) -> Option<Subject> {
        if self.asked {
            return None;
        }
        self.asked = self.subject.is_some();
        self.subject.clone()
    }

    /// Takes an answer; one for another subject is too late.
    pub fn take(&mut self, subject: &Subject, answer: Result<Outside, String>) {
        if !self.is_for(subject) {
            return;
        }
        self.version += 1;
        self.answer = Some(match answer {
            Ok(text) => lines(&text),
            Err(why) => {
                vec![Line::of([Span::new("no answer: ", Role::Alert), Span::plain(clean_line(&why).into_owned())])]
            }
        });
    }

    /// What is shown.
    pub fn lines(&self) -> Vec<Line> {
        let waiting = || vec![Line::of([Span::new("asking the engine …", Role::Dim)])];
        self.answer.clone().unwrap_or_else(waiting)
    }
}

fn lines(text: &Outside) -> Vec<Line> {
    // Recorded answers are compact: one endless line.
    let is_compact = text.raw().starts_with('{') && !text.raw().trim_end().contains('\n');
    let value: Option<serde_json::Value> = is_compact.then(|| serde_json::from_str(text.raw()).ok()).flatten();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    let text = &pretty.map_or_else(|| text.clone(), Outside::from);
    let total = text.raw().lines().count();
    let mut out: Vec<Line> = text.raw().lines().take(MAX_LINES).map(line).collect();
    if total > MAX_LINES {
        out.push(Line::of([Span::new(format!("… {} more lines are not shown", total - MAX_LINES), Role::Notice)]));
    }
    out
}

/// A line of pretty JSON: the key apart from the value.
fn line(raw: &str) -> Line {
    let mut end = raw.len().min(MAX_LINE);
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    let cut = raw.len() - end;
    let raw = &raw[..end];
    let clean = |t: &str| clean_line(t).into_owned();
    let mut spans = match raw.find("\": ") {
        Some(at) if raw.trim_start().starts_with('"') => {
            vec![Span::new(clean(&raw[..at + 2]), Role::Dim), Span::plain(clean(&raw[at + 2..]))]
        }
        _ => vec![Span::plain(clean(raw))],
    };
    if cut > 0 {
        spans.push(Span::new(format!(" … {cut} bytes more"), Role::Notice));
    }
    Line::of(spans)
}
