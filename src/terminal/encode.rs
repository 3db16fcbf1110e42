//! The difference between two frames as bytes for a terminal: only changed cells, few escape sequences, nothing at all
//! when nothing has changed.

use crate::text;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::io::Write as _;

/// What the terminal is known to be at: its pen, its cursor. Forgotten when the screen is drawn anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
    at: Option<(u16, u16)>,
    cursor: Option<(u16, u16)>,
}

impl Default for Pen {
    fn default() -> Self {
        Pen { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty(), at: None, cursor: None }
    }
}

/// Frames of fewer bytes than this are not wrapped in a synchronised update: they arrive whole anyway.
const SMALL_FRAME: usize = 400;

/// Writes what turns `before` into `next`; both must be of one size. `cursor` is where the text cursor is wanted.
/// Without a `before` the screen is cleared first. Leaves `out` empty when there is nothing to do.
pub fn encode(out: &mut Vec<u8>, pen: &mut Pen, before: Option<&Buffer>, next: &Buffer, cursor: Option<(u16, u16)>) {
    let start = out.len();
    let blank;
    let before = match before {
        Some(before) if before.area == next.area => before,
        _ => {
            *pen = Pen::default();
            out.extend_from_slice(b"\x1b[0m\x1b[?25l\x1b[2J");
            blank = Buffer::empty(next.area);
            &blank
        }
    };
    cells(out, pen, before, next);
    let changed = out.len() > start;
    if cursor != pen.cursor || changed && cursor.is_some() {
        match cursor {
            Some((x, y)) => {
                let _ = write!(out, "\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1);
                if pen.cursor.is_none() {
                    out.extend_from_slice(b"\x1b[?25h");
                }
                pen.at = Some((x, y));
            }
            None => out.extend_from_slice(b"\x1b[?25l"),
        }
        pen.cursor = cursor;
    }
    if out.len() - start > SMALL_FRAME {
        out.splice(start..start, *b"\x1b[?2026h");
        out.extend_from_slice(b"\x1b[?2026l");
    }
}

fn cell_width(cell: &Cell) -> usize {
    let symbol = cell.symbol();
    if symbol.len() == 1 { 1 } else { text::width(symbol) }
}

fn cells(out: &mut Vec<u8>, pen: &mut Pen, before: &Buffer, next: &Buffer) {
    let width = usize::from(next.area.width);
    if width == 0 {
        return;
    }
    let rows = before.content.chunks_exact(width).zip(next.content.chunks_exact(width));
    for (y, (old_row, new_row)) in rows.enumerate() {
        // Cells that still hold part of a wide character of the old frame, and those covered by one of the new.
        let (mut spoilt, mut covered) = (0usize, 0usize);
        for (x, (old, new)) in old_row.iter().zip(new_row).enumerate() {
            let same = has_equal_looks(old, new) && old.symbol() == new.symbol();
            // Nearly all cells take this way: nothing changed, nothing wide.
            if same && spoilt == 0 && covered == 0 && new.symbol().len() == 1 {
                continue;
            }
            let (old_wide, new_wide) = (cell_width(old), cell_width(new));
            if (!same || spoilt > 0) && covered == 0 {
                move_to(out, pen, new_row, x as u16, y as u16);
                set_style(out, pen, new);
                // A wide character at the edge would be cut in half by the terminal.
                if x + new_wide > width {
                    out.push(b' ');
                } else {
                    out.extend_from_slice(new.symbol().as_bytes());
                }
                let at = x + new_wide.max(1);
                // Terminals disagree on the width of what is not plain: the place is told anew after it. At the
                // right edge they disagree on where the cursor waits.
                let sure = new.symbol().is_ascii() || is_box(new.symbol());
                pen.at = (sure && at < width).then_some((at as u16, y as u16));
            }
            covered = if covered > 0 { covered - 1 } else { new_wide.saturating_sub(1) };
            spoilt = spoilt.max(if same { 0 } else { old_wide.max(new_wide) }).saturating_sub(1);
        }
    }
}

/// Glyphs of our own that every terminal takes for one column.
fn is_box(symbol: &str) -> bool {
    matches!(symbol.chars().next(), Some('─'..='╿' | '▀'..='▟' | '\u{2800}'..='\u{28ff}' | '…' | '·'))
}

fn move_to(out: &mut Vec<u8>, pen: &mut Pen, row: &[Cell], x: u16, y: u16) {
    match pen.at {
        Some(at) if at == (x, y) => return,
        Some((from, line)) if line == y && from < x => {
            let gap = &row[usize::from(from)..usize::from(x)];
            let plain = |c: &Cell| c.symbol().len() == 1 && has_style(pen, c);
            if gap.len() <= 4 && gap.iter().all(plain) {
                gap.iter().for_each(|c| out.extend_from_slice(c.symbol().as_bytes()));
            } else {
                let _ = write!(out, "\x1b[{}C", x - from);
            }
        }
        _ => {
            let _ = write!(out, "\x1b[{};{}H", u32::from(y) + 1, u32::from(x) + 1);
        }
    }
    pen.at = Some((x, y));
}

fn has_equal_looks(a: &Cell, b: &Cell) -> bool {
    a.fg == b.fg && a.bg == b.bg && a.modifier == b.modifier
}

fn has_style(pen: &Pen, cell: &Cell) -> bool {
    pen.fg == cell.fg && pen.bg == cell.bg && pen.modifier == cell.modifier
}

const MODIFIERS: [(Modifier, u8); 6] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::REVERSED, 7),
    (Modifier::CROSSED_OUT, 9),
];

fn set_style(out: &mut Vec<u8>, pen: &mut Pen, cell: &Cell) {
    if has_style(pen, cell) {
        return;
    }
    out.extend_from_slice(b"\x1b[");
    let mut first = true;
    let mut code = |out: &mut Vec<u8>, text: std::fmt::Arguments<'_>| {
        if !std::mem::take(&mut first) {
            out.push(b';');
        }
        let _ = out.write_fmt(text);
    };
    if !(pen.modifier - cell.modifier).is_empty() {
        code(out, format_args!("0"));
        (pen.fg, pen.bg, pen.modifier) = (Color::Reset, Color::Reset, Modifier::empty());
    }
    for (modifier, number) in MODIFIERS {
        if cell.modifier.contains(modifier) && !pen.modifier.contains(modifier) {
            code(out, format_args!("{number}"));
        }
    }
    if pen.fg != cell.fg {
        color(out, &mut code, cell.fg, 30);
    }
    if pen.bg != cell.bg {
        color(out, &mut code, cell.bg, 40);
    }
    out.push(b'm');
    (pen.fg, pen.bg, pen.modifier) = (cell.fg, cell.bg, cell.modifier);
}

/// `base` is 30 for the text, 40 for the ground.
fn color(out: &mut Vec<u8>, code: &mut impl FnMut(&mut Vec<u8>, std::fmt::Arguments<'_>), color: Color, base: u8) {
    let number = match color {
        Color::Reset => base + 9,
        Color::Black => base,
        Color::Red => base + 1,
        Color::Green => base + 2,
        Color::Yellow => base + 3,
        Color::Blue => base + 4,
        Color::Magenta => base + 5,
        Color::Cyan => base + 6,
        Color::Gray => base + 7,
        Color::DarkGray => base + 60,
        Color::LightRed => base + 61,
        Color::LightGreen => base + 62,
        Color::LightYellow => base + 63,
        Color::LightBlue => base + 64,
        Color::LightMagenta => base + 65,
        Color::LightCyan => base + 66,
        Color::White => base + 67,
        Color::Indexed(n) => return code(out, format_args!("{};5;{n}", base + 8)),
        Color::Rgb(r, g, b) => return code(out, format_args!("{};2;{r};{g};{b}", base + 8)),
    };
    code(out, format_args!("{number}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn screen_text(parser: &vt100::Parser) -> Vec<String> {
        let (_, width) = parser.screen().size();
        parser.screen().rows(0, width.get()).map(|r| r.trim_end().to_owned()).collect()
    }

    fn parser_of(lines: u16, columns: u16) -> vt100::Parser {
        let size = |n| std::num::NonZeroU16::new(n).expect("not zero");
        vt100::Parser::new(size(lines), size(columns), 0)
    }

    #[test]
    fn nothing_is_written_when_nothing_changed() {
        let mut pen = Pen::default();
        let frame = Buffer::with_lines(["web  12 %", "日本"]);
        let mut out = Vec::new();
        encode(&mut out, &mut pen, None, &frame, None);
        assert!(!out.is_empty());
        out.clear();
        encode(&mut out, &mut pen, Some(&frame.clone()), &frame, None);
        assert!(out.is_empty());
        let mut next = frame.clone();
        next.set_string(5, 0, "13", Style::new());
        encode(&mut out, &mut pen, Some(&frame), &next, None);
        assert!(out.len() < 10, "{:?}", String::from_utf8_lossy(&out));
        out.clear();
        encode(&mut out, &mut pen, Some(&next.clone()), &next, Some((3, 1)));
        assert!(out.ends_with(b"\x1b[?25h"));
        out.clear();
        encode(&mut out, &mut pen, Some(&next.clone()), &next, Some((3, 1)));
        assert!(out.is_empty());
    }

    fn frame(words: &[(u16, u16, String, u8)]) -> Buffer {
        let mut frame = Buffer::empty(Rect::new(0, 0, 24, 6));
        for (x, y, text, style) in words {
            let style = match style % 5 {
                0 => Style::new(),
                1 => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
                2 => Style::new().bg(Color::Indexed(17)),
                3 => Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::REVERSED),
                _ => Style::new().add_modifier(Modifier::UNDERLINED | Modifier::ITALIC),
            };
            let theme = crate::theme::Theme::default();
            crate::widgets::Ink { frame: &mut frame, theme: &theme }.put(x % 24, y % 6, 24, text, style);
        }
        frame
    }

    proptest! {
        // What a terminal shows after any run of differences is what it shows when the last frame is drawn alone.
        #[test]
        fn differences_add_up_to_the_frame(
            frames in proptest::collection::vec(
                proptest::collection::vec((0..24u16, 0..6u16, "[a-c日本é─ ]{0,9}", any::<u8>()), 0..6), 1..6)
        ) {
            let mut parser = parser_of(6, 24);
            let mut pen = Pen::default();
            let mut before: Option<Buffer> = None;
            for words in &frames {
                let next = frame(words);
                let mut out = Vec::new();
                encode(&mut out, &mut pen, before.as_ref(), &next, None);
                parser.process(&out);
                before = Some(next);
            }
            let mut whole = parser_of(6, 24);
            let mut out = Vec::new();
            encode(&mut out, &mut Pen::default(), None, before.as_ref().expect("a frame"), None);
            whole.process(&out);
            prop_assert_eq!(screen_text(&parser), screen_text(&whole));
            for y in 0..6 {
                for x in 0..24 {
                    let style = |p: &vt100::Parser| p.screen().cell(y, x).map(|c| (c.bgcolor(), c.inverse(), c.underline()));
                    prop_assert_eq!(style(&parser), style(&whole), "{},{}", x, y);
                }
            }
        }
    }
}
