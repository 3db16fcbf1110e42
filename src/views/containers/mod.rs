//! The containers view: what runs, what it uses, how it is wired.
//!
//! ```text
//! NAME            STATE        CPU%    MEM   RX/s   TX/s  PORTS
//! shop 2/3                     14.2  98.1M   1.1M   310k
//!   ● api ▲H      running      12.1  80.0M   1.1M   310k  :8080→80
//!   □ worker      exited 137
//! ● agent ▲C      running       0.1   3.2M  (1.2M) (340k)
//! ```
//!
//! It draws nothing and asks no source: rows, cells and pages follow from the scene alone.

mod cells;
mod charts;
mod columns;
mod dns;
mod env;
mod figures;
mod findings;
mod group;
mod labels;
mod limits;
mod mounts;
mod namespaces;
mod network;
mod processes;
mod rows;
mod search;
mod summary;
mod timeline;

pub use rows::Item;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::{names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::app::Scene;
use crate::model::{Container, Owner, SourceState, Subject};
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Containers;

const fn tab(id: &'static str, title: &'static str, key: Option<char>) -> Tab {
    Tab { id, title, key }
}

/// Tabs of a container of the engine.
const TABS: &[Tab] = &[
    tab("summary", "Summary", Some('d')),
    tab("charts", "Charts", None),
    tab("logs", "Logs", Some('l')),
    tab("processes", "Processes", None),
    tab("network", "Network", None),
    tab("namespaces", "Namespaces", None),
    tab("limits", "Limits", None),
    tab("env", "Env", None),
    tab("mounts", "Mounts", None),
    tab("dns", "DNS", None),
    tab("security", "Security", None),
    tab("events", "Events", None),
    tab("labels", "Labels", None),
    tab("raw", "Raw", Some('y')),
];
/// Tabs that only an engine can fill.
const ENGINE_TABS: &[&str] = &["logs", "env", "labels", "raw"];
/// Tabs of a project.
const PROJECT_TABS: &[Tab] = &[tab("summary", "Summary", Some('d')), tab("events", "Events", None)];

fn find<'a>(scene: &Scene<'a>, item: &Item) -> Option<&'a Arc<Container>> {
    match item {
        Item::Container(id) => scene.snapshot.container(id),
        Item::Project(_) => None,
    }
}

impl ListView for Containers {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        columns::COLUMNS
    }

    fn is_used(&self, scene: &Scene, column: &Column) -> bool {
        column.id != "traffic-limit" || !scene.report.traffic.is_idle()
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        rows::rows(scene)
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        match (item, find(scene, item)) {
            (Item::Project(name), _) => group::cell(scene, name, column.id),
            (_, Some(container)) => cells::cell(scene, container, column.id),
            (Item::Container(_), None) => Cell::none(),
        }
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        match (item, find(scene, item)) {
            (Item::Project(name), _) => group::sort_key(scene, name, column.id),
            (_, Some(container)) => cells::sort_key(scene, container, column.id),
            (Item::Container(_), None) => SortKey::Unknown,
        }
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        match item {
            Item::Project(name) => matches!(field, "name" | "project").then(|| name.raw().to_owned()),
            Item::Container(_) => find(scene, item).and_then(|c| search::field(scene, c, field)),
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        search::FIELDS
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        match item {
            Item::Project(name) => name.raw().to_owned(),
            Item::Container(_) => find(scene, item).map(|c| search::haystack(scene, c)).unwrap_or_default(),
        }
    }

    fn tabs(&self, scene: &Scene, item: &Item) -> Vec<Tab> {
        match (item, find(scene, item)) {
            (Item::Project(_), _) => PROJECT_TABS.to_vec(),
            (_, Some(container)) if container.owner != Owner::Engine => {
                TABS.iter().filter(|tab| !ENGINE_TABS.contains(&tab.id)).copied().collect()
            }
            _ => TABS.to_vec(),
        }
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        let container = match (item, find(scene, item)) {
            (Item::Project(name), _) if tab.id == "events" => return group::events(scene, name, width),
            (Item::Project(name), _) => return group::summary(scene, name, width),
            (_, Some(container)) => container,
            (Item::Container(_), None) => {
                return Content::Page(vec![Line::of([Span::new("This container is gone.", Role::Notice)])]);
            }
        };
        match tab.id {
            "charts" => charts::content(scene, container),
            "logs" => Content::Logs(container.id.clone()),
            "processes" => processes::content(scene, container, width),
            "network" => network::content(scene, container, width),
            "namespaces" => namespaces::content(scene, container, width),
            "limits" => limits::content(scene, container, width),
            "env" => env::content(scene, container, width),
            "mounts" => mounts::content(scene, container, width),
            "dns" => dns::content(scene, container, width),
            "security" => findings::content(scene, container, width),
            "events" => timeline::content(scene, container, width),
            "labels" => labels::content(scene, container, width),
            "raw" => Content::Raw(Subject::Container { id: container.id.clone() }),
            _ => summary::content(scene, container, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        match item {
            Item::Project(name) => rows::members(scene, name)
                .into_iter()
                .map(|c| (format!("container {}", c.name.shown()), Subject::Container { id: c.id.clone() }))
                .collect(),
            Item::Container(_) => find(scene, item).map(|c| search::relations(scene, c)).unwrap_or_default(),
        }
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        match item {
            Item::Project(name) => vec![Copyable { what: "name", text: name.raw().to_owned() }],
            Item::Container(_) => find(scene, item).map(|c| search::copyables(scene, c)).unwrap_or_default(),
        }
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = Vec::new();
        if !scene.snapshot.containers.is_empty() {
            lines.push(Line::of([Span::plain("No container runs. Those that don't are hidden.")]));
            return lines;
        }
        lines.push(Line::of([Span::plain("No container is known on this host.")]));
        for source in scene.snapshot.sources.iter().filter(|s| s.state != SourceState::Ok) {
            let reason = if source.reason.is_empty() { source.state.as_str() } else { &source.reason };
            lines.push(Line::of([
                Span::unknown(),
                Span::plain(" "),
                word(&source.name, Role::Name),
                Span::new(format!(" {}: ", source.state.as_str()), Role::Notice),
                word(reason, Role::Text),
            ]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        match (item, find(scene, item)) {
            (Item::Project(name), _) => format!("project {}", name.shown()),
            (_, Some(c)) => {
                let mut text = format!("{}  {}  {}", c.name.shown(), c.image.shown(), c.status.shown());
                if c.owner != Owner::Engine {
                    text.push_str(&names::owner(c));
                }
                for part in ["networks", "ports"] {
                    let cell = cells::cell(scene, c, part).text();
                    if !cell.is_empty() {
                        text.push_str("  ");
                        text.push_str(&cell);
                    }
                }
                text
            }
            _ => String::new(),
        }
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        rows::locate(scene, subject)
    }
}

#[cfg(test)]
mod tests;
