//! The clipboard of the terminal, also over SSH: OSC 52, wrapped for tmux and screen, with a cap.

/// Most bytes of text that are sent: xterm takes about 100,000 bytes of base64.
pub const MAX_BYTES: usize = 70_000;

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrap {
    /// Nothing.
    Bare,
    /// tmux.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Wrap {
    /// Judges by the environment; `env` looks a variable up.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).is_some_and(|v| !v.is_empty());
        if set("TMUX") {
            Wrap::Tmux
        } else if set("STY") {
            Wrap::Screen
        } else {
            Wrap::Bare
        }
    }
}

/// The bytes that put clean text in the clipboard. None when it is too long.
pub fn sequence(text: &str, wrap: Wrap) -> Option<Vec<u8>> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let bare = format!("\x1b]52;c;{}\x07", base64(text.as_bytes()));
    Some(match wrap {
        Wrap::Bare => bare.into_bytes(),
        // tmux takes the bare form with `set-clipboard on`, and passes the wrapped one on with `allow-passthrough on`.
        Wrap::Tmux => format!("{bare}\x1bPtmux;{}\x1b\\", bare.replace('\x1b', "\x1b\x1b")).into_bytes(),
        // screen cuts device control strings at 768 bytes, so a long one is passed in pieces.
        Wrap::Screen => {
            let mut out = Vec::with_capacity(bare.len() + bare.len() / 64);
            for piece in bare.as_bytes().chunks(256) {
                out.extend_from_slice(b"\x1bP");
                out.extend_from_slice(piece);
                out.extend_from_slice(b"\x1b\\");
            }
            out
        }
    })
}

/// Base64 of RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let n = u32::from(chunk[0]) << 16
            | u32::from(chunk.get(1).copied().unwrap_or(0)) << 8
            | u32::from(chunk.get(2).copied().unwrap_or(0));
        for place in 0..4 {
            let letter = LETTERS[(n >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (text, code) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), code);
        }
    }

    #[test]
    fn s02_only_base64_stands_in_the_sequence_and_it_is_bounded() {
        let bytes = sequence("\x1b]0;title\x07", Wrap::Bare).expect("short");
        assert_eq!(bytes.iter().filter(|b| **b == 0x1b).count(), 1);
        assert!(sequence(&"x".repeat(MAX_BYTES + 1), Wrap::Bare).is_none());
        assert_eq!(Wrap::detect(|n| (n == "TMUX").then(|| "/tmp/x".to_owned())), Wrap::Tmux);
    }
}
