//! The page and the charts of what holds an interface's traffic.

use crate::analysis::LinkKey;
use crate::analysis::history::LinkMetric;
use crate::app::Scene;
use crate::theme::Role;
use crate::views::content::{Chart, Content, Line, Span};
use crate::views::parts::{Page, format, glyph, limit};

/// The page: limit and reached rate, then everything as tc prints it.
pub fn page(scene: &Scene, key: LinkKey, width: u16) -> Content {
    let mut page = Page::new(width);
    page.heading("limits");
    if !limit::fields(&mut page, scene, key) {
        match scene.snapshot.tc.why() {
            Some(gap) => page.missing("traffic control", gap),
            None => page.note("nothing limits it"),
        }
    }
    if scene.snapshot.tc.known().is_some() {
        page.heading("as tc prints it");
        let before = page.len();
        limit::tables(&mut page, scene, key);
        if page.len() == before {
            let ours = scene.snapshot.our_netns() == Some(limit::host_end(scene, key).0);
            page.note(if ours { "no qdisc" } else { "qdiscs inside a container are not read" });
        }
        page.heading("this kernel");
        limit::parts(&mut page, scene);
    }
    page.finish()
}

/// Both directions over the last two minutes, with the limit as a line.
pub fn charts(scene: &Scene, key: LinkKey) -> Content {
    let (rx_word, tx_word) = glyph::directions(scene.prefs.ascii);
    let limits = limit::directions(scene, key);
    let limit_of = |received: bool| {
        let of = |word: &str| word == rx_word || word == "in";
        let shaping = limits.iter().find(|(word, _)| of(word) == received).map(|(_, s)| s);
        shaping.and_then(|s| s.rate_bps).map(|bps| bps as f32 / 8.0)
    };
    let chart = |metric: LinkMetric, role: Role, name: &str, word: &str| {
        let points = super::cells::history(scene, key, metric, 120);
        let newest = points.last().map_or("?".to_owned(), |v| format::rate(f64::from(*v)));
        Chart {
            title: format!("{name} {word} {newest}"),
            role,
            points,
            second: None,
            seconds_per_point: 1,
            limit: limit_of(metric == LinkMetric::Rx),
            format: format::rate,
        }
    };
    let charts =
        vec![chart(LinkMetric::Rx, Role::Rx, "Received", rx_word), chart(LinkMetric::Tx, Role::Tx, "Sent", tx_word)];
    let note = "Under a limit it is what the qdisc counts, headers of every segment included.";
    let lines = if limits.is_empty() { Vec::new() } else { vec![Line::of([Span::new(note, Role::Dim)])] };
    Content::Charts(lines, charts)
}
