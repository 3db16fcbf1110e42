//! The rows a list shows and the place in them: cursor, scrolling, folding, sorting, columns. Knows no view.

use crate::model::Subject;
use std::collections::BTreeSet;

/// A row that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its number among the view's rows.
    pub row: usize,
    /// What it stands for.
    pub subject: Subject,
    /// Depth in the tree.
    pub depth: u8,
    /// Bit n: at depth n more siblings follow below.
    pub open: u64,
    /// For a group: whether it is folded.
    pub fold: Option<bool>,
}

/// Finds for each row at which depths siblings follow below it.
pub fn draw_branches(shown: &mut [Shown]) {
    let mut open = 0u64;
    for row in shown.iter_mut().rev() {
        let depth = u32::from(row.depth.min(60));
        // Rows deeper than this one, met before, hang below a row of this depth or a later one.
        open &= (2u64 << depth) - 1;
        row.open = open;
        open |= 1 << depth;
    }
}

/// State of a list.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    /// The rows, top to bottom.
    pub shown: Vec<Shown>,
    /// Rows of the view that are not heads of groups, filtered out or not.
    pub total: usize,
    /// Column sorted by, and whether its own direction is reversed.
    pub sort: Option<(&'static str, bool)>,
    /// The view's own order is reversed.
    pub reversed_own: bool,
    /// The filter as typed.
    pub filter: String,
    /// Only rows with findings.
    pub notable_only: bool,
    /// Groups that are folded.
    pub folded: BTreeSet<Subject>,
    /// Rows that are marked, shown or not.
    pub marked: BTreeSet<Subject>,
    /// The row that was marked last: where a range begins.
    anchor: Option<Subject>,
    /// Columns that are shown, in order; none for the view's own choice.
    pub columns: Option<Vec<&'static str>>,
    /// First row on the screen.
    pub offset: usize,
    /// Rows must be built anew before they are looked at.
    pub is_stale: bool,
    cursor: usize,
    /// What the operator chose; until then the first row is selected, whatever it is.
    selected: Option<Subject>,
}

impl ListState {
    /// Position of the selected row.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// What is selected.
    pub fn selected(&self) -> Option<&Subject> {
        self.shown.get(self.cursor).map(|s| &s.subject)
    }

    /// What was chosen, and not merely happens to stand in the first row.
    pub fn chosen(&self) -> Option<&Subject> {
        self.selected().filter(|_| self.selected.is_some())
    }

    /// The selection stays on its subject from now on.
    pub fn choose(&mut self) {
        self.move_to(self.cursor);
    }

    /// Takes new rows. The selection stays on the subject that was chosen; when that is gone, the row that took its
    /// place is selected. As long as nothing was chosen, the first row is: rows that come later may belong above it.
    pub fn replace(&mut self, shown: Vec<Shown>, total: usize) {
        (self.shown, self.total, self.is_stale) = (shown, total, false);
        let Some(wanted) = self.selected.clone() else {
            self.cursor = 0;
            return;
        };
        match self.nearest(&wanted) {
            Some(n) => self.cursor = n,
            None => self.move_to(self.cursor),
        }
    }

    /// The position of a subject; of several the one nearest to the cursor.
    fn nearest(&self, subject: &Subject) -> Option<usize> {
        let at = |n: &usize| n.abs_diff(self.cursor);
        (0..self.shown.len()).filter(|n| self.shown[*n].subject == *subject).min_by_key(at)
    }

    /// Moves the cursor to a row, or to the last one.
    pub fn move_to(&mut self, position: usize) {
        self.cursor = position.min(self.shown.len().saturating_sub(1));
        if let Some(row) = self.shown.get(self.cursor) {
            self.selected = Some(row.subject.clone());
        }
    }

    /// Moves the cursor by rows.
    pub fn move_by(&mut self, rows: isize) {
        self.move_to(self.cursor.saturating_add_signed(rows));
    }

    /// Selects a subject. False when no row stands for it; groups above it must be open.
    pub fn select(&mut self, subject: &Subject) -> bool {
        match self.nearest(subject) {
            Some(n) => {
                self.move_to(n);
                true
            }
            None => false,
        }
    }

    /// Wants a subject selected once the rows are built anew.
    pub fn want(&mut self, subject: &Subject) {
        self.selected = Some(subject.clone());
        self.is_stale = true;
    }

    /// Scrolls so that the cursor is on a screen of `height` rows.
    pub fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        if self.cursor < self.offset {
            self.offset = self.cursor;
        } else if self.cursor >= self.offset + height {
            self.offset = self.cursor + 1 - height;
        }
        self.offset = self.offset.min(self.shown.len().saturating_sub(height));
    }

    /// Marks the selected row or takes its mark off, and goes on to the next. The head of a group stands for its rows.
    pub fn toggle_mark(&mut self) {
        let Some(row) = self.shown.get(self.cursor) else { return };
        let depth = row.depth;
        let below = self.shown[self.cursor + 1..].iter().take_while(|r| r.depth > depth);
        let members: Vec<Subject> = match row.fold {
            Some(false) => below.filter(|r| r.fold.is_none()).map(|r| r.subject.clone()).collect(),
            _ => Vec::new(),
        };
        let group = if members.is_empty() { vec![row.subject.clone()] } else { members };
        let is_marked = group.iter().all(|s| self.marked.contains(s));
        self.anchor = Some(row.subject.clone());
        for subject in group {
            if is_marked {
                self.marked.remove(&subject)
            } else {
                self.marked.insert(subject)
            };
        }
        self.move_by(1);
    }

    /// Marks all rows from the one marked last to the selected one.
    pub fn mark_range(&mut self) {
        let from = self.anchor.as_ref().and_then(|a| self.shown.iter().position(|r| r.subject == *a));
        let from = from.unwrap_or(self.cursor);
        let (first, last) = (from.min(self.cursor), from.max(self.cursor));
        let rows = self.shown.iter().take(last + 1).skip(first).filter(|r| r.fold.is_none());
        self.marked.extend(rows.map(|r| r.subject.clone()).collect::<Vec<_>>());
        self.anchor = self.selected().cloned();
    }

    /// Takes all marks off. False when there were none.
    pub fn unmark(&mut self) -> bool {
        self.anchor = None;
        let had = !self.marked.is_empty();
        self.marked.clear();
        had
    }

    /// Folds or unfolds the selected group. False when the row is none, or is so already.
    pub fn set_fold(&mut self, fold: bool) -> bool {
        let Some(row) = self.shown.get(self.cursor) else { return false };
        if row.fold.is_none_or(|now| now == fold) {
            return false;
        }
        let subject = row.subject.clone();
        self.is_stale = true;
        if fold { self.folded.insert(subject) } else { self.folded.remove(&subject) }
    }

    /// Folds all groups, and selects the head of the group the cursor is in.
    pub fn fold_all(&mut self) {
        while self.to_head() {}
        self.folded.extend(self.shown.iter().filter(|s| s.fold.is_some()).map(|s| s.subject.clone()));
        self.is_stale = true;
    }

    /// Unfolds all groups.
    pub fn unfold_all(&mut self) {
        self.folded.clear();
        self.is_stale = true;
    }

    /// Goes to the row that the selected one hangs below. False at the edge of the tree.
    pub fn to_head(&mut self) -> bool {
        let Some(row) = self.shown.get(self.cursor).filter(|r| r.depth > 0) else { return false };
        let depth = row.depth;
        match (0..self.cursor).rev().find(|n| self.shown[*n].depth < depth) {
            Some(n) => {
                self.move_to(n);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(spec: &[(u64, u8)]) -> Vec<Shown> {
        spec.iter()
            .enumerate()
            .map(|(row, (seq, depth))| Shown {
                row,
                subject: Subject::Event { seq: *seq },
                depth: *depth,
                open: 0,
                fold: None,
            })
            .collect()
    }

    #[test]
    fn the_selection_stays_on_its_subject_or_on_the_next() {
        let mut list = ListState::default();
        list.replace(rows(&[(1, 0), (2, 0), (3, 0)]), 3);
        list.move_to(1);
        list.replace(rows(&[(9, 0), (1, 0), (2, 0), (3, 0)]), 4);
        assert_eq!(list.selected(), Some(&Subject::Event { seq: 2 }));
        list.replace(rows(&[(9, 0), (1, 0), (3, 0)]), 3);
        assert_eq!(list.selected(), Some(&Subject::Event { seq: 3 }));
        list.replace(Vec::new(), 0);
        assert_eq!(list.selected(), None);
        list.replace(rows(&[(3, 0), (4, 0)]), 2);
        assert_eq!(list.selected(), Some(&Subject::Event { seq: 3 }));
    }

    #[test]
    fn the_first_row_is_selected_until_another_is_chosen() {
        let mut list = ListState::default();
        list.replace(rows(&[(5, 0)]), 1);
        list.replace(rows(&[(1, 0), (5, 0)]), 2);
        assert_eq!(list.selected(), Some(&Subject::Event { seq: 1 }));
        assert_eq!(list.chosen(), None);
        list.choose();
        list.replace(rows(&[(0, 0), (1, 0), (5, 0)]), 3);
        assert_eq!(list.chosen(), Some(&Subject::Event { seq: 1 }));
    }

    #[test]
    fn branches_know_what_follows() {
        let mut list = rows(&[(1, 0), (2, 1), (3, 2), (4, 1), (5, 0)]);
        draw_branches(&mut list);
        let open = |n: usize, depth: u8| list[n].open & (1 << depth) != 0;
        assert!(open(1, 1), "another row of depth 1 follows");
        assert!(open(2, 1), "the line of depth 1 passes by");
        assert!(!open(2, 2));
        assert!(!open(3, 1), "the last of its group");
    }
}
