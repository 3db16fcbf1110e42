//! What filters find, what can be copied, and where a network leads.

use super::cells;
use super::rows::{self, Item};
use crate::app::Scene;
use crate::model::Subject;
use crate::views::parts::{mark, names};
use crate::views::view::Copyable;
use std::fmt::Write as _;

/// Fields beside the columns.
pub const FIELDS: &[&str] = &["ip", "container", "label", "option", "finding", "veth"];

/// The text of a field.
pub fn field(scene: &Scene, item: &Item, field: &str) -> Option<String> {
    let network = match item {
        Item::Network(id) => super::network(scene, id),
        _ => None,
    };
    Some(match (field, network) {
        ("name", Some(n)) => n.name.raw().to_owned(),
        ("id", Some(n)) => n.id.as_str().to_owned(),
        ("label", Some(n)) => pairs(&n.labels),
        ("option", Some(n)) => pairs(&n.options),
        ("container", _) => {
            containers(scene, item).iter().map(|id| names::container_raw(scene, id)).collect::<Vec<_>>().join(" ")
        }
        ("ip", Some(n)) => {
            let members = n.members.known().into_iter().flatten();
            let addresses = members.flat_map(|m| [m.ipv4, m.ipv6]).flatten().map(|c| c.addr.to_string());
            n.pools.iter().map(|p| p.subnet.to_string()).chain(addresses).collect::<Vec<_>>().join(" ")
        }
        ("veth", _) => ports(scene, item),
        ("finding", Some(n)) => mark::words(scene, &Subject::Network { id: n.id.clone() }),
        ("label" | "option" | "finding" | "id", None) => return None,
        ("ip", None) => cells::cell(scene, item, "subnet").text(),
        (column, _) => cells::cell(scene, item, column).text(),
    })
}

fn pairs(map: &std::collections::BTreeMap<String, crate::text::Outside>) -> String {
    let mut out = String::new();
    for (name, value) in map {
        let _ = writeln!(out, "{name}={}", value.raw());
    }
    out
}

/// Containers on a row: the engine's members, and those that the kernel finds on it.
fn containers(scene: &Scene, item: &Item) -> Vec<crate::model::ContainerId> {
    let mut out = Vec::new();
    let mut add = |id: &crate::model::ContainerId| {
        if !out.contains(id) {
            out.push(id.clone());
        }
    };
    if let Item::Network(id) = item {
        let members = super::network(scene, id).and_then(|n| n.members.known());
        members.into_iter().flatten().for_each(|m| add(&m.container));
        let here = scene.report.wiring.attachments.iter().filter(|a| a.network.as_ref() == Some(id));
        here.flat_map(|a| &a.containers).for_each(&mut add);
    }
    if let Some(key) = rows::device(scene, item) {
        let here = scene.report.wiring.attachments.iter().filter(|a| a.bridge == Some(key));
        here.flat_map(|a| &a.containers).for_each(&mut add);
    }
    out
}

/// Names of the ports of a row's device.
fn ports(scene: &Scene, item: &Item) -> String {
    let ports = rows::device(scene, item).and_then(|key| scene.report.wiring.ports_of.get(&key));
    ports
        .into_iter()
        .flatten()
        .filter_map(|key| names::link(scene, *key))
        .map(|n| n.raw())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What a plain filter word searches in.
pub fn haystack(scene: &Scene, item: &Item) -> String {
    if let Item::Heading(title) = item {
        return (*title).to_owned();
    }
    ["name", "id", "driver", "device", "subnet", "container", "ip", "veth"]
        .iter()
        .filter_map(|f| field(scene, item, f))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Where a row leads.
pub fn relations(scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
    let mut out = Vec::new();
    for id in containers(scene, item) {
        out.push((format!("container {}", names::container(scene, &id).text), Subject::Container { id }));
    }
    if let Some(key) = rows::device(scene, item) {
        out.push((format!("device {}", names::link_span(scene, key).text), names::link_subject(key)));
        for port in scene.report.wiring.ports_of.get(&key).into_iter().flatten() {
            out.push((format!("port {}", names::link_span(scene, *port).text), names::link_subject(*port)));
        }
    }
    if let Item::Network(id) = item {
        out.extend(mark::findings_of(scene, &Subject::Network { id: id.clone() }));
    }
    out
}

/// What can be copied.
pub fn copyables(scene: &Scene, item: &Item) -> Vec<Copyable> {
    let mut out = Vec::new();
    for (what, name) in
        [("name", "name"), ("id", "id"), ("device", "device"), ("subnet", "subnet"), ("gateway", "gateway")]
    {
        if let Some(text) = field(scene, item, name).filter(|t| !t.is_empty()) {
            out.push(Copyable { what, text });
        }
    }
    if let Item::Network(id) = item {
        out.push(Copyable { what: "docker network inspect", text: format!("docker network inspect {}", id.short()) });
    }
    out
}
