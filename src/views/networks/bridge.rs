//! A bridge as `brctl show`, `bridge link` and `bridge fdb` would show it together, with the container at each port.

use crate::analysis::LinkKey;
use crate::app::Scene;
use crate::model::FdbEntry;
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, link, names, word};

/// The page: the bridge, its ports, its forwarding database, then its settings.
pub fn content(scene: &Scene, key: LinkKey, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(found) = scene.snapshot.link(key.0, key.1) else {
        page.say("This bridge is gone.", Role::Notice);
        return page.finish();
    };
    let mut head = vec![
        Span::outside(&found.name, Role::Device),
        Span::plain("  "),
        word(&found.operstate, link::state_role(found)),
    ];
    if let Some(bridge) = &found.bridge {
        head.push(Span::plain(if bridge.stp_state > 0 { "  stp on" } else { "  stp off" }));
        head.push(Span::new(format!("  id {}", crate::text::clean_line(&bridge.bridge_id)), Role::Dim));
    }
    page.field("bridge", head);
    match scene.report.wiring.network_of.get(&key) {
        Some(id) => {
            let subject = crate::model::Subject::Network { id: id.clone() };
            page.field_to(
                "made by",
                [Span::plain("the engine, for network "), names::network(scene, id)],
                Some(subject),
            );
        }
        None if super::rows::is_away(scene, found) => {
            page.field("made by", [Span::new("the engine, by its name; it does not answer", Role::Stale)]);
        }
        None => page.field("made by", [Span::new("no engine answers for it", Role::Notice)]),
    }
    if !found.addresses.is_empty() {
        page.field("addresses", link::addresses(found));
    }
    ports(&mut page, scene, key);
    fdb_lines(&mut page, scene, key);
    settings(&mut page, scene, key);
    page.field("netns", names::netns(scene, key.0));
    page.text("mac", found.mac.to_string());
    page.text("mtu", found.mtu.to_string());
    page.finish()
}

/// Settings and ports of a bridge, as a section of a page.
pub fn section(page: &mut Page, scene: &Scene, key: LinkKey) {
    settings(page, scene, key);
    ports(page, scene, key);
}

fn settings(page: &mut Page, scene: &Scene, key: LinkKey) {
    if let Some(bridge) = scene.snapshot.link(key.0, key.1).and_then(|l| l.bridge.as_ref()) {
        page.heading("bridge");
        link::bridge_lines(page, bridge);
    }
}

fn ports(page: &mut Page, scene: &Scene, key: LinkKey) {
    page.heading("ports of the bridge");
    let mut grid = Grid::new(&["port", "state", ">cost", "flags", "leads to", "address"]);
    for port in scene.report.wiring.ports_of.get(&key).into_iter().flatten() {
        let Some(end) = scene.snapshot.link(port.0, port.1) else { continue };
        let settings = end.port.as_ref();
        let attachment = scene.report.wiring.attachment(*port);
        let to = match attachment {
            Some(a) if !a.containers.is_empty() => names::containers(scene, &a.containers),
            Some(a) => names::netns(scene, a.link.0),
            None => vec![Span::new(format!("{} of this namespace", crate::text::clean_line(&end.kind)), Role::Dim)],
        };
        let inner = attachment.and_then(|a| scene.snapshot.link(a.link.0, a.link.1));
        let mut flags = Vec::new();
        if settings.is_some_and(|p| p.isolated) {
            flags.push("isolated");
        }
        if settings.is_some_and(|p| p.hairpin) {
            flags.push("hairpin");
        }
        if settings.is_some_and(|p| !p.learning) {
            flags.push("no learning");
        }
        grid.row_to(
            names::link_subject(*port),
            [
                Cell::outside(&end.name, Role::Device),
                settings.map_or(Cell::unknown(), |p| Cell { spans: vec![word(&p.state, port_role(&p.state))] }),
                settings.map_or(Cell::unknown(), |p| Cell::new(p.cost.to_string(), Role::Dim)),
                Cell::new(flags.join(" "), Role::Notice),
                Cell { spans: to },
                Cell { spans: inner.map(link::addresses).unwrap_or_default() },
            ],
        );
    }
    if grid.is_empty() {
        page.note("none");
        return;
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
}

fn port_role(state: &str) -> Role {
    match state {
        "forwarding" => Role::Good,
        "disabled" | "blocking" => Role::Bad,
        _ => Role::Notice,
    }
}

/// The page of the forwarding database.
pub fn fdb(scene: &Scene, key: LinkKey, width: u16) -> Content {
    let mut page = Page::new(width);
    fdb_lines(&mut page, scene, key);
    page.finish()
}

fn fdb_lines(page: &mut Page, scene: &Scene, key: LinkKey) {
    page.heading("forwarding database");
    let is_mine = |e: &&FdbEntry| e.netns == key.0 && (e.bridge == Some(key.1) || e.port == key.1);
    let mut grid = Grid::new(&["mac", "port", "vlan", "state", "belongs to"]);
    // What was learnt says who is there; groups, and the devices' own addresses, say little.
    let mut entries: Vec<&FdbEntry> = scene.snapshot.fdb.iter().filter(is_mine).collect();
    entries.sort_by_key(|e| (e.mac.0.first().is_some_and(|byte| byte & 1 == 1), e.state == "permanent"));
    for entry in entries {
        let port = (entry.netns, entry.port);
        let owner = owner_of(scene, entry);
        let mut state = vec![word(&entry.state, Role::Dim)];
        if let Some(dst) = entry.dst {
            state.push(Span::new(format!(" to {dst}"), Role::Address));
        }
        grid.row_to(
            names::link_subject(port),
            [
                Cell::new(entry.mac.to_string(), Role::Text),
                Cell { spans: vec![names::link_span(scene, port)] },
                entry.vlan.map_or(Cell::none(), |v| Cell::new(v.to_string(), Role::Text)),
                Cell { spans: state },
                Cell { spans: owner },
            ],
        );
    }
    if grid.is_empty() {
        let ours = scene.snapshot.our_netns() == Some(key.0);
        page.note(if ours {
            "No entry is held. It is read while this page is open; an empty one means that nothing was learnt."
        } else {
            "Not read: only bridges of this network namespace are."
        });
        return;
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
}

/// Whose address an entry is: a container's, or the device's own.
fn owner_of(scene: &Scene, entry: &FdbEntry) -> Vec<Span> {
    let by_mac =
        scene.report.wiring.attachments.iter().find(|a| {
            scene.snapshot.link(a.link.0, a.link.1).is_some_and(|l| l.mac == entry.mac && !l.mac.0.is_empty())
        });
    if let Some(attachment) = by_mac.filter(|a| !a.containers.is_empty()) {
        return names::containers(scene, &attachment.containers);
    }
    let own = scene.snapshot.links_in(entry.netns).iter().find(|l| l.mac == entry.mac);
    if let Some(link) = own {
        return vec![Span::outside(&link.name, Role::Device), Span::new(" itself", Role::Dim)];
    }
    // Multicast groups (the lowest bit of the first byte) belong to nobody.
    if entry.mac.0.first().is_some_and(|byte| byte & 1 == 1) {
        return vec![Span::new("multicast", Role::Dim)];
    }
    vec![Span::new("not known", Role::Notice)]
}
