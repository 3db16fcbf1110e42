//! When to read a thing again: events of one thing are gathered for a moment, and the oftener they come the longer the
//! moment, so that a restart loop or a storm costs a bounded number of questions. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// Events of one thing are gathered for this long.
const GATHER: Duration = Duration::from_millis(30);
/// Gathering times up to this number of reads in a row are the shortest: creating and starting a container is one row.
const FREE: u32 = 4;
/// The longest gathering time.
const LONGEST: Duration = Duration::from_secs(1);
/// A thing that was quiet for this long begins anew.
const QUIET: Duration = Duration::from_secs(2);

/// A queue of things to read, each at most once in it and at most once under way.
#[derive(Debug)]
pub(super) struct Pace<K> {
    due: BTreeSet<(Instant, u8, K)>,
    slots: BTreeMap<K, Slot>,
    /// Things under way now.
    pub(super) busy: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    due: Option<(Instant, u8)>,
    last: Option<Instant>,
    heat: u32,
    is_busy: bool,
    again: bool,
}

impl<K: Ord + Clone> Pace<K> {
    pub(super) fn new() -> Self {
        Pace { due: BTreeSet::new(), slots: BTreeMap::new(), busy: 0 }
    }

    /// Something was said of it: read it soon.
    pub(super) fn touch(&mut self, key: &K, now: Instant) {
        let slot = self.slots.entry(key.clone()).or_default();
        if slot.is_busy {
            slot.again = true;
            return;
        }
        if slot.due.is_some() {
            return;
        }
        if slot.last.is_none_or(|last| now.saturating_duration_since(last) > QUIET) {
            slot.heat = 0;
        }
        let wait = GATHER.saturating_mul(1 << slot.heat.saturating_sub(FREE).min(6)).min(LONGEST);
        slot.heat = slot.heat.saturating_add(1);
        let due = (now + wait, 0);
        slot.due = Some(due);
        self.due.insert((due.0, due.1, key.clone()));
    }

    /// Read it now, after those of a lower rank.
    pub(super) fn now(&mut self, key: &K, rank: u8, now: Instant) {
        let slot = self.slots.entry(key.clone()).or_default();
        if slot.is_busy {
            slot.again = true;
            return;
        }
        if let Some((at, rank)) = slot.due.replace((now, rank)) {
            self.due.remove(&(at, rank, key.clone()));
        }
        self.due.insert((now, rank, key.clone()));
    }

    /// The next thing whose time has come; it is under way from now on.
    pub(super) fn take(&mut self, now: Instant) -> Option<K> {
        if self.next_at()? > now {
            return None;
        }
        let (_, _, key) = self.due.pop_first()?;
        let slot = self.slots.entry(key.clone()).or_default();
        slot.due = None;
        slot.is_busy = true;
        slot.last = Some(now);
        self.busy += 1;
        Some(key)
    }

    /// When the next thing is due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.due.first().map(|(at, _, _)| *at)
    }

    /// Its answer is in.
    pub(super) fn done(&mut self, key: &K, now: Instant) {
        let Some(slot) = self.slots.get_mut(key) else { return };
        if std::mem::take(&mut slot.is_busy) {
            self.busy = self.busy.saturating_sub(1);
        }
        if std::mem::take(&mut slot.again) {
            self.touch(key, now);
        }
    }

    /// It is gone: nothing more is read of it, and nothing is remembered.
    pub(super) fn forget(&mut self, key: &K) {
        if let Some(slot) = self.slots.remove(key) {
            if slot.is_busy {
                self.busy = self.busy.saturating_sub(1);
            }
            if let Some((at, rank)) = slot.due {
                self.due.remove(&(at, rank, key.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e18_a_storm_of_events_costs_few_reads() {
        let start = Instant::now();
        let mut pace = Pace::new();
        let mut reads = 0;
        for ms in 0..10_000 {
            let now = start + Duration::from_millis(ms);
            pace.touch(&"loop", now);
            pace.touch(&"loop", now);
            if let Some(key) = pace.take(now) {
                reads += 1;
                pace.done(&key, now);
            }
        }
        assert!((10..=20).contains(&reads), "{reads}");
        let now = start + Duration::from_secs(20);
        pace.touch(&"loop", now);
        assert!(pace.next_at().expect("due") <= now + Duration::from_secs(1));
        assert!(pace.take(now + Duration::from_secs(1)).is_some());
        pace.done(&"loop", now + Duration::from_secs(1));
        pace.touch(&"loop", now + Duration::from_secs(9));
        assert_eq!(pace.next_at(), Some(now + Duration::from_secs(9) + GATHER));
    }

    #[test]
    fn what_happens_while_it_is_read_is_read_again() {
        let now = Instant::now();
        let mut pace = Pace::new();
        pace.now(&1, 1, now);
        pace.now(&2, 0, now);
        assert_eq!((pace.take(now), pace.take(now)), (Some(2), Some(1)));
        pace.touch(&1, now);
        assert_eq!(pace.take(now + LONGEST), None);
        pace.done(&1, now);
        assert_eq!(pace.take(now + LONGEST), Some(1));
        pace.forget(&1);
        pace.done(&2, now);
        assert_eq!((pace.busy, pace.next_at()), (0, None));
    }
}
