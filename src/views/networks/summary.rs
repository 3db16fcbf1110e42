//! The first page of a network, a device, or a heading.

use super::rows::{self, Item};
use super::{bridge, cells, leftovers, members, pools};
use crate::app::Scene;
use crate::model::{Network, Subject};
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, event, format, link, mark, names, word};

/// The page.
pub fn content(scene: &Scene, item: &Item, width: u16) -> Content {
    match item {
        Item::Heading(title) => heading(scene, title, width),
        Item::Device(key) => device(scene, *key, width),
        Item::Network(id) => match super::network(scene, id) {
            Some(network) => of_network(scene, network, width),
            None => {
                let mut page = Page::new(width);
                page.say("This network is gone.", Role::Notice);
                page.finish()
            }
        },
    }
}

/// A heading's page answers for all below it: pools, overlaps, leftovers.
fn heading(scene: &Scene, title: &str, width: u16) -> Content {
    let mut page = Page::new(width);
    if title == rows::ENGINE {
        pools::all(&mut page, scene);
        leftovers::lines(&mut page, scene);
    } else {
        page.heading(title);
        for row in rows::rows(scene).into_iter().filter(|row| row.depth > 0) {
            let Item::Device(key) = row.item else { continue };
            if scene.snapshot.link(key.0, key.1).is_some_and(|link| rows::heading_of(scene, link) == title) {
                let before = page.len();
                let mut spans = vec![super::device_name(scene, key), Span::plain("  ")];
                spans.extend(cells::cell(scene, &Item::Device(key), "driver").spans);
                spans.push(Span::plain("  "));
                spans.extend(cells::cell(scene, &Item::Device(key), "subnet").spans);
                page.spans(spans, 4);
                page.link_from(before, &names::link_subject(key));
            }
        }
        leftovers::lines(&mut page, scene);
    }
    page.finish()
}

/// A bridge leads with its ports; any other device with its link.
fn device(scene: &Scene, key: crate::analysis::LinkKey, width: u16) -> Content {
    match scene.snapshot.link(key.0, key.1) {
        Some(found) if found.bridge.is_some() => bridge::content(scene, key, width),
        _ => link::page(scene, key, width),
    }
}

fn of_network(scene: &Scene, network: &Network, width: u16) -> Content {
    let mut page = Page::new(width);
    identity(&mut page, scene, network);
    settings(&mut page, network);
    if cells::is_device_missing(scene, network) {
        let name = network.device().unwrap_or_default();
        let text = format!(
            "The engine has this network, but the kernel has no bridge {name}: containers on it have no way out."
        );
        page.say(text, Role::Bad);
    }
    pools::of_network(&mut page, scene, network);
    members::lines(&mut page, scene, network);
    let columns = page.width();
    let findings = mark::lines(scene, &Subject::Network { id: network.id.clone() }, columns);
    if !findings.is_empty() {
        page.heading("findings");
        page.lines(findings);
    }
    if let Some(key) = scene.report.wiring.device_of.get(&network.id) {
        bridge::section(&mut page, scene, *key);
    }
    page.finish()
}

fn identity(page: &mut Page, scene: &Scene, network: &Network) {
    page.field("name", [Span::outside(&network.name, Role::Network)]);
    page.field("id", [word(network.id.as_str(), Role::Dim)]);
    page.field(
        "driver",
        [
            word(&network.driver, Role::Text),
            Span::new(format!("  scope {}", crate::text::clean_line(&network.scope)), Role::Dim),
        ],
    );
    match scene.report.wiring.device_of.get(&network.id) {
        Some(key) => page.field_to("device", [names::link_span(scene, *key)], Some(names::link_subject(*key))),
        None => {
            if let Some(name) = network.device() {
                page.field("device", [word(&name, Role::Text), Span::new("  not found", Role::Bad)]);
            }
        }
    }
    if let Some(at) = network.created_at {
        let age = format::duration(format::age_seconds(scene.now, at));
        page.text("created", format!("{} ({age} ago)", format::date_time(at, scene.prefs.utc)));
    }
    if scene.snapshot.engine_is_stale() {
        page.field("engine", [Span::new("does not answer: what it says here is old", Role::Stale)]);
    }
}

fn settings(page: &mut Page, network: &Network) {
    let yes = |b: bool| if b { "yes" } else { "no" };
    page.text("internal", yes(network.internal));
    if network.driver == "bridge" {
        let or_default = |value: Option<bool>| match value {
            Some(value) => yes(value).to_owned(),
            None => "yes (default)".to_owned(),
        };
        page.text("icc", or_default(network.flag("enable_icc")));
        page.text("masquerade", or_default(network.flag("enable_ip_masquerade")));
    }
    page.text("ipv6", yes(network.ipv6));
    page.text("attachable", yes(network.attachable));
    if let Some(mtu) = network.mtu() {
        page.text("mtu", mtu.to_string());
    }
}

/// Events of a network or a device and of the ports of its bridge.
pub fn events(scene: &Scene, item: &Item, width: u16) -> Content {
    let mut page = Page::new(width);
    let device = rows::device(scene, item);
    let mut subjects: Vec<Subject> = device.map(names::link_subject).into_iter().collect();
    let ports = device.and_then(|key| scene.report.wiring.ports_of.get(&key));
    subjects.extend(ports.into_iter().flatten().map(|key| names::link_subject(*key)));
    if let Item::Network(id) = item {
        subjects.push(Subject::Network { id: id.clone() });
    }
    let columns = page.width();
    let lines = event::lines(scene, columns, 300, |e| subjects.contains(&e.subject));
    if lines.is_empty() {
        page.note("No event of it is held. Events are kept from the start of bridgewatch, bounded.");
    }
    page.lines(lines);
    page.finish()
}
