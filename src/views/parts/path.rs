//! "Path to the wire": an interface of a container followed outward — its addresses, the host end, the bridge, the
//! network, the rewriting of addresses, the default route — as lines.

use super::{Page, format, glyph, link, names, word};
use crate::analysis::LinkKey;
use crate::analysis::path::{Stop, Way, to_wire};
use crate::app::Scene;
use crate::model::{Container, Endpoint, Fact, Gap, GapKind, Link, NetworkMode, Subject};
use crate::theme::Role;
use crate::views::content::{Line, Span};
use std::sync::Arc;

/// All ways of a container to the wire, one block of lines each; without interfaces, why there are none.
pub fn container(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(path) = to_wire(scene.snapshot, &scene.report.wiring, &container.id) else { return };
    shared(page, scene, container);
    if path.is_host {
        page.note("Host network: it uses the interfaces of the host directly. There is no veth, no bridge and no address of its own; it can listen on every address of the host.");
        for uplink in &path.uplinks {
            let mut spans = vec![Span::plain("uplink "), stop_span(uplink), Span::plain("  ")];
            let found = scene.snapshot.link(uplink.link.0, uplink.link.1);
            spans.extend(found.map(link::addresses).unwrap_or_default());
            page.spans(spans, 2);
        }
        return;
    }
    for way in &path.ways {
        self::way(page, scene, way, Some(container));
    }
    if path.ways.is_empty() {
        without_links(page, scene, container);
    }
    match &path.routes {
        Fact::Known(routes) if !path.ways.is_empty() && !routes.iter().any(|r| r.dst.is_default()) => {
            page.note("No default route: it reaches its own subnets only.");
        }
        Fact::Unknown { unknown } if container.state.has_processes() => page.missing("routes", unknown),
        _ => {}
    }
}

/// The way of one interface of a container; nothing when it belongs to none.
pub fn interface(page: &mut Page, scene: &Scene, key: LinkKey) {
    let Some(attachment) = scene.report.wiring.attachment(key) else { return };
    let owner = attachment.containers.first();
    let path = owner.and_then(|id| to_wire(scene.snapshot, &scene.report.wiring, id));
    let container = owner.and_then(|id| scene.snapshot.container(id)).map(|c| &**c);
    for way in path.iter().flat_map(|p| &p.ways).filter(|way| way.inner.link == attachment.link) {
        self::way(page, scene, way, container);
    }
}

/// Name of a stop, or its index.
fn stop_span(stop: &Stop) -> Span {
    match &stop.name {
        Some(name) => Span::outside(name, Role::Device),
        None => Span::new(format!("if{}", stop.link.1), Role::Dim),
    }
}

/// Who else lives in the container's network namespace.
fn shared(page: &mut Page, scene: &Scene, container: &Container) {
    if let NetworkMode::Container(owner) = &container.network_mode {
        let subject = Subject::Container { id: owner.clone() };
        page.line(
            Line::of([Span::plain("joined to the network namespace of "), names::container(scene, owner)])
                .leading_to(subject),
        );
    }
    let joined = match &container.network_mode {
        NetworkMode::Container(owner) => Some(owner),
        _ => None,
    };
    let mut others = scene.report.wiring.neighbours(scene.snapshot, &container.id);
    others.retain(|id| Some(*id) != joined);
    if !others.is_empty() {
        let mut spans = vec![Span::new("same network namespace: ", Role::Notice)];
        spans.extend(names::containers(scene, others));
        page.spans(spans, 2);
    }
}

/// One way from the inside out.
fn way(page: &mut Page, scene: &Scene, way: &Way, of: Option<&Container>) {
    let inner = scene.snapshot.link(way.inner.link.0, way.inner.link.1);
    let mut head =
        vec![if inner.is_some() { stop_span(&way.inner) } else { Span::new("interface not seen", Role::Unknown) }];
    for cidr in &way.addresses {
        head.push(Span::new(format!("  {cidr}"), Role::Address));
    }
    if let Some(mac) = &way.mac {
        head.push(Span::new(format!("  {mac}"), Role::Dim));
    }
    if let Some(mtu) = way.mtu {
        head.push(Span::new(format!("  mtu {mtu}"), Role::Dim));
    }
    if let Some(link) = inner {
        head.push(Span::plain("  "));
        head.push(word(&link.operstate, link::state_role(link)));
    }
    page.spans(head, 2);
    step(page, scene, network_step(scene, way, of), None);
    outer_steps(page, scene, way, inner);
    for (subnet, rule) in &way.masquerade {
        let spans = match rule {
            Fact::Known(Some(rule)) => {
                vec![Span::plain("masquerade "), Span::new(format!("{subnet}  "), Role::Address), word(rule, Role::Dim)]
            }
            Fact::Known(None) => {
                vec![Span::plain("no rule rewrites the source of "), Span::new(subnet.to_string(), Role::Address)]
            }
            Fact::Unknown { unknown } => {
                page.missing("masquerading", unknown);
                vec![Span::plain("masquerade "), Span::unknown()]
            }
        };
        step(page, scene, spans, None);
    }
    for gateway in &way.gateways {
        step(page, scene, vec![Span::plain("default via "), Span::new(gateway.to_string(), Role::Address)], None);
    }
    if let Some(uplink) = &way.uplink {
        let spans = vec![Span::plain("leaves by "), stop_span(uplink)];
        step(page, scene, spans, Some(names::link_subject(uplink.link)));
    }
    if let Some(rates) = rates(scene, way.inner.link) {
        step(page, scene, rates, None);
    }
}

fn step(page: &mut Page, scene: &Scene, spans: Vec<Span>, subject: Option<Subject>) {
    if spans.is_empty() {
        return;
    }
    let lead = Span::new(if scene.prefs.ascii { "  | " } else { "  │ " }, Role::Border);
    let before = page.len();
    page.spans(std::iter::once(lead).chain(spans), 6);
    if let Some(subject) = subject {
        page.link_from(before, &subject);
    }
}

fn network_step(scene: &Scene, way: &Way, of: Option<&Container>) -> Vec<Span> {
    let (Some(id), Some(name)) = (&way.network, &way.network_name) else {
        return vec![Span::plain("network "), Span::unknown(), Span::new(" (no engine network matches)", Role::Dim)];
    };
    let mut spans = vec![Span::plain("network "), Span::outside(name, Role::Network)];
    if let Some(network) = scene.snapshot.networks.iter().find(|n| n.id == *id) {
        spans.push(Span::new(format!("  {}", crate::text::clean_line(&network.driver)), Role::Dim));
        if network.internal {
            spans.push(Span::new("  internal", Role::Notice));
        }
    }
    let endpoint = of.and_then(|c| c.endpoints.iter().find(|e| e.network_id.as_ref() == Some(id)));
    if let Some(gateway) = endpoint.and_then(|e| e.gateway) {
        spans.push(Span::new("  gateway ", Role::Dim));
        spans.push(Span::new(gateway.to_string(), Role::Address));
    }
    spans
}

fn outer_steps(page: &mut Page, scene: &Scene, way: &Way, inner: Option<&Link>) {
    let pair = glyph::pair(scene.prefs.ascii);
    match &way.outer {
        Some(outer) => {
            let kind = way.kind.as_deref().unwrap_or("veth");
            let mut spans = if kind == "veth" {
                vec![Span::plain(format!("veth if{} {pair} if{}  ", way.inner.link.1, outer.link.1))]
            } else {
                vec![Span::plain(format!("{} on ", crate::text::clean_line(kind)))]
            };
            spans.push(stop_span(outer));
            if let Some(link) = scene.snapshot.link(outer.link.0, outer.link.1) {
                spans.push(Span::plain("  "));
                spans.push(word(&link.operstate, link::state_role(link)));
                if let Some(port) = &link.port {
                    spans.push(Span::new(format!("  port {}", crate::text::clean_line(&port.state)), Role::Dim));
                }
            }
            step(page, scene, spans, Some(names::link_subject(outer.link)));
        }
        None => {
            let why = inner.and_then(|l| l.peer.as_ref()).and_then(|p| p.netns.why());
            step(page, scene, vec![Span::plain("host end "), Span::unknown()], None);
            if let Some(gap) = why {
                page.missing("host end", gap);
            }
        }
    }
    if let Some(bridge) = &way.bridge {
        let mut spans = vec![Span::plain("bridge "), stop_span(bridge)];
        if let Some(link) = scene.snapshot.link(bridge.link.0, bridge.link.1) {
            spans.push(Span::plain("  "));
            spans.extend(link::addresses(link));
            spans.push(Span::plain("  "));
            spans.push(word(&link.operstate, link::state_role(link)));
        }
        step(page, scene, spans, Some(names::link_subject(bridge.link)));
    }
}

/// Rates of a container's interface, from the container's side.
pub fn rates(scene: &Scene, key: LinkKey) -> Option<Vec<Span>> {
    let rates = scene.report.rates.link(key.0, key.1)?;
    let (rx, tx) = glyph::directions(scene.prefs.ascii);
    let text = |rate: Option<f64>| rate.map_or("?".to_owned(), format::rate);
    Some(vec![
        Span::new(format!("{rx} {}", text(rates.rx_rate)), Role::Rx),
        Span::plain("  "),
        Span::new(format!("{tx} {}", text(rates.tx_rate)), Role::Tx),
        Span::new("  (container's side)", Role::Dim),
    ])
}

fn without_links(page: &mut Page, scene: &Scene, container: &Container) {
    match &container.network_mode {
        NetworkMode::None => {
            page.note(
                "Network none: a namespace of its own with nothing but loopback. Nothing reaches it over the network.",
            );
            return;
        }
        NetworkMode::Container(_) => return,
        _ => {}
    }
    if container.state.has_processes() {
        let fallback = Arc::new(Gap::new(GapKind::NotYet, "no interface of its namespace was read"));
        let gap =
            match scene.snapshot.kernel_of(&container.id).and_then(|k| k.namespaces.get(&crate::model::NsKind::Net)) {
                Some(Fact::Unknown { unknown }) => unknown.clone(),
                Some(Fact::Known(inode)) => scene
                    .snapshot
                    .netns
                    .iter()
                    .find(|n| n.inode == *inode)
                    .and_then(|n| n.links_gap.clone())
                    .unwrap_or(fallback),
                None => fallback,
            };
        page.missing("interfaces, host ends and bridges", &gap);
        page.note(if container.config.known().is_some() {
            "As the engine has it; the kernel's side is not known:"
        } else {
            "Neither the engine nor the kernel tells how it is connected:"
        });
    } else {
        page.note("Not running: it has no interfaces. What the engine has noted for its next start:");
    }
    if container.endpoints.is_empty() {
        match container.config.known() {
            Some(_) => page.note("no network"),
            None => {
                page.spans([Span::plain("network "), Span::unknown(), Span::new(" (no engine tells)", Role::Dim)], 2)
            }
        }
    }
    for endpoint in &container.endpoints {
        page.spans(endpoint_line(endpoint), 2);
    }
}

/// An endpoint as the engine has it.
fn endpoint_line(endpoint: &Endpoint) -> Vec<Span> {
    let mut spans = vec![Span::plain("network "), Span::outside(&endpoint.network, Role::Network)];
    for cidr in [endpoint.ipv4, endpoint.ipv6].into_iter().flatten() {
        spans.push(Span::new(format!("  {cidr}"), Role::Address));
    }
    if let Some(gateway) = endpoint.gateway {
        spans.push(Span::new(format!("  gateway {gateway}"), Role::Dim));
    }
    if let Some(mac) = &endpoint.mac {
        spans.push(Span::new(format!("  {mac}"), Role::Dim));
    }
    if let Some(requested) = &endpoint.requested {
        spans.push(Span::new(format!("  asked for {}", crate::text::clean_line(requested)), Role::Dim));
    }
    spans
}
