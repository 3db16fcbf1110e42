//! Pages of lines as they are drawn: rows, search matches, the line of the cursor.

use super::Ink;
use crate::text;
use crate::theme::Role;
use crate::views::Line;
use crate::views::flow::{Stretch, find_all};
use ratatui::layout::Rect;

/// Draws rows of a page from `offset` on. `needle` is what is searched for, in lower case; `current` is the line of
/// the cursor.
pub fn draw(
    ink: &mut Ink<'_>,
    area: Rect,
    lines: &[Line],
    rows: &[Stretch],
    offset: usize,
    needle: &str,
    current: Option<usize>,
) {
    for (n, stretch) in rows.iter().skip(offset).take(usize::from(area.height)).enumerate() {
        let Some(line) = lines.get(stretch.line) else { continue };
        let y = area.y + n as u16;
        row(ink, Rect::new(area.x, y, area.width, 1), line, *stretch, needle);
        if current == Some(stretch.line) {
            ink.tint(Rect::new(area.x, y, area.width, 1), Role::Selection);
        }
    }
}

/// Draws one row.
pub fn row(ink: &mut Ink<'_>, area: Rect, line: &Line, stretch: Stretch, needle: &str) {
    let mut x = stretch.indent.min(area.width);
    let mut at = 0;
    for span in &line.spans {
        let (start, end) = (at, at + span.text.len());
        at = end;
        let from = stretch.from.clamp(start, end) - start;
        let to = stretch.to.clamp(start, end) - start;
        if from < to
            && let Some(piece) = span.text.get(from..to)
        {
            let style = ink.style(span.role);
            x += ink.put(area.x + x, area.y, area.width.saturating_sub(x), piece, style);
        }
        if x >= area.width {
            break;
        }
    }
    let whole: usize = line.spans.iter().map(|s| s.text.len()).sum();
    let shown = if needle.is_empty() && stretch.to < whole { return } else { line.text() };
    let shown = shown.get(stretch.from..stretch.to).unwrap_or("");
    if stretch.to == whole
        && text::width(shown) > usize::from(area.width.saturating_sub(stretch.indent))
        && area.width > 0
    {
        ink.say(area.x + area.width - 1, area.y, 1, "…", Role::Dim);
    }
    for (from, to) in find_all(shown, needle) {
        let left = stretch.indent.saturating_add(text::width(&shown[..from]) as u16);
        let wide = text::width(&shown[from..to]) as u16;
        if left < area.width {
            ink.tint(Rect::new(area.x + left, area.y, wide.min(area.width - left), 1), Role::Match);
        }
    }
}
