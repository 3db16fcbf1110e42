//! Cells, keys and fields of one port.

use crate::analysis::PortRow;
use crate::app::Scene;
use crate::model::{Fact, Proto, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, glyph, mark, names, word};
use std::net::IpAddr;

/// `address:port`, an IPv6 address in brackets, every address as `*`.
fn bound(ip: Option<IpAddr>, port: Option<u16>) -> String {
    let port = port.map_or("?".to_owned(), |p| p.to_string());
    match ip {
        None => format!("*:{port}"),
        Some(IpAddr::V4(ip)) if ip.is_unspecified() => format!("*:{port}"),
        Some(IpAddr::V6(ip)) if ip.is_unspecified() => format!("[::]:{port}"),
        Some(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
        Some(IpAddr::V4(ip)) => format!("{ip}:{port}"),
    }
}

/// Where the port is bound: on the host when it is published (or the host's own), else inside.
pub fn bind(row: &PortRow) -> String {
    match row.host_port {
        Some(port) => bound(row.host_ip, Some(port)),
        None => bound(row.listens_on.or(row.container_ip), row.container_port),
    }
}

/// The path a connection takes, in a word or two.
pub fn path(row: &PortRow) -> (String, Role) {
    if row.is_wanted_only {
        return ("not in force".to_owned(), Role::Notice);
    }
    if row.host_port.is_none() {
        return ("not published".to_owned(), Role::Dim);
    }
    if row.container.is_none() && row.listener.why().is_some() {
        // It may be the proxy of a container.
        return ("?".to_owned(), Role::Unknown);
    }
    if row.container.is_none() {
        return ("direct".to_owned(), Role::Text);
    }
    match (row.dnat.get(), row.proxy_pid.known()) {
        (Some(true), Some(Some(pid))) => (format!("both, proxy {pid}"), Role::Text),
        (Some(true), Some(None)) => ("DNAT".to_owned(), Role::Text),
        (Some(true), None) => ("DNAT, proxy ?".to_owned(), Role::Text),
        (Some(false), Some(Some(pid))) => (format!("proxy {pid}"), Role::Text),
        (Some(false), Some(None)) => ("none".to_owned(), Role::Notice),
        (None, Some(Some(pid))) => (format!("proxy {pid}, DNAT ?"), Role::Text),
        _ => ("?".to_owned(), Role::Unknown),
    }
}

/// Who answers, as pieces.
pub fn listener(row: &PortRow) -> Vec<Span> {
    match &row.listener {
        Fact::Known(Some(process)) => {
            let mut spans =
                vec![Span::outside(&process.process, Role::Name), Span::new(format!(" {}", process.pid), Role::Dim)];
            if row.listens_on_loopback_only && row.host_port.is_some() && row.container.is_some() {
                spans.push(Span::new(" on loopback", Role::Notice));
            }
            spans
        }
        Fact::Known(None) => vec![Span::new("nobody", Role::Notice)],
        Fact::Unknown { .. } => vec![Span::unknown()],
    }
}

/// A cell of a port.
pub fn cell(scene: &Scene, row: &PortRow, column: &str) -> Cell {
    match column {
        "bind" => {
            let mut cell = Cell::new(bind(row), Role::Address);
            let mark = mark::of(scene, &Subject::Port { key: row.key.clone() });
            cell.spans.extend(mark.into_iter().flat_map(|m| [Span::plain(" "), m]));
            cell
        }
        "proto" => Cell::new(row.proto.as_str(), if row.proto == Proto::Tcp { Role::Dim } else { Role::Text }),
        "name" if row.container.is_none() => {
            Cell::of([Span::new("host: ", Role::Dim), Span::outside(&row.name, Role::Name)])
        }
        "name" => Cell::outside(&row.name, Role::Name),
        "container-port" => row.container_port.map_or(Cell::none(), |port| Cell::new(port.to_string(), Role::Text)),
        "exposure" => {
            let (sign, word, role) = glyph::exposure(row.exposure, scene.prefs.ascii);
            Cell::new(format!("{sign} {word}"), role)
        }
        "path" => {
            let (text, role) = path(row);
            // The pid is in the full text and in the detail; here it would be cut.
            Cell::new(if text.starts_with("both") { "both".to_owned() } else { text }, role)
        }
        "listener" => Cell { spans: listener(row) },
        "conflicts" => match row.conflicts.as_slice() {
            [] => Cell::none(),
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(" +{}", rest.len()) };
                Cell::of([
                    Span::new(format!("{} ", glyph::warning(scene.prefs.ascii)), Role::Bad),
                    Span::outside(&first.holder, Role::Bad),
                    Span::new(more, Role::Bad),
                ])
            }
        },
        "network" => row.network.as_ref().map(|n| Cell::outside(n, Role::Network)).unwrap_or_default(),
        "container-ip" => row.container_ip.map_or(Cell::none(), |ip| Cell::new(ip.to_string(), Role::Address)),
        _ => Cell::none(),
    }
}

/// A port in one line: for the pages of others and for the full text.
pub fn line(scene: &Scene, row: &PortRow) -> Vec<Span> {
    let (sign, exposure, role) = glyph::exposure(row.exposure, scene.prefs.ascii);
    let (path, path_role) = path(row);
    let mut spans = vec![
        Span::new(format!("{sign} "), role),
        Span::new(format!("{}/{}", bind(row), row.proto), Role::Address),
        Span::new(format!("  {exposure}"), role),
    ];
    if let (Some(_), Some(port)) = (row.host_port, row.container_port) {
        spans.push(Span::new(format!(" {} ", glyph::arrow(scene.prefs.ascii)), Role::Dim));
        spans.push(Span::outside(&row.name, Role::Name));
        spans.push(Span::plain(format!(" port {port}")));
    }
    spans.push(Span::new("  path ", Role::Dim));
    spans.push(Span::new(path, path_role));
    spans.push(Span::new("  listener ", Role::Dim));
    spans.extend(listener(row));
    for conflict in &row.conflicts {
        spans.push(Span::new("  conflict with ", Role::Bad));
        spans.push(Span::outside(&conflict.holder, Role::Bad));
    }
    spans
}

/// What a port sorts by.
pub fn sort_key(scene: &Scene, row: &PortRow, column: &str) -> SortKey {
    match column {
        "bind" => figure::key(row.host_port.or(row.container_port).map(f64::from)),
        "container-port" => figure::key(row.container_port.map(f64::from)),
        "container-ip" => figure::address_key(row.container_ip),
        "exposure" => SortKey::Number(f64::from(row.exposure as u8)),
        "conflicts" => SortKey::Number(-(row.conflicts.len() as f64)),
        other => field(scene, row, other).map_or(SortKey::Unknown, |text| figure::text_key(&text)),
    }
}

/// Raw text of a field.
pub fn field(scene: &Scene, row: &PortRow, field: &str) -> Option<String> {
    let owner = row.listener.known().and_then(|l| l.as_ref());
    Some(match field {
        "bind" => bind(row),
        "proto" => row.proto.as_str().to_owned(),
        "name" => row.name.raw().to_owned(),
        "container" => row.container.as_ref().map_or(String::new(), |id| names::container_raw(scene, id).to_owned()),
        "port" => [row.host_port, row.container_port]
            .into_iter()
            .flatten()
            .map(|p| p.to_string())
            .collect::<Vec<_>>()
            .join(" "),
        "container-port" => row.container_port.map_or(String::new(), |p| p.to_string()),
        "ip" => {
            [row.host_ip, row.container_ip].into_iter().flatten().map(|p| p.to_string()).collect::<Vec<_>>().join(" ")
        }
        "container-ip" => row.container_ip.map_or(String::new(), |ip| ip.to_string()),
        "exposure" => glyph::exposure(row.exposure, true).1.to_owned(),
        "path" => path(row).0,
        "listener" | "process" => owner.map_or(String::new(), |l| l.process.raw().to_owned()),
        "pid" => owner.map_or(String::new(), |l| l.pid.to_string()),
        "conflicts" => row.conflicts.iter().map(|c| c.holder.raw()).collect::<Vec<_>>().join(" "),
        "network" => row.network.as_ref().map_or(String::new(), |n| n.raw().to_owned()),
        _ => return None,
    })
}

/// A rule as a span: rules quote names that others chose.
pub fn rule(text: &str) -> Span {
    word(text, Role::Text)
}
