//! What a view shows, as data: text with roles. Drawing it is the widgets' concern, so that a view can be tested as
//! text and shown on a pipe as well as on a screen.

use crate::analysis::Metric;
use crate::model::{ContainerId, Subject};
use crate::text::{Outside, ellipsis_end};
use crate::theme::Role;

/// A piece of clean text with a role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// Clean text: no control characters. Outside text goes through [`Span::outside`].
    pub text: String,
    /// Its role.
    pub role: Role,
}

impl Span {
    /// Text of ours.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Span { text: text.into(), role }
    }

    /// Outside text, cleaned.
    pub fn outside(text: &Outside, role: Role) -> Self {
        Span { text: text.shown().into_owned(), role }
    }

    /// Plain text of ours.
    pub fn plain(text: impl Into<String>) -> Self {
        Span::new(text, Role::Text)
    }

    /// The sign for what is not known.
    pub fn unknown() -> Self {
        Span::new("?", Role::Unknown)
    }
}

/// One line of a page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Pieces from left to right.
    pub spans: Vec<Span>,
    /// What the line stands for, so that Enter on it leads there.
    pub link: Option<Subject>,
}

impl Line {
    /// A line of pieces.
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Self {
        Line { spans: spans.into_iter().collect(), link: None }
    }

    /// An empty line.
    pub fn blank() -> Self {
        Line::default()
    }

    /// A heading.
    pub fn heading(title: impl Into<String>) -> Self {
        Line::of([Span::new(title, Role::Heading)])
    }

    /// `label   value`, the label in a column of `width`.
    pub fn field(label: &str, width: usize, value: impl IntoIterator<Item = Span>) -> Self {
        let label = ellipsis_end(label, width);
        let mut spans = vec![Span::new(format!("{label:<width$} "), Role::Dim)];
        spans.extend(value);
        Line { spans, link: None }
    }

    /// Makes the line lead to a subject.
    pub fn leading_to(mut self, subject: Subject) -> Self {
        self.link = Some(subject);
        self
    }

    /// The text without roles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }
}

/// A chart over time.
#[derive(Debug, Clone)]
pub struct Chart {
    /// Heading, with the unit and the newest value.
    pub title: String,
    /// Role that gives it its colour.
    pub role: Role,
    /// Points, oldest first; `NaN` is a gap.
    pub points: Vec<f32>,
    /// A second series drawn below or behind (sent beside received), with its role.
    pub second: Option<(Vec<f32>, Role)>,
    /// Seconds each point stands for.
    pub seconds_per_point: u32,
    /// A line to draw across: a limit.
    pub limit: Option<f32>,
    /// How a value is written on the axis.
    pub format: fn(f64) -> String,
}

/// What a detail tab shows.
#[derive(Debug, Clone)]
pub enum Content {
    /// Lines that scroll and can be searched.
    Page(Vec<Line>),
    /// Charts one below the other, with lines above them.
    Charts(Vec<Line>, Vec<Chart>),
    /// The log pane of a container; its lines come from the feed.
    Logs(ContainerId),
    /// The engine's raw answer for a subject; it comes from the feed.
    Raw(Subject),
}

/// One cell of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// Pieces from left to right.
    pub spans: Vec<Span>,
}

impl Cell {
    /// One piece.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Cell { spans: vec![Span::new(text, role)] }
    }

    /// Outside text, cleaned.
    pub fn outside(text: &Outside, role: Role) -> Self {
        Cell { spans: vec![Span::outside(text, role)] }
    }

    /// Several pieces.
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Self {
        Cell { spans: spans.into_iter().collect() }
    }

    /// The sign for what is not known.
    pub fn unknown() -> Self {
        Cell { spans: vec![Span::unknown()] }
    }

    /// Nothing to say here (not the same as unknown).
    pub fn none() -> Self {
        Cell::default()
    }

    /// The text without roles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|s| s.text.as_str()).collect()
    }
}

/// A sparkline cell asks for the points itself; this names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spark {
    /// Which figure.
    pub metric: Metric,
    /// Its role.
    pub role: Role,
}

/// What a list is sorted by. Unknown values come last whichever way it is sorted.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum SortKey {
    /// A number.
    Number(f64),
    /// Text, compared without case.
    Text(String),
    /// Numbers in order: addresses, versions.
    Numbers(Vec<u64>),
    /// Not known.
    Unknown,
}
