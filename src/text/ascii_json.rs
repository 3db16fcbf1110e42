//! JSON in ASCII: every other character is written as `\uXXXX` (a pair of them beyond the first plane).
//!
//! A document may be read on a terminal. JSON already spells out the C0 controls; C1 controls, bidirectional marks
//! and invisible characters it leaves as they are. Written this way a parser gets the exact text and a terminal none
//! of it. Knows nothing of what it writes.

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Writes `value` to `writer`, on one line or indented by two spaces; no newline at the end.
///
/// # Errors
/// What the writer answers, or a value that JSON can't hold (a map with keys that are no strings).
pub fn write_ascii<T: Serialize + ?Sized>(writer: impl Write, value: &T, pretty: bool) -> io::Result<()> {
    let done = if pretty {
        value.serialize(&mut serde_json::Serializer::with_formatter(writer, Ascii(PrettyFormatter::new())))
    } else {
        value.serialize(&mut serde_json::Serializer::with_formatter(writer, Ascii(CompactFormatter)))
    };
    done.map_err(io::Error::from)
}

/// The document on one line; `null` for a value that JSON can't hold.
pub fn to_string_ascii<T: Serialize + ?Sized>(value: &T) -> String {
    let mut out = Vec::new();
    match write_ascii(&mut out, value, false) {
        Ok(()) => String::from_utf8_lossy(&out).into_owned(),
        Err(_) => "null".to_owned(),
    }
}

/// A formatter with its strings in ASCII.
struct Ascii<F>(F);

impl<F: Formatter> Formatter for Ascii<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain = 0;
        for (at, c) in fragment.char_indices() {
            // DEL is ASCII, and a control all the same.
            if c.is_ascii() && c != '\u{7f}' {
                continue;
            }
            writer.write_all(&fragment.as_bytes()[plain..at])?;
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            plain = at + c.len_utf8();
        }
        writer.write_all(&fragment.as_bytes()[plain..])
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_spelled_out() {
        let text = to_string_ascii("a\u{9b}31m\u{202e}\u{7f}\u{1b}\u{1f41f}\"");
        assert_eq!(text, r#""a\u009b31m\u202e\u007f\u001b\ud83d\udc1f\"""#);
    }

    #[test]
    fn keys_are_strings_too() {
        let map = std::collections::BTreeMap::from([("k\u{e9}y\u{9d}", [1, 2])]);
        assert_eq!(to_string_ascii(&map), r#"{"k\u00e9y\u009d":[1,2]}"#);
    }

    #[test]
    fn indented_it_is_the_same_document() {
        let value = serde_json::json!({"a": [1, {"b": "ü"}], "c": {}});
        let mut out = Vec::new();
        write_ascii(&mut out, &value, true).expect("writes");
        assert_eq!(out, serde_json::to_string_pretty(&value).expect("writes").replace('ü', "\\u00fc").into_bytes());
    }

    proptest::proptest! {
        #[test]
        fn any_text_comes_back_and_is_ascii(text in "\\PC{0,40}|.{0,40}") {
            let json = to_string_ascii(&text);
            proptest::prop_assert!(json.is_ascii() && !json.bytes().any(|b| b < 0x20 || b == 0x7f));
            proptest::prop_assert_eq!(serde_json::from_str::<String>(&json).expect("parses"), text);
        }
    }
}
