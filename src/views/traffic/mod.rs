//! The traffic view: who uses the wire right now, by interface.
//!
//! ```text
//! INTERFACE        OF            NETWORK    RX/s   TX/s   PKT/s  DROP/s
//! eth0             web           n1         1.1M   310k    1.2k       0
//! eth0             this netns               1.2M   340k    1.4k       0
//! ```
//!
//! A veth pair is one wire: it is listed once, by its inner end, and the directions are the container's. Where the
//! inner end can't be read the outer one stands for it, with its directions turned round.

mod cells;
mod shaping;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::{number, text};
use super::parts::{Page, link, names, path, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::analysis::LinkKey;
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Traffic;

/// The interface of a row.
pub type Item = LinkKey;

const COLUMNS: &[Column] = &[
    text("name", "INTERFACE", (14, 34), 0, "Interface; for a container's, with its host end."),
    text("of", "OF", (12, 28), 1, "Container, or the namespace it is in."),
    text("network", "NETWORK", (8, 22), 2, "Engine network, else the bridge it is a port of."),
    number(
        "rx",
        "RX/s",
        6,
        1,
        "Bytes per second received, from the container's side where there is one, else the interface's own.",
    ),
    number(
        "tx",
        "TX/s",
        6,
        1,
        "Bytes per second sent, from the container's side where there is one, else the interface's own.",
    ),
    number("packets", "PKT/s", 6, 2, "Packets per second, both directions."),
    number("drops", "DROP/s", 6, 3, "Packets dropped per second, both directions."),
    text(
        "limit",
        "LIMIT bit/s",
        (21, 26),
        1,
        "Rate reached and allowed, bits per second, as the qdisc counts it; a ! says that it is the limit that holds it back. For a container ↓ is what it receives; for any other interface in and out are its own.",
    ),
    text(
        "held",
        "HELD",
        (12, 30),
        3,
        "What holds it: the kind of its qdisc; at the limit; or that a wanted limit is gone.",
    ),
    number("limit-drops", "Q-DROP/s", 8, 4, "Packets per second that its limit dropped, both directions."),
    number("overlimits", "OVER/s", 6, 6, "Times per second that its limit held a packet back; thousands are normal."),
    number("backlog", "WAITS", 6, 5, "Bytes that wait in the queue of its limit, both directions."),
    text(
        "rx-graph",
        "RX 12s",
        (12, 12),
        7,
        "Received during the last 12 refreshes; a whole bar is the limit, or the largest point.",
    ),
    text(
        "tx-graph",
        "TX 12s",
        (12, 12),
        7,
        "Sent during the last 12 refreshes; a whole bar is the limit, or the largest point.",
    ),
    number("errors", "ERR", 5, 4, "Errors since the interface exists, both directions."),
    number("total", "TOTAL", 6, 4, "Bytes since the interface exists, both directions."),
    text("kind", "KIND", (8, 11), 5, "Kind of interface."),
    text("state", "STATE", (7, 10), 6, "Operational state."),
    number("mtu", "MTU", 5, 8, "Largest packet, bytes."),
    text("address", "ADDRESS", (16, 40), 7, "Addresses."),
];

/// Columns that have nothing to tell where nothing is limited.
const OF_LIMITS: [&str; 5] = ["limit", "held", "limit-drops", "overlimits", "backlog"];

const TABS: &[Tab] = &[
    Tab { id: "link", title: "Link", key: Some('d') },
    Tab { id: "shaping", title: "Limits", key: None },
    Tab { id: "charts", title: "Charts", key: None },
    Tab { id: "container", title: "Path to the wire", key: None },
];

impl ListView for Traffic {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn is_used(&self, scene: &Scene, column: &Column) -> bool {
        let traffic = &scene.report.traffic;
        let is_limited = || !traffic.shaped.is_empty() || traffic.wanted.iter().any(|w| w.is_lost());
        !OF_LIMITS.contains(&column.id) || is_limited()
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let mut keys: Vec<LinkKey> = scene
            .snapshot
            .links
            .iter()
            .map(|l| (l.netns, l.ifindex))
            .filter(|key| cells::shown_as(scene, *key) == *key)
            // The loopback of another namespace is not counted and tells nothing.
            .filter(|key| !is_loopback(scene, *key) || cells::is_counted(scene, *key))
            .collect();
        // Loopback is no wire: it stands last, whatever it carries.
        let rank = |key: &LinkKey| {
            let is_loopback = is_loopback(scene, *key);
            let rate = cells::rates(scene, *key);
            let sum = rate.rx.unwrap_or(0.0) + rate.tx.unwrap_or(0.0);
            (is_loopback, std::cmp::Reverse(if sum.is_finite() { sum as u64 } else { 0 }), *key)
        };
        keys.sort_by_cached_key(rank);
        let row = |key: LinkKey| Row { item: key, subject: names::link_subject(key), depth: 0, is_group: false };
        keys.into_iter().map(row).collect()
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        cells::cell(scene, *item, column.id)
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        cells::sort_key(scene, *item, column.id)
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        cells::field(scene, *item, field)
    }

    fn fields(&self) -> &'static [&'static str] {
        &["container", "veth", "bridge", "mac", "ip", "netns", "qdisc"]
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        let fields = ["name", "container", "veth", "bridge", "network", "mac", "ip", "kind", "netns"];
        fields.iter().filter_map(|f| cells::field(scene, *item, f)).collect::<Vec<_>>().join("\n")
    }

    fn tabs(&self, scene: &Scene, item: &Item) -> Vec<Tab> {
        let has_container = scene.report.wiring.container_of(*item).is_some();
        TABS.iter().filter(|tab| tab.id != "container" || has_container).copied().collect()
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        match (tab.id, scene.report.wiring.attachment(*item)) {
            ("shaping", _) => shaping::page(scene, *item, width),
            ("charts", _) => shaping::charts(scene, *item),
            ("container", Some(attachment)) => {
                let mut page = Page::new(width);
                page.field("container", names::containers(scene, &attachment.containers));
                path::interface(&mut page, scene, *item);
                page.finish()
            }
            _ => link::page(scene, *item, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        let mut out = Vec::new();
        if let Some(attachment) = scene.report.wiring.attachment(*item) {
            for id in &attachment.containers {
                out.push((
                    format!("container {}", names::container(scene, id).text),
                    Subject::Container { id: id.clone() },
                ));
            }
            if let Some(id) = &attachment.network {
                out.push((format!("network {}", names::network(scene, id).text), Subject::Network { id: id.clone() }));
            }
            for (what, key) in [("host end", attachment.outer), ("bridge", attachment.bridge)] {
                out.extend(
                    key.map(|key| (format!("{what} {}", names::link_span(scene, key).text), names::link_subject(key))),
                );
            }
        }
        if let Some(id) = scene.report.wiring.network_of.get(item) {
            out.push((format!("network {}", names::network(scene, id).text), Subject::Network { id: id.clone() }));
        }
        out.push((format!("network namespace {}", item.0), Subject::Netns { inode: item.0 }));
        out
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        let fields =
            [("name", "name"), ("container", "container"), ("veth", "veth"), ("mac", "mac"), ("address", "ip")];
        fields
            .into_iter()
            .filter_map(|(what, f)| cells::field(scene, *item, f).map(|text| Copyable { what, text }))
            .filter(|copyable| !copyable.text.is_empty())
            .collect()
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = vec![Line::of([Span::plain("No interface could be read.")])];
        if let Some(source) = scene.snapshot.source("netlink") {
            lines.push(Line::of([Span::plain("netlink: "), word(&source.reason, Role::Text)]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        ["name", "of", "network", "limit", "held", "address"]
            .map(|column| cells::cell(scene, *item, column).text())
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("  ")
            + if scene.report.wiring.container_of(*item).is_some() { "  (directions: the container's)" } else { "" }
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        let wiring = &scene.report.wiring;
        let key = match subject {
            Subject::Link { netns, ifindex } => Some((*netns, *ifindex)),
            Subject::Container { id } => wiring.attachments_of(id).next().map(|a| a.link),
            Subject::Network { id } => wiring.device_of.get(id).copied(),
            Subject::Netns { inode } => {
                scene.snapshot.links_in(*inode).iter().find(|l| l.kind != "loopback").map(|l| (l.netns, l.ifindex))
            }
            _ => None,
        }?;
        let shown = cells::shown_as(scene, key);
        scene.snapshot.link(shown.0, shown.1).map(|_| names::link_subject(shown))
    }
}

fn is_loopback(scene: &Scene, key: LinkKey) -> bool {
    scene.snapshot.link(key.0, key.1).is_some_and(|l| l.kind == "loopback")
}

/// Words for an interface that is gone.
pub(super) fn gone() -> Cell {
    Cell::new("gone", Role::Dim)
}

/// Received and sent bytes per second of an attachment, from the container's side.
pub(super) fn directed(scene: &Scene, attachment: &crate::analysis::Attachment) -> (Option<f64>, Option<f64>) {
    if let Some(rates) = scene.report.rates.link(attachment.link.0, attachment.link.1) {
        return (rates.rx_rate, rates.tx_rate);
    }
    let is_pair = attachment.outer.is_some_and(|key| scene.report.wiring.by_outer.contains_key(&key));
    let outer = attachment.outer.filter(|_| is_pair).and_then(|key| scene.report.rates.link(key.0, key.1));
    outer.map_or((None, None), |rates| (rates.tx_rate, rates.rx_rate))
}

#[cfg(test)]
mod tests;
