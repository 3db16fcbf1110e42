//! The journal view: what was changed, newest first; each with its steps, their results, and what takes it back.
//!
//! ```text
//! TIME      AGE  WHO   STATE         CHANGE
//! 12:33:05   3s  root  ● done        limit worker to 10mbit both ways
//! 12:31:40   1m  root  ◂ taken back  disconnect intruder from every network
//! ```

mod detail;
#[cfg(test)]
mod tests;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::text;
use super::parts::{format, page::word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::app::Scene;
use crate::model::Subject;
use crate::plan::{Entry, EntryState};
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes;

/// Id of an entry.
pub type Item = Arc<str>;

const COLUMNS: &[Column] = &[
    text("time", "TIME", (8, 8), 0, "When it was begun."),
    text("age", "AGE", (4, 4), 3, "How long ago."),
    text("who", "WHO", (6, 16), 2, "The user, and who called sudo."),
    text("state", "STATE", (12, 14), 1, "How it ended."),
    text("change", "CHANGE", (20, 120), 0, "What was changed."),
];

fn find<'a>(scene: &Scene<'a>, id: &str) -> Option<&'a Entry> {
    scene.journal.entries.iter().find(|e| e.id.0 == id)
}

/// Sign, role and word of a change's state.
pub fn state(state: EntryState) -> (&'static str, Role, &'static str) {
    match state {
        EntryState::UnderWay => ("▸", Role::Notice, "under way"),
        EntryState::HalfDone => ("▸", Role::Bad, "half done"),
        EntryState::Done => ("●", Role::Good, "done"),
        EntryState::Unconfirmed => ("!", Role::Alert, "unconfirmed"),
        EntryState::RolledBack => ("✗", Role::Bad, "rolled back"),
        EntryState::PartlyDone => ("✗", Role::Bad, "partly done"),
        EntryState::NotDone => ("○", Role::Dim, "not done"),
        EntryState::Undone => ("◂", Role::Notice, "taken back"),
    }
}

/// `root`, or `root (anna)` under sudo.
fn who(entry: &Entry) -> String {
    let user = if entry.who.user.is_empty() { entry.who.uid.to_string() } else { entry.who.user.clone() };
    match &entry.who.sudo_user {
        Some(sudo) => format!("{user} ({sudo})"),
        None => user,
    }
}

impl ListView for Changes {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let row = |entry: &Entry| {
            let id: Arc<str> = Arc::from(entry.id.0.as_str());
            Row { item: id.clone(), subject: Subject::Change { id }, depth: 0, is_group: false }
        };
        scene.journal.entries.iter().rev().map(row).collect()
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        let Some(entry) = find(scene, item) else { return Cell::none() };
        match column.id {
            "time" => Cell::new(format::clock(entry.at, scene.prefs.utc), Role::Dim),
            "age" => Cell::new(format::short_duration(format::age_seconds(scene.now, entry.at)), Role::Dim),
            "who" => Cell { spans: vec![word(&who(entry), Role::Text)] },
            "state" => {
                let (sign, role, words) = state(entry.state);
                Cell::new(format!("{sign} {words}"), role)
            }
            _ => Cell { spans: vec![word(&entry.plan.title, Role::Name)] },
        }
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        let Some(entry) = find(scene, item) else { return SortKey::Unknown };
        match column.id {
            "time" => SortKey::Text(entry.id.0.clone()),
            "age" => SortKey::Number(format::age_seconds(scene.now, entry.at) as f64),
            "who" => SortKey::Text(who(entry)),
            "state" => SortKey::Text(state(entry.state).2.to_owned()),
            _ => SortKey::Text(entry.plan.title.clone()),
        }
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        let entry = find(scene, item)?;
        match field {
            "row" => Some(entry.plan.rows.join("\n")),
            "who" => Some(who(entry)),
            "id" => Some(entry.id.0.clone()),
            _ => None,
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["row", "id"]
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        let Some(entry) = find(scene, item) else { return String::new() };
        let lines: Vec<String> = entry.plan.steps.iter().map(|s| s.op.words()).collect();
        format!("{}\n{}\n{}\n{}", entry.plan.title, entry.plan.rows.join("\n"), lines.join("\n"), who(entry))
    }

    fn tabs(&self, _: &Scene, _: &Item) -> Vec<Tab> {
        vec![Tab { id: "change", title: "Change", key: Some('d') }]
    }

    fn tab(&self, scene: &Scene, item: &Item, _: &Tab, width: u16) -> Content {
        detail::page(scene, find(scene, item), width)
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        let Some(entry) = find(scene, item) else { return Vec::new() };
        detail::about(scene, entry)
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        let Some(entry) = find(scene, item) else { return Vec::new() };
        let join = |lines: Vec<String>| lines.join(" && ");
        vec![
            Copyable { what: "lines", text: join(entry.plan.steps.iter().map(|s| s.op.words()).collect()) },
            Copyable {
                what: "lines that take it back",
                text: join(entry.results.iter().rev().flat_map(|r| r.undo.iter()).map(|op| op.words()).collect()),
            },
            Copyable { what: "id", text: entry.id.0.clone() },
        ]
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        match &scene.journal.gap {
            Some(why) => vec![
                Line::of([Span::new("The journal can't be read; until it can, nothing is changed.", Role::Bad)]),
                Line::of([word(why, Role::Text)]),
            ],
            None if !scene.journal.is_read => {
                vec![Line::of([Span::plain(
                    "No journal is kept here: it belongs to a console that can change a host.",
                )])]
            }
            None => vec![Line::of([Span::plain("Nothing was changed so far.")])],
        }
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        let Some(entry) = find(scene, item) else { return String::new() };
        let title = crate::text::clean_line(&entry.plan.title);
        format!("{}  {title}  {}", format::date_time(entry.at, scene.prefs.utc), state(entry.state).2)
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        match subject {
            Subject::Change { id } => find(scene, id).map(|_| subject.clone()),
            _ => None,
        }
    }
}
