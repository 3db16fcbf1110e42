//! The namespaces view: which container has a namespace of its own, the host's, or somebody else's; and every network
//! namespace of the host.
//!
//! ```text
//! NAME                 NET     PID    MNT   UTS   IPC   USER   CGRP  TIME
//! containers
//!   agent              HOST    HOST   own   HOST  HOST  HOST   own   HOST
//!   sidecar            web     own    own   own   own   HOST   own   HOST
//! network namespaces
//!   this namespace     4026531840 …
//! ```

mod cells;
mod detail;

pub use detail::share_lines;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::{number, text};
use super::parts::{names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::analysis::SharingRow;
use crate::app::Scene;
use crate::model::{ContainerId, NsInode, Subject};
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Namespaces;

/// A row's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A heading.
    Heading(&'static str),
    /// A container of the matrix.
    Container(ContainerId),
    /// A network namespace.
    Netns(NsInode),
}

const OWN: &str = "own: nobody else is in it; HOST: the host's; a name: shared with that container; ?: not readable.";

const COLUMNS: &[Column] = &[
    text("name", "NAME", (16, 36), 0, "Container, or network namespace with its owner."),
    text("net", "NET", (5, 16), 1, OWN),
    text("pid", "PID", (5, 16), 1, OWN),
    text("mnt", "MNT", (5, 16), 3, OWN),
    text("uts", "UTS", (5, 16), 3, OWN),
    text("ipc", "IPC", (5, 16), 1, OWN),
    text("user", "USER", (5, 16), 2, OWN),
    text("cgroup", "CGRP", (5, 16), 3, OWN),
    text("time", "TIME", (5, 16), 4, OWN),
    number("inode", "NETNS", 10, 2, "Inode of the network namespace: the kernel's identity of it."),
    number("nsid", "NSID", 4, 5, "Id by which this namespace knows it; empty when none was ever assigned."),
    number("processes", "PROCS", 5, 5, "Processes in the network namespace."),
    number("links", "LINKS", 5, 5, "Interfaces in the network namespace."),
    text(
        "owner",
        "OWNER",
        (10, 30),
        6,
        "What holds the network namespace: containers, a name, this console, the engine.",
    ),
];

/// Heading of the matrix.
const MATRIX: &str = "containers";
/// Heading of the list of network namespaces.
const NETNS: &str = "network namespaces";

fn sharing<'a>(scene: &Scene<'a>, id: &ContainerId) -> Option<&'a SharingRow> {
    scene.report.sharing.iter().find(|row| row.container == *id)
}

fn heading(title: &'static str) -> Row<Item> {
    Row { item: Item::Heading(title), subject: Subject::Group { key: Arc::from(title) }, depth: 0, is_group: true }
}

impl ListView for Namespaces {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let mut rows = Vec::new();
        if !scene.report.sharing.is_empty() {
            rows.push(heading(MATRIX));
        }
        rows.extend(scene.report.sharing.iter().map(|row| Row {
            item: Item::Container(row.container.clone()),
            subject: Subject::Container { id: row.container.clone() },
            depth: 1,
            is_group: false,
        }));
        if !scene.snapshot.netns.is_empty() {
            rows.push(heading(NETNS));
        }
        rows.extend(scene.snapshot.netns.iter().map(|netns| Row {
            item: Item::Netns(netns.inode),
            subject: Subject::Netns { inode: netns.inode },
            depth: 1,
            is_group: false,
        }));
        rows
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        match item {
            Item::Heading(title) if column.id == "name" => cells::heading(scene, title),
            Item::Heading(_) => Cell::none(),
            Item::Container(id) => {
                sharing(scene, id).map(|row| cells::container(scene, row, column.id)).unwrap_or_default()
            }
            Item::Netns(inode) => cells::netns(scene, *inode, column.id),
        }
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        match item {
            Item::Heading(_) => SortKey::Unknown,
            Item::Container(id) => {
                sharing(scene, id).map_or(SortKey::Unknown, |row| cells::container_key(scene, row, column.id))
            }
            Item::Netns(inode) => cells::netns_key(scene, *inode, column.id),
        }
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        let column = COLUMNS.iter().find(|c| c.id == field)?;
        Some(self.cell(scene, item, column).text())
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        match item {
            Item::Heading(title) => (*title).to_owned(),
            Item::Container(id) => {
                let Some(row) = sharing(scene, id) else { return String::new() };
                let mut text = format!("{}\n{}\n", row.name.raw(), id.as_str());
                for (kind, share) in &row.namespaces {
                    text.push_str(kind.as_str());
                    text.push_str(if share.is_host == Some(true) { " host " } else { " " });
                    for other in &share.with {
                        text.push_str(names::container_raw(scene, other));
                        text.push(' ');
                    }
                    if let Some(inode) = share.inode.get() {
                        text.push_str(&inode.to_string());
                    }
                    text.push('\n');
                }
                text
            }
            Item::Netns(inode) => cells::netns_haystack(scene, *inode),
        }
    }

    fn tabs(&self, _: &Scene, item: &Item) -> Vec<Tab> {
        match item {
            Item::Heading(_) => vec![Tab { id: "detail", title: "Summary", key: Some('d') }],
            Item::Container(_) => vec![Tab { id: "detail", title: "Namespaces", key: Some('d') }],
            Item::Netns(_) => vec![
                Tab { id: "detail", title: "Summary", key: Some('d') },
                Tab { id: "links", title: "Links", key: None },
                Tab { id: "processes", title: "Processes", key: None },
            ],
        }
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        match (item, tab.id) {
            (Item::Heading(title), _) => detail::heading(scene, title, width),
            (Item::Container(id), _) => detail::container(scene, id, width),
            (Item::Netns(inode), "links") => detail::links(scene, *inode, width),
            (Item::Netns(inode), "processes") => detail::processes(scene, *inode, width),
            (Item::Netns(inode), _) => detail::netns(scene, *inode, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        let container = |id: &ContainerId| {
            (format!("container {}", names::container(scene, id).text), Subject::Container { id: id.clone() })
        };
        match item {
            Item::Heading(_) => Vec::new(),
            Item::Container(id) => {
                let mut out = vec![container(id)];
                for share in sharing(scene, id).into_iter().flat_map(|row| row.namespaces.values()) {
                    for other in &share.with {
                        let relation = container(other);
                        if !out.contains(&relation) {
                            out.push(relation);
                        }
                    }
                }
                if let Some(inode) = scene.snapshot.netns_of(id) {
                    out.push((format!("network namespace {inode}"), Subject::Netns { inode }));
                }
                out
            }
            Item::Netns(inode) => {
                let mut out: Vec<_> =
                    scene.report.wiring.by_netns.get(inode).into_iter().flatten().map(container).collect();
                out.extend(scene.snapshot.links_in(*inode).iter().map(|link| {
                    (format!("interface {}", link.name.shown()), Subject::Link { netns: *inode, ifindex: link.ifindex })
                }));
                out
            }
        }
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        match item {
            Item::Heading(_) => Vec::new(),
            Item::Container(id) => {
                let mut out = vec![Copyable { what: "id", text: id.as_str().to_owned() }];
                if let Some(inode) = scene.snapshot.netns_of(id) {
                    out.push(Copyable { what: "netns", text: inode.to_string() });
                }
                out
            }
            Item::Netns(inode) => {
                let mut out = vec![Copyable { what: "inode", text: inode.to_string() }];
                let netns = scene.snapshot.netns.iter().find(|n| n.inode == *inode);
                out.extend(
                    netns
                        .into_iter()
                        .flat_map(|n| &n.names)
                        .map(|name| Copyable { what: "name", text: name.raw().to_owned() }),
                );
                out
            }
        }
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines =
            vec![Line::of([Span::plain("No namespace is known: neither a container's nor the host's could be read.")])];
        for source in scene.snapshot.sources.iter().filter(|s| !s.reason.is_empty()) {
            lines.push(Line::of([word(&source.name, Role::Name), Span::plain(": "), word(&source.reason, Role::Text)]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        COLUMNS
            .iter()
            .map(|column| (column.title, self.cell(scene, item, column).text()))
            .filter(|(_, text)| !text.is_empty())
            .map(|(title, text)| if title == "NAME" { text } else { format!("{} {text}", title.to_lowercase()) })
            .collect::<Vec<_>>()
            .join("  ")
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        match subject {
            Subject::Container { id } => sharing(scene, id).map(|_| subject.clone()),
            Subject::Netns { inode } => scene.snapshot.netns.iter().any(|n| n.inode == *inode).then(|| subject.clone()),
            Subject::Link { netns, ifindex } => {
                let owner = scene.report.wiring.attachment((*netns, *ifindex)).and_then(|a| a.containers.first());
                match owner {
                    Some(id) => sharing(scene, id).map(|_| Subject::Container { id: id.clone() }),
                    None => self.locate(scene, &Subject::Netns { inode: *netns }),
                }
            }
            Subject::Port { key } => {
                let id = scene.report.ports.iter().find(|p| p.key == *key)?.container.clone()?;
                self.locate(scene, &Subject::Container { id })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
