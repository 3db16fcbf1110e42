//! Cells, keys and fields of one interface, with its directions as its container sees them.

use crate::analysis::LinkKey;
use crate::analysis::history::LinkMetric;
use crate::analysis::traffic::Figures;
use crate::app::Scene;
use crate::model::{ContainerId, Link, Mark};
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, glyph, limit, link, names, word};

/// The row that stands for an interface: the container's end of a veth pair where that can be read, else itself. An
/// end that leads to no container is a row of its own: an uplink of the host must not go by another's name.
pub fn shown_as(scene: &Scene, key: LinkKey) -> LinkKey {
    let Some(at) = scene.report.wiring.by_outer.get(&key) else { return key };
    match scene.report.wiring.attachments.get(*at) {
        Some(a) if !a.containers.is_empty() && scene.snapshot.link(a.link.0, a.link.1).is_some() => a.link,
        _ => key,
    }
}

/// Whether anything is known of what a row carries.
pub fn is_counted(scene: &Scene, key: LinkKey) -> bool {
    let (at, _) = counted(scene, key);
    scene.snapshot.link_sample(at.0, at.1).is_some()
}

/// Bytes and packets per second.
#[derive(Debug, Clone, Copy, Default)]
pub struct Directed {
    /// Received bytes per second.
    pub rx: Option<f64>,
    /// Sent bytes per second.
    pub tx: Option<f64>,
    /// Packets per second, both directions.
    pub packets: Option<f64>,
    /// Drops per second, both directions.
    pub drops: Option<f64>,
}

/// True when the row is the host end of a veth whose inner end can't be read: its directions are turned round.
fn is_turned(scene: &Scene, key: LinkKey) -> bool {
    scene
        .report
        .wiring
        .by_outer
        .get(&key)
        .and_then(|at| scene.report.wiring.attachments.get(*at))
        .is_some_and(|a| !a.containers.is_empty())
}

/// The interface whose counters stand for a row, and whether its directions are turned round: an inner end that is not
/// read has its traffic from the host end of the same wire.
fn counted(scene: &Scene, key: LinkKey) -> (LinkKey, bool) {
    if scene.snapshot.link_sample(key.0, key.1).is_some() {
        return (key, is_turned(scene, key));
    }
    let attachment = scene.report.wiring.attachment(key).filter(|a| a.link == key);
    let is_pair = scene.snapshot.link(key.0, key.1).is_some_and(|l| l.kind == "veth");
    match attachment.and_then(|a| a.outer).filter(|_| is_pair) {
        Some(outer) => (outer, true),
        None => (key, is_turned(scene, key)),
    }
}

/// Rates of a row.
pub fn rates(scene: &Scene, key: LinkKey) -> Directed {
    let (key, turned) = counted(scene, key);
    let Some(rates) = scene.report.rates.link(key.0, key.1) else { return Directed::default() };
    let (rx, tx) = if turned { (rates.tx_rate, rates.rx_rate) } else { (rates.rx_rate, rates.tx_rate) };
    let packets = rates.rx_packet_rate.zip(rates.tx_packet_rate).map(|(a, b)| a + b);
    Directed { rx, tx, packets, drops: rates.drop_rate }
}

fn total(scene: &Scene, key: LinkKey) -> Option<f64> {
    let (key, _) = counted(scene, key);
    scene.snapshot.link_sample(key.0, key.1).map(|s| s.counters.rx_bytes as f64 + s.counters.tx_bytes as f64)
}

fn errors(scene: &Scene, key: LinkKey) -> Option<f64> {
    let (key, _) = counted(scene, key);
    scene.snapshot.link_sample(key.0, key.1).map(|s| s.counters.rx_errors as f64 + s.counters.tx_errors as f64)
}

/// A cell of an interface.
pub fn cell(scene: &Scene, key: LinkKey, column: &str) -> Cell {
    let Some(link) = scene.snapshot.link(key.0, key.1) else { return super::gone() };
    let rates = rates(scene, key);
    match column {
        "name" => name(scene, key, link),
        "of" => of(scene, key),
        "network" => network(scene, key, link),
        "rx" => figure::traffic(rates.rx, Role::Rx),
        "tx" => figure::traffic(rates.tx, Role::Tx),
        "packets" => figure::traffic(rates.packets, Role::Text),
        "drops" => figure::traffic(rates.drops, Role::Bad),
        "errors" => figure::traffic(errors(scene, key), Role::Notice),
        "total" => figure::traffic(total(scene, key), Role::Text),
        "limit" => Cell { spans: limit::reached(scene, key) },
        "held" => Cell { spans: limit::state(scene, key) },
        "limit-drops" => limit_figure(scene, key, |f| f.drop_rate, Role::Bad),
        "overlimits" => limit_figure(scene, key, |f| f.overlimit_rate, Role::Text),
        "backlog" => limit_figure(scene, key, |f| f.backlog_bytes.map(|b| b as f64), Role::Text),
        "rx-graph" => graph(scene, key, LinkMetric::Rx),
        "tx-graph" => graph(scene, key, LinkMetric::Tx),
        "kind" => Cell { spans: vec![word(&link.kind, Role::Dim)] },
        "state" => Cell { spans: vec![word(&link.operstate, link::state_role(link))] },
        "mtu" => Cell::new(link.mtu.to_string(), Role::Dim),
        "address" => Cell { spans: link::addresses(link) },
        _ => Cell::none(),
    }
}

/// A figure of the limits of both directions together; none where nothing is limited.
fn limit_sum(scene: &Scene, key: LinkKey, read: fn(&Figures) -> Option<f64>) -> Option<Option<f64>> {
    let directions = limit::directions(scene, key);
    if directions.is_empty() {
        return None;
    }
    Some(directions.iter().map(|(_, shaping)| read(&shaping.figures)).sum())
}

fn limit_figure(scene: &Scene, key: LinkKey, read: fn(&Figures) -> Option<f64>, role: Role) -> Cell {
    match limit_sum(scene, key, read) {
        None => Cell::none(),
        Some(value) => figure::traffic(value, if value == Some(0.0) { Role::Dim } else { role }),
    }
}

/// Points of a row, with its directions as they are shown.
pub fn history(scene: &Scene, key: LinkKey, metric: LinkMetric, count: usize) -> Vec<f32> {
    // Under a limit it is the host end whose qdisc counts.
    let limited = limit::shaped(scene, key).map(|shaped| shaped.link).filter(|end| *end != key);
    let (at, turned) = match limited {
        Some(end) => (end, true),
        None => counted(scene, key),
    };
    let other = if metric == LinkMetric::Rx { LinkMetric::Tx } else { LinkMetric::Rx };
    scene.history.recent_link(at, if turned { other } else { metric }, count)
}

fn graph(scene: &Scene, key: LinkKey, metric: LinkMetric) -> Cell {
    let (rx, _) = glyph::directions(scene.prefs.ascii);
    let directions = limit::directions(scene, key);
    let is_rx = |word: &str| word == rx || word == "in";
    let held = directions.iter().find(|(word, _)| is_rx(word) == (metric == LinkMetric::Rx));
    let full = held.and_then(|(_, s)| s.rate_bps).map_or(0.0, |bps| bps as f32 / 8.0);
    let role = if metric == LinkMetric::Rx { Role::Rx } else { Role::Tx };
    let points = history(scene, key, metric, 12);
    Cell::new(format!("{:>12}", glyph::spark(&points, full, scene.prefs.ascii)), role)
}

fn name(scene: &Scene, key: LinkKey, link: &Link) -> Cell {
    let mut spans = vec![Span::outside(&link.name, Role::Device)];
    let attachment = scene.report.wiring.attachment(key);
    if let Some(outer) = attachment.filter(|a| a.link == key).and_then(|a| a.outer) {
        spans.push(Span::new(format!(" {} ", glyph::pair(scene.prefs.ascii)), Role::Dim));
        spans.push(names::link_span(scene, outer));
    }
    Cell { spans }
}

fn of(scene: &Scene, key: LinkKey) -> Cell {
    match scene.report.wiring.attachment(key).map(|a| a.containers.as_slice()) {
        Some([first, rest @ ..]) => {
            let mut spans = vec![names::container(scene, first)];
            if !rest.is_empty() {
                spans.push(Span::new(format!(" +{}", rest.len()), Role::Dim));
            }
            Cell { spans }
        }
        _ => match queued_for(scene, key) {
            Some(container) => Cell { spans: vec![Span::new("for ", Role::Dim), names::container(scene, container)] },
            None => Cell { spans: names::netns(scene, key.0) },
        },
    }
}

/// The container whose upload an ifb of ours holds back.
fn queued_for<'a>(scene: &Scene<'a>, key: LinkKey) -> Option<&'a ContainerId> {
    let alias = scene.snapshot.link(key.0, key.1)?.alias.as_ref()?;
    match Mark::read(alias.raw())? {
        Mark::Ifb { link, netns, .. } => scene.report.wiring.container_of((netns, link)),
        Mark::Plumb { .. } => None,
    }
}

fn network(scene: &Scene, key: LinkKey, link: &Link) -> Cell {
    let wiring = &scene.report.wiring;
    let attachment = wiring.attachment(key);
    if let Some(id) = attachment.and_then(|a| a.network.as_ref()) {
        return Cell { spans: vec![names::network(scene, id)] };
    }
    if let Some(id) = wiring.network_of.get(&key) {
        // What is not the network's own bridge is the parent that it goes out by: not all of its traffic is the network's.
        let is_own = link.kind == "bridge" || link.bridge.is_some();
        let lead = (!is_own).then(|| Span::new("parent of ", Role::Dim));
        return Cell { spans: lead.into_iter().chain([names::network(scene, id)]).collect() };
    }
    let bridge = attachment.and_then(|a| a.bridge).or_else(|| link.master.map(|master| (link.netns, master)));
    bridge.map_or(Cell::none(), |bridge| Cell { spans: vec![names::link_span(scene, bridge)] })
}

/// What an interface sorts by.
pub fn sort_key(scene: &Scene, key: LinkKey, column: &str) -> SortKey {
    let rates = rates(scene, key);
    match column {
        "rx" => figure::key(rates.rx),
        "tx" => figure::key(rates.tx),
        "packets" => figure::key(rates.packets),
        "drops" => figure::key(rates.drops),
        "errors" => figure::key(errors(scene, key)),
        "total" => figure::key(total(scene, key)),
        "limit" => {
            let rates = limit::directions(scene, key).into_iter().filter_map(|(_, s)| s.rate_bps);
            figure::key(rates.max().map(|bps| bps as f64))
        }
        "limit-drops" => figure::key(limit_sum(scene, key, |f| f.drop_rate).flatten()),
        "overlimits" => figure::key(limit_sum(scene, key, |f| f.overlimit_rate).flatten()),
        "backlog" => figure::key(limit_sum(scene, key, |f| f.backlog_bytes.map(|b| b as f64)).flatten()),
        "rx-graph" => figure::key(rates.rx),
        "tx-graph" => figure::key(rates.tx),
        "mtu" => figure::key(scene.snapshot.link(key.0, key.1).map(|l| f64::from(l.mtu))),
        "address" => {
            let first = scene.snapshot.link(key.0, key.1).and_then(|l| l.addresses.first());
            figure::address_key(first.map(|a| a.cidr.addr))
        }
        _ => figure::text_key(&cell(scene, key, column).text()),
    }
}

/// Raw text of a field.
pub fn field(scene: &Scene, key: LinkKey, field: &str) -> Option<String> {
    let link = scene.snapshot.link(key.0, key.1)?;
    let attachment = scene.report.wiring.attachment(key);
    Some(match field {
        "name" => link.name.raw().to_owned(),
        "container" | "of" => {
            let ids = attachment.into_iter().flat_map(|a| &a.containers);
            ids.map(|id| names::container_raw(scene, id).to_owned()).collect::<Vec<_>>().join(" ")
        }
        "veth" => {
            let outer = attachment.and_then(|a| a.outer).and_then(|key| names::link(scene, key));
            outer.map_or(String::new(), |name| name.raw().to_owned())
        }
        "bridge" => {
            let bridge = attachment.and_then(|a| a.bridge).or_else(|| link.master.map(|m| (link.netns, m)));
            bridge.and_then(|key| names::link(scene, key)).map_or(String::new(), |name| name.raw().to_owned())
        }
        "network" => network(scene, key, link).text(),
        "mac" => link.mac.to_string(),
        "ip" | "address" => link.addresses.iter().map(|a| a.cidr.addr.to_string()).collect::<Vec<_>>().join(" "),
        "kind" => link.kind.clone(),
        "state" => link.operstate.clone(),
        "limit" => {
            let rates = limit::directions(scene, key).into_iter().filter_map(|(_, s)| s.rate_bps);
            rates.max()?.to_string()
        }
        "held" => Cell { spans: limit::state(scene, key) }.text(),
        "limit-drops" => limit_sum(scene, key, |f| f.drop_rate)??.to_string(),
        "overlimits" => limit_sum(scene, key, |f| f.overlimit_rate)??.to_string(),
        "backlog" => limit_sum(scene, key, |f| f.backlog_bytes.map(|b| b as f64))??.to_string(),
        "qdisc" => {
            let kinds = limit::directions(scene, key).into_iter().map(|(_, s)| s.kind.clone());
            kinds.collect::<Vec<_>>().join(" ")
        }
        "netns" => link.netns.to_string(),
        "mtu" => link.mtu.to_string(),
        "rx" => rates(scene, key).rx?.to_string(),
        "tx" => rates(scene, key).tx?.to_string(),
        "packets" => rates(scene, key).packets?.to_string(),
        "drops" => rates(scene, key).drops?.to_string(),
        "errors" => errors(scene, key)?.to_string(),
        "total" => total(scene, key)?.to_string(),
        _ => return None,
    })
}
