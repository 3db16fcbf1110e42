//! Modes that a program in the container may leave behind when it is left or dies.

/// Modes that are switched on by `ESC [ ? N h` and off by `l`.
const MODES: [&str; 8] = ["1049", "1000", "1002", "1003", "1006", "2004", "1", "25"];
/// Bytes of the end of one chunk that a sequence in the next may begin in.
const TAIL: usize = 16;

/// Follows what the program switches, so that no more is undone than was done.
#[derive(Debug, Default)]
pub(super) struct Screen {
    tail: Vec<u8>,
    is_on: [bool; MODES.len()],
    /// The cursor is the one mode that is on by itself.
    is_cursor_off: bool,
}

impl Screen {
    /// Looks at output on its way.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        let text = [self.tail.as_slice(), bytes].concat();
        for (at, _) in text.windows(3).enumerate().filter(|(_, start)| start == b"\x1b[?") {
            let rest = &text[at + 3..];
            let Some(end) = rest.iter().position(|b| !b.is_ascii_digit() && *b != b';') else { continue };
            let on = match rest[end] {
                b'h' => true,
                b'l' => false,
                _ => continue,
            };
            for mode in rest[..end].split(|b| *b == b';') {
                match MODES.iter().position(|known| known.as_bytes() == mode) {
                    Some(n) if MODES[n] == "25" => self.is_cursor_off = !on,
                    Some(n) => self.is_on[n] = on,
                    None => {}
                }
            }
        }
        // A sequence that is whole must not be seen twice; seeing it twice does no harm.
        self.tail = text[text.len().saturating_sub(TAIL)..].to_vec();
    }

    /// What switches back all that is still switched.
    pub(super) fn undo(&self) -> Vec<u8> {
        // Cancels a sequence that was cut, and colours.
        let mut out = b"\x18\x1b[0m".to_vec();
        for (mode, is_on) in MODES.iter().zip(self.is_on).rev() {
            if is_on {
                out.extend(format!("\x1b[?{mode}l").bytes());
            }
        }
        if self.is_cursor_off {
            out.extend(b"\x1b[?25h");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_switched_is_switched_back_and_nothing_else() {
        let mut screen = Screen::default();
        assert_eq!(screen.undo(), b"\x18\x1b[0m");
        screen.see(b"x\x1b[?104");
        screen.see(b"9h\x1b[?25l\x1b[?1000;1006h");
        assert_eq!(screen.undo(), b"\x18\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?1049l\x1b[?25h");
        screen.see(b"\x1b[?1000;1006l\x1b[?1049l\x1b[?25h");
        assert_eq!(screen.undo(), b"\x18\x1b[0m");
    }
}
