//! After a limit was set: what is reached against it, live, on the sheet of the result.

use crate::analysis::LinkKey;
use crate::analysis::traffic::Shaping;
use crate::analysis::traffic::words::bit_rate;
use crate::app::Scene;
use crate::app::state::App;
use crate::plan::{Entry, LimitTarget, Wish};
use crate::theme::Role;
use crate::views::{Line, Span};

/// A line for each interface of a limit; none for other changes.
pub(super) fn lines(app: &App, entry: &Entry) -> Vec<Line> {
    let Some(Wish::Limit(wish)) = entry.plan.wish.as_ref().filter(|_| !entry.plan.steps.is_empty()) else {
        return Vec::new();
    };
    let scene = app.newest_scene();
    let mut out = Vec::new();
    for target in &wish.targets {
        for (name, link) in links(&scene, target) {
            let Some(shaped) = scene.report.traffic.of(link) else { continue };
            let mut spans = vec![Span::new(format!("  {name}  "), Role::Name)];
            spans.extend(direction("↓", Role::Rx, shaped.egress.as_ref()));
            spans.extend(direction("↑", Role::Tx, shaped.ingress.as_ref()));
            out.push(Line::of(spans));
        }
    }
    if !out.is_empty() {
        out.insert(0, Line::heading("reached now, of the limit"));
    }
    out
}

/// The interfaces of our namespace that a target stands for.
fn links(scene: &Scene<'_>, target: &LimitTarget) -> Vec<(String, LinkKey)> {
    match target {
        LimitTarget::Container { id, network } => {
            let all = scene.report.wiring.attachments_of(id);
            let on = |a: &&crate::analysis::Attachment| network.is_none() || a.network == *network;
            let name = |id: &crate::model::NetworkId| {
                scene.snapshot.networks.iter().find(|n| n.id == *id).map(|n| n.name.shown().into_owned())
            };
            all.filter(on)
                .filter_map(|a| Some((a.network.as_ref().and_then(name).unwrap_or_default(), a.outer?)))
                .collect()
        }
        LimitTarget::Link { netns, ifindex } => {
            let name = scene.snapshot.link(*netns, *ifindex).map(|l| l.name.shown().into_owned());
            vec![(name.unwrap_or_default(), (*netns, *ifindex))]
        }
    }
}

fn direction(sign: &str, role: Role, shaping: Option<&Shaping>) -> Vec<Span> {
    let Some(shaping) = shaping else { return vec![Span::new(format!("{sign} no limit   "), Role::Dim)] };
    let now = shaping.figures.reached_bps.map_or_else(Span::unknown, |bps| Span::plain(bit_rate(bps)));
    let of = shaping.rate_bps.map(|most| format!(" of {}", bit_rate(most as f64))).unwrap_or_default();
    let held = if shaping.is_at_limit() { " held   " } else { "   " };
    vec![Span::new(format!("{sign} "), role), now, Span::new(of, Role::Dim), Span::new(held, Role::Good)]
}
