//! Cells and sort keys of one container.

use super::figures;
use crate::analysis::{Exposure, Metric};
use crate::app::Scene;
use crate::model::{Container, NetworkMode, Owner, State, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, format, glyph, limit, mark, names, word};

/// Role of what the engine says: stale when it has not answered for a while.
pub fn engine_role(scene: &Scene, container: &Container, role: Role) -> Role {
    if container.owner == Owner::Engine && scene.snapshot.engine_is_stale() { Role::Stale } else { role }
}

/// A cell of a container.
pub fn cell(scene: &Scene, container: &Container, column: &str) -> Cell {
    match column {
        "name" => name(scene, container),
        "state" => state(scene, container),
        "health" => health(scene, container),
        "ports" => ports(scene, container),
        "networks" => networks(scene, container),
        "traffic-limit" => Cell { spans: limit::of_container(scene, &container.id) },
        "image" => Cell::outside(&container.image, engine_role(scene, container, Role::Text)),
        "id" => Cell { spans: vec![word(container.id.short(), Role::Dim)] },
        "project" => container.compose.as_ref().map(|c| Cell::outside(&c.project, Role::Text)).unwrap_or_default(),
        "service" => container
            .compose
            .as_ref()
            .and_then(|c| c.service.as_ref())
            .map(|s| Cell::outside(s, Role::Text))
            .unwrap_or_default(),
        "exit" => match container.exit_code {
            Some(code) => Cell::new(code.to_string(), if code == 0 { Role::Dim } else { Role::Bad }),
            None => Cell::none(),
        },
        _ if figures::is_live_column(column) && !figures::is_live(scene, container) => Cell::none(),
        _ => live(scene, container, column),
    }
}

fn live(scene: &Scene, container: &Container, column: &str) -> Cell {
    let value = figures::number(scene, container, column);
    let percent = |v: f64| if v >= 999.5 { format!("{v:.0}") } else { format!("{v:.1}") };
    match column {
        "uptime" => value.map_or(Cell::none(), |s| {
            Cell::new(format::short_duration(s as i64), engine_role(scene, container, Role::Text))
        }),
        "restarts" => figure::cell(value, Role::Notice, |v| format!("{v:.0}")),
        "cpu" => figure::cell(value, Role::Cpu, percent),
        "cpu-graph" => {
            let points = scene.history.recent(&container.id, Metric::Cpu, 12);
            Cell::new(format!("{:>12}", glyph::spark(&points, 100.0, scene.prefs.ascii)), Role::Cpu)
        }
        "throttled" => throttled(scene, container, value),
        "memory" => figure::memory(value),
        "cache" => figure::memory(value),
        "limit" => limit(scene, container, value),
        "memory-percent" => {
            let role = if value.is_some_and(|v| v >= 90.0) { Role::Bad } else { Role::Memory };
            figure::cell(value, role, percent)
        }
        "rx" | "rx-total" => shared(scene, container, figure::traffic(value, Role::Rx)),
        "tx" | "tx-total" => shared(scene, container, figure::traffic(value, Role::Tx)),
        "read" | "write" => figure::traffic(value, Role::Io),
        "pids" => pids(scene, container, value),
        "oom" => figure::cell(value, Role::Bad, |v| format!("{v:.0}")),
        "pressure-cpu" | "pressure-memory" | "pressure-io" => {
            let role = if value.is_some_and(|v| v >= 10.0) { Role::Notice } else { Role::Text };
            figure::cell(value, role, percent)
        }
        _ => Cell::none(),
    }
}

fn name(scene: &Scene, container: &Container) -> Cell {
    let sign = glyph::state(&container.state, scene.prefs.ascii);
    let mut spans = vec![
        Span::new(format!("{sign} "), engine_role(scene, container, glyph::state_role(container))),
        Span::outside(&container.name, Role::Name),
    ];
    spans.extend(
        mark::of(scene, &Subject::Container { id: container.id.clone() })
            .into_iter()
            .flat_map(|m| [Span::plain(" "), m]),
    );
    if limit::has_any(scene, &container.id) {
        let is_lost = scene.report.traffic.lost_of(&container.id).next().is_some();
        let gone = if is_lost { " gone" } else { "" };
        let role = if is_lost { Role::Bad } else { Role::Info };
        spans.push(Span::new(format!(" {}{gone}", limit::sign(scene.prefs.ascii)), role));
    }
    match &container.owner {
        Owner::Engine => {}
        Owner::Unowned { looks_like } => {
            spans.push(Span::new(format!(" ({}?)", crate::text::clean_line(looks_like)), Role::Notice));
        }
        Owner::Unknown => spans.push(Span::new(" (no engine)", Role::Notice)),
    }
    Cell::of(spans)
}

fn state(scene: &Scene, container: &Container) -> Cell {
    let mut text = crate::text::clean_line(container.state.as_str()).into_owned();
    if let (State::Exited, Some(code)) = (&container.state, container.exit_code) {
        // As short as the column at its narrowest; 137 is what an OOM kill of the main process leaves.
        text = match (container.oom_killed, code) {
            (true, 137) => "exited OOM".to_owned(),
            (true, code) => format!("exit {code} OOM"),
            (false, code) => format!("exited {code}"),
        };
    }
    let mut role = glyph::state_role(container);
    if container.state == State::Running && container.health.as_ref().is_some_and(|h| h.status == "unhealthy") {
        (text, role) = ("unhealthy".to_owned(), Role::Bad);
    }
    let role = engine_role(scene, container, role);
    if role == Role::Stale {
        text.push('~');
    }
    Cell::new(text, role)
}

fn health(scene: &Scene, container: &Container) -> Cell {
    match &container.health {
        None => Cell::none(),
        Some(health) => {
            Cell { spans: vec![word(&health.status, engine_role(scene, container, glyph::health_role(health)))] }
        }
    }
}

fn throttled(scene: &Scene, container: &Container, value: Option<f64>) -> Cell {
    // Without a quota there are no periods: nothing to say. With one, a missing share is unknown.
    let quota = scene.snapshot.kernel_of(&container.id).and_then(|k| k.limits.cpu.known());
    match (value, quota) {
        (None, Some(None)) => Cell::none(),
        (None, None) if container.config.known().is_some_and(|c| c.nano_cpus == 0 && c.cpu_quota_us <= 0) => {
            Cell::none()
        }
        _ => figure::cell(value, if value.is_some_and(|v| v >= 5.0) { Role::Notice } else { Role::Text }, |v| {
            format!("{v:.1}")
        }),
    }
}

fn limit(scene: &Scene, container: &Container, value: Option<f64>) -> Cell {
    match (value, scene.report.rates.container(&container.id)) {
        (Some(_), _) => figure::cell(value, Role::Text, format::short_memory),
        (None, Some(rates)) if !rates.is_memory_limited && rates.memory_limit_bytes.is_some() => {
            Cell::new("none", Role::Dim)
        }
        _ => Cell::unknown(),
    }
}

fn pids(scene: &Scene, container: &Container, value: Option<f64>) -> Cell {
    let limit = scene.snapshot.sample(&container.id).and_then(|s| s.pids_limit.get());
    match (value, limit) {
        (None, _) => Cell::unknown(),
        (Some(pids), Some(limit)) if limit > 0 => {
            let role = if pids >= limit as f64 * 0.9 { Role::Bad } else { Role::Text };
            Cell::of([Span::new(format!("{pids:.0}"), role), Span::new(format!("/{limit}"), Role::Dim)])
        }
        (Some(pids), _) => Cell::new(format!("{pids:.0}"), Role::Text),
    }
}

/// Puts figures of a shared namespace in parentheses: they count for another row too.
fn shared(scene: &Scene, container: &Container, cell: Cell) -> Cell {
    if !figures::is_network_shared(scene, container) || cell.spans.is_empty() || cell == Cell::unknown() {
        return cell;
    }
    Cell::new(format!("({})", cell.text()), Role::Dim)
}

/// Published ports as pieces, one for each: `:8080→80`.
pub fn published(scene: &Scene, container: &Container) -> Vec<String> {
    let arrow = glyph::arrow(scene.prefs.ascii);
    let mut out: Vec<String> = Vec::new();
    for port in &container.ports {
        let Some(host_port) = port.host_port else { continue };
        let address = match port.host_ip {
            None => String::new(),
            Some(ip) if ip.is_unspecified() => String::new(),
            Some(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
            Some(ip) => ip.to_string(),
        };
        let proto = if port.proto == crate::model::Proto::Tcp { String::new() } else { format!("/{}", port.proto) };
        let text = format!("{address}:{host_port}{arrow}{}{proto}", port.container_port);
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

fn ports(scene: &Scene, container: &Container) -> Cell {
    let mut spans = Vec::new();
    for text in published(scene, container) {
        if !spans.is_empty() {
            spans.push(Span::plain(" "));
        }
        // Without an address before the colon it is bound on every one. An address is told by its sign, so that the
        // port is not cut off behind it; the full text and the ports view have it in full.
        let (address, port) = text.rsplit_once(':').unwrap_or(("", &text));
        let exposure = match address {
            "" => Exposure::AllInterfaces,
            one if one.starts_with("127.") || one == "[::1]" => Exposure::Loopback,
            _ => Exposure::Address,
        };
        let sign = if address.is_empty() { "" } else { glyph::exposure(exposure, scene.prefs.ascii).0 };
        let role = if address.is_empty() { Role::Notice } else { Role::Text };
        spans.push(Span::new(format!("{sign}:{port}"), engine_role(scene, container, role)));
    }
    Cell::of(spans)
}

fn networks(scene: &Scene, container: &Container) -> Cell {
    match &container.network_mode {
        NetworkMode::Host => return Cell::new("host network", Role::Notice),
        NetworkMode::None => return Cell::new("none", Role::Dim),
        NetworkMode::Container(owner) => {
            return Cell::of([Span::new("shares ", Role::Dim), names::container(scene, owner)]);
        }
        NetworkMode::Networks | NetworkMode::Unknown => {}
    }
    let mut spans = Vec::new();
    for endpoint in &container.endpoints {
        if !spans.is_empty() {
            spans.push(Span::plain(", "));
        }
        spans.push(Span::outside(&endpoint.network, engine_role(scene, container, Role::Network)));
        if let Some(cidr) = endpoint.ipv4.or(endpoint.ipv6) {
            spans.push(Span::new(format!(" {}", cidr.addr), Role::Address));
        }
    }
    if !spans.is_empty() {
        return Cell::of(spans);
    }
    // What the engine does not say, the kernel's addresses do.
    let addresses = scene
        .report
        .wiring
        .attachments_of(&container.id)
        .filter_map(|a| scene.snapshot.link(a.link.0, a.link.1))
        .flat_map(|link| link.addresses.iter().filter(|a| a.scope == "global").map(|a| a.cidr.addr.to_string()));
    Cell::new(addresses.collect::<Vec<_>>().join(", "), Role::Address)
}

/// What a container sorts by under a column.
pub fn sort_key(scene: &Scene, container: &Container, column: &str) -> SortKey {
    match column {
        "name" => SortKey::Text(container.name.raw().to_lowercase()),
        "state" => figure::text_key(container.state.as_str()),
        "health" => figure::text_key(container.health.as_ref().map_or("", |h| &h.status)),
        "image" => figure::text_key(container.image.raw()),
        "id" => SortKey::Text(container.id.as_str().to_owned()),
        "project" => figure::text_key(container.compose.as_ref().map_or("", |c| c.project.raw())),
        "service" => {
            figure::text_key(container.compose.as_ref().and_then(|c| c.service.as_ref()).map_or("", |s| s.raw()))
        }
        "networks" => figure::address_key(container.endpoints.iter().find_map(|e| e.ipv4.or(e.ipv6)).map(|c| c.addr)),
        "ports" => {
            let first = container.ports.iter().filter_map(|p| p.host_port).min();
            figure::key(first.map(f64::from))
        }
        "traffic-limit" => figure::text_key(&cell(scene, container, column).text()),
        "cpu-graph" => figure::key(figures::number(scene, container, "cpu")),
        _ => figure::key(figures::number(scene, container, column)),
    }
}
