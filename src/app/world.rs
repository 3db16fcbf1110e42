//! What the console knows of the host: the newest snapshot, the report on it and the past; and the picture that is held
//! while the screen is frozen.

use super::{Prefs, Scene};
use crate::analysis::{Analyst, History, Report};
use crate::model::Snapshot;
use std::sync::Arc;

/// Longest time between two snapshots that still counts as one interval of the past, in seconds. After a longer one
/// (the console was stopped, a recording was cut) the charts show a gap of this length.
const LONGEST_INTERVAL: f64 = 60.0;

/// See the module.
#[derive(Debug, Default)]
pub struct World {
    snapshot: Arc<Snapshot>,
    analyst: Analyst,
    history: History,
    frozen: Option<Box<Picture>>,
    /// Raised with everything that changes what scenes show.
    pub generation: u64,
    /// At least one snapshot has come.
    pub has_snapshot: bool,
}

#[derive(Debug)]
struct Picture {
    snapshot: Arc<Snapshot>,
    report: Report,
    history: History,
}

impl World {
    /// Takes a new snapshot. True when what is shown has changed by it.
    pub fn take(&mut self, next: Arc<Snapshot>) -> bool {
        let jumped_back = self.has_snapshot && next.at_ns < self.snapshot.at_ns;
        let another_engine = match (self.snapshot.host.engine.known(), next.host.engine.known()) {
            (Some(a), Some(b)) => a.id != b.id,
            _ => false,
        };
        if jumped_back || another_engine || self.snapshot.host.boot_id != next.host.boot_id {
            self.analyst.forget();
            self.history.clear();
        }
        let seconds = next.at_ns.saturating_sub(self.snapshot.at_ns) as f64 / 1e9;
        let seconds = if self.has_snapshot && !jumped_back { seconds.min(LONGEST_INTERVAL) } else { 0.0 };
        let rates = self.analyst.update(&next).rates.clone();
        self.history.push(&rates, seconds);
        self.snapshot = next;
        self.has_snapshot = true;
        self.generation += 1;
        self.frozen.is_none()
    }

    /// Drops the past: what comes next does not continue it.
    pub fn forget(&mut self) {
        self.analyst.forget();
        self.history.clear();
        self.has_snapshot = false;
    }

    /// Holds the picture as it is, or lets it go on.
    pub fn toggle_frozen(&mut self) -> bool {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(Picture {
                snapshot: self.snapshot.clone(),
                report: self.analyst.report().clone(),
                history: self.history.clone(),
            })),
        };
        self.generation += 1;
        self.frozen.is_some()
    }

    /// The picture is held.
    pub fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// The scene that is shown.
    pub fn scene<'a>(&'a self, prefs: &'a Prefs) -> Scene<'a> {
        match &self.frozen {
            Some(p) => {
                Scene { snapshot: &p.snapshot, report: &p.report, history: &p.history, now: p.snapshot.taken_at, prefs }
            }
            None => Scene {
                snapshot: &self.snapshot,
                report: self.analyst.report(),
                history: &self.history,
                now: self.snapshot.taken_at,
                prefs,
            },
        }
    }

    /// The newest snapshot, frozen or not.
    pub fn newest(&self) -> &Snapshot {
        &self.snapshot
    }
}
