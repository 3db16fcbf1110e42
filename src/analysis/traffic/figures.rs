//! What a qdisc did, from its counters in two snapshots.

use super::{Figures, How, Shaping};
use crate::model::{QdiscSample, Snapshot};

/// Fills in the figures of a shaping.
pub(super) fn fill(shaping: &mut Shaping, before: Option<&Snapshot>, next: &Snapshot) {
    let Some(now) = sample(shaping, next) else { return };
    let mut figures = Figures {
        drops: Some(now.drops),
        overlimits: Some(now.overlimits),
        backlog_bytes: Some(now.backlog_bytes),
        queued: Some(now.queued),
        ..Figures::default()
    };
    let old = before.and_then(|before| Some((sample(shaping, before)?, before.at_ns)));
    if let Some((old, at_ns)) = old {
        let seconds = next.at_ns.saturating_sub(at_ns) as f64 / 1e9;
        let bytes = per_second(old.bytes, now.bytes, seconds);
        figures.drop_rate = per_second(old.drops, now.drops, seconds);
        figures.overlimit_rate = per_second(old.overlimits, now.overlimits, seconds);
        figures.reached_bps = match shaping.how {
            How::Queued => bytes.map(|rate| rate * 8.0),
            How::Policed => bytes.map(|rate| rate * 8.0 * passed(old, now)),
        };
    }
    shaping.figures = figures;
}

/// Share of the packets that a policer let through: its qdisc counts what came, dropped or not.
fn passed(old: &QdiscSample, now: &QdiscSample) -> f64 {
    let packets = now.packets.saturating_sub(old.packets) as f64;
    let drops = now.drops.saturating_sub(old.drops) as f64;
    if packets > 0.0 { (1.0 - drops / packets).clamp(0.0, 1.0) } else { 0.0 }
}

fn sample<'a>(shaping: &Shaping, snapshot: &'a Snapshot) -> Option<&'a QdiscSample> {
    let key = (shaping.by.0, shaping.by.1, shaping.at, shaping.handle);
    let all = &snapshot.qdisc_samples;
    all.binary_search_by_key(&key, |s| (s.netns, s.ifindex, s.parent, s.handle)).ok().map(|n| &all[n])
}

/// None when time stood still or the counter began anew.
fn per_second(old: u64, new: u64, seconds: f64) -> Option<f64> {
    if seconds <= 0.0 { None } else { new.checked_sub(old).map(|d| d as f64 / seconds) }
}
