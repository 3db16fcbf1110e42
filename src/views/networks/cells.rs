//! Cells and sort keys of networks and devices.

use super::rows::{self, Item};
use crate::analysis::LinkKey;
use crate::app::Scene;
use crate::model::{Network, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, figure::Sum, format, glyph, limit, link, mark, names, word};

/// Role of what the engine says of networks.
pub fn engine_role(scene: &Scene, role: Role) -> Role {
    if scene.snapshot.engine_is_stale() { Role::Stale } else { role }
}

/// A cell.
pub fn cell(scene: &Scene, item: &Item, column: &str) -> Cell {
    match item {
        Item::Heading(title) if column == "name" => {
            let count = rows::rows(scene).iter().filter(|row| belongs(title, &row.item, scene)).count();
            Cell::of([Span::new(*title, Role::Heading), Span::new(format!(" {count}"), Role::Dim)])
        }
        Item::Heading(title) if column == "notes" && *title == rows::ENGINE && !scene.report.leftovers.is_empty() => {
            let sign = glyph::warning(scene.prefs.ascii);
            Cell::new(format!("{sign} {} left over", scene.report.leftovers.len()), Role::Notice)
        }
        Item::Heading(_) => Cell::none(),
        Item::Network(id) => super::network(scene, id).map(|n| of_network(scene, n, column)).unwrap_or_default(),
        Item::Device(key) => of_device(scene, *key, column),
    }
}

fn belongs(title: &str, item: &Item, scene: &Scene) -> bool {
    match item {
        Item::Heading(_) => false,
        Item::Network(_) => title == rows::ENGINE,
        Item::Device(key) => {
            scene.snapshot.link(key.0, key.1).is_some_and(|link| rows::heading_of(scene, link) == title)
        }
    }
}

fn of_network(scene: &Scene, network: &Network, column: &str) -> Cell {
    let role = |role| engine_role(scene, role);
    let is_bridge = network.driver == "bridge";
    let device = scene.report.wiring.device_of.get(&network.id).copied();
    match column {
        "name" => {
            let mut cell = Cell::outside(&network.name, Role::Network);
            let mark = mark::of(scene, &Subject::Network { id: network.id.clone() });
            cell.spans.extend(mark.into_iter().flat_map(|m| [Span::plain(" "), m]));
            cell
        }
        "driver" => Cell { spans: vec![word(&network.driver, role(Role::Text))] },
        "device" => match (device, network.device()) {
            (Some(key), _) => Cell { spans: vec![names::link_span(scene, key)] },
            (None, Some(name)) => Cell { spans: vec![word(&name, Role::Unknown)] },
            (None, None) => Cell::none(),
        },
        "subnet" => list(network.pools.iter().map(|p| p.subnet.to_string()), role(Role::Address)),
        "gateway" => list(network.pools.iter().filter_map(|p| p.gateway).map(|g| g.to_string()), role(Role::Address)),
        "members" => match network.members.known() {
            Some(members) => figure::cell(Some(members.len() as f64), role(Role::Text), |v| format!("{v:.0}")),
            None => Cell::unknown(),
        },
        "used" => used(scene, network),
        "notes" => notes(scene, network),
        "rx" => sum(scene, network).0.cell(Role::Rx, format::short_traffic),
        "tx" => sum(scene, network).1.cell(Role::Tx, format::short_traffic),
        "internal" => figure::yes_no(Some(network.internal)),
        "icc" if is_bridge => figure::yes_no(Some(network.flag("enable_icc").unwrap_or(true))),
        "masq" if is_bridge => figure::yes_no(Some(network.flag("enable_ip_masquerade").unwrap_or(true))),
        "mtu" => match network.mtu().or_else(|| device.and_then(|k| scene.snapshot.link(k.0, k.1)).map(|l| l.mtu)) {
            Some(mtu) => Cell::new(mtu.to_string(), Role::Text),
            None => Cell::none(),
        },
        "ipv6" => figure::yes_no(Some(network.ipv6)),
        "scope" => Cell { spans: vec![word(&network.scope, Role::Dim)] },
        "id" => Cell { spans: vec![word(network.id.short(), Role::Dim)] },
        _ => Cell::none(),
    }
}

fn list(texts: impl Iterator<Item = String>, role: Role) -> Cell {
    let text = texts.collect::<Vec<_>>().join(", ");
    if text.is_empty() { Cell::none() } else { Cell::new(text, role) }
}

/// Used and available addresses of the IPv4 pools (of all pools when there is none): IPv6 pools don't fill up.
fn pool_sum(scene: &Scene, network: &Network) -> Option<(Option<u128>, u128)> {
    let pools = scene.report.pools.get(&network.id)?;
    let v4: Vec<_> = pools.iter().filter(|p| p.subnet.addr.is_ipv4()).collect();
    let counted: Vec<_> = if v4.is_empty() { pools.iter().collect() } else { v4 };
    if counted.is_empty() {
        return None;
    }
    let capacity = counted.iter().fold(0u128, |sum, p| sum.saturating_add(p.capacity));
    let used = counted.iter().map(|p| p.used.get()).try_fold(0u128, |sum, used| Some(sum.saturating_add(used?)));
    Some((used, capacity))
}

/// Role of a share of a pool: it says how near the end is.
pub fn pool_role(used: u128, capacity: u128) -> Role {
    match used.saturating_mul(100).checked_div(capacity) {
        None => Role::Bad,
        Some(share) if share >= 95 => Role::Bad,
        Some(share) if share >= 80 => Role::Notice,
        Some(_) => Role::Text,
    }
}

fn used(scene: &Scene, network: &Network) -> Cell {
    match pool_sum(scene, network) {
        None => Cell::none(),
        Some((None, _)) => Cell::unknown(),
        Some((Some(used), capacity)) => {
            let capacity_text = if capacity > 9_999_999 { "many".to_owned() } else { capacity.to_string() };
            Cell::of([
                Span::new(used.to_string(), pool_role(used, capacity)),
                Span::new(format!("/{capacity_text}"), Role::Dim),
            ])
        }
    }
}

fn notes(scene: &Scene, network: &Network) -> Cell {
    let sign = glyph::warning(scene.prefs.ascii);
    let mut spans: Vec<Span> = Vec::new();
    let mut add = |text: String, role: Role| {
        if !spans.is_empty() {
            spans.push(Span::plain("  "));
        }
        spans.push(Span::new(text, role));
    };
    let subject = Subject::Network { id: network.id.clone() };
    for leftover in scene.report.leftovers.iter().filter(|l| l.subject == subject) {
        add(format!("{sign} {}", leftover.what), Role::Bad);
    }
    if is_device_missing(scene, network) && !scene.report.leftovers.iter().any(|l| l.subject == subject) {
        add(format!("{sign} device missing"), Role::Bad);
    }
    if scene.report.pools.get(&network.id).is_some_and(|pools| pools.iter().any(|p| !p.overlaps.is_empty())) {
        add(format!("{sign} overlaps"), Role::Notice);
    }
    if let Some((Some(used), capacity)) = pool_sum(scene, network)
        && pool_role(used, capacity) != Role::Text
    {
        add(format!("{sign} pool nearly full"), pool_role(used, capacity));
    }
    if network.internal {
        add("internal".to_owned(), Role::Good);
    }
    if network.ingress {
        add("ingress".to_owned(), Role::Dim);
    }
    let device = scene.report.wiring.device_of.get(&network.id);
    for span in device.into_iter().flat_map(|key| limit::mark(scene, *key)) {
        add(span.text, span.role);
    }
    Cell { spans }
}

/// True when the engine has a bridge network whose bridge the kernel does not have, in a namespace that was read.
pub fn is_device_missing(scene: &Scene, network: &Network) -> bool {
    network.driver == "bridge"
        && !scene.snapshot.links.is_empty()
        && !scene.report.wiring.device_of.contains_key(&network.id)
}

/// Rates of the containers of a network, from their side.
fn sum(scene: &Scene, network: &Network) -> (Sum, Sum) {
    let (mut rx, mut tx) = (Sum::default(), Sum::default());
    for attachment in scene.report.wiring.attachments.iter().filter(|a| a.network.as_ref() == Some(&network.id)) {
        let rates = crate::views::traffic::directed(scene, attachment);
        rx.add(rates.0);
        tx.add(rates.1);
    }
    (rx, tx)
}

fn of_device(scene: &Scene, key: LinkKey, column: &str) -> Cell {
    let Some(found) = scene.snapshot.link(key.0, key.1) else { return Cell::none() };
    let rates = scene.report.rates.link(key.0, key.1);
    match column {
        "name" => {
            let mut cell = Cell::outside(&found.name, Role::Device);
            let mark = mark::of(scene, &names::link_subject(key));
            cell.spans.extend(mark.into_iter().flat_map(|m| [Span::plain(" "), m]));
            cell
        }
        "driver" => Cell { spans: vec![word(&found.kind, Role::Text)] },
        "device" => Cell::outside(&found.name, Role::Device),
        // Every device has a link-local address: it tells nothing here.
        "subnet" => {
            list(found.addresses.iter().filter(|a| a.scope != "link").map(|a| a.cidr.to_string()), Role::Address)
        }
        "members" => match scene.report.wiring.ports_of.get(&key) {
            Some(ports) => Cell::new(ports.len().to_string(), Role::Text),
            None if found.bridge.is_some() => Cell::new("0", Role::Dim),
            None => Cell::none(),
        },
        "rx" => figure::traffic(rates.and_then(|r| r.rx_rate), Role::Rx),
        "tx" => figure::traffic(rates.and_then(|r| r.tx_rate), Role::Tx),
        "mtu" => Cell::new(found.mtu.to_string(), Role::Text),
        "notes" => {
            let subject = names::link_subject(key);
            let mut spans = Vec::new();
            for leftover in scene.report.leftovers.iter().filter(|l| l.subject == subject) {
                spans.push(Span::new(
                    format!("{} {}  ", glyph::warning(scene.prefs.ascii), leftover.what),
                    Role::Notice,
                ));
            }
            if found.operstate != "up" && found.operstate != "unknown" {
                spans.push(word(&found.operstate, link::state_role(found)));
                spans.push(Span::plain("  "));
            }
            if scene.snapshot.our_netns() != Some(key.0) {
                spans.push(Span::new("in ", Role::Dim));
                spans.extend(names::netns(scene, key.0));
                spans.push(Span::plain("  "));
            }
            for span in limit::mark(scene, key) {
                spans.extend([span, Span::plain("  ")]);
            }
            if scene.report.traffic.orphans.contains(&key) {
                let sign = glyph::warning(scene.prefs.ascii);
                spans.push(Span::new(
                    format!("{sign} left over: the interface it was made for is gone  "),
                    Role::Notice,
                ));
            }
            for (name, value) in &found.details {
                spans.push(word(&format!("{name} {value} "), Role::Dim));
            }
            Cell { spans }
        }
        _ => Cell::none(),
    }
}

/// What a row sorts by.
pub fn sort_key(scene: &Scene, item: &Item, column: &str) -> SortKey {
    let network = match item {
        Item::Heading(_) => return SortKey::Unknown,
        Item::Network(id) => super::network(scene, id),
        Item::Device(_) => None,
    };
    let rates = |turn: fn(&crate::analysis::LinkRates) -> Option<f64>| match (item, network) {
        (Item::Device(key), _) => figure::key(scene.report.rates.link(key.0, key.1).and_then(turn)),
        _ => SortKey::Unknown,
    };
    match (column, network) {
        ("subnet" | "gateway", Some(n)) => figure::address_key(n.pools.first().map(|p| p.subnet.network())),
        ("subnet", None) => {
            let first =
                rows::device(scene, item).and_then(|k| scene.snapshot.link(k.0, k.1)).and_then(|l| l.addresses.first());
            figure::address_key(first.map(|a| a.cidr.addr))
        }
        ("rx", Some(n)) => sum(scene, n).0.key(),
        ("tx", Some(n)) => sum(scene, n).1.key(),
        ("rx", None) => rates(|r| r.rx_rate),
        ("tx", None) => rates(|r| r.tx_rate),
        ("used", Some(n)) => match pool_sum(scene, n) {
            Some((Some(used), capacity)) if capacity > 0 => SortKey::Number(used as f64 / capacity as f64),
            _ => SortKey::Unknown,
        },
        ("members" | "mtu", _) => figure::key(cell(scene, item, column).text().parse().ok()),
        _ => figure::text_key(&cell(scene, item, column).text()),
    }
}
