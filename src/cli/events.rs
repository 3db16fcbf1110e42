//! `events`: the timeline as lines.

use super::table::Table;
use crate::model::{Event, Origin, Weight};
use jiff::tz::TimeZone;

/// One line for people: time, origin, what, name, sentence. The time is in the zone given, to the millisecond.
pub fn line(event: &Event, zone: &TimeZone) -> String {
    let at = event.at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z");
    let mark = match event.weight {
        Weight::Info => "  ",
        Weight::Notice => "! ",
        Weight::Alarm => "!!",
    };
    format!(
        "{at} {mark} {:<6} {:<9} {:<12} {}  {}",
        origin(event.origin),
        crate::text::clean_line(&event.class),
        event.action.shown(),
        event.name.shown(),
        event.text.shown()
    )
    .trim_end()
    .to_owned()
}

/// Events as a table, oldest first.
pub fn table<'a>(events: impl IntoIterator<Item = &'a Event>, zone: &TimeZone) -> Table {
    let mut table = Table::new(&["TIME", "ORIGIN", "CLASS", "ACTION", "NAME", "WHAT"]);
    for event in events {
        let at = event.at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.3f").to_string();
        table.row([
            at,
            origin(event.origin).to_owned(),
            crate::text::clean_line(&event.class).into_owned(),
            event.action.shown().into_owned(),
            event.name.shown().into_owned(),
            event.text.shown().into_owned(),
        ]);
    }
    table
}

/// The JSON form of an event is the model's own: one object a line, written with [`super::json::write`].
pub fn document(event: &Event) -> &Event {
    event
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Engine => "engine",
        Origin::Kernel => "kernel",
        Origin::Watch => "watch",
    }
}
