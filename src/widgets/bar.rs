//! One-line bars: tabs, keys, and the pieces of a header that give way one by one.

use super::Ink;
use crate::text;
use crate::theme::Role;
use crate::views::Span;
use ratatui::layout::Rect;

/// A tab of a tab bar.
#[derive(Debug, Clone)]
pub struct TabLabel {
    /// The key that opens it; empty for none.
    pub key: String,
    /// Title.
    pub title: String,
    /// It is the chosen one.
    pub active: bool,
}

/// Where each tab of a bar stands: (first column, width), zero width for those that don't fit. Titles are cut, then
/// left out, except the active one's.
pub fn tab_places(width: u16, tabs: &[TabLabel]) -> Vec<(u16, u16)> {
    let full = |t: &TabLabel| text::width(&t.title) + text::width(&t.key) + usize::from(!t.key.is_empty()) + 2;
    let short = |t: &TabLabel| {
        if t.active {
            full(t)
        } else if t.key.is_empty() {
            text::width(&t.title).min(4) + 2
        } else {
            text::width(&t.key) + 2
        }
    };
    let shrunk = shrink(width, tabs.iter().map(|t| (full(t), t.active)).collect());
    let mut x = 0usize;
    let mut places = Vec::with_capacity(tabs.len());
    for (n, tab) in tabs.iter().enumerate() {
        let wide = shrunk.as_ref().map_or_else(|| short(tab), |all| all[n]);
        if x + wide <= usize::from(width) {
            places.push((x as u16, wide as u16));
        } else {
            places.push((x.min(usize::from(width)) as u16, 0));
        }
        x += wide;
    }
    places
}

/// Widths that fit in all: the blanks after the titles go first, then the widest title is cut, none to less than a few
/// letters; the active one is not cut.
fn shrink(width: u16, mut tabs: Vec<(usize, bool)>) -> Option<Vec<usize>> {
    const LEAST: usize = 5;
    if tabs.iter().map(|(wide, _)| wide).sum::<usize>() > usize::from(width) {
        tabs.iter_mut().for_each(|(wide, active)| *wide -= usize::from(!*active));
    }
    while tabs.iter().map(|(wide, _)| wide).sum::<usize>() > usize::from(width) {
        let widest = tabs.iter_mut().filter(|(wide, active)| !active && *wide > LEAST).max_by_key(|(wide, _)| *wide)?;
        widest.0 -= 1;
    }
    Some(tabs.into_iter().map(|(wide, _)| wide).collect())
}

/// Draws a tab bar in the first line of an area.
pub fn tabs(ink: &mut Ink<'_>, area: Rect, tabs: &[TabLabel]) {
    for (tab, (x, wide)) in tabs.iter().zip(tab_places(area.width, tabs)) {
        if wide < 2 || area.height == 0 {
            continue;
        }
        let role = if tab.active { Role::TabActive } else { Role::Tab };
        let (left, room) = (area.x + x, wide - 1);
        ink.fill(Rect::new(left, area.y, wide, 1), role);
        let mut used = 0;
        if !tab.key.is_empty() {
            used = ink.say(left + 1, area.y, room, &tab.key, if tab.active { Role::TabActive } else { Role::Key });
            used += u16::from(used < room);
        }
        let title = text::ellipsis_end(&tab.title, usize::from(room.saturating_sub(used)));
        ink.say(left + 1 + used, area.y, room.saturating_sub(used), &title, role);
    }
}

/// Draws `key words` pairs until the line is full; what does not fit whole is left out.
pub fn keys(ink: &mut Ink<'_>, area: Rect, pairs: &[(String, String)]) {
    if area.height == 0 {
        return;
    }
    let mut x = 1u16;
    for (key, words) in pairs {
        let wide = (text::width(key) + 1 + text::width(words)) as u16;
        if x.saturating_add(wide) > area.width {
            break;
        }
        x += ink.say(area.x + x, area.y, area.width - x, key, Role::Key) + 1;
        x += ink.say(area.x + x, area.y, area.width.saturating_sub(x), words, Role::Footer) + 2;
    }
}

/// A piece of a header: its text, and how readily it gives way (0 never).
#[derive(Debug, Clone, Default)]
pub struct Piece {
    /// Text.
    pub spans: Vec<Span>,
    /// Order of giving way: the highest goes first.
    pub rank: u8,
}

/// Draws pieces from the left and pieces from the right on one line; the highest ranks give way until all fit.
pub fn pieces(ink: &mut Ink<'_>, area: Rect, mut left: Vec<Piece>, mut right: Vec<Piece>) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let wide = |p: &Piece| p.spans.iter().map(|s| text::width(&s.text)).sum::<usize>() + 2;
    loop {
        let total = left.iter().chain(&right).map(wide).sum::<usize>();
        let most = left.iter().chain(&right).map(|p| p.rank).max().unwrap_or(0);
        if total <= usize::from(area.width) || most == 0 {
            break;
        }
        if let Some(n) = right.iter().rposition(|p| p.rank == most) {
            right.remove(n);
        } else if let Some(n) = left.iter().rposition(|p| p.rank == most) {
            left.remove(n);
        }
    }
    let mut x = 1;
    for piece in &left {
        x += ink.spans(area.x + x, area.y, area.width.saturating_sub(x), &piece.spans) + 2;
    }
    let total: usize = right.iter().map(wide).sum();
    let mut at = area.width.saturating_sub(total as u16).max(x.saturating_sub(1)) + 1;
    for piece in &right {
        at += ink.spans(area.x.saturating_add(at), area.y, area.width.saturating_sub(at), &piece.spans) + 2;
    }
}
