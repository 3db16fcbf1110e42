//! The bounded, numbered run of events.

use crate::model::{Event, Origin, Subject, Weight};
use crate::text::Outside;
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many events are kept.
pub const KEPT: usize = 2_000;

/// Events in order of arrival, newest last.
#[derive(Debug, Default)]
pub struct Timeline {
    events: VecDeque<Arc<Event>>,
    next_seq: u64,
    published: Option<Arc<Vec<Arc<Event>>>>,
}

impl Timeline {
    /// Numbers events and keeps them; the oldest give way.
    pub fn add(&mut self, events: impl IntoIterator<Item = Event>) {
        for mut event in events {
            self.next_seq += 1;
            event.seq = self.next_seq;
            if self.events.len() == KEPT {
                self.events.pop_front();
            }
            self.events.push_back(Arc::new(event));
            self.published = None;
        }
    }

    /// An event of ours about a source.
    pub fn note(&mut self, at: Timestamp, weight: Weight, name: &str, action: &str, text: String) {
        self.add([Event {
            seq: 0,
            at,
            origin: Origin::Watch,
            class: "source".into(),
            action: action.into(),
            weight,
            subject: Subject::Host,
            name: name.into(),
            container: None,
            text: Outside::from(text),
            attributes: BTreeMap::new(),
        }]);
    }

    /// The events as a part of a snapshot; the same `Arc` as long as none was added.
    pub fn part(&mut self) -> Arc<Vec<Arc<Event>>> {
        self.published.get_or_insert_with(|| Arc::new(self.events.iter().cloned().collect())).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_the_newest() {
        let mut timeline = Timeline::default();
        for n in 0..KEPT + 10 {
            timeline.note(Timestamp::UNIX_EPOCH, Weight::Info, "engine", "test", n.to_string());
        }
        let part = timeline.part();
        assert_eq!(part.len(), KEPT);
        assert_eq!(part.last().map(|e| e.seq), Some((KEPT + 10) as u64));
        assert!(Arc::ptr_eq(&part, &timeline.part()));
    }
}
