//! All that is known of one interface, as a page: what `ip -d -s link` and `bridge link` say, with names for indices.

use super::{Page, format, glyph, names, word};
use crate::analysis::wiring::LinkKey;
use crate::app::Scene;
use crate::model::{Link, Peer};
use crate::theme::Role;
use crate::views::content::{Content, Span};

/// What up, down and the words between say.
pub fn state_role(link: &Link) -> Role {
    match link.operstate.as_str() {
        "up" => Role::Good,
        "unknown" if link.is_up => Role::Text,
        "down" | "lowerlayerdown" | "notpresent" => Role::Bad,
        _ => Role::Notice,
    }
}

/// Addresses of an interface, separated by commas.
pub fn addresses(link: &Link) -> Vec<Span> {
    let mut spans = Vec::new();
    for address in &link.addresses {
        if !spans.is_empty() {
            spans.push(Span::plain(", "));
        }
        spans.push(Span::new(address.cidr.to_string(), Role::Address));
    }
    spans
}

/// The other end of a link, followed as far as it is known.
pub fn peer(scene: &Scene, link: &Link, peer: &Peer) -> Vec<Span> {
    match peer.netns.get() {
        Some(inode) => {
            let key = (inode, peer.ifindex);
            let mut spans =
                vec![names::link_span(scene, key), Span::new(format!(" (if{}) in ", peer.ifindex), Role::Dim)];
            if inode == link.netns {
                spans.push(Span::plain("the same netns"));
            } else {
                spans.extend(names::netns(scene, inode));
            }
            spans
        }
        None => vec![Span::plain(format!("if{} in ", peer.ifindex)), Span::unknown(), Span::plain(" netns")],
    }
}

/// The page of an interface.
pub fn page(scene: &Scene, key: LinkKey, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(link) = scene.snapshot.link(key.0, key.1) else {
        page.say("This interface is gone, or its namespace can't be read.", Role::Notice);
        return page.finish();
    };
    identity(&mut page, scene, link);
    joins(&mut page, scene, link);
    counters(&mut page, scene, key);
    kind_settings(&mut page, link);
    page.finish()
}

fn identity(page: &mut Page, scene: &Scene, link: &Link) {
    page.line(crate::views::content::Line::of([
        Span::outside(&link.name, Role::Device),
        Span::new(format!("  if{}  ", link.ifindex), Role::Dim),
        word(&link.kind, Role::Text),
        Span::plain("  "),
        word(&link.operstate, state_role(link)),
    ]));
    if let Some(alias) = &link.alias {
        page.field("alias", [Span::outside(alias, Role::Text)]);
    }
    page.field("netns", names::netns(scene, link.netns));
    page.text("mac", if link.mac.0.is_empty() { "none".to_owned() } else { link.mac.to_string() });
    page.text("mtu", link.mtu.to_string());
    let mut flags = vec![if link.is_up { "UP" } else { "not UP" }];
    if link.is_promisc {
        flags.push("PROMISC");
    }
    page.text("flags", flags.join(", "));
    if link.promiscuity > 0 {
        page.text("promiscuity", link.promiscuity.to_string());
    }
    if link.addresses.is_empty() {
        page.field("addresses", [Span::new("none", Role::Dim)]);
    }
    for address in &link.addresses {
        let scope = Span::new(format!("  scope {}", crate::text::clean_line(&address.scope)), Role::Dim);
        page.field("address", [Span::new(address.cidr.to_string(), Role::Address), scope]);
    }
}

fn joins(page: &mut Page, scene: &Scene, link: &Link) {
    page.heading("joined to");
    let key = (link.netns, link.ifindex);
    let before = page.len();
    if let Some(other) = &link.peer {
        let label = if link.kind == "veth" { "veth peer" } else { "lower link" };
        let subject = other.netns.get().map(|inode| names::link_subject((inode, other.ifindex)));
        page.field_to(label, peer(scene, link, other), subject);
        if let Some(gap) = other.netns.why() {
            page.missing("namespace of the other end", gap);
        }
    }
    if let Some(master) = link.master {
        let master = (link.netns, master);
        page.field_to("port of", [names::link_span(scene, master)], Some(names::link_subject(master)));
    }
    let wiring = &scene.report.wiring;
    if let Some(attachment) = wiring.attachment(key) {
        page.field("container", names::containers(scene, &attachment.containers));
        if let Some(network) = &attachment.network {
            page.field("network", [names::network(scene, network)]);
        }
    }
    if let Some(network) = wiring.network_of.get(&key) {
        page.field("carries", [Span::plain("network "), names::network(scene, network)]);
    }
    if let Some(ports) = wiring.ports_of.get(&key) {
        let mut spans = Vec::new();
        for port in ports {
            if !spans.is_empty() {
                spans.push(Span::plain(", "));
            }
            spans.push(names::link_span(scene, *port));
        }
        page.field("ports", spans);
    }
    if page.len() == before {
        page.note("nothing that is known");
    }
}

fn counters(page: &mut Page, scene: &Scene, key: LinkKey) {
    page.heading("traffic, from this interface's own side");
    let (rx, tx) = glyph::directions(scene.prefs.ascii);
    if let Some(rates) = scene.report.rates.link(key.0, key.1) {
        page.field(
            "now",
            [
                Span::new(format!("{rx} {}", rates.rx_rate.map_or("?".to_owned(), format::rate)), Role::Rx),
                Span::new(format!("  {tx} {}", rates.tx_rate.map_or("?".to_owned(), format::rate)), Role::Tx),
            ],
        );
    }
    let Some(sample) = scene.snapshot.link_sample(key.0, key.1) else {
        page.field("counters", [Span::unknown(), Span::new(" not read", Role::Dim)]);
        return;
    };
    let c = sample.counters;
    let row = |bytes: u64, packets: u64, errors: u64, drops: u64| {
        let role = if errors + drops > 0 { Role::Notice } else { Role::Dim };
        let count = |n: u64| format::count(u128::from(n));
        [
            Span::plain(format!("{}, {} packets", format::traffic(bytes), count(packets))),
            Span::new(format!(", {} errors, {} dropped", count(errors), count(drops)), role),
        ]
    };
    page.field("received", row(c.rx_bytes, c.rx_packets, c.rx_errors, c.rx_dropped));
    page.field("sent", row(c.tx_bytes, c.tx_packets, c.tx_errors, c.tx_dropped));
}

fn kind_settings(page: &mut Page, link: &Link) {
    let yes = |b: bool| if b { "yes" } else { "no" };
    if let Some(bridge) = &link.bridge {
        page.heading("bridge");
        bridge_lines(page, bridge);
    }
    if let Some(port) = &link.port {
        page.heading("bridge port");
        page.field("state", [word(&port.state, Role::Text)]);
        page.text("cost", port.cost.to_string());
        page.text("isolated", yes(port.isolated));
        page.text("hairpin", yes(port.hairpin));
        page.text("learning", yes(port.learning));
    }
    if !link.details.is_empty() {
        page.heading(format!("{} settings", crate::text::clean_line(&link.kind)));
        for (name, value) in &link.details {
            page.field(&crate::text::clean_line(name), [word(value, Role::Text)]);
        }
    }
}

/// Settings of a bridge.
pub fn bridge_lines(page: &mut Page, bridge: &crate::model::Bridge) {
    let yes = |b: bool| if b { "yes" } else { "no" };
    page.field("bridge id", [word(&bridge.bridge_id, Role::Text)]);
    let root = if bridge.root_id == bridge.bridge_id { " (this bridge)" } else { "" };
    page.field("root id", [word(&bridge.root_id, Role::Text), Span::new(root, Role::Dim)]);
    page.text(
        "stp",
        match bridge.stp_state {
            0 => "off".to_owned(),
            1 => "on (kernel)".to_owned(),
            2 => "on (user space)".to_owned(),
            other => format!("{other}"),
        },
    );
    page.text("ageing", format!("{:.0} s", f64::from(bridge.ageing_cs) / 100.0));
    page.text("vlan filter", yes(bridge.vlan_filtering));
    if let Some(pvid) = bridge.default_pvid {
        page.text("default vlan", pvid.to_string());
    }
    page.text("mcast snoop", yes(bridge.mcast_snooping));
    page.text("nf iptables", yes(bridge.nf_call_iptables));
    page.text("nf ip6tables", yes(bridge.nf_call_ip6tables));
}
