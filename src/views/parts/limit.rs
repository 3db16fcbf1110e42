//! Limits of traffic: a mark for any row, cells for the traffic view, and a page.
//!
//! Of a container and of a bridge the directions are those of the containers behind it (↓ what reaches them); of any
//! other interface they are its own and told in words: in, out.

use super::{Page, format, glyph, names};
use crate::analysis::traffic::{Shaped, Shaping, Standing, WantedLimit, words};
use crate::analysis::{LinkKey, Traffic};
use crate::app::Scene;
use crate::model::{ContainerId, TcHandle};
use crate::theme::Role;
use crate::views::content::Span;

/// The sign of a limit.
pub fn sign(ascii: bool) -> &'static str {
    if ascii { "lim" } else { "⏱" }
}

/// The interface of our namespace where a row is shaped: the host end of a veth pair, else itself.
pub fn host_end(scene: &Scene, key: LinkKey) -> LinkKey {
    let wiring = &scene.report.wiring;
    let outer = wiring.attachment(key).filter(|a| a.link == key).and_then(|a| a.outer);
    outer.filter(|outer| wiring.by_outer.contains_key(outer)).unwrap_or(key)
}

/// What shapes a row.
pub fn shaped<'a>(scene: &Scene<'a>, key: LinkKey) -> Option<&'a Shaped> {
    let traffic: &'a Traffic = &scene.report.traffic;
    traffic.of(host_end(scene, key))
}

/// The wanted limit of a row.
pub fn wanted<'a>(scene: &Scene<'a>, key: LinkKey) -> Option<&'a WantedLimit> {
    let traffic: &'a Traffic = &scene.report.traffic;
    let end = host_end(scene, key);
    traffic.wanted.iter().find(|w| w.links.contains(&end))
}

/// The directions of a row as it is looked at, each with its word: received first.
pub fn directions<'a>(scene: &Scene<'a>, key: LinkKey) -> Vec<(&'static str, &'a Shaping)> {
    let Some(shaped) = shaped(scene, key) else { return Vec::new() };
    let (down, up) = arrows(scene, key);
    let egress = shaped.egress.as_ref().map(|s| (down, s));
    let ingress = shaped.ingress.as_ref().map(|s| (up, s));
    if is_containers(scene, key) {
        egress.into_iter().chain(ingress).collect()
    } else {
        ingress.into_iter().chain(egress).collect()
    }
}

/// Words for what an interface sends and for what comes in by it.
fn arrows(scene: &Scene, key: LinkKey) -> (&'static str, &'static str) {
    if is_containers(scene, key) {
        let (rx, tx) = glyph::directions(scene.prefs.ascii);
        (rx, tx)
    } else {
        ("out", "in")
    }
}

/// True when containers are behind what an interface sends.
fn is_containers(scene: &Scene, key: LinkKey) -> bool {
    let has_container = scene.report.wiring.container_of(key).is_some();
    has_container || scene.snapshot.link(key.0, key.1).is_some_and(|l| l.kind == "bridge")
}

/// The mark of a row: `⏱ 10 Mbit/s ↓`, or that its limit is gone. Empty when nothing limits it.
pub fn mark(scene: &Scene, key: LinkKey) -> Vec<Span> {
    let mut spans = Vec::new();
    let directions = directions(scene, key);
    if !directions.is_empty() {
        let role = if directions.iter().any(|(_, s)| s.is_at_limit()) { Role::Notice } else { Role::Info };
        spans.push(Span::new(format!("{} {}", sign(scene.prefs.ascii), told(&directions)), role));
    }
    if let Some(lost) = wanted(scene, key).filter(|w| w.is_lost()) {
        if !spans.is_empty() {
            spans.push(Span::plain("  "));
        }
        spans.push(gone(scene, lost));
    }
    spans
}

/// `10 Mbit/s ↓ 5 Mbit/s ↑`; two that are alike are told once: `10 Mbit/s ↓↑`.
fn told(directions: &[(&'static str, &Shaping)]) -> String {
    let all: Vec<(&str, String)> = directions.iter().map(|(word, s)| (*word, words::limit(s))).collect();
    match all.as_slice() {
        [(first, limit), (second, other)] if limit == other => {
            format!("{limit} {first}{}{second}", if first.is_ascii() { "+" } else { "" })
        }
        _ => all.iter().map(|(word, limit)| format!("{limit} {word}")).collect::<Vec<_>>().join(" "),
    }
}

/// That a limit which is wanted does not hold.
pub fn gone(scene: &Scene, lost: &WantedLimit) -> Span {
    let sign = glyph::warning(scene.prefs.ascii);
    Span::new(format!("{sign} {}", standing(scene, &lost.standing)), Role::Bad)
}

/// What became of a wanted limit, with times as they are shown here.
pub fn standing(scene: &Scene, standing: &Standing) -> String {
    match standing {
        Standing::Gone { restarted: Some(at) } => {
            format!("limit gone: restarted {}", format::clock(*at, scene.prefs.utc))
        }
        Standing::Differs => "another limit is set than is wanted".to_owned(),
        other => words::standing(other),
    }
}

/// The mark of a container: of its interfaces, the first in full.
pub fn of_container(scene: &Scene, id: &ContainerId) -> Vec<Span> {
    let mut marks = scene.report.wiring.attachments_of(id).map(|a| mark(scene, a.link)).filter(|m| !m.is_empty());
    let Some(mut spans) = marks.next() else { return Vec::new() };
    let more = marks.count();
    if more > 0 {
        spans.push(Span::new(format!(" +{more}"), Role::Dim));
    }
    spans
}

/// True when a container is limited or should be; cheap when nothing is.
pub fn has_any(scene: &Scene, id: &ContainerId) -> bool {
    let traffic = &scene.report.traffic;
    if traffic.is_idle() {
        return false;
    }
    let is_shaped = |key| shaped(scene, key).is_some() || wanted(scene, key).is_some_and(WantedLimit::is_lost);
    scene.report.wiring.attachments_of(id).any(|a| is_shaped(a.link))
}

/// Reached and allowed, in bits per second: `↓9.99/10M ↑0/5M`.
pub fn reached(scene: &Scene, key: LinkKey) -> Vec<Span> {
    let mut spans = Vec::new();
    for (word, shaping) in directions(scene, key) {
        if !spans.is_empty() {
            spans.push(Span::plain(" "));
        }
        let role = if shaping.is_at_limit() { Role::Notice } else { Role::Text };
        let space = if word.is_ascii() { " " } else { "" };
        let limit = match shaping.rate_bps {
            Some(bps) => words::short_bit_rate(bps as f64),
            None => words::limit(shaping),
        };
        spans.push(Span::new(format!("{word}{space}"), Role::Dim));
        match shaping.figures.reached_bps {
            Some(bps) => {
                let reached = words::short_bit_rate(bps);
                // The unit stands once when both have the same.
                let unit = |text: &str| text.chars().last().filter(char::is_ascii_alphabetic);
                let same = unit(&reached).filter(|letter| unit(&limit) == Some(*letter));
                spans.push(Span::new(same.map_or(&*reached, |letter| reached.trim_end_matches(letter)), role));
            }
            None => spans.push(Span::unknown()),
        }
        spans.push(Span::new(format!("/{limit}"), Role::Dim));
        if shaping.is_at_limit() {
            spans.push(Span::new("!", Role::Notice));
        }
    }
    if spans.is_empty() && wanted(scene, key).is_some_and(WantedLimit::is_lost) {
        spans.push(Span::new(format!("{} gone", glyph::warning(scene.prefs.ascii)), Role::Bad));
    }
    spans
}

/// How a row's limit stands: at the limit, gone, whose it is.
pub fn state(scene: &Scene, key: LinkKey) -> Vec<Span> {
    if let Some(lost) = wanted(scene, key).filter(|w| w.is_lost()) {
        return vec![gone(scene, lost)];
    }
    let directions = directions(scene, key);
    let at: Vec<&str> = directions.iter().filter(|(_, s)| s.is_at_limit()).map(|(word, _)| *word).collect();
    if !at.is_empty() {
        return vec![Span::new(format!("at the limit {}", at.join(" ")), Role::Notice)];
    }
    match directions.first() {
        Some((_, shaping)) if !shaping.is_ours => {
            vec![Span::new(format!("{}, not ours", crate::text::clean_line(&shaping.kind)), Role::Dim)]
        }
        Some((_, shaping)) => vec![Span::new(crate::text::clean_line(&shaping.kind).into_owned(), Role::Dim)],
        None => Vec::new(),
    }
}

/// The limits of a row on a page: each direction, and what is wanted. False when there is nothing to say.
pub fn fields(page: &mut Page, scene: &Scene, key: LinkKey) -> bool {
    let before = page.len();
    for (word, shaping) in directions(scene, key) {
        direction(page, scene, word, shaping);
    }
    if let Some(wanted) = wanted(scene, key) {
        wanted_field(page, scene, wanted);
    }
    page.len() > before
}

fn direction(page: &mut Page, scene: &Scene, word: &str, shaping: &Shaping) {
    let mut spans = vec![Span::new(words::limit(shaping), Role::Info)];
    match shaping.figures.reached_bps {
        Some(bps) => spans.push(Span::plain(format!(", reached {}", words::bit_rate(bps)))),
        None => spans.push(Span::new(", reached ?", Role::Unknown)),
    }
    if let Some(share) = shaping.share() {
        spans.push(Span::new(format!(" ({:.0} %)", share * 100.0), Role::Dim));
    }
    if shaping.is_at_limit() {
        spans.push(Span::new("  at the limit", Role::Notice));
    }
    page.field(&format!("limit {word}"), spans);
    let whose = if shaping.is_ours { "" } else { "; not made by bridgewatch" };
    let on = names::link_span(scene, shaping.by);
    page.field("by", [Span::plain(format!("{} on ", words::explain(shaping))), on, Span::new(whose, Role::Notice)]);
    let figures = &shaping.figures;
    let Some(drops) = figures.drops else { return };
    let rate = figures.drop_rate.filter(|rate| *rate > 0.0).map(|rate| format!(" ({rate:.0} a second)"));
    let role = if rate.is_some() { Role::Bad } else { Role::Text };
    let count = |n: u64| format::count(u128::from(n));
    page.field(
        "dropped",
        [
            Span::new(format!("{}{}", count(drops), rate.unwrap_or_default()), role),
            Span::plain(format!(
                ", held back {} times, waiting {} in {} packets",
                count(figures.overlimits.unwrap_or_default()),
                words::size(figures.backlog_bytes.unwrap_or_default()),
                count(figures.queued.unwrap_or_default())
            )),
        ],
    );
}

fn wanted_field(page: &mut Page, scene: &Scene, limit: &WantedLimit) {
    let (down, up) = glyph::directions(scene.prefs.ascii);
    let wanted = &limit.wanted;
    let shapes = [(down, &wanted.down), (up, &wanted.up)];
    let shapes: Vec<String> =
        shapes.iter().filter_map(|(word, s)| Some(format!("{word} {}", words::shape(s.as_ref()?)))).collect();
    let role = if limit.is_lost() { Role::Bad } else { Role::Dim };
    let state = Span::new(format!("  {}", standing(scene, &limit.standing)), role);
    page.field("wanted", [Span::plain(shapes.join(" ")), state]);
}

/// The limits of a container on a page: of each interface, and those that wait for it to run.
pub fn container_fields(page: &mut Page, scene: &Scene, id: &ContainerId) {
    for attachment in scene.report.wiring.attachments_of(id) {
        fields(page, scene, attachment.link);
    }
    let traffic = &scene.report.traffic;
    for waiting in traffic.wanted.iter().filter(|w| w.wanted.container == *id && w.links.is_empty()) {
        wanted_field(page, scene, waiting);
    }
}

/// Qdiscs, classes and filters of an interface as tc prints them, with their counters.
pub fn tables(page: &mut Page, scene: &Scene, key: LinkKey) {
    let end = host_end(scene, key);
    let Some(tc) = scene.snapshot.tc.known() else {
        if let Some(gap) = scene.snapshot.tc.why() {
            page.missing("traffic control", gap);
        }
        return;
    };
    let mut ends = vec![end];
    let by = scene.report.traffic.of(end).into_iter().flat_map(Shaped::directions).map(|s| s.by);
    ends.extend(by.filter(|by| *by != end));
    ends.dedup();
    for end in ends {
        let (netns, ifindex) = end;
        for qdisc in tc.qdiscs_of(netns, ifindex) {
            page.say(words::qdisc(scene.snapshot, qdisc), Role::Text);
            counters(page, scene, end, qdisc.parent, qdisc.handle);
        }
        let own = |n, i| (n, i) == end;
        for class in tc.classes.iter().filter(|c| own(c.netns, c.ifindex)) {
            page.say(words::class(class), Role::Text);
            counters(page, scene, end, class.parent, class.handle);
        }
        for filter in tc.filters.iter().filter(|f| own(f.netns, f.ifindex)) {
            page.say(words::filter(scene.snapshot, filter), Role::Text);
        }
    }
}

fn counters(page: &mut Page, scene: &Scene, (netns, ifindex): LinkKey, parent: TcHandle, handle: TcHandle) {
    let all = &scene.snapshot.qdisc_samples;
    let key = (netns, ifindex, parent, handle);
    let found = all.binary_search_by_key(&key, |s| (s.netns, s.ifindex, s.parent, s.handle)).ok().map(|n| &all[n]);
    let Some(sample) = found else { return };
    page.note(format!(
        "  sent {} bytes {} pkt (dropped {}, overlimits {}) backlog {}b {}p",
        sample.bytes, sample.packets, sample.drops, sample.overlimits, sample.backlog_bytes, sample.queued
    ));
}

/// Parts of traffic control that this kernel lacks, or that can't be told.
pub fn parts(page: &mut Page, scene: &Scene) {
    let Some(tc) = scene.snapshot.tc.known() else { return };
    let named = |wanted: Option<bool>| {
        let all = tc.parts.iter().filter(|(_, has)| has.get() == wanted).map(|(name, _)| name.as_str());
        crate::text::clean_line(&all.collect::<Vec<_>>().join(", ")).into_owned()
    };
    for (label, wanted, role) in [
        ("kernel has", Some(true), Role::Text),
        ("lacks", Some(false), Role::Notice),
        ("not known", None, Role::Unknown),
    ] {
        let names = named(wanted);
        if !names.is_empty() {
            page.field(label, [Span::new(names, role)]);
        }
    }
    if let Some(gap) = tc.parts.values().find_map(|has| has.why()) {
        page.missing("the rest", gap);
    }
}
