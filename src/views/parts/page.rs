//! Pages of a detail tab: headings, labelled values that wrap instead of being cut, and at the end what is not known,
//! why, and what would show it.

use super::wrap::{wrap, wrap_text};
use crate::model::{Fact, Gap, Subject};
use crate::text::{clean_line, width};
use crate::theme::Role;
use crate::views::content::{Content, Line, Span};
use std::sync::Arc;

/// A page in the making.
#[derive(Debug)]
pub struct Page {
    lines: Vec<Line>,
    unknown: Vec<(Vec<String>, Arc<Gap>)>,
    width: usize,
    label: usize,
}

/// Text that is not a literal of ours, as a span: cleaned.
pub fn word(text: &str, role: Role) -> Span {
    Span::new(clean_line(text), role)
}

impl Page {
    /// An empty page of `width` columns, with labels in a column of their own.
    pub fn new(width: u16) -> Self {
        let width = usize::from(width).max(20);
        Page { lines: Vec::new(), unknown: Vec::new(), width, label: (width / 4).clamp(8, 16) }
    }

    /// Columns of the page.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A heading, with an empty line above it unless it is the first line.
    pub fn heading(&mut self, title: impl Into<String>) {
        if !self.lines.is_empty() {
            self.lines.push(Line::blank());
        }
        self.lines.extend(wrap_text(&title.into(), self.width).into_iter().map(Line::heading));
    }

    /// A line, wrapped; each of its rows leads where the line leads.
    pub fn line(&mut self, line: Line) {
        let before = self.lines.len();
        self.spans(line.spans, 2);
        if let Some(subject) = &line.link {
            self.link_from(before, subject);
        }
    }

    /// Makes the lines from position `from` on lead to a subject.
    pub fn link_from(&mut self, from: usize, subject: &Subject) {
        for line in self.lines.iter_mut().skip(from) {
            line.link = Some(subject.clone());
        }
    }

    /// Lines as they are: they were made for this width.
    pub fn lines(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.lines.extend(lines);
    }

    /// A line of pieces that wraps, later lines indented by `indent`.
    pub fn spans(&mut self, spans: impl IntoIterator<Item = Span>, indent: usize) {
        let rows = wrap(spans, self.width, self.width.saturating_sub(indent).max(8));
        for (n, row) in rows.into_iter().enumerate() {
            let lead = (n > 0).then(|| Span::plain(" ".repeat(indent)));
            self.lines.push(Line::of(lead.into_iter().chain(row)));
        }
    }

    /// A labelled value; it wraps within its column.
    pub fn field(&mut self, label: &str, value: impl IntoIterator<Item = Span>) {
        self.field_to(label, value, None);
    }

    /// A labelled value that leads to a subject.
    pub fn field_to(&mut self, label: &str, value: impl IntoIterator<Item = Span>, subject: Option<Subject>) {
        let room = self.width.saturating_sub(self.label + 1).max(8);
        for (n, row) in wrap(value, room, room).into_iter().enumerate() {
            let mut line = Line::field(if n == 0 { label } else { "" }, self.label, row);
            line.link.clone_from(&subject);
            self.lines.push(line);
        }
    }

    /// A labelled text of ours.
    pub fn text(&mut self, label: &str, value: impl Into<String>) {
        self.field(label, [Span::plain(value)]);
    }

    /// A labelled fact: its value as `show` writes it, or `?` with the reason at the end of the page.
    pub fn fact<T>(&mut self, label: &str, fact: &Fact<T>, show: impl FnOnce(&T) -> Vec<Span>) {
        match fact {
            Fact::Known(value) => self.field(label, show(value)),
            Fact::Unknown { unknown } => {
                self.field(label, [Span::unknown()]);
                self.missing(label, unknown);
            }
        }
    }

    /// Notes that something is not known; it is listed with its reason at the end of the page.
    pub fn missing(&mut self, what: &str, gap: &Arc<Gap>) {
        match self.unknown.iter_mut().find(|(_, known)| known == gap) {
            Some((labels, _)) if labels.iter().any(|l| l == what) => {}
            Some((labels, _)) => labels.push(what.to_owned()),
            None => self.unknown.push((vec![what.to_owned()], gap.clone())),
        }
    }

    /// A paragraph in secondary text, wrapped.
    pub fn note(&mut self, text: impl AsRef<str>) {
        self.say(text, Role::Dim);
    }

    /// A paragraph with a role, wrapped. The text may be outside text: it is cleaned.
    pub fn say(&mut self, text: impl AsRef<str>, role: Role) {
        for row in wrap_text(&clean_line(text.as_ref()), self.width) {
            self.lines.push(Line::of([Span::new(row, role)]));
        }
    }

    /// How many lines it has so far.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// True while nothing stands on it.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The page, with what is not known at its end.
    pub fn finish(mut self) -> Content {
        if !self.unknown.is_empty() {
            self.heading("not known");
            for (labels, gap) in std::mem::take(&mut self.unknown) {
                let because = clean_line(&gap.reason).into_owned();
                self.spans(
                    [
                        Span::unknown(),
                        Span::plain(" "),
                        Span::plain(labels.join(", ")),
                        Span::new(format!(": {because}"), Role::Dim),
                    ],
                    2,
                );
                if let Some(lift) = &gap.lift {
                    let text = format!("  to see it: {}", clean_line(lift));
                    self.spans([Span::new(text, Role::Notice)], 4);
                }
            }
        }
        Content::Page(self.lines)
    }
}

/// Width of spans side by side.
pub fn spans_width(spans: &[Span]) -> usize {
    spans.iter().map(|span| width(&span.text)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GapKind;

    #[test]
    fn a_page_lists_once_what_is_not_known_and_never_exceeds_its_width() {
        let mut page = Page::new(40);
        let gap = Fact::<u64>::gap(
            Gap::new(GapKind::Permission, "read /proc/1/ns/net: permission denied").lifted_by("run as root"),
        );
        page.fact("memory", &gap, |_| vec![]);
        page.fact("swap", &gap, |_| vec![]);
        page.text("command", "a-very-long-word-that-has-no-space-in-it-at-all-and-goes-on");
        let Content::Page(lines) = page.finish() else { panic!("a page") };
        let text: Vec<String> = lines.iter().map(Line::text).collect();
        assert!(text.iter().all(|l| width(l) <= 40), "{text:#?}");
        let all = text.join(" ");
        assert_eq!(all.matches("permission denied").count(), 1);
        assert!(all.contains("memory, swap"));
        assert!(all.contains("run as root"));
    }
}
