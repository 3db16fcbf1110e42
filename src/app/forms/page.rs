//! A form as lines: its fields, what is wrong at which of them, and the steps that would follow.

use super::{Field, Form, Value, Verdict};
use crate::app::keymap::Action;
use crate::plan::{Plan, Refusal, Risk};
use crate::text::{clean_line, ellipsis_end, width};
use crate::theme::Role;
use crate::views::{Line, Span};

/// Column in which values begin.
const VALUE_AT: usize = 20;

/// What a form looks like.
#[derive(Debug, Clone, Default)]
pub struct Look {
    /// Lines of the fields.
    pub fields: Vec<Line>,
    /// Line of the field that has the keys.
    pub at: usize,
    /// Line and column of the text cursor, counted in `fields`.
    pub cursor: Option<(usize, usize)>,
    /// What would come of it.
    pub outcome: Vec<Line>,
}

fn clean(text: &str) -> String {
    clean_line(text).replace("\\\\", "\\")
}

/// The form in so many columns.
pub fn look(form: &Form, columns: usize) -> Look {
    let mut look = Look::default();
    let refused = match &form.verdict {
        Verdict::Refused(refusal) => Some(refusal),
        _ => None,
    };
    for (n, field) in form.fields.iter().enumerate() {
        let is_current = n == form.at;
        if is_current {
            look.at = look.fields.len();
            look.cursor = cursor(field, columns).map(|column| (look.fields.len(), column));
        }
        look.fields.push(field_line(field, is_current, columns));
        if let Some(refusal) = refused.filter(|r| r.field == Some(field.id)) {
            look.fields.extend(wrong(form, refusal, VALUE_AT));
        }
        if is_current && !field.help.is_empty() {
            let pad = " ".repeat(VALUE_AT);
            look.fields.push(Line::of([Span::plain(pad), Span::new(field.help, Role::Dim)]));
        }
    }
    look.outcome = outcome(form, refused);
    look
}

fn wrong(form: &Form, refusal: &Refusal, indent: usize) -> Vec<Line> {
    // Nothing was typed yet: what is missing is a hint, not a fault.
    let role = if form.is_touched { Role::Bad } else { Role::Dim };
    let sign = if form.is_touched { "✗ " } else { "· " };
    let pad = " ".repeat(indent);
    let mut out = vec![Line::of([Span::plain(pad.clone()), Span::new(format!("{sign}{}", clean(&refusal.why)), role)])];
    if !refusal.way_out.is_empty() {
        let text = format!("→ {}", clean(&refusal.way_out));
        out.push(Line::of([Span::plain(pad), Span::new(text, Role::Good)]));
    }
    out
}

/// Columns for a value: what is beside it has the rest.
fn value_room(field: &Field, columns: usize) -> usize {
    let room = columns.saturating_sub(VALUE_AT + 4);
    let beside = width(&field.beside);
    if beside == 0 { room } else { room.saturating_sub(beside.min(room / 2)).min(20) }
}

fn field_line(field: &Field, is_current: bool, columns: usize) -> Line {
    let sign = if is_current { "▸ " } else { "  " };
    let label = ellipsis_end(field.label, VALUE_AT - 3);
    let role = if is_current { Role::Name } else { Role::Dim };
    let mut spans = vec![Span::new(sign, Role::Key), Span::new(format!("{label:<18}"), role)];
    let room = value_room(field, columns);
    match &field.value {
        Value::Text(input) => {
            let shown = visible(input.text(), input.before(), room);
            let pad = " ".repeat(room.saturating_sub(width(&shown)));
            let text = format!("{shown}{pad}");
            spans.push(Span::new("[", Role::Border));
            spans.push(Span::new(text, if field.is_touched { Role::Text } else { Role::Address }));
            spans.push(Span::new("]", Role::Border));
        }
        Value::Switch(on) => {
            spans.push(Span::new(if *on { "[x] yes" } else { "[ ] no" }, Role::Text));
        }
        Value::Choice { options, at } => {
            let chosen = options.get(*at).map_or("nothing to choose", String::as_str);
            let place = format!(" {}/{}", (at + 1).min(options.len()), options.len());
            spans.push(Span::new("‹ ", Role::Border));
            spans.push(Span::plain(ellipsis_end(&clean(chosen), room.saturating_sub(4)).into_owned()));
            spans.push(Span::new(" ›", Role::Border));
            spans.push(Span::new(place, Role::Dim));
        }
    }
    if !field.beside.is_empty() {
        spans.push(Span::new(format!("  {}", field.beside), Role::Dim));
    }
    Line::of(spans)
}

/// The part of a text around its cursor that has room.
fn visible(text: &str, before: &str, room: usize) -> String {
    let skip = (width(before) + 1).saturating_sub(room);
    let mut used = 0;
    let mut out = String::new();
    for c in text.chars() {
        let wide = width(c.encode_utf8(&mut [0; 4]));
        used += wide;
        if used > skip && width(&out) + wide <= room {
            out.push(c);
        }
    }
    out
}

fn cursor(field: &Field, columns: usize) -> Option<usize> {
    let Value::Text(input) = &field.value else { return None };
    let room = value_room(field, columns);
    Some(VALUE_AT + 1 + width(input.before()).min(room.saturating_sub(1)))
}

fn outcome(form: &Form, refused: Option<&Refusal>) -> Vec<Line> {
    let mut out = Vec::new();
    if !form.moved.is_empty() {
        out.push(Line::of([Span::new(format!("! {}", clean(&form.moved)), Role::Notice)]));
    }
    match &form.verdict {
        Verdict::Plan(_, plan) => {
            let said = (form.spec.says)(form).into_iter();
            out.extend(said.map(|text| Line::of([Span::new(format!("   {}", clean(&text)), Role::Dim)])));
            out.extend(plan_lines(plan));
        }
        Verdict::Shell(wish) if wish.attach => {
            out.push(Line::of([Span::plain("⏎ attaches: the console steps aside until you detach.")]));
            out.push(Line::of([Span::plain("Ctrl+P Ctrl+Q detaches and leaves it running.")]));
            out.push(Line::of([Span::new("Ctrl+C goes to its main process, and may end it.", Role::Notice)]));
        }
        Verdict::Shell(_) => {
            out.push(Line::of([Span::plain(
                "⏎ opens it: the console steps aside until it ends; exit or Ctrl+D ends a shell.",
            )]));
        }
        Verdict::Refused(_) => {
            let elsewhere = refused.filter(|r| !form.fields.iter().any(|f| Some(f.id) == r.field));
            if let Some(refusal) = elsewhere {
                out.extend(wrong(form, refusal, 0));
            } else {
                out.push(Line::of([Span::new("the steps are shown here once all is right", Role::Dim)]));
            }
        }
    }
    out
}

/// The steps, and how the plan is confirmed.
fn plan_lines(plan: &Plan) -> Vec<Line> {
    let mut out: Vec<Line> = plan
        .steps
        .iter()
        .enumerate()
        .map(|(n, s)| Line::of([Span::new(format!("{:>2} ", n + 1), Role::Dim), Span::plain(clean(&s.op.words()))]))
        .collect();
    if let Risk::Grave { why, .. } = &plan.risk {
        out.insert(0, Line::of([Span::new(format!("! {}", clean(why)), Role::Alert)]));
    }
    let more =
        plan.left_out.iter().map(|l| format!("{}: left out: {}", l.row, l.why)).chain(plan.notes.iter().cloned());
    out.extend(more.map(|text| Line::of([Span::new(format!("   {}", clean(&text)), Role::Dim)])));
    out
}

/// Keys of a form, for its foot.
pub fn keys(form: &Form) -> Vec<(Action, &'static str)> {
    let enter = match &form.verdict {
        Verdict::Plan(..) => "shows the plan",
        Verdict::Shell(_) => "opens it",
        Verdict::Refused(_) => "to what is wrong",
    };
    vec![
        (Action::ShowPlan, enter),
        (Action::NextField, "next field"),
        (Action::CopyForm, "copy lines"),
        (Action::CloseForm, "close"),
    ]
}
