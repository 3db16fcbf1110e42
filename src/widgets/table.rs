//! Lists: column widths, rows with tree marks, the selected row. Only the rows on the screen are built.

use super::Ink;
use crate::text;
use crate::theme::Role;
use crate::views::{Cell, Column, Span};
use ratatui::layout::Rect;

/// How a row stands in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Branching {
    /// Depth; 0 stands at the edge.
    pub depth: u8,
    /// Bit n: at depth n, more siblings follow below, so a line goes on down.
    pub open: u64,
    /// Some(true) for a folded group, Some(false) for an open one.
    pub fold: Option<bool>,
}

/// A column as it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    /// The column.
    pub column: Column,
    /// First column of the terminal, from the left edge of the list.
    pub x: u16,
    /// Width.
    pub width: u16,
}

/// Gives each column its width: columns of high rank give way until the least widths fit, then what is left goes to
/// those that can use it, and what is left over to the one that can use most.
pub fn place(columns: &[Column], width: u16) -> Vec<Placed> {
    const GAP: u16 = 1;
    let mut kept: Vec<Column> = columns.to_vec();
    let least = |kept: &[Column]| kept.iter().map(|c| u32::from(c.min.max(1)) + u32::from(GAP)).sum::<u32>();
    while least(&kept) > u32::from(width) + u32::from(GAP) && kept.len() > 1 {
        let most = kept.iter().map(|c| c.rank).max().unwrap_or(0);
        let Some(n) = kept.iter().skip(1).rposition(|c| most == 0 || c.rank == most) else { break };
        kept.remove(n + 1);
    }
    let spare = (u32::from(width) + u32::from(GAP)).saturating_sub(least(&kept));
    let want: u32 = kept.iter().map(|c| u32::from(c.max.saturating_sub(c.min))).sum();
    let given = spare.min(want);
    let mut widths: Vec<u32> = kept
        .iter()
        .map(|c| {
            let own = u32::from(c.max.saturating_sub(c.min));
            u32::from(c.min.max(1)) + (given * own).checked_div(want).unwrap_or(0)
        })
        .collect();
    let used: u32 = widths.iter().sum::<u32>() + u32::from(GAP) * kept.len().saturating_sub(1) as u32;
    let widest = (0..kept.len()).rev().max_by_key(|n| kept[*n].max);
    if let Some(n) = widest {
        widths[n] = (widths[n] + u32::from(width).saturating_sub(used)).min(u32::from(width));
    }
    let mut x = 0u16;
    kept.into_iter()
        .zip(widths)
        .map(|(column, wide)| {
            let wide = (wide as u16).min(width.saturating_sub(x));
            let placed = Placed { column, x, width: wide };
            x = x.saturating_add(wide + GAP);
            placed
        })
        .collect()
}

/// Draws the column titles; `sort` is the id of the sorted column and whether the largest is first.
pub fn titles(ink: &mut Ink<'_>, area: Rect, placed: &[Placed], sort: Option<(&str, bool)>) {
    if area.height == 0 {
        return;
    }
    for p in placed {
        let arrow = match sort {
            Some((id, true)) if id == p.column.id => "▾",
            Some((id, false)) if id == p.column.id => "▴",
            _ => "",
        };
        let room = usize::from(p.width).saturating_sub(text::width(arrow));
        let title = format!("{}{arrow}", text::ellipsis_end(p.column.title, room));
        let shift = if p.column.right { p.width.saturating_sub(text::width(&title) as u16) } else { 0 };
        ink.say(area.x + p.x + shift, area.y, p.width - shift.min(p.width), &title, Role::Heading);
    }
}

/// Draws one row in the first line of an area.
pub fn row(
    ink: &mut Ink<'_>,
    area: Rect,
    placed: &[Placed],
    tree: Branching,
    selected: bool,
    cell: impl Fn(&Column) -> Cell,
) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    for (n, p) in placed.iter().enumerate() {
        if p.width == 0 {
            continue;
        }
        let (mut x, mut room) = (area.x.saturating_add(p.x), p.width.min(area.width.saturating_sub(p.x)));
        if n == 0 {
            let used = branches(ink, x, area.y, room, tree);
            x += used;
            room -= used;
        }
        draw_cell(ink, x, area.y, room, cell(&p.column), p.column.right, n == 0);
    }
    if selected {
        ink.tint(Rect::new(area.x, area.y, area.width, 1), Role::Selection);
    }
}

fn branches(ink: &mut Ink<'_>, x: u16, y: u16, room: u16, tree: Branching) -> u16 {
    let mut used = 0;
    // The name keeps at least half of its column.
    let room = room / 2;
    for level in 1..=tree.depth.min(60) {
        if used + 2 > room {
            break;
        }
        let open = tree.open & (1 << level) != 0;
        let mark = match (level == tree.depth, open) {
            (true, true) => "├╴",
            (true, false) => "└╴",
            (false, true) => "│ ",
            (false, false) => "  ",
        };
        used += ink.say(x + used, y, 2, mark, Role::Border);
    }
    if let Some(folded) = tree.fold
        && used + 2 <= room
    {
        used += ink.say(x + used, y, 2, if folded { "▸ " } else { "▾ " }, Role::Dim);
    }
    used
}

fn draw_cell(ink: &mut Ink<'_>, x: u16, y: u16, room: u16, mut cell: Cell, right: bool, is_name: bool) {
    let wide = |cell: &Cell| cell.spans.iter().map(|s| text::width(&s.text)).sum::<usize>();
    let total = wide(&cell);
    if total > usize::from(room) && is_name {
        // What tells two names apart is often at their end: the longest piece gives way in its middle.
        if let Some(span) = cell.spans.iter_mut().max_by_key(|s| text::width(&s.text)) {
            let own = text::width(&span.text);
            let left = own.saturating_sub(total - usize::from(room));
            if left >= 3 {
                *span = Span::new(text::ellipsis_middle(&span.text, left).into_owned(), span.role);
            }
        }
    }
    let shift = if right { usize::from(room).saturating_sub(wide(&cell)) as u16 } else { 0 };
    ink.spans(x + shift, y, room - shift, &cell.spans);
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) const fn column(id: &'static str, min: u16, max: u16, rank: u8) -> Column {
        Column { id, title: id, min, max, rank, right: false, descending: false, help: "" }
    }

    #[test]
    fn columns_always_fit_and_the_first_never_goes() {
        let columns =
            [column("name", 8, 30, 0), column("cpu", 6, 6, 1), column("image", 10, 40, 3), column("id", 12, 12, 2)];
        for width in 0..120u16 {
            let placed = place(&columns, width);
            assert_eq!(placed[0].column.id, "name");
            let end = placed.iter().map(|p| u32::from(p.x) + u32::from(p.width)).max().unwrap_or(0);
            assert!(end <= u32::from(width), "{width}: {end}");
        }
        let ids: Vec<&str> = place(&columns, 30).iter().map(|p| p.column.id).collect();
        assert_eq!(ids, ["name", "cpu", "id"]);
        let wide = place(&columns, 120);
        assert_eq!(wide.iter().map(|p| p.width).sum::<u16>() + 3, 120);
    }
}
