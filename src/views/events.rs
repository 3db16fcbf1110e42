//! The events view: one timeline of engine and kernel, newest first.
//!
//! ```text
//! TIME      AGE   ORIGIN  CLASS      ACTION  NAME    TEXT
//! 12:33:05   3s   engine  container  die     worker  died with exit code 137 (SIGKILL)
//! ```

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::text;
use super::parts::{Page, event, figure, format, names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::app::Scene;
use crate::model::{Event, Subject};
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events;

/// Sequence number of an event.
pub type Item = u64;

const COLUMNS: &[Column] = &[
    text("time", "TIME", (8, 8), 0, "When, by the reporter's clock."),
    text("age", "AGE", (4, 4), 4, "How long ago."),
    text("origin", "ORIGIN", (6, 6), 5, "Who reported it: the engine, the kernel, or bridgewatch itself."),
    text("class", "CLASS", (9, 9), 3, "What kind of thing it is about."),
    text("action", "ACTION", (11, 16), 1, "What happened; ! worth a look, ▲ (# in ASCII) something broke."),
    text("name", "NAME", (12, 30), 1, "Name at that time."),
    text("text", "WHAT", (20, 120), 1, "The sentence."),
];

fn find<'a>(scene: &Scene<'a>, seq: u64) -> Option<&'a Arc<Event>> {
    let events: &'a [Arc<Event>] = &scene.snapshot.events;
    match events.binary_search_by(|e| e.seq.cmp(&seq)) {
        Ok(at) => events.get(at),
        Err(_) => events.iter().find(|e| e.seq == seq),
    }
}

impl ListView for Events {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let row = |event: &Arc<Event>| Row {
            item: event.seq,
            subject: Subject::Event { seq: event.seq },
            depth: 0,
            is_group: false,
        };
        scene.snapshot.events.iter().rev().map(row).collect()
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        let Some(event) = find(scene, *item) else { return Cell::none() };
        let role = event::role(event);
        match column.id {
            "time" => Cell::new(format::clock(event.at, scene.prefs.utc), Role::Dim),
            "age" => Cell::new(format::short_duration(format::age_seconds(scene.now, event.at)), Role::Dim),
            "origin" => Cell::new(event::origin(event), Role::Dim),
            "class" => Cell { spans: vec![word(&event.class, Role::Text)] },
            "action" => Cell::of([
                Span::new(format!("{} ", event::sign(event, scene.prefs.ascii)), role),
                Span::outside(&event.action, role),
            ]),
            "name" => Cell::outside(&event.name, Role::Name),
            "text" => Cell::outside(&event.text, role),
            _ => Cell::none(),
        }
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        let Some(event) = find(scene, *item) else { return SortKey::Unknown };
        match column.id {
            "time" => SortKey::Number(event.at.as_millisecond() as f64),
            "age" => SortKey::Number(-(event.at.as_millisecond() as f64)),
            id => self.field(scene, item, id).map_or(SortKey::Unknown, |text| figure::text_key(&text)),
        }
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        let event = find(scene, *item)?;
        Some(match field {
            "time" => format::date_time(event.at, scene.prefs.utc),
            "age" => format::age_seconds(scene.now, event.at).to_string(),
            "origin" => event::origin(event).to_owned(),
            "class" => event.class.clone(),
            "action" => event.action.raw().to_owned(),
            "name" => event.name.raw().to_owned(),
            "text" => event.text.raw().to_owned(),
            "container" => event
                .container
                .as_ref()
                .map_or(String::new(), |id| format!("{} {}", names::container_raw(scene, id), id.as_str())),
            "weight" => format!("{:?}", event.weight).to_lowercase(),
            _ => return None,
        })
    }

    fn fields(&self) -> &'static [&'static str] {
        &["container", "weight"]
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        let fields = ["name", "class", "action", "text", "origin", "container"];
        let mut text = fields.iter().filter_map(|f| self.field(scene, item, f)).collect::<Vec<_>>().join("\n");
        for value in find(scene, *item).into_iter().flat_map(|e| e.attributes.values()) {
            text.push('\n');
            text.push_str(value.raw());
        }
        text
    }

    fn tabs(&self, _: &Scene, _: &Item) -> Vec<Tab> {
        vec![Tab { id: "attributes", title: "Event", key: Some('d') }]
    }

    fn tab(&self, scene: &Scene, item: &Item, _: &Tab, width: u16) -> Content {
        let mut page = Page::new(width);
        let Some(event) = find(scene, *item) else {
            page.say("This event is no longer held.", Role::Notice);
            return page.finish();
        };
        let age = format::duration(format::age_seconds(scene.now, event.at));
        page.text("time", format!("{} ({age} ago)", format::date_time(event.at, scene.prefs.utc)));
        page.text("reported by", event::origin(event));
        page.field("class", [word(&event.class, Role::Text)]);
        page.field("action", [Span::outside(&event.action, event::role(event))]);
        page.field("name", [Span::outside(&event.name, Role::Name)]);
        page.field_to("about", names::subject(scene, &event.subject), Some(event.subject.clone()));
        if let Some(id) = &event.container {
            page.field_to("container", [names::container(scene, id)], Some(Subject::Container { id: id.clone() }));
        }
        if !event.text.is_empty() {
            page.field("what", [Span::outside(&event.text, event::role(event))]);
        }
        if !event.attributes.is_empty() {
            page.heading("attributes");
            for (name, value) in &event.attributes {
                page.spans([word(name, Role::Name), Span::new(" = ", Role::Dim), Span::outside(value, Role::Text)], 4);
            }
        }
        page.finish()
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        let Some(event) = find(scene, *item) else { return Vec::new() };
        let mut out = Vec::new();
        if let Some(id) = &event.container {
            out.push((
                format!("container {}", names::container(scene, id).text),
                Subject::Container { id: id.clone() },
            ));
        }
        let words: String = names::subject(scene, &event.subject).into_iter().map(|s| s.text).collect();
        if !matches!(event.subject, Subject::Container { .. }) || event.container.is_none() {
            out.push((words, event.subject.clone()));
        }
        out
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        let Some(event) = find(scene, *item) else { return Vec::new() };
        vec![
            Copyable { what: "event", text: self.full_text(scene, item) },
            Copyable { what: "name", text: event.name.raw().to_owned() },
            Copyable { what: "text", text: event.text.raw().to_owned() },
        ]
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = vec![Line::of([Span::plain("Nothing has happened since bridgewatch was started.")])];
        for source in scene.snapshot.sources.iter().filter(|s| !s.reason.is_empty()) {
            lines.push(Line::of([word(&source.name, Role::Name), Span::plain(": "), word(&source.reason, Role::Text)]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        let Some(e) = find(scene, *item) else { return String::new() };
        let time = format::date_time(e.at, scene.prefs.utc);
        let class = crate::text::clean_line(&e.class);
        format!("{time}  {class} {} {}  {}", e.action.shown(), e.name.shown(), e.text.shown())
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        let events = scene.snapshot.events.iter().rev();
        let found = match subject {
            Subject::Event { seq } => find(scene, *seq),
            Subject::Container { id } => events.into_iter().find(|e| e.container.as_ref() == Some(id)),
            other => events.into_iter().find(|e| e.subject == *other),
        };
        found.map(|e| Subject::Event { seq: e.seq })
    }
}
