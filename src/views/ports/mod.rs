//! The ports view: what is open, to whom, by which path, and who answers.
//!
//! ```text
//! BIND             PROTO  NAME    TO       EXPOSURE           PATH        LISTENER
//! *:8080           tcp    web     80       ● all interfaces   DNAT        nginx 812
//! 127.0.0.1:9000   tcp    agent   9000     ○ loopback         proxy 990   agent 1204
//! ```
//!
//! Rows come from the report; this room only says them.

mod cells;
mod detail;

pub use cells::{bind, line};

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::{number, text};
use super::parts::{names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::analysis::PortRow;
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports;

/// Where a row stands in the report, and its key: an index that no longer fits is caught by the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    at: usize,
    key: Arc<str>,
}

const COLUMNS: &[Column] = &[
    text(
        "bind",
        "BIND",
        (15, 26),
        0,
        "Address and port on the host; * is every address. Nothing for a port that is not published: then the address inside.",
    ),
    text("proto", "PROTO", (5, 5), 4, "Transport."),
    text("name", "NAME", (13, 32), 1, "Container, or the host process that listens."),
    number("container-port", "TO", 5, 3, "Port in the container."),
    text(
        "exposure",
        "EXPOSURE",
        (16, 16),
        1,
        "Who can address it: every interface of the host, one address, loopback, or nobody from outside (unpublished).",
    ),
    text(
        "path",
        "PATH",
        (9, 18),
        2,
        "How a connection gets there: DNAT by a rule, through a proxy process, both, none; ? when the rules could not be read.",
    ),
    text("listener", "LISTENER", (14, 28), 2, "The process that answers, with its pid on the host."),
    text("conflicts", "CONFLICTS", (9, 40), 3, "Others that hold or want the same port."),
    text("network", "NETWORK", (10, 24), 6, "Network whose address the container answers on."),
    text("container-ip", "ADDRESS", (12, 22), 7, "Address of the container."),
];

const TABS: &[Tab] = &[
    Tab { id: "detail", title: "Path", key: Some('d') },
    Tab { id: "conflicts", title: "Conflicts", key: None },
    Tab { id: "security", title: "Security", key: None },
];

fn find<'a>(scene: &Scene<'a>, item: &Item) -> Option<&'a PortRow> {
    let rows: &'a [PortRow] = &scene.report.ports;
    rows.get(item.at).filter(|row| row.key == item.key).or_else(|| rows.iter().find(|row| row.key == item.key))
}

impl ListView for Ports {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let mut order: Vec<usize> = (0..scene.report.ports.len()).collect();
        // What the world can reach stands first; within that by port.
        let rank = |n: &usize| {
            let row = &scene.report.ports[*n];
            (row.is_wanted_only, row.exposure, row.host_port.or(row.container_port), row.proto, row.host_ip)
        };
        order.sort_by_key(rank);
        let row = |at: usize| {
            let key = scene.report.ports[at].key.clone();
            Row { subject: Subject::Port { key: key.clone() }, item: Item { at, key }, depth: 0, is_group: false }
        };
        order.into_iter().map(row).collect()
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        find(scene, item).map(|row| cells::cell(scene, row, column.id)).unwrap_or_default()
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        find(scene, item).map_or(SortKey::Unknown, |row| cells::sort_key(scene, row, column.id))
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        find(scene, item).and_then(|row| cells::field(scene, row, field))
    }

    fn fields(&self) -> &'static [&'static str] {
        &["port", "ip", "container", "process", "pid"]
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        let Some(row) = find(scene, item) else { return String::new() };
        let fields = ["name", "bind", "port", "ip", "network", "exposure", "process", "pid", "path", "proto"];
        fields.iter().filter_map(|f| cells::field(scene, row, f)).collect::<Vec<_>>().join("\n")
    }

    fn tabs(&self, _: &Scene, _: &Item) -> Vec<Tab> {
        TABS.to_vec()
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        match (find(scene, item), tab.id) {
            (None, _) => Content::Page(vec![Line::of([Span::new("This port is no longer there.", Role::Notice)])]),
            (Some(row), "conflicts") => detail::conflicts(row, width),
            (Some(row), "security") => detail::security(scene, row, width),
            (Some(row), _) => detail::path(scene, row, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        let Some(row) = find(scene, item) else { return Vec::new() };
        let mut out = Vec::new();
        if let Some(id) = &row.container {
            out.push((
                format!("container {}", names::container(scene, id).text),
                Subject::Container { id: id.clone() },
            ));
        }
        let network = row.network.as_ref().and_then(|name| scene.snapshot.networks.iter().find(|n| n.name == *name));
        if let Some(network) = network {
            out.push((format!("network {}", network.name.shown()), Subject::Network { id: network.id.clone() }));
        }
        out.extend(super::parts::mark::findings_of(scene, &Subject::Port { key: row.key.clone() }));
        out
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        let Some(row) = find(scene, item) else { return Vec::new() };
        let mut out = Vec::new();
        let mut add = |what, text: Option<String>| out.extend(text.map(|text| Copyable { what, text }));
        add("bind", cells::field(scene, row, "bind"));
        add("port", row.host_port.or(row.container_port).map(|p| p.to_string()));
        add("address", row.container_ip.map(|ip| ip.to_string()));
        add("name", Some(row.name.raw().to_owned()));
        add("pid", row.listener.known().and_then(|l| l.as_ref()).map(|l| l.pid.to_string()));
        add("rule", row.dnat_rule.clone());
        out
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = vec![Line::of([Span::plain("No published port and no listening socket is known.")])];
        for scan in scene.snapshot.sockets.iter() {
            if let Some(gap) = scan.listeners.why() {
                lines.push(Line::of([Span::unknown(), Span::plain(" listeners: "), word(&gap.reason, Role::Text)]));
                lines.extend(
                    gap.lift.as_ref().map(|lift| Line::of([Span::plain("  to see them: "), word(lift, Role::Notice)])),
                );
            }
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        find(scene, item).map(|row| line(scene, row).into_iter().map(|s| s.text).collect()).unwrap_or_default()
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        let of = |id: &crate::model::ContainerId| {
            let row = scene.report.ports.iter().find(|row| row.container.as_ref() == Some(id))?;
            Some(Subject::Port { key: row.key.clone() })
        };
        match subject {
            Subject::Port { key } => scene.report.ports.iter().any(|row| row.key == *key).then(|| subject.clone()),
            Subject::Container { id } => of(id),
            Subject::Link { netns, ifindex } => {
                scene.report.wiring.attachment((*netns, *ifindex)).and_then(|a| a.containers.iter().find_map(of))
            }
            Subject::Netns { inode } => scene.report.wiring.by_netns.get(inode).and_then(|all| all.iter().find_map(of)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
