//! Rows: engine networks, bridges that no engine made, other devices that carry networks.

use crate::analysis::LinkKey;
use crate::app::Scene;
use crate::model::{Link, NetworkId, Subject};
use crate::views::parts::names;
use crate::views::view::Row;
use std::sync::Arc;

/// A row's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A heading.
    Heading(&'static str),
    /// An engine network.
    Network(NetworkId),
    /// A device of the kernel.
    Device(LinkKey),
}

/// Heading of the engine's networks.
pub const ENGINE: &str = "engine networks";
/// Heading of bridges that are named as the engine names its own, while it does not say which are.
pub const AWAY: &str = "bridges of the engine, which is away";
/// Heading of other bridges.
pub const BRIDGES: &str = "bridges that no engine made";
/// Heading of other devices.
pub const DEVICES: &str = "tunnels and virtual devices";

/// Kinds that carry networks and are no bridge.
const KINDS: &[&str] = &[
    "openvswitch",
    "vxlan",
    "geneve",
    "gre",
    "gretap",
    "ip6gre",
    "ip6gretap",
    "ipip",
    "ip6tnl",
    "sit",
    "vti",
    "macvlan",
    "macvtap",
    "ipvlan",
    "ipvtap",
    "wireguard",
    "tun",
    "tap",
    "bond",
    "team",
    "vlan",
    "vrf",
    "ifb",
    "dummy",
    "nlmon",
];

fn is_bridge(link: &Link) -> bool {
    link.kind == "bridge" || link.bridge.is_some()
}

/// The bridge is most likely the engine's: it has the name of one, and the engine can't be asked.
pub fn is_away(scene: &Scene, link: &Link) -> bool {
    let name = link.name.raw();
    let is_named_so = name == "docker0"
        || name.strip_prefix("br-").is_some_and(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    is_named_so && scene.snapshot.engine_is_stale()
}

/// The heading that a device stands under.
pub fn heading_of(scene: &Scene, link: &Link) -> &'static str {
    match is_bridge(link) {
        true if is_away(scene, link) => AWAY,
        true => BRIDGES,
        false => DEVICES,
    }
}

/// All rows.
pub fn rows(scene: &Scene) -> Vec<Row<Item>> {
    let wiring = &scene.report.wiring;
    let mut networks: Vec<_> = scene.snapshot.networks.iter().collect();
    networks.sort_by(|a, b| a.name.cmp(&b.name));
    let mut rows = Vec::new();
    group(
        &mut rows,
        ENGINE,
        networks.into_iter().map(|n| (Item::Network(n.id.clone()), Subject::Network { id: n.id.clone() })),
    );
    let key = |link: &Link| (link.netns, link.ifindex);
    let device = |link: &Link| (Item::Device(key(link)), names::link_subject(key(link)));
    let unclaimed = |link: &&Link| !wiring.network_of.contains_key(&key(link));
    let bridges = scene.snapshot.links.iter().filter(|l| is_bridge(l)).filter(unclaimed);
    let (away, other): (Vec<&Link>, Vec<&Link>) = bridges.partition(|link| heading_of(scene, link) == AWAY);
    group(&mut rows, AWAY, away.into_iter().map(device));
    group(&mut rows, BRIDGES, other.into_iter().map(device));
    // An interface of a container is in its container's row, not here; a parent of a network is in the network's.
    let is_inside =
        |link: &&Link| wiring.attachment(key(link)).is_some_and(|a| a.link == key(link) && !a.containers.is_empty());
    let others = scene.snapshot.links.iter().filter(|l| !is_bridge(l) && KINDS.contains(&l.kind.as_str()));
    group(&mut rows, DEVICES, others.filter(|l| !is_inside(l)).map(device));
    rows
}

fn group(rows: &mut Vec<Row<Item>>, title: &'static str, items: impl Iterator<Item = (Item, Subject)>) {
    let at = rows.len();
    rows.extend(items.map(|(item, subject)| Row { item, subject, depth: 1, is_group: false }));
    if rows.len() > at {
        let subject = Subject::Group { key: Arc::from(title) };
        rows.insert(at, Row { item: Item::Heading(title), subject, depth: 0, is_group: true });
    }
}

/// The kernel device of an item.
pub fn device(scene: &Scene, item: &Item) -> Option<LinkKey> {
    match item {
        Item::Heading(_) => None,
        Item::Network(id) => scene.report.wiring.device_of.get(id).copied(),
        Item::Device(key) => Some(*key),
    }
}

/// The row that an interface leads to: the network it carries or belongs to, the bridge it is a port of, itself.
pub fn of_link(scene: &Scene, key: LinkKey) -> Option<Subject> {
    let wiring = &scene.report.wiring;
    let attachment = wiring.attachment(key);
    let network = wiring.network_of.get(&key).or_else(|| attachment.and_then(|a| a.network.as_ref()));
    if let Some(id) = network {
        return Some(Subject::Network { id: id.clone() });
    }
    let link = scene.snapshot.link(key.0, key.1)?;
    let master = link.master.map(|m| (link.netns, m)).or_else(|| attachment.and_then(|a| a.bridge));
    if let Some(master) = master.filter(|m| *m != key) {
        return match wiring.network_of.get(&master) {
            Some(id) => Some(Subject::Network { id: id.clone() }),
            None => Some(names::link_subject(master)),
        };
    }
    (is_bridge(link) || KINDS.contains(&link.kind.as_str())).then(|| names::link_subject(key))
}
