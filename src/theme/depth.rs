//! What the terminal can show, judged by the environment alone: colours, glyphs, or nothing a console could use.

/// How many colours can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// None: `NO_COLOR` or `--no-color`.
    Mono,
    /// The terminal's 16.
    Sixteen,
    /// The 256 of xterm.
    Indexed,
    /// 24 bits.
    True,
}

/// What the environment says of the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Face {
    /// Colours.
    pub depth: ColorDepth,
    /// The locale is not UTF-8: only ASCII can be shown.
    pub ascii: bool,
    /// `TERM=dumb`: cursor movement can't be used.
    pub dumb: bool,
}

/// Judges by the environment; `env` looks a variable up. `NO_COLOR` counts when it is set and not empty
/// (<https://no-color.org>). The locale is `LC_ALL`, else `LC_CTYPE`, else `LANG`, as POSIX orders them.
pub fn detect(env: impl Fn(&str) -> Option<String>) -> Face {
    let get = |name: &str| env(name).filter(|v| !v.is_empty());
    let term = get("TERM").unwrap_or_default();
    let colorterm = get("COLORTERM").unwrap_or_default();
    let depth = if get("NO_COLOR").is_some() || term == "vt100" || term == "vt220" {
        ColorDepth::Mono
    } else if colorterm == "truecolor" || colorterm == "24bit" || term.ends_with("-direct") {
        ColorDepth::True
    } else if term.contains("256") || !colorterm.is_empty() || is_rich(&term) {
        ColorDepth::Indexed
    } else {
        ColorDepth::Sixteen
    };
    let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    Face { depth, ascii: !utf8, dumb: term == "dumb" }
}

/// Terminals whose entry does not carry "256" in its name and that have at least that many colours.
fn is_rich(term: &str) -> bool {
    ["alacritty", "foot", "ghostty", "kitty", "wezterm", "contour", "rio"].iter().any(|name| term.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(vars: &[(&str, &str)]) -> Face {
        detect(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn t12_t13_colours_follow_the_environment() {
        assert_eq!(face(&[("TERM", "xterm")]).depth, ColorDepth::Sixteen);
        assert_eq!(face(&[("TERM", "linux")]).depth, ColorDepth::Sixteen);
        assert_eq!(face(&[("TERM", "screen-256color")]).depth, ColorDepth::Indexed);
        assert_eq!(face(&[("TERM", "xterm-ghostty")]).depth, ColorDepth::Indexed);
        assert_eq!(face(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).depth, ColorDepth::True);
        assert_eq!(face(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]).depth, ColorDepth::Mono);
        assert_eq!(face(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]).depth, ColorDepth::Indexed);
        assert!(face(&[("TERM", "dumb")]).dumb);
        assert!(!face(&[]).dumb);
    }

    #[test]
    fn t11_the_locale_decides_on_glyphs() {
        assert!(face(&[]).ascii);
        assert!(face(&[("LANG", "C")]).ascii);
        assert!(face(&[("LC_ALL", "POSIX"), ("LANG", "en_US.UTF-8")]).ascii);
        assert!(!face(&[("LANG", "de_AT.utf8")]).ascii);
        assert!(!face(&[("LC_CTYPE", "C.UTF-8"), ("LANG", "C")]).ascii);
    }
}
