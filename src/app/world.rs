//! What the console knows of the host: the newest picture and the past; and the picture that is held while the screen is
//! frozen.

use super::scene::Journal;
use super::{Prefs, Scene};
use crate::analysis::{History, Picture, Report};
use crate::model::Snapshot;
use crate::plan::Entry;
use std::sync::Arc;

/// See the module.
#[derive(Debug, Default)]
pub struct World {
    newest: View,
    frozen: Option<Box<View>>,
    journal: Journal,
    /// Raised with everything that changes what scenes show.
    pub generation: u64,
    /// At least one picture has come.
    pub has_snapshot: bool,
}

/// A picture with its past.
#[derive(Debug, Default, Clone)]
struct View {
    snapshot: Arc<Snapshot>,
    report: Report,
    history: History,
}

impl World {
    /// Takes a new picture.
    pub fn take(&mut self, next: Picture) {
        let newest = &mut self.newest;
        match next.since {
            Some(seconds) => {
                newest.history.push(&next.report.rates, seconds);
                newest.history.push_links(&next.report.rates, &next.report.traffic, seconds);
            }
            None => newest.history.clear(),
        }
        (newest.snapshot, newest.report) = (next.snapshot, next.report);
        self.has_snapshot = true;
        self.generation += 1;
    }

    /// Drops the past: what comes next does not continue it.
    pub fn forget(&mut self) {
        self.newest.history.clear();
        self.has_snapshot = false;
    }

    /// Holds the picture as it is, or lets it go on.
    pub fn toggle_frozen(&mut self) -> bool {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Box::new(self.newest.clone())),
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
        self.scene_of(self.frozen.as_deref().unwrap_or(&self.newest), prefs)
    }

    /// The newest scene, frozen or not.
    pub fn newest_scene<'a>(&'a self, prefs: &'a Prefs) -> Scene<'a> {
        self.scene_of(&self.newest, prefs)
    }

    fn scene_of<'a>(&'a self, view: &'a View, prefs: &'a Prefs) -> Scene<'a> {
        let View { snapshot, report, history } = view;
        Scene { snapshot, report, history, now: snapshot.taken_at, prefs, journal: &self.journal }
    }

    /// What was changed.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Takes the journal anew.
    pub fn take_journal(&mut self, entries: Arc<Vec<Entry>>) {
        self.journal = Journal { entries, gap: None, is_read: true };
        self.generation += 1;
    }

    /// The journal can't be read; what was read before stays.
    pub fn lose_journal(&mut self, why: String) {
        self.journal.gap = Some(why);
        self.generation += 1;
    }

    /// The newest snapshot, frozen or not.
    pub fn newest(&self) -> &Snapshot {
        &self.newest.snapshot
    }
}
