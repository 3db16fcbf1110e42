//! Log bytes in, lines out. Pure, and bounded whatever the bytes claim.
//!
//! Format (Docker Engine API, "Attach to a container"): without a terminal, frames of an 8-byte header (stream, three
//! zeros, length in big endian) and a payload; with one, the bytes as they are. Each message begins with an RFC 3339
//! time and a space. The engine cuts lines at 16 KiB into messages of the same time, of which the last has a line feed.

use crate::text::Outside;
use jiff::Timestamp;

/// Bytes kept of a line; the rest is counted.
const LINE: usize = 16 << 10;
/// Size at which the engine cuts a line into messages.
const PIECE: u64 = 16 << 10;
/// Longest time stamp, `2006-01-02T15:04:05.000000000+00:00` and its space.
const STAMP: usize = 36;

/// Where a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A terminal: both, and what was typed.
    Tty,
    /// The engine's own words, e.g. that the log can't be read.
    Engine,
    /// A mark of ours: a seam, a damaged stream.
    Mark,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The engine's time; none when the line has none.
    pub at: Option<Timestamp>,
    /// Where it came from.
    pub stream: Stream,
    /// The text without its line feed, at most 16 KiB and a mark `… N bytes`.
    pub text: Outside,
    /// Bytes of it that are not in `text`.
    pub cut_bytes: u64,
    /// How often a carriage return overwrote the line; `text` is what stood there last.
    pub overwritten: u32,
    /// The line goes on: the next line of this stream replaces it.
    pub partial: bool,
}

impl LogLine {
    pub(super) fn mark(text: impl Into<Outside>) -> Self {
        let text = text.into();
        LogLine { at: None, stream: Stream::Mark, text, cut_bytes: 0, overwritten: 0, partial: false }
    }
}

/// How the engine sends the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// With headers: a container without a terminal.
    Frames,
    /// Without: a container with one.
    Raw,
}

/// Turns log bytes into lines.
#[derive(Debug)]
pub struct Assembler {
    framing: Framing,
    header: Vec<u8>,
    payload: u64,
    current: usize,
    lines: [Building; 3],
    is_damaged: bool,
}

/// A line that is being put together.
#[derive(Debug)]
struct Building {
    stream: Stream,
    stamp: Vec<u8>,
    at: Option<Timestamp>,
    text: Vec<u8>,
    length: u64,
    since_piece: u64,
    overwritten: u32,
    has_return: bool,
    state: Expect,
    is_shown: bool,
}

/// What the next bytes of a stream are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// The stamp of a new line.
    Stamp,
    /// The stamp that may precede the next piece of the line.
    Again,
    /// Text.
    Text,
}

impl Assembler {
    /// An assembler for bytes of this framing.
    pub fn new(framing: Framing) -> Self {
        let first = if framing == Framing::Raw { Stream::Tty } else { Stream::Stdout };
        let lines = [first, Stream::Stderr, Stream::Engine].map(Building::new);
        Assembler { framing, header: Vec::new(), payload: 0, current: 0, lines, is_damaged: false }
    }

    /// Takes bytes as they arrive and gives the lines that they complete.
    pub fn push(&mut self, mut bytes: &[u8], found: &mut Vec<LogLine>) {
        if self.framing == Framing::Raw {
            self.lines[0].push(bytes, true, found);
            return;
        }
        while !bytes.is_empty() && !self.is_damaged {
            if self.payload == 0 {
                let wanted = (8 - self.header.len()).min(bytes.len());
                self.header.extend_from_slice(&bytes[..wanted]);
                bytes = &bytes[wanted..];
                if self.header.len() == 8 {
                    self.begin_frame(found);
                }
                continue;
            }
            let part = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            self.lines[self.current].push(&bytes[..part], false, found);
            self.payload -= part as u64;
            bytes = &bytes[part..];
        }
    }

    fn begin_frame(&mut self, found: &mut Vec<LogLine>) {
        let header: [u8; 8] = std::array::from_fn(|n| self.header[n]);
        self.header.clear();
        self.payload = u64::from(u32::from_be_bytes([header[4], header[5], header[6], header[7]]));
        // Stream 0 is standard input, which engines write for standard output of attach.
        self.current = match header[..4] {
            [0 | 1, 0, 0, 0] => 0,
            [2, 0, 0, 0] => 1,
            [3, 0, 0, 0] => 2,
            _ => {
                self.is_damaged = true;
                self.flush(found);
                found.push(LogLine::mark("stream damaged: what follows is not a frame of a log"));
                return;
            }
        };
        self.lines[self.current].begin_message();
    }

    /// Lines that have begun and not ended, as they stand; each is given once for every change.
    pub fn preview(&mut self, found: &mut Vec<LogLine>) {
        for line in &mut self.lines {
            if line.length > 0 && !line.is_shown {
                line.is_shown = true;
                found.push(line.line(true));
            }
        }
    }

    /// The end of the bytes: what has begun is given as lines.
    pub fn finish(&mut self, found: &mut Vec<LogLine>) {
        let inside = self.payload > 0 || !self.header.is_empty();
        self.flush(found);
        if inside && !self.is_damaged {
            found.push(LogLine::mark("stream damaged: it ended inside a frame"));
        }
        self.is_damaged = true;
    }

    /// True after a frame that is none: nothing more will come.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    fn flush(&mut self, found: &mut Vec<LogLine>) {
        for line in &mut self.lines {
            line.end(found);
        }
    }
}

impl Building {
    fn new(stream: Stream) -> Self {
        Building {
            stream,
            stamp: Vec::new(),
            at: None,
            text: Vec::new(),
            length: 0,
            since_piece: 0,
            overwritten: 0,
            has_return: false,
            state: Expect::Stamp,
            is_shown: false,
        }
    }

    /// A frame begins: it carries a stamp, also when it goes on with a line.
    fn begin_message(&mut self) {
        match self.state {
            Expect::Text if self.stream != Stream::Engine => self.state = Expect::Again,
            Expect::Again => self.give_back_stamp(),
            _ => {}
        }
    }

    fn push(&mut self, bytes: &[u8], is_raw: bool, found: &mut Vec<LogLine>) {
        for &byte in bytes {
            // Without frames, the only sign of a further piece is its size.
            if is_raw && self.state == Expect::Text && self.since_piece == PIECE && byte != b'\n' && byte != b'\r' {
                self.state = Expect::Again;
            }
            match self.state {
                Expect::Text => self.text_byte(byte, found),
                Expect::Stamp | Expect::Again => self.stamp_byte(byte, found),
            }
        }
    }

    fn stamp_byte(&mut self, byte: u8, found: &mut Vec<LogLine>) {
        let is_stamp = byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b'T' | b'Z' | b'+');
        if is_stamp && self.stamp.len() < STAMP && self.stream != Stream::Engine {
            self.stamp.push(byte);
            return;
        }
        let at: Option<Timestamp> = std::str::from_utf8(&self.stamp).ok().and_then(|text| text.parse().ok());
        if byte != b' ' || at.is_none() {
            self.give_back_stamp();
            self.text_byte(byte, found);
            return;
        }
        if self.state == Expect::Again && at != self.at {
            // Another time is another line: the one before was never ended.
            self.end(found);
        }
        self.stamp.clear();
        self.at = at;
        self.since_piece = 0;
        self.state = Expect::Text;
    }

    /// What looked like a stamp is text.
    fn give_back_stamp(&mut self) {
        let bytes = std::mem::take(&mut self.stamp);
        self.state = Expect::Text;
        self.since_piece = 0;
        for byte in bytes {
            self.keep(byte);
        }
    }

    fn text_byte(&mut self, byte: u8, found: &mut Vec<LogLine>) {
        match byte {
            b'\n' => {
                self.has_return = false;
                self.length = self.length.max(1);
                self.end(found);
            }
            b'\r' => {
                self.since_piece += 1;
                self.has_return = true;
            }
            byte => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if std::mem::take(&mut self.has_return) && self.length > 0 {
            self.overwritten = self.overwritten.saturating_add(1);
            self.text.clear();
            self.length = 0;
        }
        self.length += 1;
        self.since_piece += 1;
        self.is_shown = false;
        if self.text.len() < LINE {
            self.text.push(byte);
        }
    }

    fn line(&self, partial: bool) -> LogLine {
        let mut text = String::from_utf8_lossy(&self.text).into_owned();
        let cut_bytes = if self.text.len() < LINE { 0 } else { self.length - self.text.len() as u64 };
        if cut_bytes > 0 {
            text.push_str(&format!(" … {cut_bytes} bytes"));
        }
        LogLine {
            at: self.at,
            stream: self.stream,
            text: Outside::from(text),
            cut_bytes,
            overwritten: self.overwritten,
            partial,
        }
    }

    fn end(&mut self, found: &mut Vec<LogLine>) {
        if !self.stamp.is_empty() && self.state == Expect::Stamp {
            self.give_back_stamp();
        }
        if self.length > 0 || self.overwritten > 0 {
            found.push(self.line(false));
        }
        let stamp = std::mem::take(&mut self.stamp);
        *self = Building { stamp, ..Building::new(self.stream) };
    }
}

#[cfg(test)]
#[path = "assembler_tests.rs"]
mod tests;
