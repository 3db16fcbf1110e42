//! The topology view: uplink → NAT → bridge → veth ⇄ container interface, as a tree.
//!
//! ```text
//! NAME                              CONTAINER   ADDRESS             RX/s   TX/s  NOTES
//! eth0                                          192.0.2.10/24       1.2M   340k
//! docker0  bridge                               172.17.0.1/16       1.1M   310k  masquerade
//!   vethed64513 ⇄ eth0              web ▲H      172.17.0.2/16       1.1M   310k  ●:8080
//! host namespace
//!   agent                           agent ▲C                                     host network
//! ```
//!
//! The tree itself comes from the report; this room says it.

mod cells;
mod detail;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::{number, text};
use super::parts::{link, names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::analysis::{Branch, Node};
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct TopologyView;

/// Position of a branch in the report's picture.
pub type Item = usize;

const COLUMNS: &[Column] = &[
    text(
        "name",
        "NAME",
        (22, 60),
        0,
        "Interface, network or container; ⇄ stands between the host end and the end inside.",
    ),
    text("container", "CONTAINER", (10, 28), 1, "Container at the end, with the mark of its worst finding."),
    text("address", "ADDRESS", (15, 34), 1, "Addresses; in a container those inside."),
    number(
        "rx",
        "RX/s",
        6,
        2,
        "Bytes per second received: by the container where there is one, else by the interface.",
    ),
    number("tx", "TX/s", 6, 2, "Bytes per second sent: by the container where there is one, else by the interface."),
    text(
        "notes",
        "NOTES",
        (10, 44),
        1,
        "What stands out: published ports, address rewriting, states that are not up, why something is here.",
    ),
    text("network", "NETWORK", (10, 24), 5, "Engine network."),
    text("state", "STATE", (5, 10), 6, "Operational state of the interface."),
];

fn find<'a>(scene: &Scene<'a>, at: usize) -> Option<&'a Branch> {
    let branches: &'a [Branch] = &scene.report.topology.branches;
    branches.get(at)
}

/// Identity of a row: the innermost interface where there is one, so that two attachments of one container differ.
fn subject(branch: &Branch) -> Subject {
    match &branch.node {
        Node::Uplink { link } | Node::Bridge { link, .. } | Node::Port { link } => names::link_subject(*link),
        Node::Attachment { inner: Some(link), .. } | Node::Attachment { outer: Some(link), .. } => {
            names::link_subject(*link)
        }
        Node::Attachment { container, .. } | Node::Guest { container, .. } => {
            Subject::Container { id: container.clone() }
        }
        Node::Network { network, .. } => Subject::Network { id: network.clone() },
        Node::Heading { title } => Subject::Group { key: Arc::from(*title) },
    }
}

impl ListView for TopologyView {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let branches = &scene.report.topology.branches;
        let row = |(at, branch): (usize, &Branch)| Row {
            item: at,
            subject: subject(branch),
            depth: branch.depth,
            is_group: branches.get(at + 1).is_some_and(|next| next.depth > branch.depth),
        };
        branches.iter().enumerate().map(row).collect()
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        find(scene, *item).map(|branch| cells::cell(scene, branch, column.id)).unwrap_or_default()
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        find(scene, *item).map_or(SortKey::Unknown, |branch| cells::sort_key(scene, branch, column.id))
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        find(scene, *item).and_then(|branch| cells::field(scene, branch, field))
    }

    fn fields(&self) -> &'static [&'static str] {
        &["ip", "mac", "veth", "kind", "netns"]
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        let Some(branch) = find(scene, *item) else { return String::new() };
        let fields = ["name", "container", "address", "mac", "network", "veth", "notes"];
        fields.iter().filter_map(|f| cells::field(scene, branch, f)).collect::<Vec<_>>().join("\n")
    }

    fn tabs(&self, scene: &Scene, item: &Item) -> Vec<Tab> {
        let path = Tab { id: "path", title: "Path to the wire", key: Some('d') };
        let link = Tab { id: "link", title: "Link", key: None };
        let summary = Tab { id: "summary", title: "Summary", key: None };
        match find(scene, *item).map(|b| &b.node) {
            Some(Node::Attachment { .. }) => vec![path, link, summary],
            Some(Node::Guest { .. }) => vec![path, summary],
            Some(Node::Uplink { .. } | Node::Bridge { .. } | Node::Port { .. }) => {
                vec![Tab { key: Some('d'), ..summary }, link]
            }
            _ => vec![Tab { key: Some('d'), ..summary }],
        }
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        let Some(branch) = find(scene, *item) else {
            return Content::Page(vec![Line::of([Span::new("This is no longer there.", Role::Notice)])]);
        };
        match (tab.id, cells::own_link(branch)) {
            ("path", _) => detail::path(scene, branch, width),
            ("link", Some(_)) => detail::links(scene, branch, width),
            _ => detail::summary(scene, branch, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        find(scene, *item).map(|branch| detail::relations(scene, branch)).unwrap_or_default()
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        let Some(branch) = find(scene, *item) else { return Vec::new() };
        let mut out = vec![Copyable { what: "name", text: branch.name.raw().to_owned() }];
        for (what, field) in [("container", "container"), ("address", "address"), ("veth", "veth"), ("mac", "mac")] {
            if let Some(text) = cells::field(scene, branch, field).filter(|t| !t.is_empty()) {
                out.push(Copyable { what, text });
            }
        }
        if let Some(link) = cells::own_link(branch).and_then(|k| scene.snapshot.link(k.0, k.1)) {
            out.push(Copyable { what: "ifindex", text: link.ifindex.to_string() });
        }
        out
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = vec![Line::of([Span::plain("No interface, network or container is known yet.")])];
        if let Some(source) = scene.snapshot.source("netlink") {
            lines.push(Line::of([Span::plain("netlink: "), word(&source.reason, Role::Text)]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        let Some(branch) = find(scene, *item) else { return String::new() };
        ["name", "container", "address", "network", "notes"]
            .map(|column| cells::cell(scene, branch, column).text())
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("  ")
    }

    fn locate(&self, scene: &Scene, wanted: &Subject) -> Option<Subject> {
        let branches = &scene.report.topology.branches;
        if let Some(branch) = branches.iter().find(|b| subject(b) == *wanted) {
            return Some(subject(branch));
        }
        let found = branches.iter().find(|branch| match (&branch.node, wanted) {
            (Node::Attachment { container, .. } | Node::Guest { container, .. }, Subject::Container { id }) => {
                container == id
            }
            (Node::Attachment { outer, inner, .. }, Subject::Link { netns, ifindex }) => {
                let key = Some((*netns, *ifindex));
                *outer == key || *inner == key
            }
            (Node::Bridge { network: Some(network), .. }, Subject::Network { id }) => network == id,
            (Node::Attachment { container, .. }, Subject::Port { key }) => {
                scene.report.ports.iter().any(|p| p.key == *key && p.container.as_ref() == Some(container))
            }
            (Node::Attachment { inner: Some(inner), .. }, Subject::Netns { inode }) => inner.0 == *inode,
            _ => false,
        });
        found.map(subject)
    }
}

/// Shown where an interface is not in the snapshot any more.
fn state_of(scene: &Scene, branch: &Branch) -> Option<(String, Role)> {
    let key = cells::own_link(branch)?;
    let found = scene.snapshot.link(key.0, key.1)?;
    Some((found.operstate.clone(), link::state_role(found)))
}

#[cfg(test)]
mod tests;
