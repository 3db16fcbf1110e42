//! Pages of a port: the path of a connection step by step, conflicts, findings.

use super::cells;
use crate::analysis::{Exposure, PortRow};
use crate::app::Scene;
use crate::model::{Fact, Subject};
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, glyph, mark, names, word};

/// The path of a connection from outside to the process.
pub fn path(scene: &Scene, row: &PortRow, width: u16) -> Content {
    let mut page = Page::new(width);
    head(&mut page, scene, row);
    if row.host_port.is_some() && row.container.is_some() {
        page.heading("the path of a connection");
        steps(&mut page, scene, row);
    }
    page.heading("who answers");
    answers(&mut page, row);
    if !row.conflicts.is_empty() {
        page.heading("in the way");
        conflict_lines(&mut page, row);
    }
    meaning(&mut page, row);
    page.finish()
}

fn head(page: &mut Page, scene: &Scene, row: &PortRow) {
    let (sign, exposure, role) = glyph::exposure(row.exposure, scene.prefs.ascii);
    page.field(
        "bound to",
        [Span::new(cells::bind(row), Role::Address), Span::new(format!("  {}", row.proto), Role::Dim)],
    );
    page.field("exposure", [Span::new(format!("{sign} {exposure}"), role)]);
    match &row.container {
        Some(id) => {
            let subject = Subject::Container { id: id.clone() };
            page.field_to("container", [names::container(scene, id)], Some(subject));
        }
        None => page.field("host process", [Span::outside(&row.name, Role::Name)]),
    }
    if let Some(network) = &row.network {
        page.field("network", [Span::outside(network, Role::Network)]);
    }
    if row.is_wanted_only {
        page.say("Asked for, but not in force: the container does not run with it.", Role::Notice);
    }
}

fn meaning(page: &mut Page, row: &PortRow) {
    page.heading("what that means");
    let meaning = match row.exposure {
        Exposure::AllInterfaces => {
            "Whoever reaches any address of this host can connect, unless a rule before DNAT or in DOCKER-USER stops it. Host firewalls that filter INPUT do not see it."
        }
        Exposure::Address => "Whoever reaches that address of this host can connect.",
        Exposure::Loopback => {
            "Only this host can connect. Engines below 28.0 also let neighbours on the same network segment in by routing to 127.0.0.1's DNAT rule."
        }
        Exposure::Unpublished => {
            "Not published: only those who reach the namespace it listens in (its networks, the host) can connect."
        }
    };
    page.note(meaning);
}

fn steps(page: &mut Page, scene: &Scene, row: &PortRow) {
    let arrow = glyph::arrow(scene.prefs.ascii);
    page.spans([Span::plain("1 arrives at "), Span::new(cells::bind(row), Role::Address)], 2);
    let dnat = match &row.dnat {
        Fact::Known(true) => vec![Span::plain("2 a rule rewrites the destination:")],
        Fact::Known(false) => vec![Span::new("2 no rule rewrites the destination", Role::Notice)],
        Fact::Unknown { unknown } => {
            page.missing("DNAT rule", unknown);
            vec![Span::plain("2 a rule rewrites the destination: "), Span::unknown()]
        }
    };
    page.spans(dnat, 2);
    if let Some(rule) = &row.dnat_rule {
        page.spans([Span::plain("    "), cells::rule(rule)], 6);
    }
    let proxy = match &row.proxy_pid {
        Fact::Known(Some(pid)) if row.dnat.get() == Some(true) => vec![Span::plain(format!(
            "3 what no rule catches (from this host itself) goes through docker-proxy, pid {pid}"
        ))],
        Fact::Known(Some(pid)) => vec![Span::plain(format!(
            "3 docker-proxy carries it in user space, pid {pid}; the container sees the proxy's address as the client"
        ))],
        Fact::Known(None) => vec![Span::new("3 no proxy process", Role::Dim)],
        Fact::Unknown { unknown } => {
            page.missing("proxy process", unknown);
            vec![Span::plain("3 proxy process: "), Span::unknown()]
        }
    };
    page.spans(proxy, 2);
    let to = row.container_ip.map_or("?".to_owned(), |ip| ip.to_string());
    let port = row.container_port.map_or("?".to_owned(), |p| p.to_string());
    page.spans(
        [
            Span::plain(format!("4 {arrow} ")),
            Span::new(format!("{to} port {port}"), Role::Address),
            Span::plain(" in the container"),
        ],
        2,
    );
    if row.dnat.get() == Some(false) && matches!(row.proxy_pid, Fact::Known(None)) {
        page.say("Neither a rule nor a proxy carries it: a connection from outside does not arrive.", Role::Bad);
    }
}

fn answers(page: &mut Page, row: &PortRow) {
    match &row.listener {
        Fact::Known(Some(process)) => {
            page.field(
                "process",
                [Span::outside(&process.process, Role::Name), Span::new(format!("  pid {}", process.pid), Role::Dim)],
            );
        }
        Fact::Known(None) => page.field("process", [Span::new("nobody listens there", Role::Notice)]),
        Fact::Unknown { unknown } => {
            page.field("process", [Span::unknown()]);
            page.missing("listener", unknown);
        }
    }
    if let Some(ip) = row.listens_on {
        page.text("listens on", ip.to_string());
    }
    if row.listens_on_loopback_only {
        let text = if row.host_port.is_some() && row.container.is_some() {
            "It listens on loopback inside its namespace only: nothing published reaches it."
        } else {
            "It listens on loopback only."
        };
        page.say(text, Role::Notice);
    }
}

fn conflict_lines(page: &mut Page, row: &PortRow) {
    for conflict in &row.conflicts {
        let mut spans = vec![Span::outside(&conflict.holder, Role::Bad)];
        if let Some(pid) = conflict.pid {
            spans.push(Span::new(format!("  pid {pid}"), Role::Dim));
        }
        spans.push(Span::plain(": "));
        spans.push(word(&conflict.reason, Role::Text));
        page.spans(spans, 2);
    }
}

/// Who else holds or wants the port.
pub fn conflicts(row: &PortRow, width: u16) -> Content {
    let mut page = Page::new(width);
    page.field("port", [Span::new(format!("{}/{}", cells::bind(row), row.proto), Role::Address)]);
    if row.conflicts.is_empty() {
        page.note("Nobody else holds or wants this port.");
    }
    conflict_lines(&mut page, row);
    page.finish()
}

/// Findings that name the port or its container.
pub fn security(scene: &Scene, row: &PortRow, width: u16) -> Content {
    let mut page = Page::new(width);
    mark::page(&mut page, scene, &Subject::Port { key: row.key.clone() });
    if let Some(id) = &row.container {
        page.heading("of its container");
        mark::page(&mut page, scene, &Subject::Container { id: id.clone() });
    }
    page.finish()
}
