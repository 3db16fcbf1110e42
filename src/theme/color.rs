//! Colours: their names, the nearest of the 256, and contrast.

use ratatui::style::Color;

const NAMES: [(&str, Color); 17] = [
    ("default", Color::Reset),
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("gray", Color::Gray),
    ("dark-gray", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("white", Color::White),
];

/// What a colour can be, for error messages.
pub(super) fn allowed() -> String {
    let names: Vec<&str> = NAMES.iter().map(|(n, _)| *n).collect();
    format!("one of {}, a number from 0 to 255, or \"#rrggbb\"", names.join(", "))
}

/// Reads a colour word. None when it is not one.
pub fn parse_color(word: &str) -> Option<Color> {
    if let Some((_, color)) = NAMES.iter().find(|(name, _)| *name == word) {
        return Some(*color);
    }
    if let Some(hex) = word.strip_prefix('#') {
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let n = u32::from_str_radix(hex, 16).ok()?;
        return Some(Color::Rgb((n >> 16) as u8, (n >> 8) as u8, n as u8));
    }
    word.parse::<u8>().ok().map(Color::Indexed)
}

/// The nearest entry of the 6×6×6 cube and the grey ramp of xterm's 256 colours; other colours are left as they are.
pub(super) fn to_indexed(color: Color) -> Color {
    let Color::Rgb(r, g, b) = color else { return color };
    const LEVELS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |v: u8| (0..6usize).min_by_key(|n| (LEVELS[*n] - i32::from(v)).abs()).unwrap_or(0);
    let distance = |c: [i32; 3]| {
        let d = [c[0] - i32::from(r), c[1] - i32::from(g), c[2] - i32::from(b)];
        d.iter().map(|v| v * v).sum::<i32>()
    };
    let (nr, ng, nb) = (nearest(r), nearest(g), nearest(b));
    let cube = distance([LEVELS[nr], LEVELS[ng], LEVELS[nb]]);
    let mean = (i32::from(r) + i32::from(g) + i32::from(b)) / 3;
    let step = ((mean - 8 + 5) / 10).clamp(0, 23);
    let grey = 8 + 10 * step;
    if distance([grey, grey, grey]) < cube {
        Color::Indexed((232 + step) as u8)
    } else {
        Color::Indexed((16 + 36 * nr + 6 * ng + nb) as u8)
    }
}

/// Contrast ratio of two colours from 1 to 21, by the formula of WCAG 2. None where a colour is the terminal's own
/// choice (names and the first 16 numbers).
pub fn contrast(a: Color, b: Color) -> Option<f64> {
    let (a, b) = (luminance(a)?, luminance(b)?);
    Some((a.max(b) + 0.05) / (a.min(b) + 0.05))
}

fn luminance(color: Color) -> Option<f64> {
    let Color::Rgb(r, g, b) = color else { return None };
    let channel = |v: u8| {
        let v = f64::from(v) / 255.0;
        if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    Some(0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_mapped() {
        assert_eq!(parse_color("#102030"), Some(Color::Rgb(16, 32, 48)));
        assert_eq!(parse_color("17"), Some(Color::Indexed(17)));
        assert_eq!(parse_color("bright-red"), Some(Color::LightRed));
        for bad in ["#12345", "#gggggg", "256", "rot", "", "#+12345"] {
            assert_eq!(parse_color(bad), None, "{bad}");
        }
        assert_eq!(to_indexed(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(to_indexed(Color::Rgb(8, 8, 8)), Color::Indexed(232));
        assert_eq!(contrast(Color::Rgb(255, 255, 255), Color::Rgb(0, 0, 0)).map(|c| c.round()), Some(21.0));
    }
}
