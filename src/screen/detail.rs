//! The detail pane: its tabs, and a page, charts or a log below them.

use super::rect;
use crate::app::App;
use crate::app::layout::Area;
use crate::app::state::Focus;
use crate::theme::Role;
use crate::views::flow::lay_out;
use crate::views::{Chart, Content, Span};
use crate::widgets::bar::{self, TabLabel};
use crate::widgets::{Ink, chart, page};
use ratatui::layout::Rect;

pub(super) fn tab_labels(app: &App) -> Vec<TabLabel> {
    let label = |(n, tab): (usize, &crate::views::Tab)| TabLabel {
        key: String::new(),
        title: tab.title.to_owned(),
        active: n == app.detail.tab,
    };
    app.detail.tabs.iter().enumerate().map(label).collect()
}

pub(super) fn draw(app: &App, ink: &mut Ink<'_>) {
    let area = app.layout.detail;
    if area.height == 0 {
        return;
    }
    let inside = area.inside();
    let page_area = app.layout.detail_page();
    if inside != area {
        let mut title = Vec::new();
        if let Some(slot) = app.slot() {
            title.push(Span::new(slot.screen.title(&app.scene()), Role::Heading));
        }
        if !app.detail.needle.is_empty() {
            title.push(Span::new(format!("  /{}", app.detail.needle), Role::Match));
        }
        ink.frame(rect(area), &title, app.focus == Focus::Detail);
    }
    bar::tabs(ink, rect(Area { height: inside.height.min(1), ..inside }), &tab_labels(app));
    let target = rect(page_area);
    match &app.detail.content {
        Some(Content::Page(lines)) => draw_page(app, ink, target, lines),
        Some(Content::Charts(lines, charts)) => draw_charts(app, ink, target, lines, charts),
        Some(Content::Logs(_)) => draw_logs(app, ink, target),
        Some(Content::Raw(_)) | None => {
            let has_row = app.slot().is_some_and(|s| s.screen.state().selected().is_some());
            let words = if has_row { "this row has no details of its own" } else { "nothing is selected" };
            if target.height > 0 {
                ink.say(target.x, target.y, target.width, words, Role::Dim);
            }
        }
    }
}

fn draw_page(app: &App, ink: &mut Ink<'_>, area: Rect, lines: &[crate::views::Line]) {
    let current = app.detail.cursor.filter(|_| app.focus == Focus::Detail);
    page::draw(ink, area, lines, &app.detail.rows, app.detail.offset, &app.detail.needle, current);
    let bar = Rect::new(app.layout.detail.x + app.layout.detail.width - 1, area.y, 1, area.height);
    ink.scrollbar(bar, app.detail.offset, usize::from(area.height), app.detail.rows.len());
}

fn draw_charts(app: &App, ink: &mut Ink<'_>, area: Rect, lines: &[crate::views::Line], charts: &[Chart]) {
    let above = (app.detail.rows.len().saturating_sub(app.detail.offset) as u16).min(area.height / 2);
    page::draw(ink, Rect { height: above, ..area }, lines, &app.detail.rows, app.detail.offset, "", None);
    let rest = Rect::new(area.x, area.y + above, area.width, area.height - above);
    // On wide panes charts stand two beside each other.
    let columns = if rest.width >= 100 { 2 } else { 1 };
    let per_column = charts.len().div_ceil(columns);
    let each = chart::height_each(rest.height, per_column);
    if each == 0 {
        return;
    }
    let width = rest.width / columns as u16;
    for (n, c) in charts.iter().enumerate() {
        let (column, line) = ((n / per_column.max(1)) as u16, (n % per_column.max(1)) as u16);
        let y = rest.y + line * each;
        if y + each <= rest.bottom() {
            chart::draw(ink, Rect::new(rest.x + column * width, y, width.saturating_sub(1), each), c);
        } else if y < rest.bottom() && column == 0 {
            let words = format!("… {} more charts need a higher screen", charts.len() - n);
            ink.say(rest.x, rest.bottom() - 1, rest.width, &words, Role::Dim);
            break;
        }
    }
}

fn draw_logs(app: &App, ink: &mut Ink<'_>, area: Rect) {
    let logs = &app.logs;
    if area.height == 0 {
        return;
    }
    let status = Rect { height: 1, ..area };
    ink.spans(status.x, status.y, status.width, &log_status(app));
    let area = Rect::new(area.x, area.y + 1, area.width, area.height - 1);
    if logs.is_empty() {
        let words = match (&logs.ended, logs.answered) {
            (Some(why), _) => format!("the log has ended: {}", crate::text::clean_line(why)),
            (None, true) => "no lines yet".to_owned(),
            (None, false) => "asking the engine …".to_owned(),
        };
        if area.height > 0 {
            ink.say(area.x, area.y, area.width, &words, Role::Dim);
        }
        return;
    }
    let zone = app.zone();
    let mut free = area.height;
    for n in logs.upwards() {
        if free == 0 {
            break;
        }
        let lines = [logs.line(n, &zone)];
        let rows = lay_out(&lines, area.width, logs.wrap, 0);
        let shown = (rows.len() as u16).min(free);
        // Of a line higher than the screen the beginning is shown.
        let rows =
            if shown == area.height { &rows[..usize::from(shown)] } else { &rows[rows.len() - usize::from(shown)..] };
        free -= shown;
        let place = Rect::new(area.x, area.y + free, area.width, shown);
        page::draw(ink, place, &lines, rows, 0, &logs.needle, None);
    }
    // Few lines stand at the top, as in any log.
    if free > 0 && free < area.height {
        lift(ink, area, free);
    }
}

/// Moves what stands at the bottom of an area to its top.
fn lift(ink: &mut Ink<'_>, area: Rect, by: u16) {
    let area = area.intersection(*ink.frame.area());
    for y in area.y..area.bottom() {
        for x in area.x..area.right() {
            let from = y + by;
            let cell =
                if from < area.bottom() { ink.frame[(x, from)].clone() } else { ratatui::buffer::Cell::default() };
            ink.frame[(x, y)] = cell;
        }
    }
}

fn log_status(app: &App) -> Vec<Span> {
    let logs = &app.logs;
    let following = logs.is_following() && logs.ended.is_none();
    let mut out = vec![
        Span::new(
            if following { "▼ following" } else { "‖ paused" },
            if following { Role::Good } else { Role::Notice },
        ),
        Span::new(format!("  {} lines, {}", logs.len(), logs.range), Role::Dim),
    ];
    if logs.lost > 0 {
        out.push(Span::new(format!("  {} not shown", logs.lost), Role::Notice));
    }
    if let Some(why) = logs.ended.as_ref().filter(|_| !logs.is_empty()) {
        out.push(Span::new(format!("  ended: {}", crate::text::clean_line(why)), Role::Notice));
    }
    if !logs.needle.is_empty() {
        out.push(Span::new(format!("  /{}", logs.needle), Role::Match));
        out.push(Span::new(format!("  {} lines match", logs.match_count()), Role::Dim));
        if logs.matches_only {
            out.push(Span::new(", only these", Role::Notice));
        }
    }
    out
}
