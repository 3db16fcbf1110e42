//! The networks view: engine networks of every driver, and the bridges and devices that no engine made.
//!
//! ```text
//! NAME            DRIVER   DEVICE           SUBNET          MBR  USED      NOTES
//! engine networks 3
//!   bridge        bridge   docker0          172.17.0.0/16     2  2/65533
//!   shop          bridge   br-01562313868a  172.18.0.0/16     3  3/65533   ▲ overlaps
//! bridges that no engine made 1
//!   virbr0        bridge   virbr0           192.168.122.1/24  1
//! ```

mod bridge;
mod cells;
mod leftovers;
mod members;
mod options;
mod pools;
mod rows;
mod search;
mod summary;

pub use rows::Item;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::{number, text};
use super::parts::{link, names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::app::Scene;
use crate::model::{Network, NetworkId, SourceState, Subject};
use crate::theme::Role;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Networks;

const COLUMNS: &[Column] = &[
    text("name", "NAME", (14, 30), 0, "Network as the engine names it, or device, with the mark of its worst finding."),
    text("driver", "DRIVER", (7, 10), 1, "Driver of the network, or kind of the device."),
    text(
        "device",
        "DEVICE",
        (15, 15),
        2,
        "Kernel device that carries it: the bridge, or the parent of a macvlan or ipvlan.",
    ),
    text("subnet", "SUBNET", (18, 44), 1, "Subnets; for a device its addresses."),
    text("gateway", "GATEWAY", (12, 24), 6, "Gateways."),
    number("members", "MBR", 3, 1, "Containers on it; for a bridge that no engine made its ports."),
    number("used", "USED", 10, 3, "Addresses handed out, of those that can be."),
    text("notes", "NOTES", (12, 40), 1, "What stands out: internal, device missing, overlaps, leftovers."),
    number("rx", "RX/s", 6, 4, "Bytes per second that its containers receive; for a device its own."),
    number("tx", "TX/s", 6, 4, "Bytes per second that its containers send; for a device its own."),
    text("internal", "INT", (3, 3), 8, "No route to the outside."),
    text("icc", "ICC", (3, 3), 9, "Containers on it may talk to each other."),
    text("masq", "MASQ", (4, 4), 9, "Sources are rewritten on the way out."),
    number("mtu", "MTU", 5, 10, "Largest packet, bytes."),
    text("ipv6", "IP6", (3, 3), 10, "IPv6 is on."),
    text("scope", "SCOPE", (5, 6), 11, "local to this host or of a swarm."),
    text("id", "ID", (12, 12), 12, "Network id."),
];

const fn tab(id: &'static str, title: &'static str, key: Option<char>) -> Tab {
    Tab { id, title, key }
}

const SUMMARY: Tab = tab("summary", "Summary", Some('d'));
const MEMBERS: Tab = tab("members", "Members", None);
const BRIDGE: Tab = tab("bridge", "Bridge", Some('b'));
const FDB: Tab = tab("fdb", "Forwarding", None);
const POOLS: Tab = tab("pools", "Pools", None);
const LEFTOVERS: Tab = tab("leftovers", "Leftovers", None);
const OPTIONS: Tab = tab("options", "Options", None);
const EVENTS: Tab = tab("events", "Events", None);
const RAW: Tab = tab("raw", "Raw", Some('y'));
const LINK: Tab = tab("link", "Link", None);

/// An engine network by id.
pub(super) fn network<'a>(scene: &Scene<'a>, id: &NetworkId) -> Option<&'a Network> {
    let networks: &'a [Network] = &scene.snapshot.networks;
    networks.iter().find(|n| n.id == *id)
}

impl ListView for Networks {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        rows::rows(scene)
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        cells::cell(scene, item, column.id)
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        cells::sort_key(scene, item, column.id)
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        search::field(scene, item, field)
    }

    fn fields(&self) -> &'static [&'static str] {
        search::FIELDS
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        search::haystack(scene, item)
    }

    fn tabs(&self, scene: &Scene, item: &Item) -> Vec<Tab> {
        let is_bridge =
            rows::device(scene, item).and_then(|k| scene.snapshot.link(k.0, k.1)).is_some_and(|l| l.bridge.is_some());
        let mut tabs = match item {
            Item::Heading(_) => vec![SUMMARY, POOLS, LEFTOVERS],
            Item::Network(_) => vec![SUMMARY, MEMBERS, BRIDGE, FDB, POOLS, LINK, LEFTOVERS, OPTIONS, EVENTS, RAW],
            Item::Device(_) => vec![SUMMARY, BRIDGE, FDB, LINK, LEFTOVERS, EVENTS],
        };
        let has_device = rows::device(scene, item).is_some();
        tabs.retain(|tab| match tab.id {
            "bridge" | "fdb" => is_bridge || matches!(item, Item::Device(_)) && tab.id == "fdb",
            "link" => has_device,
            _ => true,
        });
        tabs
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        let device = rows::device(scene, item);
        match (tab.id, item, device) {
            ("leftovers", ..) => leftovers::content(scene, width),
            ("pools", ..) => pools::content(scene, item, width),
            ("members", Item::Network(id), _) => members::content(scene, id, width),
            ("bridge", _, Some(key)) => bridge::content(scene, key, width),
            ("fdb", _, Some(key)) => bridge::fdb(scene, key, width),
            ("link", _, Some(key)) => link::page(scene, key, width),
            ("options", Item::Network(id), _) => options::content(scene, id, width),
            ("raw", Item::Network(id), _) => Content::Raw(Subject::Network { id: id.clone() }),
            ("events", ..) => summary::events(scene, item, width),
            _ => summary::content(scene, item, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        search::relations(scene, item)
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        search::copyables(scene, item)
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = vec![Line::of([Span::plain("No network, bridge or tunnel is known on this host.")])];
        for source in scene.snapshot.sources.iter().filter(|s| s.state != SourceState::Ok) {
            lines.push(Line::of([
                word(&source.name, Role::Name),
                Span::new(format!(" {}: ", source.state.as_str()), Role::Notice),
                word(&source.reason, Role::Text),
            ]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        ["name", "driver", "device", "subnet", "gateway", "notes"]
            .map(|column| cells::cell(scene, item, column).text())
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("  ")
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        let of_container = |id: &crate::model::ContainerId| {
            let by_wire = scene.report.wiring.attachments_of(id).find_map(|a| a.network.clone());
            let said = || scene.snapshot.container(id)?.endpoints.iter().find_map(|e| e.network_id.clone());
            by_wire.or_else(said).map(|id| Subject::Network { id })
        };
        if rows::rows(scene).iter().any(|row| row.subject == *subject) {
            return Some(subject.clone());
        }
        match subject {
            Subject::Container { id } => of_container(id),
            Subject::Link { netns, ifindex } => rows::of_link(scene, (*netns, *ifindex)),
            Subject::Port { key } => {
                let row = scene.report.ports.iter().find(|p| p.key == *key)?;
                row.container.as_ref().and_then(of_container)
            }
            Subject::Netns { inode } => scene.report.wiring.by_netns.get(inode)?.iter().find_map(of_container),
            _ => None,
        }
    }
}

/// Name of a device for a heading.
pub(super) fn device_name(scene: &Scene, key: crate::analysis::LinkKey) -> Span {
    names::link_span(scene, key)
}

#[cfg(test)]
mod tests;
