//! Forms and the sheets of plans.

use crate::app::App;
use crate::app::change::{Sheet, page as sheet_page};
use crate::app::forms::{Form, page as form_page};
use crate::app::keymap::Context;
use crate::theme::Role;
use crate::views::flow::{Stretch, lay_out};
use crate::views::{Line, Span};
use crate::widgets::{Ink, page};
use ratatui::layout::Rect;

/// Columns of a sheet or form on a wide terminal, borders included.
pub(super) const WIDTH: u16 = 100;

fn rows(lines: &[Line], width: u16) -> Vec<Stretch> {
    lay_out(lines, width, true, 0)
}

/// Lines of a terminal that a sheet needs at this width, borders and question included.
pub(super) fn sheet_height(app: &App, sheet: &Sheet, width: u16) -> u16 {
    let lines = sheet_page::lines(app, sheet);
    height(rows(&lines, width.saturating_sub(2)).len() + 4)
}

fn height(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}

pub(super) fn draw_sheet(app: &App, ink: &mut Ink<'_>, area: Rect, inside: Rect, sheet: &Sheet) {
    let lines = sheet_page::lines(app, sheet);
    let place = Rect { height: inside.height.saturating_sub(1), ..inside };
    let rows = rows(&lines, place.width);
    let offset = sheet.scroll.min(rows.len().saturating_sub(usize::from(place.height)));
    page::draw(ink, place, &lines, &rows, offset, "", None);
    let bar = Rect::new(area.right().saturating_sub(1), place.y, 1, place.height);
    ink.scrollbar(bar, offset, usize::from(place.height), rows.len());
    let question = Rect::new(inside.x, place.bottom(), inside.width, inside.height.min(1));
    if question.height > 0 && question.y < inside.bottom() {
        ink.spans(question.x, question.y, question.width, &sheet_page::question(app, sheet));
        if offset + usize::from(place.height) < rows.len() {
            let more = "more below ↓ ";
            let wide = crate::text::width(more) as u16;
            if wide < question.width {
                ink.say(question.right() - wide, area.bottom().saturating_sub(1), wide, more, Role::Notice);
            }
        }
    }
}

/// Where the word that confirms is typed.
pub(super) fn sheet_cursor(app: &App, inside: Rect, sheet: &Sheet) -> Option<(u16, u16)> {
    sheet.wanted_word()?;
    let spans = sheet_page::question(app, sheet);
    let lead = spans.first().map_or(0, |s| crate::text::width(&s.text));
    let x = lead + crate::text::width(sheet.word.before());
    let x = inside.x + u16::try_from(x).unwrap_or(u16::MAX).min(inside.width.saturating_sub(1));
    (inside.height > 0).then(|| (x, inside.bottom() - 1))
}

/// Where the parts of a form stand.
struct Parts {
    look: form_page::Look,
    fields: Rect,
    rows: Vec<Stretch>,
    offset: usize,
    outcome: Rect,
    keys: Rect,
}

fn parts(inside: Rect, form: &Form) -> Parts {
    let look = form_page::look(form, usize::from(inside.width));
    let rows = rows(&look.fields, inside.width);
    let outcome = self::rows(&look.outcome, inside.width).len();
    let total = usize::from(inside.height.saturating_sub(1));
    let below = outcome.min((total / 3).max(2)).min(total);
    let above = rows.len().min(total.saturating_sub(below + 1));
    let at = rows.iter().position(|r| r.line == look.at).unwrap_or(0);
    // The field that has the keys is seen with what is said of it.
    let said = rows.iter().filter(|r| r.line > look.at).take(2).count();
    let offset = (at + 1 + said).saturating_sub(above).min(rows.len().saturating_sub(above)).min(at);
    let fields = Rect { height: above as u16, ..inside };
    let outcome_y = fields.bottom() + u16::from(above < total);
    let keys = Rect { y: inside.bottom().saturating_sub(1), height: inside.height.min(1), ..inside };
    let outcome = Rect { y: outcome_y, height: keys.y.saturating_sub(outcome_y), ..inside };
    Parts { look, fields, rows, offset, outcome, keys }
}

pub(super) fn form_height(form: &Form, width: u16) -> u16 {
    let look = form_page::look(form, usize::from(width.saturating_sub(2)));
    let lines = rows(&look.fields, width.saturating_sub(2)).len() + rows(&look.outcome, width.saturating_sub(2)).len();
    height(lines + 5)
}

pub(super) fn draw_form(app: &App, ink: &mut Ink<'_>, area: Rect, inside: Rect, form: &Form) {
    let parts = parts(inside, form);
    page::draw(ink, parts.fields, &parts.look.fields, &parts.rows, parts.offset, "", None);
    let bar = Rect::new(area.right().saturating_sub(1), parts.fields.y, 1, parts.fields.height);
    ink.scrollbar(bar, parts.offset, usize::from(parts.fields.height), parts.rows.len());
    if parts.outcome.height > 0 {
        let line = parts.outcome.y.saturating_sub(1);
        for x in inside.x..inside.right() {
            ink.say(x, line, 1, "─", Role::Border);
        }
        let rows = rows(&parts.look.outcome, parts.outcome.width);
        page::draw(ink, parts.outcome, &parts.look.outcome, &rows, 0, "", None);
        if rows.len() > usize::from(parts.outcome.height) {
            let words = format!("… {} more lines in the plan ", rows.len() - usize::from(parts.outcome.height));
            let wide = (crate::text::width(&words) as u16).min(inside.width);
            ink.say(inside.right() - wide, line, wide, &words, Role::Dim);
        }
    }
    let mut spans = Vec::new();
    for (action, words) in form_page::keys(form) {
        spans.push(Span::new(format!(" {}", app.options.keymap.key_in(Context::Form, action, false)), Role::Key));
        spans.push(Span::plain(format!(" {words} ")));
    }
    if parts.keys.height > 0 {
        ink.spans(parts.keys.x, parts.keys.y, parts.keys.width, &spans);
    }
}

/// The text cursor of a form.
pub(super) fn form_cursor(inside: Rect, form: &Form) -> Option<(u16, u16)> {
    let parts = parts(inside, form);
    let (line, column) = parts.look.cursor?;
    let row = parts.rows.iter().position(|r| r.line == line)?.checked_sub(parts.offset)?;
    let y = u16::try_from(row).ok().filter(|y| *y < parts.fields.height)?;
    let x = u16::try_from(column).unwrap_or(u16::MAX).min(inside.width.saturating_sub(1));
    Some((inside.x + x, inside.y + y))
}

/// The field at a line of the terminal.
pub(super) fn field_at(inside: Rect, form: &Form, y: u16) -> Option<usize> {
    let parts = parts(inside, form);
    let row = usize::from(y.checked_sub(parts.fields.y).filter(|n| *n < parts.fields.height)?) + parts.offset;
    let line = parts.rows.get(row)?.line;
    // Each field begins with its label; lines in between are said of the field above.
    let is_label =
        |text: &str| text.starts_with("▸ ") || form.fields.iter().any(|f| text.starts_with(&format!("  {} ", f.label)));
    let labels = parts.look.fields.iter().take(line + 1).filter(|l| is_label(&l.text())).count();
    labels.checked_sub(1)
}
