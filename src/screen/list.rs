//! The list pane.

use super::rect;
use crate::app::layout::Area;
use crate::app::state::{Focus, Slot};
use crate::app::{App, Scene};
use crate::theme::Role;
use crate::views::flow::lay_out;
use crate::views::{Column, Span};
use crate::widgets::table::{self, Branching, Placed};
use crate::widgets::{Ink, page};
use ratatui::layout::Rect;

/// The columns as they stand in an area.
pub(super) fn placed(slot: &Slot, scene: &Scene<'_>, area: Area) -> Vec<Placed> {
    // What the list is sorted by is seen, however narrow it is.
    let sorted_by = slot.screen.state().sort.map(|(id, _)| id);
    let seen = |c: &Column| {
        // The mark of the order stands behind the title.
        let wide = u16::try_from(crate::text::width(c.title) + 1).unwrap_or(c.min).max(c.min);
        let sorted = Column { rank: 0, min: wide, max: c.max.max(wide), ..*c };
        if sorted_by == Some(c.id) { sorted } else { *c }
    };
    let all: Vec<Column> = slot.screen.all_columns().iter().map(seen).collect();
    match &slot.screen.state().columns {
        None => {
            let used = |c: &Column| sorted_by == Some(c.id) || slot.screen.is_used(scene, c);
            let used: Vec<Column> = all.into_iter().filter(used).collect();
            table::place(&used, area.width)
        }
        Some(ids) => {
            let chosen: Vec<Column> = ids.iter().filter_map(|id| all.iter().find(|c| c.id == *id).copied()).collect();
            table::place(&chosen, area.width)
        }
    }
}

pub(super) fn draw(app: &App, ink: &mut Ink<'_>) {
    let area = app.layout.list;
    let Some(slot) = app.slot().filter(|_| area.height > 0) else { return };
    let state = slot.screen.state();
    let inside = area.inside();
    if inside != area {
        ink.frame(rect(area), &title(app, slot), app.focus == Focus::List);
    }
    let scene = app.scene();
    let placed = placed(slot, &scene, inside);
    let sort = state.sort.and_then(|(id, reversed)| {
        let column = slot.screen.all_columns().iter().find(|c| c.id == id)?;
        Some((id, column.descending != reversed))
    });
    table::titles(ink, rect(inside), &placed, sort);
    let rows = inside.below_first();
    if state.shown.is_empty() {
        return empty(app, slot, ink, rect(rows));
    }
    for (n, position) in (0..rows.height).zip(state.offset..state.shown.len()) {
        let row = &state.shown[position];
        let tree = Branching { depth: row.depth, open: row.open, fold: row.fold };
        let line = Rect::new(rows.x, rows.y + n, rows.width, 1);
        let selected = position == state.cursor();
        table::row(ink, line, &placed, tree, selected, |column| slot.screen.cell(&scene, position, column));
        if state.marked.contains(&row.subject) {
            // On the border, so that no column moves.
            let x = if inside == area { line.x } else { area.x };
            ink.say(x, line.y, 1, "✓", Role::Key);
        }
    }
    if inside != area {
        let bar = Rect::new(area.x + area.width - 1, rows.y, 1, rows.height);
        ink.scrollbar(bar, state.offset, usize::from(rows.height), state.shown.len());
    }
}

fn title(app: &App, slot: &Slot) -> Vec<Span> {
    let state = slot.screen.state();
    let shown = state.shown.iter().filter(|s| s.fold.is_none()).count().max(usize::from(!state.shown.is_empty()));
    let filtered = !state.filter.is_empty() || state.notable_only;
    let count = match filtered {
        true => format!(" {shown} of {}", state.total),
        false => format!(" {}", state.total),
    };
    let mut out = vec![Span::new(slot.title, Role::Heading), Span::new(count, Role::Dim)];
    if filtered {
        out.push(Span::new(" filtered", Role::Notice));
    }
    if !state.marked.is_empty() {
        out.push(Span::new(format!(" {} marked", state.marked.len()), Role::Key));
    }
    if !app.prefs.show_all {
        out.push(Span::new(" running only", Role::Notice));
    }
    out
}

fn empty(app: &App, slot: &Slot, ink: &mut Ink<'_>, area: Rect) {
    let state = slot.screen.state();
    let lines = if !state.filter.is_empty() || state.notable_only {
        vec![crate::views::Line::of([Span::new("no row passes the filter; esc clears it", Role::Notice)])]
    } else if !app.world.has_snapshot {
        vec![crate::views::Line::of([Span::new("reading the host …", Role::Dim)])]
    } else {
        slot.screen.empty(&app.scene())
    };
    let rows = lay_out(&lines, area.width, true, 0);
    page::draw(ink, area, &lines, &rows, 0, "", None);
}
