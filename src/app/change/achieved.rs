//! After a limit was set: what is achieved against it, live, on the sheet of the result.

use crate::app::state::App;
use crate::model::Shape;
use crate::plan::{Entry, LimitTarget, Wish};
use crate::theme::Role;
use crate::views::{Line, Span};

/// A line for each target of a limit; none for other changes.
pub(super) fn lines(app: &App, entry: &Entry) -> Vec<Line> {
    let Some(Wish::Limit(wish)) = entry.plan.wish.as_ref().filter(|_| !entry.plan.steps.is_empty()) else {
        return Vec::new();
    };
    let scene = app.newest_scene();
    let rates = &scene.report.rates;
    let mut out = vec![Line::heading("achieved now")];
    for target in &wish.targets {
        let (name, rx, tx) = match target {
            LimitTarget::Container { id, .. } => {
                let own = rates.container(id);
                let name = scene.snapshot.container(id).map(|c| c.name.shown().into_owned()).unwrap_or_default();
                (name, own.and_then(|r| r.rx_rate), own.and_then(|r| r.tx_rate))
            }
            LimitTarget::Link { netns, ifindex } => {
                let own = rates.link(*netns, *ifindex);
                let name = scene.snapshot.link(*netns, *ifindex).map(|l| l.name.shown().into_owned());
                // What an interface sends is the download of those behind it.
                (name.unwrap_or_default(), own.and_then(|r| r.tx_rate), own.and_then(|r| r.rx_rate))
            }
        };
        let mut spans = vec![Span::new(format!("  {name}  "), Role::Name)];
        spans.extend(direction("↓", Role::Rx, rx, wish.down.as_ref()));
        spans.extend(direction("↑", Role::Tx, tx, wish.up.as_ref()));
        out.push(Line::of(spans));
    }
    out
}

fn direction(sign: &str, role: Role, bytes_per_second: Option<f64>, shape: Option<&Shape>) -> Vec<Span> {
    let now = bytes_per_second.map_or_else(Span::unknown, |b| Span::plain(bits(b * 8.0)));
    let of = shape.and_then(|s| s.rate_bps).map(|most| format!(" of {}", bits(most as f64))).unwrap_or_default();
    vec![Span::new(format!("{sign} "), role), now, Span::new(format!("{of}   "), Role::Dim)]
}

/// Bits per second as people read them: `9.6 Mbit/s`.
pub fn bits(rate: f64) -> String {
    match rate {
        r if r < 1e3 => format!("{r:.0} bit/s"),
        r if r < 1e6 => format!("{:.1} kbit/s", r / 1e3),
        r if r < 1e9 => format!("{:.1} Mbit/s", r / 1e6),
        r => format!("{:.2} Gbit/s", r / 1e9),
    }
}
