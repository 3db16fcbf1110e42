//! The timeline of one thing, as lines: shared by the event tabs and the summaries.

use super::{format, wrap::wrap};
use crate::app::Scene;
use crate::model::{Event, Subject, Weight};
use crate::theme::Role;
use crate::views::content::{Line, Span};

/// What the loudness of an event looks like.
pub fn role(event: &Event) -> Role {
    match event.weight {
        Weight::Info => Role::Text,
        Weight::Notice => Role::Notice,
        Weight::Alarm => Role::Bad,
    }
}

/// A letter for the loudness, so that colour is not the only sign.
pub fn sign(event: &Event, ascii: bool) -> &'static str {
    match (event.weight, ascii) {
        (Weight::Info, _) => " ",
        (Weight::Notice, _) => "!",
        (Weight::Alarm, false) => "▲",
        (Weight::Alarm, true) => "#",
    }
}

/// Who reported it, in a word.
pub fn origin(event: &Event) -> &'static str {
    match event.origin {
        crate::model::Origin::Engine => "engine",
        crate::model::Origin::Kernel => "kernel",
        crate::model::Origin::Watch => "watch",
    }
}

/// The newest `most` events that pass, newest first, one or more lines each.
pub fn lines(scene: &Scene, width: usize, most: usize, mut passes: impl FnMut(&Event) -> bool) -> Vec<Line> {
    let events = scene.snapshot.events.iter().rev().filter(|event| passes(event)).take(most);
    events.flat_map(|event| of(scene, event, width)).collect()
}

fn of(scene: &Scene, event: &Event, width: usize) -> Vec<Line> {
    let age = format::short_duration(format::age_seconds(scene.now, event.at));
    let mut head = vec![
        Span::new(format::clock(event.at, scene.prefs.utc), Role::Dim),
        Span::new(format!(" {age:>4} "), Role::Dim),
        Span::new(format!("{} ", sign(event, scene.prefs.ascii)), role(event)),
        Span::new(format!("{} ", origin(event)), Role::Dim),
        super::word(&event.class, Role::Dim),
        Span::plain(" "),
        Span::outside(&event.action, role(event)),
    ];
    if !event.text.is_empty() {
        head.push(Span::plain(" "));
        head.push(Span::outside(&event.text, role(event)));
    }
    let subject = Subject::Event { seq: event.seq };
    let rows = wrap(head, width, width.saturating_sub(16).max(8));
    rows.into_iter()
        .enumerate()
        .map(|(n, row)| {
            let indent = (n > 0).then(|| Span::plain(" ".repeat(16.min(width / 2))));
            Line::of(indent.into_iter().chain(row)).leading_to(subject.clone())
        })
        .collect()
}
