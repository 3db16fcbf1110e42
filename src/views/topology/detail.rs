//! Pages of a branch: path to the wire, the links, what it stands for.

use super::cells;
use crate::analysis::{Branch, Node};
use crate::app::Scene;
use crate::model::{NetworkId, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, figure, link, names, path};

/// The path of an attachment or a guest, with the other attachments of its container below.
pub fn path(scene: &Scene, branch: &Branch, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(id) = cells::container(branch) else { return summary(scene, branch, width) };
    let mut head = vec![names::container(scene, id)];
    if let Some(pid) = scene.snapshot.container(id).and_then(|c| c.pid) {
        head.push(Span::new(format!("  pid {pid}"), Role::Dim));
    }
    if let Some(inode) = scene.snapshot.netns_of(id) {
        head.push(Span::new(format!("  netns {inode}"), Role::Dim));
    }
    page.spans(head, 2);
    match scene.snapshot.container(id) {
        Some(container) => path::container(&mut page, scene, container),
        None => {
            if let Some(key) = cells::own_link(branch) {
                path::interface(&mut page, scene, key);
            }
        }
    }
    page.finish()
}

/// Everything about the links of a branch: the inner one, then the host end.
pub fn links(scene: &Scene, branch: &Branch, width: u16) -> Content {
    let Node::Attachment { outer, inner, .. } = &branch.node else {
        return match cells::own_link(branch) {
            Some(key) => link::page(scene, key, width),
            None => summary(scene, branch, width),
        };
    };
    let mut lines = Vec::new();
    for (title, key) in [("inside", inner), ("host end", outer)] {
        let Some(key) = key else { continue };
        if let Content::Page(more) = link::page(scene, *key, width) {
            if !lines.is_empty() {
                lines.push(crate::views::content::Line::blank());
            }
            lines.push(crate::views::content::Line::heading(title));
            lines.extend(more);
        }
    }
    Content::Page(lines)
}

/// What a branch stands for.
pub fn summary(scene: &Scene, branch: &Branch, width: u16) -> Content {
    let mut page = Page::new(width);
    let title = match &branch.node {
        Node::Uplink { .. } => "uplink: an interface of the host that leads outside",
        Node::Bridge { network: Some(_), .. } => "bridge of an engine network",
        Node::Bridge { network: None, .. } => "bridge that no engine answers for",
        Node::Network { .. } => "network without a bridge on this host",
        Node::Attachment { .. } => "interface of a container",
        Node::Guest { how, .. } => match *how {
            "host" => "container in the host's network namespace",
            "none" => "container without a network",
            _ => "container that joined another's network namespace",
        },
        Node::Port { .. } => "port of a bridge that leads to no known container",
        Node::Heading { .. } => "heading",
    };
    page.field("name", [Span::outside(&branch.name, Role::Name)]);
    page.text("is", title);
    if let Some(id) = cells::container(branch) {
        page.field_to("container", [names::container(scene, id)], Some(Subject::Container { id: id.clone() }));
    }
    if let Some(id) = cells::network(scene, branch) {
        network_lines(&mut page, scene, &id);
    }
    for address in &branch.addresses {
        page.field("address", [crate::views::parts::word(address, Role::Address)]);
    }
    if let Some(spans) =
        cells::own_link(branch).and_then(|key| path::rates(scene, key)).filter(|_| cells::container(branch).is_some())
    {
        page.field("traffic", spans);
    }
    for note in &branch.notes {
        page.field("note", [crate::views::parts::word(note, Role::Text)]);
    }
    if let Node::Bridge { link: key, .. } = &branch.node {
        members(&mut page, scene, *key);
    }
    if let Node::Network { device_missing: true, .. } = branch.node {
        page.say("The engine has this network, but its device is not there: containers on it have no way out. Removing and making the network anew brings it back.", Role::Bad);
    }
    page.finish()
}

fn network_lines(page: &mut Page, scene: &Scene, id: &NetworkId) {
    page.field_to("network", [names::network(scene, id)], Some(Subject::Network { id: id.clone() }));
    let Some(network) = scene.snapshot.networks.iter().find(|n| n.id == *id) else { return };
    page.field("driver", [crate::views::parts::word(&network.driver, Role::Text)]);
    for pool in &network.pools {
        let gateway = pool.gateway.map_or(String::new(), |g| format!("  gateway {g}"));
        page.field("subnet", [Span::new(pool.subnet.to_string(), Role::Address), Span::new(gateway, Role::Dim)]);
    }
    if network.internal {
        page.text("internal", "yes: no route to the outside");
    }
}

fn members(page: &mut Page, scene: &Scene, bridge: crate::analysis::LinkKey) {
    let Some(ports) = scene.report.wiring.ports_of.get(&bridge).filter(|p| !p.is_empty()) else {
        page.note("It has no ports.");
        return;
    };
    page.heading("ports");
    let mut grid = Grid::new(&["port", ">rx/s", ">tx/s", "leads to"]);
    for port in ports {
        let rates = scene.report.rates.link(port.0, port.1);
        let end = match scene.report.wiring.container_of(*port) {
            Some(id) => vec![names::container(scene, id)],
            None => vec![Span::new("no known container", Role::Dim)],
        };
        grid.row_to(
            names::link_subject(*port),
            [
                Cell { spans: vec![names::link_span(scene, *port)] },
                figure::traffic(rates.and_then(|r| r.rx_rate), Role::Rx),
                figure::traffic(rates.and_then(|r| r.tx_rate), Role::Tx),
                Cell { spans: end },
            ],
        );
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
    page.note("from the ports' own side: what a port receives, its container sent");
}

/// Where a branch leads.
pub fn relations(scene: &Scene, branch: &Branch) -> Vec<(String, Subject)> {
    let mut out = Vec::new();
    if let Some(id) = cells::container(branch) {
        out.push((format!("container {}", names::container(scene, id).text), Subject::Container { id: id.clone() }));
        if let Some(inode) = scene.snapshot.netns_of(id) {
            out.push((format!("network namespace {inode}"), Subject::Netns { inode }));
        }
    }
    if let Some(id) = cells::network(scene, branch) {
        out.push((format!("network {}", names::network(scene, &id).text), Subject::Network { id }));
    }
    if let Some(key) = cells::own_link(branch) {
        out.push((format!("interface {}", names::link_span(scene, key).text), names::link_subject(key)));
    }
    if let Node::Attachment { outer: Some(key), .. } = &branch.node {
        out.push((format!("host end {}", names::link_span(scene, *key).text), names::link_subject(*key)));
    }
    out
}
