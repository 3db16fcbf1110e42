//! Keys as the console knows them, whichever terminal they come from, and how they are written in settings and help.

use std::fmt;

/// Which key, without modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A character as typed: capitals come as capitals.
    Char(char),
    /// Function key.
    F(u8),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Any other key; nothing is bound to it.
    Other,
}

/// A key with its modifiers. Shift is part of the character and is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Which.
    pub code: Code,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
}

impl Key {
    /// A key without modifiers.
    pub const fn plain(code: Code) -> Self {
        Key { code, ctrl: false, alt: false }
    }

    /// A typed character.
    pub const fn char(c: char) -> Self {
        Key::plain(Code::Char(c))
    }

    /// Reads `ctrl+d`, `alt+x`, `pgup`, `space`, `f5`, `?`, `G`. None when it is no key.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut ctrl, mut alt, mut rest) = (false, false, text);
        loop {
            if let Some(r) = rest.strip_prefix("ctrl+").filter(|r| !r.is_empty()) {
                (ctrl, rest) = (true, r);
            } else if let Some(r) = rest.strip_prefix("alt+").filter(|r| !r.is_empty()) {
                (alt, rest) = (true, r);
            } else {
                break;
            }
        }
        let named = NAMES.iter().find(|(name, _)| *name == rest).map(|(_, code)| *code);
        let mut chars = rest.chars();
        let code = match (named, chars.next(), chars.next()) {
            (Some(code), _, _) => code,
            (None, Some(c), None) if !c.is_control() && c != ' ' => Code::Char(c),
            (None, Some('f'), Some(_)) => {
                let n: u8 = rest[1..].parse().ok()?;
                (1..=24).contains(&n).then_some(Code::F(n))?
            }
            _ => return None,
        };
        Some(Key { code, ctrl, alt })
    }

    /// True for a capital without modifiers: kept for changes.
    pub fn is_capital(&self) -> bool {
        matches!(self.code, Code::Char(c) if c.is_ascii_uppercase()) && !self.ctrl && !self.alt
    }
}

const NAMES: [(&str, Code); 15] = [
    ("space", Code::Char(' ')),
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("tab", Code::Tab),
    ("backtab", Code::BackTab),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pgup", Code::PageUp),
    ("pgdn", Code::PageDown),
];

impl fmt::Display for Key {
    /// As people read it in the footer and the help: `^d`, `⏎`, `PgUp`, `F5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alt {
            f.write_str("alt+")?;
        }
        if self.ctrl {
            f.write_str("^")?;
        }
        match self.code {
            Code::Char(' ') => f.write_str("space"),
            Code::Char(c) => write!(f, "{c}"),
            Code::F(n) => write!(f, "F{n}"),
            Code::Enter => f.write_str("⏎"),
            Code::Esc => f.write_str("esc"),
            Code::Backspace => f.write_str("bksp"),
            Code::Delete => f.write_str("del"),
            Code::Tab => f.write_str("tab"),
            Code::BackTab => f.write_str("⇧tab"),
            Code::Up => f.write_str("↑"),
            Code::Down => f.write_str("↓"),
            Code::Left => f.write_str("←"),
            Code::Right => f.write_str("→"),
            Code::Home => f.write_str("Home"),
            Code::End => f.write_str("End"),
            Code::PageUp => f.write_str("PgUp"),
            Code::PageDown => f.write_str("PgDn"),
            Code::Other => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_people_write_them() {
        assert_eq!(Key::parse("ctrl+d"), Some(Key { code: Code::Char('d'), ctrl: true, alt: false }));
        assert_eq!(Key::parse("+"), Some(Key::char('+')));
        assert_eq!(Key::parse("space"), Some(Key::char(' ')));
        assert_eq!(Key::parse("f12"), Some(Key::plain(Code::F(12))));
        assert_eq!(Key::parse("f"), Some(Key::char('f')));
        for bad in ["", "f99", "ctrl+", "enterr", "\u{1b}", "fx"] {
            assert_eq!(Key::parse(bad), None, "{bad:?}");
        }
    }
}
