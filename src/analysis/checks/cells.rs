//! The verdicts of all checks on all subjects. There are tens for each container, so they are kept closely packed: by
//! subject, a row of cells in the order of the checks.

use super::Verdict;
use crate::model::Subject;
use std::collections::BTreeMap;

/// The verdict of one check on one subject.
pub(super) struct Cell {
    pub(super) verdict: Verdict,
    /// When each hit was first seen, for checks that want two samples: sub-key and time.
    since: Box<[(String, u64)]>,
}

impl Cell {
    /// A verdict, and since when its hits hold.
    pub(super) fn new(verdict: Verdict, since: Vec<(String, u64)>) -> Self {
        Cell { verdict, since: since.into() }
    }

    /// Sub-keys of hits with the time they were first seen.
    pub(super) fn since(&self) -> impl Iterator<Item = (&str, &u64)> {
        self.since.iter().map(|(key, at)| (key.as_str(), at))
    }

    /// When a hit was first seen.
    pub(super) fn since_of(&self, sub_key: &str) -> Option<u64> {
        self.since().find(|(key, _)| *key == sub_key).map(|(_, at)| *at)
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Cells {
    rows: BTreeMap<Subject, Vec<(u16, Cell)>>,
}

impl Cells {
    /// The verdict of the check with the number `n`.
    pub(super) fn get(&self, n: usize, subject: &Subject) -> Option<&Cell> {
        let row = self.rows.get(subject)?;
        row.binary_search_by_key(&n, |(at, _)| usize::from(*at)).ok().map(|at| &row[at].1)
    }

    /// Sets the verdict of the check with the number `n`.
    pub(super) fn put(&mut self, n: usize, subject: &Subject, cell: Cell) {
        let Ok(number) = u16::try_from(n) else { return };
        if !self.rows.contains_key(subject) {
            self.rows.insert(subject.clone(), Vec::new());
        }
        let Some(row) = self.rows.get_mut(subject) else { return };
        match row.binary_search_by_key(&number, |(at, _)| *at) {
            Ok(at) => row[at].1 = cell,
            Err(at) => {
                // Rows are many and stay: they are not left half empty.
                if row.len() == row.capacity() {
                    row.reserve_exact(8);
                }
                row.insert(at, (number, cell));
            }
        }
    }

    /// All verdicts with their subjects and the numbers of their checks.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Subject, usize, &Cell)> {
        self.rows.iter().flat_map(|(subject, row)| row.iter().map(move |(n, cell)| (subject, usize::from(*n), cell)))
    }

    /// Drops the rows of subjects that are no more. True when there was one.
    pub(super) fn retain(&mut self, exists: impl Fn(&Subject) -> bool) -> bool {
        let before = self.rows.len();
        self.rows.retain(|subject, _| exists(subject));
        self.rows.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_by_check_and_subject_whatever_the_order() {
        let mut cells = Cells::default();
        let subject = |id: &str| Subject::Container { id: id.into() };
        for (n, id) in [(7, "b"), (2, "a"), (9, "a"), (2, "b"), (7, "b")] {
            cells.put(n, &subject(id), Cell::new(Verdict::noted(format!("{id}{n}")), Vec::new()));
        }
        let all: Vec<_> = cells.all().map(|(subject, n, cell)| (subject.clone(), n, cell.verdict.clone())).collect();
        let wanted = [("a", 2), ("a", 9), ("b", 2), ("b", 7)];
        let wanted: Vec<_> =
            wanted.into_iter().map(|(id, n)| (subject(id), n, Verdict::noted(format!("{id}{n}")))).collect();
        assert_eq!(all, wanted);
        assert!(cells.get(7, &subject("a")).is_none() && cells.get(7, &subject("b")).is_some());
        assert!(cells.retain(|s| *s == subject("a")));
        assert!(cells.get(7, &subject("b")).is_none());
    }
}
