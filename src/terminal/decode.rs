//! Bytes of a terminal to keys, mouse and pastes. Written for what real and broken terminals send: every sequence is
//! bounded, answers of the terminal that nobody asked for are swallowed, a paste that never ends is ended by silence.
//!
//! Sequences as in ECMA-48 and xterm's control sequences (`ctlseqs`).

use crate::app::keys::{Code, Key};

/// Most bytes kept of one paste; the rest is only counted.
const MAX_PASTE: usize = 64 << 10;
/// Longest control sequence that is understood.
const MAX_SEQUENCE: usize = 64;
/// Longest string sequence (an answer of the terminal) that is swallowed.
const MAX_STRING: usize = 4096;

/// Something that was typed, clicked or pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// A paste: its beginning, and how many bytes there were.
    Paste(String, usize),
    /// The left button went down at a column and line, from 0.
    Press(u16, u16),
    /// The wheel turned at a place, lines, negative is up.
    Wheel(u16, u16, i32),
}

#[derive(Debug, Default)]
struct Paste {
    kept: Vec<u8>,
    bytes: usize,
    /// How much of the end mark has come.
    mark: usize,
}

const PASTE_END: &[u8] = b"\x1b[201~";

/// A decoder that keeps what is not complete yet.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    paste: Option<Paste>,
}

enum Step {
    /// So many bytes are done, with an input.
    Done(usize, Option<Input>),
    /// More bytes are needed.
    More,
    /// A paste begins after so many bytes.
    PasteBegins(usize),
}

impl Decoder {
    /// True when something waits for more bytes, so that silence has a meaning.
    pub fn is_waiting(&self) -> bool {
        self.paste.is_some() || !self.pending.is_empty()
    }

    /// True inside a paste.
    pub fn in_paste(&self) -> bool {
        self.paste.is_some()
    }

    /// Takes bytes as they were read.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<Input>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.paste.is_some() {
                let used = self.push_paste(rest, out);
                rest = &rest[used..];
                continue;
            }
            // What is pending is short: a sequence that grows past its bound is dropped.
            let take = rest.len().min(MAX_STRING);
            self.pending.extend_from_slice(&rest[..take]);
            rest = &rest[take..];
            self.drain(out);
            if self.paste.is_some() && !self.pending.is_empty() {
                let mut pasted = std::mem::take(&mut self.pending);
                pasted.extend_from_slice(rest);
                let mut at = 0;
                while at < pasted.len() && self.paste.is_some() {
                    at += self.push_paste(&pasted[at..], out);
                }
                return self.push(&pasted[at..], out);
            }
        }
    }

    fn drain(&mut self, out: &mut Vec<Input>) {
        let mut at = 0;
        while at < self.pending.len() {
            match step(&self.pending[at..]) {
                Step::Done(used, input) => {
                    at += used;
                    out.extend(input);
                }
                Step::More => break,
                Step::PasteBegins(used) => {
                    at += used;
                    self.paste = Some(Paste::default());
                    break;
                }
            }
        }
        self.pending.drain(..at);
    }

    fn push_paste(&mut self, bytes: &[u8], out: &mut Vec<Input>) -> usize {
        let Some(paste) = &mut self.paste else { return 0 };
        for (n, byte) in bytes.iter().enumerate() {
            if *byte == PASTE_END[paste.mark] {
                paste.mark += 1;
                if paste.mark == PASTE_END.len() {
                    self.end_paste(out);
                    return n + 1;
                }
                continue;
            }
            let failed = std::mem::take(&mut paste.mark);
            for kept in PASTE_END[..failed].iter() {
                paste.keep(*kept);
            }
            if *byte == PASTE_END[0] {
                paste.mark = 1;
            } else {
                paste.keep(*byte);
            }
        }
        bytes.len()
    }

    fn end_paste(&mut self, out: &mut Vec<Input>) {
        if let Some(paste) = self.paste.take() {
            out.push(Input::Paste(String::from_utf8_lossy(&paste.kept).into_owned(), paste.bytes));
        }
    }

    /// Nothing came for a while: what waits is taken as it is.
    pub fn silence(&mut self, out: &mut Vec<Input>) {
        self.end_paste(out);
        let pending = std::mem::take(&mut self.pending);
        match pending[..] {
            [] => {}
            [0x1b] => out.push(Input::Key(Key::plain(Code::Esc))),
            [0x1b, c] if (0x20..0x7f).contains(&c) => {
                out.push(Input::Key(Key { code: Code::Char(char::from(c)), ctrl: false, alt: true }));
            }
            _ => {}
        }
    }
}

impl Paste {
    fn keep(&mut self, byte: u8) {
        self.bytes += 1;
        if self.kept.len() < MAX_PASTE {
            self.kept.push(byte);
        }
    }
}

fn key(code: Code) -> Option<Input> {
    Some(Input::Key(Key::plain(code)))
}

fn step(bytes: &[u8]) -> Step {
    match bytes[0] {
        0x1b => escape(bytes),
        b'\r' | b'\n' => Step::Done(1, key(Code::Enter)),
        b'\t' => Step::Done(1, key(Code::Tab)),
        0x7f | 0x08 => Step::Done(1, key(Code::Backspace)),
        0 => Step::Done(1, Some(Input::Key(Key { code: Code::Char(' '), ctrl: true, alt: false }))),
        c @ 0x01..=0x1a => {
            let letter = char::from(c - 1 + b'a');
            Step::Done(1, Some(Input::Key(Key { code: Code::Char(letter), ctrl: true, alt: false })))
        }
        0x1c..=0x1f => Step::Done(1, None),
        _ => character(bytes),
    }
}

fn character(bytes: &[u8]) -> Step {
    let length = match bytes[0] {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Done(1, None),
    };
    match std::str::from_utf8(&bytes[..length.min(bytes.len())]) {
        // Controls of the upper half are no keys.
        Ok(text) => {
            Step::Done(length, text.chars().next().filter(|c| !c.is_control()).and_then(|c| key(Code::Char(c))))
        }
        Err(e) if e.error_len().is_none() => Step::More,
        Err(_) => Step::Done(1, None),
    }
}

fn escape(bytes: &[u8]) -> Step {
    match bytes.get(1) {
        None => Step::More,
        Some(0x1b) => Step::Done(1, key(Code::Esc)),
        Some(b'[') => control(bytes),
        Some(b'O') => match bytes.get(2) {
            None => Step::More,
            Some(c) => Step::Done(3, single_shift(*c)),
        },
        // Operating system command, device control, application program command, privacy message: answers.
        Some(b']' | b'P' | b'_' | b'^' | b'X') => string(bytes),
        Some(_) => match step(&bytes[1..]) {
            Step::Done(used, Some(Input::Key(k))) => Step::Done(used + 1, Some(Input::Key(Key { alt: true, ..k }))),
            Step::Done(used, _) => Step::Done(used + 1, None),
            other => other,
        },
    }
}

fn single_shift(c: u8) -> Option<Input> {
    key(match c {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'H' => Code::Home,
        b'F' => Code::End,
        b'M' => Code::Enter,
        b'P'..=b'S' => Code::F(c - b'P' + 1),
        _ => return None,
    })
}

/// A string sequence up to its end (BEL or ST).
fn string(bytes: &[u8]) -> Step {
    for (n, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            0x07 => return Step::Done(n + 1, None),
            0x1b if bytes.get(n + 1) == Some(&b'\\') => return Step::Done(n + 2, None),
            // Another sequence begins: the string was none.
            0x1b if n + 1 < bytes.len() => return Step::Done(n, None),
            _ => {}
        }
    }
    if bytes.len() >= MAX_STRING { Step::Done(bytes.len(), None) } else { Step::More }
}

fn control(bytes: &[u8]) -> Step {
    // The keys F1 to F5 of the Linux console are CSI [ A to CSI [ E.
    if bytes.get(2) == Some(&b'[') {
        return match bytes.get(3) {
            None => Step::More,
            Some(c @ b'A'..=b'E') => Step::Done(4, key(Code::F(c - b'A' + 1))),
            Some(_) => Step::Done(4, None),
        };
    }
    // X10 mouse reports carry three bytes after the M.
    if bytes.get(2) == Some(&b'M') {
        return if bytes.len() < 6 { Step::More } else { Step::Done(6, None) };
    }
    for (n, byte) in bytes.iter().enumerate().skip(2) {
        match byte {
            0x20..=0x3f if n < MAX_SEQUENCE => {}
            0x40..=0x7e => {
                let parameters = &bytes[2..n];
                if *byte == b'~' && parameters == b"200" {
                    return Step::PasteBegins(n + 1);
                }
                return Step::Done(n + 1, control_input(parameters, *byte));
            }
            // Not a control sequence after all; what breaks it is read anew.
            _ => return Step::Done(n, None),
        }
    }
    Step::More
}

fn control_input(parameters: &[u8], last: u8) -> Option<Input> {
    if parameters.first() == Some(&b'<') {
        return mouse(&parameters[1..], last);
    }
    // Answers carry other private marks: nothing to us.
    if parameters.iter().any(|b| !matches!(b, b'0'..=b'9' | b';')) {
        return None;
    }
    let mut numbers = numbers(parameters);
    let (first, modifiers) = (numbers.next().flatten().unwrap_or(1), numbers.next().flatten().unwrap_or(1));
    let bits = modifiers.saturating_sub(1);
    let code = match (last, first) {
        (b'A', _) => Code::Up,
        (b'B', _) => Code::Down,
        (b'C', _) => Code::Right,
        (b'D', _) => Code::Left,
        (b'H', _) => Code::Home,
        (b'F', _) => Code::End,
        (b'Z', _) => Code::BackTab,
        // `CSI 1 ; m R` may be a cursor report as well: without modifiers it is one.
        (b'P' | b'Q' | b'S', 1) => Code::F(last - b'P' + 1),
        (b'~', 1 | 7) => Code::Home,
        (b'~', 4 | 8) => Code::End,
        (b'~', 3) => Code::Delete,
        (b'~', 5) => Code::PageUp,
        (b'~', 6) => Code::PageDown,
        (b'~', n @ 11..=15) => Code::F((n - 10) as u8),
        (b'~', n @ 17..=21) => Code::F((n - 11) as u8),
        (b'~', n @ 23..=24) => Code::F((n - 12) as u8),
        _ => return None,
    };
    Some(Input::Key(Key { code, ctrl: bits & 4 != 0, alt: bits & 2 != 0 }))
}

fn numbers(text: &[u8]) -> impl Iterator<Item = Option<u32>> + '_ {
    text.split(|b| *b == b';').map(|part| std::str::from_utf8(part).ok()?.parse().ok())
}

/// SGR mouse: `CSI < button ; column ; line M` (press) or `m` (release), places from 1.
fn mouse(parameters: &[u8], last: u8) -> Option<Input> {
    let mut numbers = numbers(parameters);
    let (button, x, y) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let place = |n: u32| u16::try_from(n.checked_sub(1)?).ok();
    let (x, y) = (place(x)?, place(y)?);
    match (button, last) {
        (0, b'M') => Some(Input::Press(x, y)),
        (64, b'M') => Some(Input::Wheel(x, y, -3)),
        (65, b'M') => Some(Input::Wheel(x, y, 3)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(bytes: &[u8]) -> Vec<Input> {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.push(bytes, &mut out);
        decoder.silence(&mut out);
        out
    }

    fn k(text: &str) -> Input {
        Input::Key(Key::parse(text).expect("key"))
    }

    #[test]
    fn keys_of_real_terminals() {
        for (bytes, key) in [
            (&b"a"[..], "a"),
            (b"G", "G"),
            (b"\x1b[A", "up"),
            (b"\x1bOA", "up"),
            (b"\x1b[1;5C", "ctrl+right"),
            (b"\x1b[5~", "pgup"),
            (b"\x1b[15~", "f5"),
            (b"\x1bOP", "f1"),
            (b"\x1b[[A", "f1"),
            (b"\x1b[Z", "backtab"),
            (b"\x03", "ctrl+c"),
            (b"\x7f", "backspace"),
            (b"\r", "enter"),
            (b"\x1b", "esc"),
            (b"\x1bx", "alt+x"),
            (b"\xc3\xa9", "\u{e9}"),
            (b"\x1b[24~", "f12"),
            (b"\x1b[21~", "f10"),
            (b"\x1b[1~", "home"),
        ] {
            assert_eq!(decode(bytes), [k(key)], "{bytes:?}");
        }
        assert_eq!(decode(b"\x1b\x1b[A"), [k("esc"), k("up")]);
    }

    #[test]
    fn t16_answers_of_the_terminal_are_no_keys() {
        for answer in [
            &b"\x1b[?64;1;2c"[..],
            b"\x1b[24;80R",
            b"\x1b]11;rgb:0000/0000/0000\x07",
            b"\x1bP1+r544e=\x1b\\",
            b"\x1b[I",
            b"\x1b[O",
            b"\x1b[?2026;2$y",
            b"\xff\xfe",
            b"\xc3",
            b"\x1b[M !!",
            b"\x1b_Gi=1;OK\x1b\\",
        ] {
            assert_eq!(decode(answer), [], "{answer:?}");
        }
    }

    #[test]
    fn t14_a_paste_is_one_input_however_long_and_ends_with_silence() {
        assert_eq!(decode(b"\x1b[200~qq\x1b[2J\x1b[201~x"), [Input::Paste("qq\x1b[2J".into(), 6), k("x")]);
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.push(b"\x1b[200~", &mut out);
        for _ in 0..160 {
            decoder.push(&[b'q'; 65536], &mut out);
        }
        assert!(out.is_empty() && decoder.in_paste());
        decoder.silence(&mut out);
        assert!(matches!(&out[..], [Input::Paste(kept, bytes)] if kept.len() == MAX_PASTE && *bytes == 160 * 65536));
        decoder.push(b"x", &mut out);
        assert_eq!(out[1], k("x"));
    }

    #[test]
    fn t15_mouse_garbage_is_nothing() {
        assert_eq!(decode(b"\x1b[<0;5;3M"), [Input::Press(4, 2)]);
        assert_eq!(decode(b"\x1b[<64;1;1M"), [Input::Wheel(0, 0, -3)]);
        for bad in [
            &b"\x1b[<0;0;0M"[..],
            b"\x1b[<0;-1;3M",
            b"\x1b[<0;99999999;1M",
            b"\x1b[<M",
            b"\x1b[<0;1;1m",
            b"\x1b[<35;4;4M",
        ] {
            assert_eq!(decode(bad), [], "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn t16_any_bytes_in_any_pieces(bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b'<'), Just(b';'), 0x30u8..0x3a], 0..300), cut in 1usize..20) {
            let (mut decoder, mut out) = (Decoder::default(), Vec::new());
            for piece in bytes.chunks(cut) {
                decoder.push(piece, &mut out);
                prop_assert!(decoder.pending.len() <= MAX_STRING);
            }
            decoder.silence(&mut out);
            prop_assert!(!decoder.is_waiting());
        }
    }
}
