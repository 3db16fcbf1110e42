//! The desk between the feed and the console: what comes from the feed goes over it, and snapshots leave it analysed. It
//! stands on a thread of its own, so that keys never wait for analysis.

use crate::analysis::{Analyst, Picture};
use crate::feed::Update;
use std::collections::VecDeque;

/// What the console hears of the feed: the feed's updates, with pictures where it had snapshots.
pub type News = Update<Picture>;

/// See the module.
#[derive(Debug, Default)]
pub struct Desk {
    analyst: Analyst,
}

impl Desk {
    /// Takes updates that came together, in their order. A snapshot is left out when the next update is one with the
    /// same counters: nothing of the past is lost by it.
    pub fn take_all(&mut self, updates: impl IntoIterator<Item = Update>) -> Vec<News> {
        let mut waiting: VecDeque<Update> = updates.into_iter().collect();
        let mut out = Vec::with_capacity(waiting.len());
        while let Some(update) = waiting.pop_front() {
            match (&update, waiting.front()) {
                (Update::Snapshot(this), Some(Update::Snapshot(next))) if this.at_ns == next.at_ns => {}
                _ => out.push(self.take(update)),
            }
        }
        out
    }

    /// Takes one update.
    pub fn take(&mut self, update: Update) -> News {
        if matches!(update, Update::Jump) {
            self.analyst.forget();
        }
        update.map(|snapshot| self.analyst.picture(snapshot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Snapshot;
    use std::sync::Arc;

    #[test]
    fn only_snapshots_that_add_no_counters_are_left_out() {
        let at = |at_ns| Update::Snapshot(Arc::new(Snapshot { at_ns, ..Snapshot::default() }));
        let ended = || Update::Ended(String::new());
        let news = Desk::default().take_all([at(1), at(1), at(2), at(2), ended(), at(2), Update::Jump, at(3)]);
        let told: Vec<_> = news
            .into_iter()
            .map(|n| match n {
                Update::Snapshot(picture) => (picture.snapshot.at_ns, picture.since),
                _ => (0, None),
            })
            .collect();
        let wanted = [(1, None), (2, Some(1e-9)), (0, None), (2, Some(0.0)), (0, None), (3, None)];
        assert_eq!(told, wanted);
    }
}
