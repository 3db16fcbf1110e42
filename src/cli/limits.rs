//! `limit show`: what is limited, what is reached under it, and what became of the limits that are wanted.

use super::table::Table;
use super::{container_name, link_name, network_name, or_none, or_unknown};
use crate::analysis::traffic::{How, Shaped, Shaping, Standing, WantedLimit, words};
use crate::analysis::{LinkKey, Report};
use crate::model::{ContainerId, Gap, Netem, Shape, Snapshot};
use crate::text::Outside;
use jiff::Timestamp;
use serde::Serialize;

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitsDoc {
    /// Interfaces that are limited, then limits that are wanted and hold nowhere.
    pub limits: Vec<LimitDoc>,
    /// Intermediate blocks (ifb) of bridgewatch's that nothing leads to any more.
    pub orphans: Vec<Outside>,
    /// Why traffic control could not be read; null when it was.
    pub gap: Option<Gap>,
}

/// One limited interface, or one wanted limit without an interface. Download and upload are those of the container
/// behind the interface; of any other interface, download is what it sends and upload what comes in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitDoc {
    /// Name of the interface in our namespace; null when the limit holds nowhere.
    pub interface: Option<Outside>,
    /// Its index.
    pub ifindex: Option<u32>,
    /// Name of the container behind it; null for none.
    pub container: Option<Outside>,
    /// Id of the container.
    pub container_id: Option<ContainerId>,
    /// Name of the engine network.
    pub network: Option<Outside>,
    /// What the download goes through; null when nothing limits it.
    pub down: Option<DirectionDoc>,
    /// What the upload goes through.
    pub up: Option<DirectionDoc>,
    /// The limit that is wanted for it; null for none.
    pub wanted: Option<WantedDoc>,
}

/// What one direction goes through.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DirectionDoc {
    /// The interface that has the qdisc: itself, or the ifb that what comes in is led to.
    pub by: Option<Outside>,
    /// Kind word of the qdisc or action.
    pub kind: String,
    /// `queued` or `policed`.
    pub how: &'static str,
    /// bridgewatch made it.
    pub is_ours: bool,
    /// Only what some filter picks goes through it.
    pub is_partial: bool,
    /// Rate, bits per second; null for none or several.
    pub rate_bps: Option<u64>,
    /// Bucket, bytes.
    pub burst_bytes: Option<u64>,
    /// Longest wait at that rate, microseconds.
    pub latency_us: Option<u64>,
    /// Delay, loss and disorder; null without netem.
    pub netem: Option<Netem>,
    /// Rate reached, bits per second; null without two readings.
    pub reached_bps: Option<u64>,
    /// True when the limit is what holds the traffic back.
    pub is_at_limit: bool,
    /// Packets dropped since it was set; null when not counted.
    pub drops: Option<u64>,
    /// Times a packet was held back.
    pub overlimits: Option<u64>,
    /// Bytes that wait.
    pub backlog_bytes: Option<u64>,
}

/// A limit that is wanted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WantedDoc {
    /// Download.
    pub down: Option<Shape>,
    /// Upload.
    pub up: Option<Shape>,
    /// It is for every network of the container.
    pub every_network: bool,
    /// When it was set.
    pub since: Timestamp,
    /// `holds`, `gone`, `differs`, `away` or `unknown`.
    pub standing: &'static str,
    /// In a sentence.
    pub words: String,
}

/// The document: of one container, or of everything.
pub fn document(snapshot: &Snapshot, report: &Report, container: Option<&ContainerId>) -> LimitsDoc {
    let traffic = &report.traffic;
    let is_asked = |id: Option<&ContainerId>| container.is_none() || id == container;
    let owner = |link: LinkKey| report.wiring.attachment(link).and_then(|a| a.containers.first());
    let mut limits: Vec<LimitDoc> = traffic
        .shaped
        .iter()
        .filter(|shaped| is_asked(owner(shaped.link)))
        .map(|shaped| limited(snapshot, report, shaped))
        .collect();
    let is_told = |wanted: &&WantedLimit| wanted.links.iter().any(|link| traffic.of(*link).is_some());
    let lost = traffic.wanted.iter().filter(|w| is_asked(Some(&w.wanted.container)) && !is_told(w));
    limits.extend(lost.map(|wanted| unlimited(snapshot, wanted)));
    let orphans = traffic.orphans.iter().filter(|_| container.is_none());
    LimitsDoc {
        limits,
        orphans: orphans.filter_map(|link| link_name(snapshot, *link)).collect(),
        gap: snapshot.tc.why().map(|gap| (**gap).clone()),
    }
}

fn limited(snapshot: &Snapshot, report: &Report, shaped: &Shaped) -> LimitDoc {
    let attachment = report.wiring.attachment(shaped.link);
    let id = attachment.and_then(|a| a.containers.first());
    let network = attachment.and_then(|a| a.network.as_ref()).or_else(|| report.wiring.network_of.get(&shaped.link));
    LimitDoc {
        interface: link_name(snapshot, shaped.link),
        ifindex: Some(shaped.link.1.0),
        container: id.map(|id| container_name(snapshot, id)),
        container_id: id.cloned(),
        network: network.map(|id| network_name(snapshot, id)),
        down: shaped.egress.as_ref().map(|s| direction(snapshot, s)),
        up: shaped.ingress.as_ref().map(|s| direction(snapshot, s)),
        wanted: report.traffic.wanted.iter().find(|w| w.links.contains(&shaped.link)).map(wanted_doc),
    }
}

fn unlimited(snapshot: &Snapshot, limit: &WantedLimit) -> LimitDoc {
    let wanted = &limit.wanted;
    LimitDoc {
        interface: None,
        ifindex: None,
        container: Some(snapshot.container(&wanted.container).map_or(&wanted.name, |c| &c.name).clone()),
        container_id: Some(wanted.container.clone()),
        network: wanted.network.as_ref().map(|id| network_name(snapshot, id)),
        down: None,
        up: None,
        wanted: Some(wanted_doc(limit)),
    }
}

fn wanted_doc(limit: &WantedLimit) -> WantedDoc {
    WantedDoc {
        down: limit.wanted.down.clone(),
        up: limit.wanted.up.clone(),
        every_network: limit.wanted.network.is_none(),
        since: limit.wanted.since,
        standing: match limit.standing {
            Standing::Holds => "holds",
            Standing::Gone { .. } => "gone",
            Standing::Differs => "differs",
            Standing::Away { .. } => "away",
            Standing::Unknown { .. } => "unknown",
        },
        words: words::standing(&limit.standing),
    }
}

fn direction(snapshot: &Snapshot, shaping: &Shaping) -> DirectionDoc {
    DirectionDoc {
        by: link_name(snapshot, shaping.by),
        kind: shaping.kind.clone(),
        how: match shaping.how {
            How::Queued => "queued",
            How::Policed => "policed",
        },
        is_ours: shaping.is_ours,
        is_partial: shaping.is_partial,
        rate_bps: shaping.rate_bps,
        burst_bytes: shaping.burst_bytes,
        latency_us: shaping.latency_us,
        netem: shaping.netem.clone(),
        reached_bps: shaping.figures.reached_bps.map(|bps| bps.round() as u64),
        is_at_limit: shaping.is_at_limit(),
        drops: shaping.figures.drops,
        overlimits: shaping.figures.overlimits,
        backlog_bytes: shaping.figures.backlog_bytes,
    }
}

/// The table for people.
pub fn table(document: &LimitsDoc) -> Table {
    let mut table = Table::new(&[
        "CONTAINER",
        "NETWORK",
        "INTERFACE",
        "DIRECTION",
        "LIMIT>",
        "REACHED>",
        "DROPS>",
        "WAITS>",
        "BY",
        "STATE",
    ]);
    let shown = |text: &Option<Outside>| or_none(text.as_ref().map(Outside::shown));
    for row in &document.limits {
        let state = row.wanted.as_ref().map(|wanted| wanted.words.clone());
        let mut lines = 0;
        for (name, direction) in [("down", &row.down), ("up", &row.up)] {
            let Some(direction) = direction else { continue };
            lines += 1;
            let own = if direction.is_ours { "" } else { " (not by bridgewatch)" };
            table.row([
                shown(&row.container),
                shown(&row.network),
                shown(&row.interface),
                name.to_owned(),
                limit_words(direction),
                or_unknown(direction.reached_bps.map(|bps| words::bit_rate(bps as f64))),
                or_unknown(direction.drops.map(|n| n.to_string())),
                or_unknown(direction.backlog_bytes.map(words::size)),
                format!("{} on {}{own}", direction.kind, shown(&direction.by)),
                state
                    .clone()
                    .unwrap_or_else(|| if direction.is_at_limit { "at the limit".into() } else { String::new() }),
            ]);
        }
        if lines == 0 {
            let limit = row.wanted.as_ref().map(|wanted| {
                let down = wanted.down.as_ref().map(|shape| format!("down {}", words::shape(shape)));
                let up = wanted.up.as_ref().map(|shape| format!("up {}", words::shape(shape)));
                down.into_iter().chain(up).collect::<Vec<_>>().join(", ")
            });
            let none = || or_none(None::<String>);
            table.row([
                shown(&row.container),
                shown(&row.network),
                none(),
                none(),
                limit.unwrap_or_default(),
                none(),
                none(),
                none(),
                none(),
                state.unwrap_or_default(),
            ]);
        }
    }
    for orphan in &document.orphans {
        let mut cells = vec![String::from("-"); 10];
        cells[2] = orphan.shown().into_owned();
        cells[9] = "left over: the interface it was made for is gone".to_owned();
        table.row(cells);
    }
    table
}

fn limit_words(direction: &DirectionDoc) -> String {
    let mut parts: Vec<String> = direction.rate_bps.map(|bps| words::bit_rate(bps as f64)).into_iter().collect();
    parts.extend(direction.netem.as_ref().map(words::disorder).filter(|w| !w.is_empty()));
    if parts.is_empty() { direction.kind.clone() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::testing::limited as stage;

    #[test]
    fn the_table_tells_each_direction_and_what_became_of_wanted_limits() {
        let mut stage = stage();
        let document = document(&stage.snapshot, &stage.report, None);
        let text = table(&document).text();
        let line = |word: &str| {
            let line = text.lines().find(|l| l.contains(word)).unwrap_or_else(|| panic!("no {word} in {text}"));
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            line("tbf on veth11"),
            "web bridge veth11 down 10 Mbit/s 9.99 Mbit/s 33 3000 B tbf on veth11 at the limit"
        );
        assert_eq!(line("tbf on bwi11"), "web bridge veth11 up 5 Mbit/s 1 Mbit/s 0 3000 B tbf on bwi11");
        assert!(line("netem").contains("+100ms±10ms loss 1%") && line("netem").ends_with("(not by bridgewatch)"));
        assert!(line("limit gone").starts_with("db n2 - - down 1 Mbit/s"), "{text}");
        // Only what was asked for; and what can't be read says why.
        let db = stage.snapshot.containers.iter().find(|c| c.name == *"db").expect("db").id.clone();
        let only = super::document(&stage.snapshot, &stage.report, Some(&db));
        assert!(only.limits.len() == 2 && only.limits.iter().all(|l| l.container_id.as_ref() == Some(&db)));
        stage.snapshot = std::sync::Arc::new(Snapshot::default());
        assert!(super::document(&stage.snapshot, &stage.report, None).gap.is_some());
    }
}
