//! The one cleaner: outside text in, harmless and reversible text out.

use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;

/// How many code points of one grapheme are shown before the rest is only counted: a letter may carry thousands of
/// combining marks, and a frame must not grow with them.
const GRAPHEME_CHARS: usize = 8;

/// True when `text` can go to a terminal as it is.
pub fn is_clean(text: &str) -> bool {
    text.bytes().all(|b| (0x20..0x7f).contains(&b) && b != b'\\')
        || (text.chars().all(|c| !needs_escape(c)) && !has_long_grapheme(text))
}

/// Cleans text that may span lines: line feeds are kept, all else is as in [`clean_line`].
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            out.push('\n');
        }
        push_clean(&mut out, line);
    }
    Cow::Owned(out)
}

/// Cleans text for a place that holds exactly one line: line feeds are spelled out too.
pub fn clean_line(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    push_clean(&mut out, text);
    Cow::Owned(out)
}

fn push_clean(out: &mut String, text: &str) {
    use std::fmt::Write as _;
    for grapheme in text.graphemes(true) {
        for (n, c) in grapheme.chars().enumerate() {
            if n == GRAPHEME_CHARS {
                let rest = grapheme.chars().count() - GRAPHEME_CHARS;
                let _ = write!(out, "\\u{{+{rest}}}");
                break;
            }
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if needs_escape(c) && (c as u32) < 0x100 => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c if needs_escape(c) => {
                    let _ = write!(out, "\\u{{{:x}}}", c as u32);
                }
                c => out.push(c),
            }
        }
    }
}

fn has_long_grapheme(text: &str) -> bool {
    // A grapheme of more than eight code points needs more than eight chars in all.
    text.len() > GRAPHEME_CHARS && !text.is_ascii() && text.graphemes(true).any(|g| g.chars().count() > GRAPHEME_CHARS)
}

/// Characters that steer a terminal, reorder a row or can't be seen. The joiner U+200D and the variation selectors
/// are spelled out too: an emoji sequence then reads as its parts, and no two names that differ look alike.
fn needs_escape(c: char) -> bool {
    matches!(c,
        '\\'
        | '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s01_escape_sequences_are_spelled_out() {
        assert_eq!(clean_line("\u{1b}[2Jweb"), "\\x1b[2Jweb");
        assert_eq!(clean_line("a\u{9b}31m"), "a\\x9b31m");
        assert_eq!(clean_line("\u{202e}gnp.exe"), "\\u{202e}gnp.exe");
    }

    #[test]
    fn s10_a_backslash_in_the_data_is_not_an_escape_of_ours() {
        assert_ne!(clean_line("\u{1b}"), clean_line("\\x1b"));
    }

    #[test]
    fn s07_combining_marks_are_counted_not_drawn() {
        let tower: String = std::iter::once('a').chain(std::iter::repeat_n('\u{301}', 10_000)).collect();
        assert!(clean_line(&tower).len() < 64);
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(clean_line("web-1"), Cow::Borrowed(_)));
        assert!(matches!(clean_line("käse 日本"), Cow::Borrowed(_)));
    }
}
