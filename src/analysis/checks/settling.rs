//! Rules, proxies and listeners follow containers with a delay: what is decided by both waits until containers were
//! left alone for a while.

use super::changes::Changes;
use crate::model::{ContainerId, Subject};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// How long containers must have been left alone.
pub(super) const SETTLE: SignedDuration = SignedDuration::from_secs(3);
const SETTLE_NS: u64 = 3_000_000_000;

/// When containers last moved.
#[derive(Default)]
pub(super) struct Settling {
    each: BTreeMap<ContainerId, u64>,
    any: Option<u64>,
    /// Since when something has been moving without a pause.
    began: Option<u64>,
}

impl Settling {
    /// Notes what moved.
    pub fn note(&mut self, changes: &Changes, now: u64) {
        self.each.retain(|_, at| now.saturating_sub(*at) < SETTLE_NS);
        self.each.extend(changes.moved.iter().map(|id| (id.clone(), now)));
        if self.any.is_some_and(|at| now.saturating_sub(at) >= SETTLE_NS) {
            (self.any, self.began) = (None, None);
        }
        if changes.gone || !changes.moved.is_empty() {
            self.any = Some(now);
            self.began = self.began.or(Some(now));
        }
    }

    /// Whether the dust has not settled yet. A container settles by itself. What is about all of them waits for all,
    /// but not for ever: one that crashes again and again must not hide what is wrong elsewhere.
    pub fn is_moving(&self, subject: &Subject, now: u64) -> bool {
        match subject {
            Subject::Container { id } => self.each.contains_key(id),
            _ => self.any.is_some() && self.began.is_some_and(|began| now.saturating_sub(began) < 4 * SETTLE_NS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_never_rests_does_not_hold_everything_up() {
        let mut settling = Settling::default();
        let id = ContainerId::from("a");
        let moved = || Changes { moved: [id.clone()].into(), ..Changes::default() };
        let mut host = Vec::new();
        for second in 0..20 {
            let now = second * 1_000_000_000;
            settling.note(&moved(), now);
            host.push(settling.is_moving(&Subject::Host, now));
            assert!(settling.is_moving(&Subject::Container { id: id.clone() }, now));
            assert!(!settling.is_moving(&Subject::Container { id: "b".into() }, now));
        }
        assert!(host[0] && host[11] && !host[12] && !host[19]);
        settling.note(&Changes::default(), 23_000_000_000);
        assert!(!settling.is_moving(&Subject::Container { id }, 23_000_000_000));
    }
}
