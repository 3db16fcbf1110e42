//! Breaking pieces of text into lines, so that nothing on a page is cut off.

use crate::text::width;
use crate::views::content::Span;
use unicode_segmentation::UnicodeSegmentation;

/// Breaks pieces into rows of at most `first` columns, then `rest`. Breaks at spaces; a word that is longer than a row
/// is broken where the row ends. There is always at least one row.
pub fn wrap(spans: impl IntoIterator<Item = Span>, first: usize, rest: usize) -> Vec<Vec<Span>> {
    let mut rows: Vec<Vec<Span>> = vec![Vec::new()];
    let mut used = 0;
    let (first, rest) = (first.max(1), rest.max(1));
    let spans: Vec<Span> = spans.into_iter().collect();
    let tokens: Vec<(&str, &Span)> =
        spans.iter().flat_map(|span| span.text.split_inclusive(' ').map(move |token| (token, span))).collect();
    for (n, (token, span)) in tokens.iter().enumerate() {
        let body = token.trim_end_matches(' ');
        let needed = width(body) + closing(token, tokens.get(n + 1).map(|next| next.0));
        let mut room = if rows.len() == 1 { first } else { rest };
        if used > 0 && used + needed > room {
            // A word that would not fit on a line of its own either is broken here, unless little room is left.
            if needed <= rest || room - used.min(room) < 8 {
                rows.push(Vec::new());
                used = 0;
                room = rest;
            }
        }
        if used + width(token) <= room {
            put(&mut rows, token, span);
            used += width(token);
            continue;
        }
        for grapheme in body.graphemes(true) {
            let room = if rows.len() == 1 { first } else { rest };
            if used > 0 && used + width(grapheme) > room {
                rows.push(Vec::new());
                used = 0;
            }
            put(&mut rows, grapheme, span);
            used += width(grapheme);
        }
        let room = if rows.len() == 1 { first } else { rest };
        if used < room && body.len() < token.len() {
            put(&mut rows, " ", span);
            used += 1;
        }
    }
    rows
}

/// Columns of a comma or the like that follows a word without a blank: it must not begin a line.
fn closing(token: &str, next: Option<&str>) -> usize {
    let next = next.map_or("", |next| next.trim_end_matches(' '));
    let closes = !next.is_empty() && next.chars().all(|c| matches!(c, ',' | ';' | '.' | ')'));
    if closes && !token.ends_with(' ') { width(next) } else { 0 }
}

fn put(rows: &mut [Vec<Span>], text: &str, like: &Span) {
    let Some(row) = rows.last_mut() else { return };
    match row.last_mut() {
        Some(last) if last.role == like.role => last.text.push_str(text),
        _ => row.push(Span::new(text, like.role)),
    }
}

/// Breaks a text into rows.
pub fn wrap_text(text: &str, columns: usize) -> Vec<String> {
    wrap([Span::plain(text)], columns, columns)
        .into_iter()
        .map(|row| row.into_iter().map(|span| span.text).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_stay_whole_where_they_can() {
        assert_eq!(wrap_text("read the whole file", 9), ["read the ", "whole ", "file"]);
        assert_eq!(wrap_text("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap_text("", 4), [""]);
        let rows = wrap([Span::plain("one two"), Span::new(", ", crate::theme::Role::Dim), Span::plain("three")], 7, 9);
        let rows: Vec<String> = rows.iter().map(|row| row.iter().map(|s| s.text.as_str()).collect()).collect();
        assert_eq!(rows, ["one ", "two, ", "three"], "a comma stays with its word");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in "[ a-z日é]{0,60}", columns in 2usize..30) {
            let rows = wrap_text(&text, columns);
            for row in &rows {
                prop_assert!(width(row.trim_end()) <= columns, "{row:?}");
            }
            let squeeze = |s: &str| s.replace(' ', "");
            prop_assert_eq!(squeeze(&rows.concat()), squeeze(&text));
        }
    }
}
