//! How the lines of a page flow into rows of a given width: wrapping, scrolling sideways, finding text. Pure, so that
//! the state can count rows without knowing how they are drawn.

use super::Line;
use crate::text;
use unicode_segmentation::UnicodeSegmentation;

/// A stretch of a line that stands in one row of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Number of the line.
    pub line: usize,
    /// First byte of its text.
    pub from: usize,
    /// Byte after the last.
    pub to: usize,
    /// Columns the row is set in from the left: rows that go on a line are.
    pub indent: u16,
}

/// Lays lines out in rows of `width` columns. Without wrapping each line is one row, from column `skip` on.
pub fn lay_out(lines: &[Line], width: u16, wrap: bool, skip: usize) -> Vec<Stretch> {
    let mut rows = Vec::with_capacity(lines.len());
    for (n, line) in lines.iter().enumerate() {
        let length: usize = line.spans.iter().map(|s| s.text.len()).sum();
        let wide: usize = line.spans.iter().map(|s| text::width(&s.text)).sum();
        if !wrap {
            let from = if skip == 0 { 0 } else { cut_at(&line.text(), skip) };
            rows.push(Stretch { line: n, from, to: length, indent: 0 });
        } else if wide <= usize::from(width) || width == 0 {
            rows.push(Stretch { line: n, from: 0, to: length, indent: 0 });
        } else {
            wrap_line(&mut rows, n, &line.text(), width);
        }
    }
    rows
}

fn cut_at(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        if used >= columns {
            return at;
        }
        used += text::width(grapheme);
    }
    text.len()
}

fn wrap_line(rows: &mut Vec<Stretch>, line: usize, text: &str, width: u16) {
    let mut from = 0;
    while from < text.len() {
        // What goes on stands below the value of `label   value`, as far as there is room for it.
        let most = (width / 2).min(width.saturating_sub(2));
        let indent = if from == 0 { 0 } else { hang(text).min(most) };
        let room = usize::from(width - indent).max(1);
        let mut to = from + cut_within(&text[from..], room);
        if to < text.len()
            && let Some(blank) = text[from..to].rfind(' ')
            && blank > 0
            && text[from..from + blank].trim().len() > room / 3
        {
            to = from + blank + 1;
        }
        rows.push(Stretch { line, from, to, indent });
        from = to;
    }
}

/// Bytes that fit in `columns`, at least one grapheme.
fn cut_within(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = text::width(grapheme);
        if used + wide > columns {
            return if at == 0 { grapheme.len() } else { at };
        }
        used += wide;
    }
    text.len()
}

/// Where the value of a line begins: after its label and the blanks that follow, when it has at least two.
fn hang(text: &str) -> u16 {
    let lead = text.len() - text.trim_start().len();
    let after = text[lead..].find("  ").map(|at| {
        let rest = &text[lead + at..];
        lead + at + (rest.len() - rest.trim_start().len())
    });
    let column = match after.filter(|at| *at < text.len()) {
        Some(at) => text::width(&text[..at]),
        None => lead + 2,
    };
    u16::try_from(column).unwrap_or(0)
}

/// Bytes of `text` at which `needle` (in lower case) stands, case set aside for ASCII.
pub fn find_all(text: &str, needle: &str) -> Vec<(usize, usize)> {
    if needle.is_empty() {
        return Vec::new();
    }
    let lower = text.to_ascii_lowercase();
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(at) = lower[from..].find(needle) {
        out.push((from + at, from + at + needle.len()));
        from += at + needle.len();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::Span;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn wrapping_loses_nothing_and_fits(text in "[a-z é日\\u{301}]{0,80}", width in 2u16..40) {
            let lines = [Line::of([Span::plain(text.clone())])];
            let rows = lay_out(&lines, width, true, 0);
            let joined: String = rows.iter().map(|r| &text[r.from..r.to]).collect();
            prop_assert_eq!(&joined, &text);
            for r in &rows {
                prop_assert!(text::width(text[r.from..r.to].trim_end()) + usize::from(r.indent) <= usize::from(width));
            }
        }

        #[test]
        fn matches_are_whole_characters(text in "\\PC{0,40}", needle in "\\PC{1,3}") {
            for (from, to) in find_all(&text, &needle.to_ascii_lowercase()) {
                prop_assert!(text.get(from..to).is_some());
            }
        }
    }

    #[test]
    fn what_goes_on_stands_below_the_value() {
        let lines = [Line::field("image", 8, [Span::plain("registry.example/team/service:latest")])];
        let rows = lay_out(&lines, 24, true, 0);
        assert!(rows.len() > 1);
        assert_eq!(rows[1].indent, 9);
    }
}
