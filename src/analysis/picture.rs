//! A snapshot together with all that follows from it: what the console is handed, so that it reckons nothing itself.

use super::{Analyst, Report};
use crate::model::Snapshot;
use std::sync::Arc;

/// Longest time between two snapshots that still counts as one interval of the past, in seconds. After a longer one
/// (the console was stopped, a recording was cut) the charts show a gap of this length.
const LONGEST_INTERVAL: f64 = 60.0;

/// See the module.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The host at this instant.
    pub snapshot: Arc<Snapshot>,
    /// What follows from it.
    pub report: Report,
    /// Seconds since the picture before, zero when only the structure changed; none when this one does not continue it:
    /// the past begins anew.
    pub since: Option<f64>,
}

impl Analyst {
    /// The picture of `next`. The past is dropped when `next` can't continue it: time went back, the machine was
    /// started again, or another engine answers.
    pub fn picture(&mut self, next: Arc<Snapshot>) -> Picture {
        let since = self.newest().and_then(|last| interval(last, &next));
        if since.is_none() {
            self.forget();
        }
        let report = self.update(&next).clone();
        Picture { snapshot: next, report, since }
    }
}

fn interval(last: &Snapshot, next: &Snapshot) -> Option<f64> {
    let another_engine = match (last.host.engine.known(), next.host.engine.known()) {
        (Some(a), Some(b)) => a.id != b.id,
        _ => false,
    };
    // At the start the host's facts come after the first snapshots.
    let (boot, next_boot) = (&last.host.boot_id, &next.host.boot_id);
    if another_engine || boot != next_boot && !boot.is_empty() && !next_boot.is_empty() {
        return None;
    }
    let passed = next.at_ns.checked_sub(last.at_ns)?;
    Some((passed as f64 / 1e9).min(LONGEST_INTERVAL))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Host;

    fn at(seconds: u64, boot: &str) -> Arc<Snapshot> {
        let host = Arc::new(Host { boot_id: boot.into(), ..Host::default() });
        Arc::new(Snapshot { at_ns: seconds * 1_000_000_000, host, ..Snapshot::default() })
    }

    #[test]
    fn a_picture_continues_the_one_before_unless_time_or_machine_say_otherwise() {
        let mut analyst = Analyst::new();
        let told = [at(9, "a"), at(10, "a"), at(10, "a"), at(500, "a"), at(499, "a"), at(500, "a"), at(501, "b")]
            .map(|next| analyst.picture(next).since);
        assert_eq!(told, [None, Some(1.0), Some(0.0), Some(60.0), None, Some(1.0), None]);
        analyst.forget();
        assert_eq!(analyst.picture(at(502, "b")).since, None);
    }
}
