//! What stands at a place of the screen, for clicks. Any coordinate is answered, also ones no terminal has.

use super::{detail, list, overlays, status};
use crate::app::{App, Target};
use crate::widgets::bar::{TabLabel, tab_places};

/// What a click at a place means; nothing where nothing is.
pub fn hit(app: &App, x: u16, y: u16) -> Option<Target> {
    if app.layout.too_small || x >= app.size.0 || y >= app.size.1 {
        return None;
    }
    if let Some(place) = overlays::place(app) {
        if !place.contains((x, y).into()) {
            return Some(Target::Outside);
        }
        if let Some(crate::app::overlay::Overlay::Form(form)) = app.overlays.last() {
            return super::sheet::field_at(overlays::inner(place), form, y).map(Target::Field);
        }
        let (entries, first) = overlays::entries_place(app)?;
        if !entries.contains((x, y).into()) {
            return None;
        }
        let n = first + usize::from(y - entries.y);
        let count = match app.overlays.last()? {
            crate::app::overlay::Overlay::Menu(menu) => menu.entries.len(),
            crate::app::overlay::Overlay::Palette(palette) => palette.found.len(),
            _ => 0,
        };
        return (n < count).then_some(Target::Entry(n));
    }
    let layout = &app.layout;
    if layout.tabs.contains(x, y) {
        return tab_at(&status::tab_labels(app), layout.tabs.width, x - layout.tabs.x).map(Target::ViewTab);
    }
    if layout.info.contains(x, y) {
        return Some(Target::Info);
    }
    if layout.list.contains(x, y) {
        return list_hit(app, x, y);
    }
    if layout.detail.contains(x, y) {
        let inside = layout.detail.inside();
        let page = layout.detail_page();
        if page.contains(x, y) {
            return Some(Target::DetailLine(app.detail.offset + usize::from(y - page.y)));
        }
        if inside.contains(x, y) {
            return tab_at(&detail::tab_labels(app), inside.width, x - inside.x).map(Target::DetailTab);
        }
        return Some(Target::Detail);
    }
    None
}

fn tab_at(labels: &[TabLabel], width: u16, x: u16) -> Option<usize> {
    tab_places(width, labels).iter().position(|(from, wide)| x >= *from && x - from < *wide)
}

fn list_hit(app: &App, x: u16, y: u16) -> Option<Target> {
    let slot = app.slot()?;
    let inside = app.layout.list.inside();
    let rows = inside.below_first();
    if rows.contains(x, y) {
        let n = slot.screen.state().offset + usize::from(y - rows.y);
        return (n < slot.screen.state().shown.len()).then_some(Target::Row(n));
    }
    if inside.contains(x, y) {
        let x = x - inside.x;
        let placed = list::placed(slot, &app.scene(), inside);
        return placed.iter().find(|p| x >= p.x && x - p.x < p.width).map(|p| Target::Title(p.column.id));
    }
    None
}

/// Whether a place belongs to the detail pane, for the wheel.
pub fn in_detail(app: &App, x: u16, y: u16) -> bool {
    app.layout.detail.contains(x, y)
}
