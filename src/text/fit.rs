//! Cutting and padding clean text to a number of terminal columns.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes on a terminal.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { UnicodeWidthStr::width(text) }
}

/// Cuts at the end and marks the cut; the result is at most `columns` wide.
pub fn ellipsis_end(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut out = head(text, columns - 1);
    out.push('…');
    Cow::Owned(out)
}

/// Cuts in the middle and marks the cut, so that a common prefix does not hide what tells two names apart.
pub fn ellipsis_middle(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns < 4 {
        return ellipsis_end(text, columns);
    }
    let left = (columns - 1) / 2;
    let mut out = head(text, left);
    out.push('…');
    let room = columns - width(&out);
    let mut tail: Vec<&str> = Vec::new();
    let mut used = 0;
    for grapheme in text.graphemes(true).rev() {
        let w = width(grapheme);
        if used + w > room {
            break;
        }
        used += w;
        tail.push(grapheme);
    }
    out.extend(tail.iter().rev().copied());
    Cow::Owned(out)
}

/// Cuts or pads with spaces to exactly `columns`; `right` puts the text at the right edge.
pub fn pad(text: &str, columns: usize, right: bool) -> String {
    let cut = ellipsis_end(text, columns);
    let space = " ".repeat(columns.saturating_sub(width(&cut)));
    if right { format!("{space}{cut}") } else { format!("{cut}{space}") }
}

fn head(text: &str, columns: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let w = width(grapheme);
        if used + w > columns {
            break;
        }
        used += w;
        out.push_str(grapheme);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_never_exceeds_its_columns() {
        for columns in 0..12 {
            for text in ["", "web", "project-service-1", "日本語の名前", "e\u{301}te\u{301}"] {
                assert!(width(&ellipsis_end(text, columns)) <= columns);
                assert!(width(&ellipsis_middle(text, columns)) <= columns);
                assert_eq!(width(&pad(text, columns, false)), columns);
            }
        }
    }

    #[test]
    fn the_middle_is_what_goes() {
        assert_eq!(ellipsis_middle("project-service-1", 9), "proj…ce-1");
    }
}
