//! Menus, the palette and pages, over everything else.

use super::sheet;
use crate::app::App;
use crate::app::layout::Area;
use crate::app::overlay::{Entry, Overlay};
use crate::app::pages;
use crate::text::{ellipsis_end, width};
use crate::theme::Role;
use crate::views::Span;
use crate::views::flow::lay_out;
use crate::widgets::{Ink, page};
use ratatui::layout::Rect;

/// Columns of the mark and the letter before an entry's label.
const BEFORE_LABEL: usize = 6;

/// Where the top overlay stands, with its border.
pub(super) fn place(app: &App) -> Option<Rect> {
    let top = app.overlays.last()?;
    let (width, height) = app.size;
    let room = width.saturating_sub(if width > 60 { 4 } else { 0 });
    let (wanted_width, wanted_height) = match top {
        Overlay::Menu(menu) => (menu_width(&menu.entries, &menu.title), menu.entries.len() as u16 + 2),
        Overlay::Palette(_) => (90, 22),
        Overlay::Page(..) => (100, height.saturating_sub(2)),
        Overlay::Sheet(sheet) => (sheet::WIDTH, sheet::sheet_height(app, sheet, sheet::WIDTH.min(room))),
        Overlay::Form(form) => (sheet::WIDTH, sheet::form_height(form, sheet::WIDTH.min(room))),
    };
    let wide = wanted_width.min(room);
    let high = wanted_height.min(height.saturating_sub(if height > 12 { 2 } else { 0 }));
    Some(Rect::new((width - wide) / 2, (height - high) / 2, wide, high))
}

fn menu_width(entries: &[Entry], title: &str) -> u16 {
    let widest = entries.iter().map(|e| width(&e.label) + width(&e.detail) + 11).max().unwrap_or(0);
    widest.max(width(title) + 6).clamp(24, 110) as u16
}

/// The lines of the top overlay's entries, and the number of the first one shown.
pub(super) fn entries_place(app: &App) -> Option<(Rect, usize)> {
    let inner = inner(place(app)?);
    match app.overlays.last()? {
        Overlay::Menu(menu) => Some((inner, first_shown(menu.cursor, inner.height))),
        Overlay::Palette(palette) => {
            let list = Rect::new(inner.x, inner.y + inner.height.min(1), inner.width, inner.height.saturating_sub(1));
            Some((list, first_shown(palette.cursor, list.height)))
        }
        Overlay::Page(..) | Overlay::Form(_) | Overlay::Sheet(_) => None,
    }
}

fn first_shown(cursor: usize, height: u16) -> usize {
    (cursor + 1).saturating_sub(usize::from(height).max(1))
}

pub(super) fn inner(area: Rect) -> Rect {
    let inside = Area { x: area.x, y: area.y, width: area.width, height: area.height }.inside();
    Rect::new(inside.x, inside.y, inside.width, inside.height)
}

pub(super) fn draw(app: &App, ink: &mut Ink<'_>) {
    let (Some(top), Some(area)) = (app.overlays.last(), place(app)) else { return };
    ink.fill(area, Role::Text);
    let title = match top {
        Overlay::Menu(menu) => menu.title.clone(),
        Overlay::Palette(p) if p.subjects_only => "Find a container, link, network or address".to_owned(),
        Overlay::Palette(_) => "Command, or the name of anything".to_owned(),
        Overlay::Page(kind, _) => pages::title(*kind).to_owned(),
        Overlay::Sheet(sheet) => crate::app::change::page::title(app, sheet),
        Overlay::Form(form) => crate::text::clean_line(&form.title).into_owned(),
    };
    ink.frame(area, &[Span::new(title, Role::Heading)], true);
    match top {
        Overlay::Sheet(sheet) => sheet::draw_sheet(app, ink, area, inner(area), sheet),
        Overlay::Form(form) => sheet::draw_form(app, ink, area, inner(area), form),
        Overlay::Menu(menu) => entries(app, ink, &menu.entries, menu.cursor, menu.stays, &app.menu_letters()),
        Overlay::Palette(palette) => {
            let line = inner(area);
            let used = ink.say(line.x, line.y, line.width, "> ", Role::Key);
            let (room, at) = (line.width.saturating_sub(used), line.x + used);
            ink.say(at, line.y, room, palette.input.text(), Role::Text);
            entries(app, ink, &palette.found, palette.cursor, false, &[]);
            let note = match (palette.found.is_empty(), palette.more) {
                (true, _) if palette.input.text().is_empty() => String::new(),
                (true, _) => "nothing is called so".to_owned(),
                (false, 0) => String::new(),
                (false, more) => format!("{more} more"),
            };
            let shift = room.saturating_sub(width(&note) as u16);
            ink.say(at + shift, line.y, room - shift, &note, Role::Dim);
        }
        Overlay::Page(kind, scroll) => {
            let lines = pages::lines(app, *kind);
            let place = inner(area);
            let rows = lay_out(&lines, place.width, true, 0);
            let offset = (*scroll).min(rows.len().saturating_sub(usize::from(place.height)));
            page::draw(ink, place, &lines, &rows, offset, "", None);
            let bar = Rect::new(area.right().saturating_sub(1), place.y, 1, place.height);
            ink.scrollbar(bar, offset, usize::from(place.height), rows.len());
        }
    }
}

fn entries(app: &App, ink: &mut Ink<'_>, entries: &[Entry], cursor: usize, boxes: bool, letters: &[Option<char>]) {
    let Some((area, first)) = entries_place(app) else { return };
    let widest = |of: fn(&Entry) -> &str| entries.iter().map(|entry| width(of(entry))).max().unwrap_or(0);
    // Short details (keys) leave the labels all they don't use; long ones a third is kept for.
    let beside = usize::from(area.width).saturating_sub(widest(|e| &e.detail) + BEFORE_LABEL + 2);
    let label_room = widest(|e| &e.label).min(beside.max(usize::from(area.width) * 2 / 3));
    for (y, (n, entry)) in (0..area.height).zip(entries.iter().enumerate().skip(first)) {
        let line = Rect::new(area.x, area.y + y, area.width, 1);
        let mark = match (boxes, entry.marked) {
            (true, true) => "[x] ",
            (true, false) => "[ ] ",
            (false, true) => "● ",
            (false, false) => "  ",
        };
        let mut x = ink.say(line.x, line.y, line.width, mark, Role::Key);
        if let Some(letter) = letters.get(n) {
            let text = letter.map_or("  ".to_owned(), |c| format!("{c} "));
            x += ink.say(line.x + x, line.y, line.width.saturating_sub(x), &text, Role::Key);
        }
        let label = ellipsis_end(&entry.label, usize::from(line.width.saturating_sub(x)).min(label_room));
        ink.say(line.x + x, line.y, line.width.saturating_sub(x), &label, Role::Text);
        x = x.saturating_add(label_room as u16 + 2);
        if x < line.width {
            ink.spans(line.x + x, line.y, line.width - x, &[Span::new(entry.detail.clone(), Role::Dim)]);
        }
        if n == cursor {
            ink.tint(line, Role::Selection);
        }
    }
    let bar = Rect::new(area.right(), area.y, 1, area.height);
    ink.scrollbar(bar, first, usize::from(area.height), entries.len());
}

/// The text cursor of the palette, a form, or a word that is typed.
pub(super) fn cursor(app: &App) -> Option<(u16, u16)> {
    match app.overlays.last() {
        Some(Overlay::Sheet(sheet)) => return sheet::sheet_cursor(app, inner(place(app)?), sheet),
        Some(Overlay::Form(form)) => return sheet::form_cursor(inner(place(app)?), form),
        _ => {}
    }
    let Some(Overlay::Palette(palette)) = app.overlays.last() else { return None };
    let line = inner(place(app)?);
    let x = 2 + u16::try_from(width(palette.input.before())).unwrap_or(u16::MAX).min(line.width.saturating_sub(3));
    (line.height > 0).then_some((line.x + x, line.y))
}
