//! "Path to the wire": an interface of a container followed outward — its addresses, the host end, the bridge, the
//! network, the rewriting of addresses, the default route — as lines.

use super::{Page, format, glyph, link, names, word};
use crate::analysis::nat::NatRules;
use crate::analysis::{Attachment, LinkKey, Node};
use crate::app::Scene;
use crate::model::{Cidr, Container, ContainerId, Endpoint, Fact, Gap, GapKind, Link, NetworkMode, Subject};
use crate::theme::Role;
use crate::views::content::{Line, Span};
use std::sync::Arc;

/// All attachments of a container, one block of lines each; without interfaces, why there are none.
pub fn container(page: &mut Page, scene: &Scene, container: &Container) {
    let attachments: Vec<&Attachment> = scene.report.wiring.attachments_of(&container.id).collect();
    shared(page, scene, container);
    if container.network_mode == NetworkMode::Host {
        page.note("Host network: it uses the interfaces of the host directly. There is no veth, no bridge and no address of its own; it can listen on every address of the host.");
        return;
    }
    for attachment in &attachments {
        self::attachment(page, scene, attachment, Some(container));
    }
    if attachments.is_empty() {
        without_links(page, scene, container);
    }
    routes(page, scene, &container.id);
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
    let others = scene.report.wiring.neighbours(scene.snapshot, &container.id);
    if !others.is_empty() {
        let mut spans = vec![Span::new("same network namespace: ", Role::Notice)];
        spans.extend(names::containers(scene, others));
        page.spans(spans, 2);
    }
}

/// One attachment from the inside out.
pub fn attachment(page: &mut Page, scene: &Scene, attachment: &Attachment, of: Option<&Container>) {
    let inner = scene.snapshot.link(attachment.link.0, attachment.link.1);
    let mut head = vec![names::link_span(scene, attachment.link)];
    if let Some(link) = inner {
        head.push(Span::plain("  "));
        head.extend(link::addresses(link));
        head.push(Span::new(format!("  {}  mtu {}  ", link.mac, link.mtu), Role::Dim));
        head.push(word(&link.operstate, link::state_role(link)));
    }
    page.spans(head, 2);
    step(page, scene, network_step(scene, attachment, of), None);
    outer_steps(page, scene, attachment, inner);
    if attachment.bridge.is_some()
        && let Some(link) = inner
        && let Some(spans) = leaves(page, scene, link)
    {
        step(page, scene, spans, None);
    }
    if let Some(rates) = rates(scene, attachment.link) {
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

fn network_step(scene: &Scene, attachment: &Attachment, of: Option<&Container>) -> Vec<Span> {
    let Some(id) = &attachment.network else {
        return vec![Span::plain("network "), Span::unknown(), Span::new(" (no engine network matches)", Role::Dim)];
    };
    let mut spans = vec![Span::plain("network "), names::network(scene, id)];
    let network = scene.snapshot.networks.iter().find(|n| n.id == *id);
    if let Some(network) = network {
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

fn outer_steps(page: &mut Page, scene: &Scene, attachment: &Attachment, inner: Option<&Link>) {
    let pair = glyph::pair(scene.prefs.ascii);
    match attachment.outer {
        Some(outer) => {
            let kind = inner.map_or("", |l| l.kind.as_str());
            let mut spans = if kind == "veth" || kind.is_empty() {
                vec![Span::plain(format!("{pair} veth if{} {pair} if{}  ", attachment.link.1, outer.1))]
            } else {
                vec![Span::plain(format!("{pair} {} on ", crate::text::clean_line(kind)))]
            };
            spans.push(names::link_span(scene, outer));
            if let Some(link) = scene.snapshot.link(outer.0, outer.1) {
                spans.push(Span::plain("  "));
                spans.push(word(&link.operstate, link::state_role(link)));
                if let Some(port) = &link.port {
                    spans.push(Span::new(format!("  port {}", crate::text::clean_line(&port.state)), Role::Dim));
                }
            }
            step(page, scene, spans, Some(names::link_subject(outer)));
        }
        None => {
            let why = inner.and_then(|l| l.peer.as_ref()).and_then(|p| p.netns.why());
            step(page, scene, vec![Span::plain(format!("{pair} host end ")), Span::unknown()], None);
            if let Some(gap) = why {
                page.missing("host end", gap);
            }
        }
    }
    if let Some(bridge) = attachment.bridge {
        let mut spans = vec![Span::plain("bridge "), names::link_span(scene, bridge)];
        if let Some(link) = scene.snapshot.link(bridge.0, bridge.1) {
            spans.push(Span::plain("  "));
            spans.extend(link::addresses(link));
            spans.push(Span::plain("  "));
            spans.push(word(&link.operstate, link::state_role(link)));
        }
        step(page, scene, spans, Some(names::link_subject(bridge)));
    }
}

/// What becomes of the source address of what this interface sends out.
fn leaves(page: &mut Page, scene: &Scene, link: &Link) -> Option<Vec<Span>> {
    let address = link.addresses.iter().find(|a| a.scope == "global" && a.cidr.addr.is_ipv4())?.cidr;
    let subnet = Cidr { addr: address.network(), prefix: address.prefix };
    let uplinks: Vec<&str> = scene
        .report
        .topology
        .branches
        .iter()
        .filter(|branch| matches!(branch.node, Node::Uplink { .. }))
        .map(|branch| branch.name.raw())
        .collect();
    Some(match NatRules::new(&scene.snapshot.firewall).masquerade(subnet, &uplinks) {
        Fact::Known(Some(rule)) => {
            vec![
                Span::new("masquerade ", Role::Notice),
                Span::new(format!("{subnet}  "), Role::Address),
                word(&rule, Role::Dim),
            ]
        }
        Fact::Known(None) => vec![Span::plain(format!("no rule rewrites the source of {subnet} on its way out"))],
        Fact::Unknown { unknown } => {
            page.missing("masquerading", &unknown);
            vec![Span::plain("masquerade "), Span::unknown()]
        }
    })
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
        page.note("As the engine has it; the kernel's side is not known:");
    } else {
        page.note("Not running: it has no interfaces. What the engine has noted for its next start:");
    }
    if container.endpoints.is_empty() {
        page.note("no network");
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

fn routes(page: &mut Page, scene: &Scene, id: &ContainerId) {
    let Some(kernel) = scene.snapshot.kernel_of(id) else { return };
    match &kernel.routes {
        Fact::Known(routes) => {
            let defaults = routes.iter().filter(|r| r.dst.is_default());
            let mut any = false;
            for route in defaults {
                any = true;
                let mut spans = vec![Span::plain("default ")];
                if let Some(gateway) = route.gateway {
                    spans.push(Span::plain("via "));
                    spans.push(Span::new(gateway.to_string(), Role::Address));
                }
                if let Some(oif) = route.oif {
                    spans.push(Span::plain(" dev "));
                    spans.push(names::link_span(scene, (route.netns, oif)));
                }
                page.spans(spans, 2);
            }
            if !any {
                page.note("no default route: it reaches its own subnets only");
            }
        }
        Fact::Unknown { unknown } => page.missing("routes", unknown),
    }
}
