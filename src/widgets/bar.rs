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

/// Where each tab of a bar stands: (first column, width), zero width for those that don't fit. When there is no room for
/// all titles the blanks after them go, then they are cut to one length, and below three letters left out, except the active one's.
pub fn tab_places(width: u16, tabs: &[TabLabel]) -> Vec<(u16, u16)> {
    const LEAST_LETTERS: usize = 3;
    let wide = |t: &TabLabel, (blanks, letters): (usize, usize)| {
        let letters = if t.active { usize::MAX } else { letters };
        let key = text::width(&t.key);
        let title = text::width(&t.title).min(letters);
        let blanks = if t.active { 2 } else { blanks };
        blanks + key + title + usize::from(key > 0 && title > 0)
    };
    let room = usize::from(width);
    let longest = tabs.iter().map(|t| text::width(&t.title)).max().unwrap_or(0);
    let fits = |cut: &(usize, usize)| tabs.iter().map(|t| wide(t, *cut)).sum::<usize>() <= room;
    let tight = (LEAST_LETTERS..=longest.max(LEAST_LETTERS)).rev().map(|letters| (1, letters));
    let (blanks, letters) = std::iter::once((2, longest)).chain(tight).find(fits).unwrap_or((2, 0));
    let mut x = 0usize;
    let mut places = Vec::with_capacity(tabs.len());
    for tab in tabs {
        // Tabs without a key keep some letters, so that they can be told apart as long as they are seen.
        let wide = wide(tab, (blanks, if tab.key.is_empty() { letters.max(LEAST_LETTERS) } else { letters }));
        if x + wide <= room {
            places.push((x as u16, wide as u16));
        } else {
            places.push((x.min(room) as u16, 0));
        }
        x += wide;
    }
    places
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
