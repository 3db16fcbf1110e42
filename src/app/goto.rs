//! Going to a subject: from one view to another with the selection, and to anything by its name.

use super::state::{App, Focus};
use crate::model::Subject;

/// Views that show a subject best, in order of preference.
fn best_views(subject: &Subject) -> &'static [&'static str] {
    match subject {
        Subject::Container { .. } | Subject::Project { .. } => &["containers", "topology"],
        Subject::Network { .. } => &["networks", "topology"],
        Subject::Link { .. } => &["topology", "networks", "traffic"],
        Subject::Netns { .. } => &["namespaces"],
        Subject::Port { .. } => &["ports"],
        Subject::Finding { .. } => &["security"],
        Subject::Event { .. } => &["events"],
        Subject::Change { .. } => &["journal"],
        Subject::Host | Subject::Daemon => &["security", "topology"],
        // A heading stands for nothing outside its own view.
        Subject::Group { .. } => &[],
    }
}

impl App {
    /// Opens a view; the selection goes along when the view has a row for it.
    pub fn open_view(&mut self, number: usize) {
        if number >= self.slots.len() {
            return;
        }
        if number != self.active {
            (self.last, self.active) = (self.active, number);
            self.focus = Focus::List;
        }
        self.build_rows();
        if let Some(subject) = self.selected.clone() {
            self.follow(&subject);
        }
    }

    /// Selects the row that stands for a subject in the active view, opening groups but leaving filters as they are.
    fn follow(&mut self, subject: &Subject) -> bool {
        let scene = self.world.scene(&self.prefs);
        let Some(slot) = self.slots.get_mut(self.active) else { return false };
        let Some(target) = slot.screen.locate(&scene, subject) else { return false };
        if slot.screen.state_mut().select(&target) {
            return true;
        }
        if slot.screen.state().folded.is_empty() {
            return false;
        }
        slot.screen.state_mut().unfold_all();
        slot.screen.refresh(&scene);
        slot.screen.state_mut().select(&target)
    }

    /// Goes to a subject in the view that shows it best; filters that hide it are taken off. False when no view has
    /// a row for it.
    pub fn go_to(&mut self, subject: &Subject) -> bool {
        let best = best_views(subject);
        let rank = |id: &str| best.iter().position(|b| *b == id).unwrap_or(best.len());
        let mut order: Vec<usize> = (0..self.slots.len()).collect();
        order.sort_by_key(|n| rank(self.slots[*n].id));
        order.into_iter().any(|number| self.go_to_in(number, subject))
    }

    /// Goes to a subject in one view.
    pub fn go_to_in(&mut self, number: usize, subject: &Subject) -> bool {
        let scene = self.world.scene(&self.prefs);
        let Some(target) = self.slots.get(number).and_then(|s| s.screen.locate(&scene, subject)) else { return false };
        let (active, last) = (self.active, self.last);
        if number != self.active {
            (self.last, self.active) = (self.active, number);
        }
        self.build_rows();
        if self.follow(&target) || self.without_filters(&target) {
            self.focus = Focus::List;
            self.selected = Some(target);
            return true;
        }
        (self.active, self.last) = (active, last);
        false
    }

    fn without_filters(&mut self, target: &Subject) -> bool {
        let Some(slot) = self.slots.get_mut(self.active) else { return false };
        let before = slot.screen.state().clone();
        let show_all = self.prefs.show_all;
        let state = slot.screen.state_mut();
        state.filter.clear();
        state.notable_only = false;
        state.unfold_all();
        self.prefs.show_all = true;
        self.build_rows();
        let Some(slot) = self.slots.get_mut(self.active) else { return false };
        if slot.screen.state_mut().select(target) {
            if !show_all {
                self.world.generation += 1;
            }
            return true;
        }
        *slot.screen.state_mut() = before;
        slot.screen.state_mut().is_stale = true;
        self.prefs.show_all = show_all;
        false
    }
}
