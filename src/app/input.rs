//! A one-line text field.

use super::keys::{Code, Key};
use unicode_segmentation::UnicodeSegmentation;

/// Longest text a field takes.
pub const MAX_CHARS: usize = 256;

/// A text field with a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Input {
    text: String,
    /// Byte position of the cursor, always between two graphemes.
    at: usize,
}

impl Input {
    /// A field with text in it, the cursor at its end.
    pub fn with(text: &str) -> Self {
        let mut input = Input::default();
        input.insert(text);
        input
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the cursor.
    pub fn before(&self) -> &str {
        &self.text[..self.at]
    }

    /// Empties it.
    pub fn clear(&mut self) {
        *self = Input::default();
    }

    /// Puts text in at the cursor, as when it is pasted: line breaks and tabs become blanks, other controls and
    /// everything a terminal could act on are left out, and what is too long is cut. Gives the characters left out.
    pub fn insert(&mut self, text: &str) -> usize {
        let mut room = MAX_CHARS.saturating_sub(self.text.chars().count());
        let mut left_out = 0;
        for c in text.chars() {
            let c = if matches!(c, '\n' | '\t') { ' ' } else { c };
            let harmless = c == '\\' || crate::text::is_clean(c.encode_utf8(&mut [0; 4]));
            if room == 0 || !harmless {
                left_out += 1;
                continue;
            }
            self.text.insert(self.at, c);
            self.at += c.len_utf8();
            room -= 1;
        }
        // A mark typed after a letter joins it: the cursor goes behind both.
        self.at = self.boundary_at_or_after(self.at);
        left_out
    }

    fn boundary_at_or_after(&self, at: usize) -> usize {
        let starts = self.text.grapheme_indices(true).map(|(n, _)| n);
        starts.chain([self.text.len()]).find(|n| *n >= at).unwrap_or(self.text.len())
    }

    fn left_of(&self, at: usize) -> usize {
        self.text[..at].grapheme_indices(true).next_back().map_or(0, |(n, _)| n)
    }

    fn word_left_of(&self, at: usize) -> usize {
        let trimmed = self.text[..at].trim_end_matches(' ');
        trimmed.rfind(' ').map_or(0, |n| n + 1)
    }

    /// Takes a key. True when the key was one for a text field.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl, key.alt) {
            (Code::Char(c), false, false) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            (Code::Backspace, false, false) | (Code::Char('h'), true, false) => {
                let from = self.left_of(self.at);
                self.remove(from, self.at);
            }
            (Code::Delete, ..) | (Code::Char('d'), true, false) => {
                let to = self.boundary_at_or_after((self.at + 1).min(self.text.len()));
                self.remove(self.at, to);
            }
            (Code::Char('w'), true, false) | (Code::Backspace, _, true) => {
                let from = self.word_left_of(self.at);
                self.remove(from, self.at);
            }
            (Code::Char('u'), true, false) => self.remove(0, self.at),
            (Code::Char('k'), true, false) => self.remove(self.at, self.text.len()),
            (Code::Left, ..) => self.at = self.left_of(self.at),
            (Code::Right, ..) => self.at = self.boundary_at_or_after((self.at + 1).min(self.text.len())),
            (Code::Home, ..) | (Code::Char('a'), true, false) => self.at = 0,
            (Code::End, ..) | (Code::Char('e'), true, false) => self.at = self.text.len(),
            _ => return false,
        }
        true
    }

    fn remove(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        // What stood on both sides may have joined to one grapheme.
        self.at = self.boundary_at_or_after(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn editing_keeps_letters_whole() {
        let mut input = Input::with("web e\u{301}");
        assert!(input.key(Key::plain(Code::Backspace)));
        assert_eq!(input.text(), "web ");
        input.key(Key { code: Code::Char('w'), ctrl: true, alt: false });
        assert_eq!(input.text(), "");
    }

    #[test]
    fn t14_a_paste_is_bounded_and_harmless() {
        let mut input = Input::default();
        let left_out = input.insert(&"a\u{1b}".repeat(1_000_000));
        assert_eq!(input.text().len(), MAX_CHARS);
        assert_eq!(left_out, 2_000_000 - MAX_CHARS);
    }

    proptest! {
        #[test]
        fn t16_any_keys(keys in proptest::collection::vec((any::<char>(), 0..10u8, any::<bool>()), 0..60)) {
            let mut input = Input::default();
            for (c, kind, ctrl) in keys {
                let code = match kind {
                    0..=3 => Code::Char(c),
                    4 => Code::Left,
                    5 => Code::Right,
                    6 => Code::Backspace,
                    7 => Code::Delete,
                    8 => Code::Home,
                    _ => Code::Char(['\u{301}', '\u{1F1E6}', 'w', 'u'][c as usize % 4]),
                };
                input.key(Key { code, ctrl, alt: false });
                let _ = input.before();
            }
        }
    }
}
