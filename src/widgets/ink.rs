//! Text with roles put into a frame, clipped; the one way any text reaches a cell.

use crate::text;
use crate::theme::{Role, Theme};
use crate::views::Span;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

/// A frame with a theme to draw in.
pub struct Ink<'a> {
    /// The frame.
    pub frame: &'a mut Buffer,
    /// The theme.
    pub theme: &'a Theme,
}

impl Ink<'_> {
    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Puts text at a place, at most `room` columns; gives the columns it took. Wide characters that would be cut in
    /// half are left out. Control characters, which clean text does not have, become `?`.
    pub fn put(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let area = *self.frame.area();
        if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() {
            return 0;
        }
        let room = room.min(area.right() - x);
        if text.is_ascii() {
            let wide = text.len().min(usize::from(room));
            for (cell, byte) in self.cells(x, y, wide).iter_mut().zip(text.bytes()) {
                let c = if (0x20..0x7f).contains(&byte) { char::from(byte) } else { '?' };
                cell.set_char(c).set_style(style);
            }
            return wide as u16;
        }
        self.put_graphemes(x, y, room, text, style)
    }

    fn put_graphemes(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let mut used = 0u16;
        for grapheme in text.graphemes(true) {
            let bad = grapheme.chars().any(char::is_control);
            let (symbol, wide) = if bad { ("?", 1) } else { (grapheme, text::width(grapheme)) };
            // A lone mark without a base has no column of its own.
            if wide == 0 {
                continue;
            }
            let wide = u16::try_from(wide).unwrap_or(u16::MAX);
            if wide > room - used {
                break;
            }
            self.frame[(x + used, y)].set_symbol(symbol).set_style(style);
            for n in 1..wide {
                self.frame[(x + used + n, y)].reset();
                self.frame[(x + used + n, y)].set_style(style);
            }
            used += wide;
        }
        used
    }

    /// Puts text in a role.
    pub fn say(&mut self, x: u16, y: u16, room: u16, text: &str, role: Role) -> u16 {
        let style = self.style(role);
        self.put(x, y, room, text, style)
    }

    /// Puts spans one after the other, cut with a mark at the end when they don't fit; gives the columns they took.
    pub fn spans(&mut self, x: u16, y: u16, room: u16, spans: &[Span]) -> u16 {
        let total: usize = spans.iter().map(|s| text::width(&s.text)).sum();
        let cut = total > usize::from(room);
        let most = if cut { room.saturating_sub(1) } else { room };
        let mut used = 0;
        for span in spans {
            let style = self.style(span.role);
            let wide = text::width(&span.text);
            let taken = self.put(x.saturating_add(used), y, most - used, &span.text, style);
            used += taken;
            // More follows than there is room for: the mark says so, in the style of what it cuts.
            if cut && (used >= most || usize::from(taken) < wide) {
                return used + self.put(x.saturating_add(used), y, room - used, "…", style);
            }
        }
        used
    }

    /// Cells from a place of the frame to the right.
    fn cells(&mut self, x: u16, y: u16, count: usize) -> &mut [Cell] {
        let start = self.frame.index_of(x, y);
        &mut self.frame.content[start..start + count]
    }

    /// Fills an area with blanks in a role.
    pub fn fill(&mut self, area: Rect, role: Role) {
        let mut blank = Cell::default();
        blank.set_style(self.style(role));
        let area = area.intersection(*self.frame.area());
        for y in area.y..area.bottom() {
            if area.width > 0 {
                self.cells(area.x, y, usize::from(area.width)).fill(blank.clone());
            }
        }
    }

    /// Lays a role over what stands in an area.
    pub fn tint(&mut self, area: Rect, role: Role) {
        let style = self.style(role);
        self.frame.set_style(area.intersection(*self.frame.area()), style);
    }

    /// A border with a title; gives the area inside. Areas too small for a border are given back as they are.
    pub fn frame(&mut self, area: Rect, title: &[Span], focused: bool) -> Rect {
        let area = area.intersection(*self.frame.area());
        if area.width < 3 || area.height < 3 {
            return area;
        }
        let style = self.style(if focused { Role::BorderFocus } else { Role::Border });
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            self.frame[(x, area.y)].set_char('─').set_style(style);
            self.frame[(x, bottom)].set_char('─').set_style(style);
        }
        for y in area.y + 1..bottom {
            self.frame[(area.x, y)].set_char('│').set_style(style);
            self.frame[(right, y)].set_char('│').set_style(style);
        }
        for (x, y, c) in [(area.x, area.y, '┌'), (right, area.y, '┐'), (area.x, bottom, '└'), (right, bottom, '┘')]
        {
            self.frame[(x, y)].set_char(c).set_style(style);
        }
        if !title.is_empty() && area.width > 6 {
            let used = self.spans(area.x + 2, area.y, area.width - 4, title);
            self.put(area.x + 1, area.y, 1, " ", style);
            self.put(area.x + 2 + used, area.y, u16::from(used < area.width - 4), " ", style);
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }

    /// How far a list is scrolled, on its right border.
    pub fn scrollbar(&mut self, area: Rect, offset: usize, shown: usize, total: usize) {
        let area = area.intersection(*self.frame.area());
        if total <= shown || area.height == 0 || area.width == 0 {
            return;
        }
        let height = usize::from(area.height);
        let size = (height * shown / total).clamp(1, height);
        let most = total - shown;
        let from = (height - size) * offset.min(most) / most;
        let style = self.style(Role::BorderFocus);
        for n in from..(from + size).min(height) {
            self.frame[(area.x, area.y + n as u16)].set_char('█').set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(width: u16, f: impl FnOnce(&mut Ink<'_>)) -> String {
        let mut frame = Buffer::empty(Rect::new(0, 0, width, 1));
        let theme = Theme::default();
        f(&mut Ink { frame: &mut frame, theme: &theme });
        let mut out = String::new();
        let mut skip = 0;
        for x in 0..width {
            if skip == 0 {
                out.push_str(frame[(x, 0)].symbol());
                skip = text::width(frame[(x, 0)].symbol()).max(1);
            }
            skip -= 1;
        }
        out
    }

    #[test]
    fn s08_wide_text_never_leaves_half_a_glyph_at_the_edge() {
        for width in 1..10u16 {
            let line = draw(width, |ink| {
                let used = ink.put(0, 0, width, "日本語", Style::new());
                assert!(used <= width && used % 2 == 0);
            });
            assert_eq!(text::width(&line), usize::from(width));
        }
    }

    #[test]
    fn s04_control_characters_never_reach_a_cell() {
        let line = draw(20, |ink| {
            ink.put(0, 0, 20, "a\u{1b}[2J\tb\u{9b}é\r\n", Style::new());
        });
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }

    #[test]
    fn spans_that_do_not_fit_end_in_a_mark() {
        let spans = [Span::plain("abc"), Span::plain("def")];
        for (width, want) in [(6, "abcdef"), (5, "abcd…"), (4, "abc…"), (3, "ab…"), (1, "…")] {
            assert_eq!(draw(width, |ink| _ = ink.spans(0, 0, width, &spans)), want);
        }
    }

    #[test]
    fn t01_nothing_is_drawn_outside() {
        let mut frame = Buffer::empty(Rect::new(0, 0, 4, 2));
        let theme = Theme::default();
        let mut ink = Ink { frame: &mut frame, theme: &theme };
        for (x, y) in [(0, 0), (3, 1), (4, 0), (0, 2), (65535, 65535)] {
            ink.put(x, y, 65535, "longer than the area é", Style::new());
            ink.frame(Rect::new(x, y, 65535 - x, 65535 - y), &[Span::plain("title")], true);
            ink.scrollbar(Rect::new(x, y, 1, 9), 3, 2, 9);
        }
    }
}
