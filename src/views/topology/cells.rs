//! Cells, keys and fields of one branch of the picture.

use crate::analysis::{Branch, LinkKey, Node};
use crate::app::Scene;
use crate::model::{ContainerId, NetworkId, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, glyph, limit, mark, names, word};

/// The interface that a branch is, or the inner one of an attachment.
pub fn own_link(branch: &Branch) -> Option<LinkKey> {
    match &branch.node {
        Node::Uplink { link } | Node::Bridge { link, .. } | Node::Port { link } => Some(*link),
        Node::Attachment { inner, outer, .. } => inner.or(*outer),
        _ => None,
    }
}

/// The container of a branch.
pub fn container(branch: &Branch) -> Option<&ContainerId> {
    match &branch.node {
        Node::Attachment { container, .. } | Node::Guest { container, .. } => Some(container),
        _ => None,
    }
}

/// The engine network of a branch.
pub fn network(scene: &Scene, branch: &Branch) -> Option<NetworkId> {
    match &branch.node {
        Node::Bridge { network, .. } => network.clone(),
        Node::Network { network, .. } => Some(network.clone()),
        Node::Attachment { inner, outer, .. } => {
            inner.or(*outer).and_then(|key| scene.report.wiring.attachment(key)).and_then(|a| a.network.clone())
        }
        _ => None,
    }
}

/// Received and sent bytes per second: from the container's side where there is one.
pub fn rates(scene: &Scene, branch: &Branch) -> (Option<f64>, Option<f64>) {
    let of = |key: LinkKey| scene.report.rates.link(key.0, key.1);
    match &branch.node {
        Node::Attachment { inner, outer, .. } => match (inner.and_then(of), outer.and_then(of)) {
            (Some(rates), _) => (rates.rx_rate, rates.tx_rate),
            // What the host end sends, the container receives.
            (None, Some(rates)) => (rates.tx_rate, rates.rx_rate),
            (None, None) => (None, None),
        },
        _ => own_link(branch).and_then(of).map_or((None, None), |r| (r.rx_rate, r.tx_rate)),
    }
}

/// A cell of a branch.
pub fn cell(scene: &Scene, branch: &Branch, column: &str) -> Cell {
    match column {
        "name" => name(scene, branch),
        "container" => match container(branch) {
            None => Cell::none(),
            Some(id) => {
                let mut spans = vec![names::container(scene, id)];
                let mark = mark::of(scene, &Subject::Container { id: id.clone() });
                spans.extend(mark.into_iter().flat_map(|m| [Span::plain(" "), m]));
                Cell { spans }
            }
        },
        "address" => Cell { spans: vec![word(&branch.addresses.join(", "), Role::Address)] },
        "rx" | "tx" if own_link(branch).is_none() => Cell::none(),
        "rx" => figure::traffic(rates(scene, branch).0, Role::Rx),
        "tx" => figure::traffic(rates(scene, branch).1, Role::Tx),
        "notes" => notes(scene, branch),
        "network" => network(scene, branch).map_or(Cell::none(), |id| Cell { spans: vec![names::network(scene, &id)] }),
        "state" => {
            super::state_of(scene, branch).map_or(Cell::none(), |(text, role)| Cell { spans: vec![word(&text, role)] })
        }
        _ => Cell::none(),
    }
}

fn name(scene: &Scene, branch: &Branch) -> Cell {
    let pair = glyph::pair(scene.prefs.ascii);
    match &branch.node {
        Node::Attachment { outer, inner, .. } => {
            let inside = inner.map(|key| names::link_span(scene, key));
            let outside = outer.map(|key| names::link_span(scene, key));
            let spans = match (outside, inside) {
                (Some(outside), Some(inside)) => vec![outside, Span::plain(format!(" {pair} ")), inside],
                (Some(outside), None) => vec![outside, Span::plain(format!(" {pair} ")), Span::unknown()],
                (None, Some(inside)) => vec![Span::plain(format!("{pair} ")), inside],
                (None, None) => vec![Span::outside(&branch.name, Role::Name)],
            };
            Cell { spans }
        }
        Node::Uplink { .. } | Node::Port { .. } => {
            let kind = own_link(branch)
                .and_then(|k| scene.snapshot.link(k.0, k.1))
                .map(|l| l.kind.as_str())
                .unwrap_or_default();
            let mut spans = vec![Span::outside(&branch.name, Role::Device)];
            if !kind.is_empty() && kind != "ether" {
                spans.push(Span::new(format!("  {}", crate::text::clean_line(kind)), Role::Dim));
            }
            Cell { spans }
        }
        Node::Bridge { link, network, .. } => {
            let mut spans = vec![names::link_span(scene, *link)];
            if let Some(id) = network {
                let network = names::network(scene, id);
                if Some(network.text.as_str()) != spans.first().map(|s| s.text.as_str()) {
                    spans.push(Span::plain(" "));
                    spans.push(network);
                }
            }
            let kind = scene.snapshot.link(link.0, link.1).map_or("bridge", |l| l.kind.as_str());
            // With a network beside it, that it is a bridge goes without saying, and the room is needed.
            if network.is_none() || kind != "bridge" {
                spans.push(Span::new(format!("  {}", crate::text::clean_line(kind)), Role::Dim));
            }
            Cell { spans }
        }
        Node::Network { network, device_missing } => {
            let mut spans = vec![names::network(scene, network)];
            let driver = scene.snapshot.networks.iter().find(|n| n.id == *network).map(|n| n.driver.as_str());
            if let Some(driver) = driver {
                spans.push(Span::new(format!("  {}", crate::text::clean_line(driver)), Role::Dim));
            }
            if *device_missing {
                let sign = glyph::warning(scene.prefs.ascii);
                spans.push(Span::new(format!("  {sign} device missing"), Role::Bad));
            }
            Cell { spans }
        }
        Node::Guest { how, .. } => {
            let words = match *how {
                "host" => "host network",
                "none" => "no network",
                "joined" => "same namespace",
                other => other,
            };
            Cell::new(format!("{} {words}", glyph::dot(scene.prefs.ascii)), Role::Dim)
        }
        Node::Heading { title } => Cell::new(*title, Role::Heading),
    }
}

fn notes(scene: &Scene, branch: &Branch) -> Cell {
    let mut spans: Vec<Span> = Vec::new();
    let add = |spans: &mut Vec<Span>, span: Span| {
        if !spans.is_empty() {
            spans.push(Span::plain("  "));
        }
        spans.push(span);
    };
    match &branch.node {
        Node::Bridge { nat: Some(true), .. } => add(&mut spans, Span::new("NAT", Role::Dim)),
        Node::Bridge { nat: None, network: Some(_), .. } => add(&mut spans, Span::new("NAT ?", Role::Unknown)),
        Node::Guest { how: "host", .. } => {
            add(&mut spans, Span::new(format!("{} host network", glyph::warning(scene.prefs.ascii)), Role::High));
        }
        _ => {}
    }
    if let Some(key) = own_link(branch) {
        let mark = limit::mark(scene, key);
        if !mark.is_empty() {
            if !spans.is_empty() {
                spans.push(Span::plain("  "));
            }
            spans.extend(mark);
        }
    }
    if let Some(id) = container(branch) {
        for text in published(scene, branch, id) {
            add(&mut spans, Span::new(text, Role::Notice));
        }
    }
    let name = name(scene, branch).text();
    for note in &branch.notes {
        let is_bad = note.contains("missing") || note.contains("down") || note.contains("gone");
        // What is said beside the name already is not said again.
        if !name.contains(note.as_str()) && note != "host network" {
            add(&mut spans, word(note, if is_bad { Role::Bad } else { Role::Dim }));
        }
    }
    Cell { spans }
}

/// Published ports that lead to this attachment: all of the container when they name no other network.
fn published(scene: &Scene, branch: &Branch, id: &ContainerId) -> Vec<String> {
    let network =
        network(scene, branch).and_then(|n| scene.snapshot.networks.iter().find(|x| x.id == n)).map(|n| &n.name);
    let mut out: Vec<String> = Vec::new();
    for row in scene.report.ports.iter().filter(|p| p.container.as_ref() == Some(id) && !p.is_wanted_only) {
        let (Some(port), false) =
            (row.host_port, row.network.is_some() && network.is_some() && row.network.as_ref() != network)
        else {
            continue;
        };
        let (sign, _, _) = glyph::exposure(row.exposure, scene.prefs.ascii);
        let text = format!("{sign}:{port}");
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

/// What a branch sorts by among its neighbours.
pub fn sort_key(scene: &Scene, branch: &Branch, column: &str) -> SortKey {
    match column {
        "rx" => figure::key(rates(scene, branch).0),
        "tx" => figure::key(rates(scene, branch).1),
        "address" => {
            let first = branch.addresses.first().and_then(|a| a.split('/').next()).and_then(|a| a.parse().ok());
            figure::address_key(first)
        }
        _ => field(scene, branch, column).map_or(SortKey::Unknown, |text| figure::text_key(&text)),
    }
}

/// Raw text of a field.
pub fn field(scene: &Scene, branch: &Branch, field: &str) -> Option<String> {
    let link = own_link(branch).and_then(|k| scene.snapshot.link(k.0, k.1));
    Some(match field {
        "name" => branch.name.raw().to_owned(),
        "container" => container(branch).map_or(String::new(), |id| names::container_raw(scene, id).to_owned()),
        "address" | "ip" => branch.addresses.join(" "),
        "mac" => link.map_or(String::new(), |l| l.mac.to_string()),
        "kind" => link.map_or(String::new(), |l| l.kind.clone()),
        "netns" => link.map_or(String::new(), |l| l.netns.to_string()),
        "state" => link.map_or(String::new(), |l| l.operstate.clone()),
        "network" => network(scene, branch).map_or(String::new(), |id| {
            let known = scene.snapshot.networks.iter().find(|n| n.id == id);
            known.map_or(id.as_str(), |n| n.name.raw()).to_owned()
        }),
        "veth" => {
            let ends = match &branch.node {
                Node::Attachment { outer, inner, .. } => [*outer, *inner],
                Node::Uplink { link } | Node::Bridge { link, .. } | Node::Port { link } => [Some(*link), None],
                _ => [None, None],
            };
            let names = ends.into_iter().flatten().filter_map(|key| names::link(scene, key));
            names.map(|n| n.raw()).collect::<Vec<_>>().join(" ")
        }
        "notes" => notes(scene, branch).text(),
        "rx" => rates(scene, branch).0?.to_string(),
        "tx" => rates(scene, branch).1?.to_string(),
        _ => return None,
    })
}
