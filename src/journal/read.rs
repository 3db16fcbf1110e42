//! Lines into entries. Whatever the file holds, what is whole in it is read, and what is not is named and left where it
//! is.

use super::line::{Line, Unread, VERSION, head};
use crate::plan::{Entry, EntryId, EntryState, StepResult, StepState, Who, follow_heirs};
use std::collections::BTreeMap;

/// Newest entries that are kept in memory.
const MAX_ENTRIES: usize = 2_000;

/// Newest bytes of the file that are read.
pub(super) const MAX_JOURNAL: u64 = 64 << 20;

/// What the journal holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Entries, oldest first.
    pub entries: Vec<Entry>,
    /// Guards that were put up, by entry: process and its start.
    pub guards: BTreeMap<EntryId, (i32, u64)>,
    /// Deadlines of what must be confirmed, milliseconds since boot.
    pub deadlines: BTreeMap<EntryId, u64>,
    /// What could not be read, a sentence each.
    pub problems: Vec<String>,
}

impl Reading {
    /// An entry.
    pub fn entry(&self, id: &EntryId) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.id == *id)
    }

    /// Entries that neither ended nor are being done.
    pub fn half_done(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.state == EntryState::HalfDone)
    }
}

/// Reads a journal. `is_alive` tells whether the process of an entry is still at it.
pub fn read_bytes(bytes: &[u8], is_alive: &dyn Fn(&Who) -> bool) -> Reading {
    let mut fold = Fold::default();
    let (mut damaged, mut newer) = (Vec::new(), BTreeMap::<u32, usize>::new());
    for (number, text) in bytes.split(|b| *b == b'\n').enumerate() {
        if text.is_empty() {
            continue;
        }
        match Line::decode(text) {
            Ok(line) => fold.take(line),
            Err(Unread::Newer(version)) => *newer.entry(version).or_default() += 1,
            Err(why) => {
                damaged.push((number + 1, why));
                // A lost line feed costs one line, not two.
                for line in inner(text) {
                    fold.take(line);
                }
            }
        }
    }
    let mut problems = Vec::new();
    if let Some((first, why)) = damaged.first() {
        let more = if damaged.len() > 1 { format!(" and {} more", damaged.len() - 1) } else { String::new() };
        problems.push(format!("line {first} of the journal{more} is left out: {why}"));
    }
    for (version, count) in newer {
        problems.push(format!("{count} lines of the journal are of a newer bridgewatch (version {version})"));
    }
    let mut reading = fold.end(is_alive);
    reading.problems.splice(0..0, problems);
    reading
}

/// Whole lines inside of a damaged one.
fn inner(text: &[u8]) -> impl Iterator<Item = Line> {
    let head = head(VERSION).into_bytes();
    let starts: Vec<usize> =
        text.windows(head.len()).enumerate().skip(1).filter(|(_, w)| *w == head).map(|(at, _)| at).collect();
    starts.into_iter().filter_map(move |at| Line::decode(&text[at..]).ok())
}

#[derive(Default)]
struct Fold {
    entries: BTreeMap<EntryId, (usize, Entry)>,
    guards: BTreeMap<EntryId, (i32, u64)>,
    deadlines: BTreeMap<EntryId, u64>,
    count: usize,
    headless: std::collections::BTreeSet<EntryId>,
}

impl Fold {
    fn take(&mut self, line: Line) {
        if let Line::Begun { id, at, who, plan } = line {
            let waiting = |step: &crate::plan::Step| StepResult {
                state: StepState::Waiting,
                detail: String::new(),
                undo: step.undo.clone(),
            };
            let results = plan.steps.iter().map(waiting).collect();
            let (state, reason) = (EntryState::HalfDone, String::new());
            let (ended_at, confirm_by, undone_by) = (None, None, None);
            let plan = *plan;
            let entry =
                Entry { id: id.clone(), at, ended_at, who, plan, results, state, reason, confirm_by, undone_by };
            self.entries.insert(id, (self.count, entry));
            self.count += 1;
            return;
        }
        let Some((_, entry)) = self.entries.get_mut(line.id()) else {
            self.headless.insert(line.id().clone());
            return;
        };
        match line {
            Line::Begun { .. } => {}
            Line::Guarded { id, pid, pid_start } => {
                self.guards.insert(id, (pid, pid_start));
            }
            Line::Step { step, state, detail, undo, .. } => {
                if let Some(result) = entry.results.get_mut(step) {
                    let undo = undo.unwrap_or_else(|| std::mem::take(&mut result.undo));
                    *result = StepResult { state, detail, undo };
                }
            }
            Line::Ended { id, at, state, reason, confirm_by, deadline_ms } => {
                (entry.state, entry.reason, entry.ended_at, entry.confirm_by) = (state, reason, Some(at), confirm_by);
                if let Some(deadline) = deadline_ms {
                    self.deadlines.insert(id, deadline);
                }
            }
            Line::Confirmed { .. } if entry.state == EntryState::Unconfirmed => {
                (entry.state, entry.confirm_by) = (EntryState::Done, None);
            }
            Line::Confirmed { .. } => {}
        }
    }

    fn end(self, is_alive: &dyn Fn(&Who) -> bool) -> Reading {
        let mut problems = Vec::new();
        if let Some(first) = self.headless.first() {
            problems.push(format!("the beginning of {} entries is lost, the first is {first}", self.headless.len()));
        }
        let mut entries: Vec<(usize, Entry)> = self.entries.into_values().collect();
        entries.sort_by_key(|(at, _)| *at);
        let mut entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
        for entry in &mut entries {
            if entry.ended_at.is_none() && is_alive(&entry.who) {
                entry.state = EntryState::UnderWay;
            }
        }
        let taken_back: Vec<(EntryId, EntryId)> = entries
            .iter()
            .filter(|entry| entry.state == EntryState::Done)
            .filter_map(|entry| Some((entry.plan.undoes.clone()?, entry.id.clone())))
            .collect();
        for (target, by) in taken_back {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.id == target) {
                (entry.state, entry.undone_by, entry.confirm_by) = (EntryState::Undone, Some(by), None);
            }
        }
        follow_heirs(&mut entries);
        let left_out = entries.len().saturating_sub(MAX_ENTRIES);
        if left_out > 0 {
            entries.drain(..left_out);
            problems.push(format!("{left_out} older entries are not shown; the file has them"));
        }
        Reading { entries, guards: self.guards, deadlines: self.deadlines, problems }
    }
}
