//! Laws of the journal: whatever happens to the file, what is whole in it is read and the rest is named.

use super::line::{Line, Unread};
use super::read::read_bytes;
use super::*;
use crate::plan::{EntryId, EntryState, LedgerOp, Op, Plan, Risk, Step, StepState, Who};
use jiff::Timestamp;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

fn plan(title: &str, undoes: Option<EntryId>) -> Plan {
    let container = crate::plan::ContainerRef { id: "c1".into(), name: "wéb\u{1b}[31m".into() };
    let op = Op::Ledger(LedgerOp::Forget { container, network: None });
    let step = Step { row: 0, op: op.clone(), undo: vec![op], gone_with: None, lasting: None };
    Plan {
        title: title.to_owned(),
        wish: None,
        undoes,
        rows: vec!["web".into()],
        identities: Vec::new(),
        steps: vec![step.clone(), step],
        affects: Vec::new(),
        lasting: Vec::new(),
        notes: Vec::new(),
        risk: Risk::Change,
        cutoff: None,
        left_out: Vec::new(),
    }
}

fn id(n: usize) -> EntryId {
    EntryId(format!("20261128-2115{n:02}-7f3a"))
}

fn begun(n: usize) -> Line {
    Line::Begun { id: id(n), at: Timestamp::UNIX_EPOCH, who: Who::default(), plan: Box::new(plan("a change", None)) }
}

fn step(n: usize, step: usize, state: StepState) -> Line {
    Line::Step { id: id(n), at: Timestamp::UNIX_EPOCH, step, state, detail: "so".into(), undo: None }
}

fn ended(n: usize, state: EntryState) -> Line {
    let (at, reason) = (Timestamp::UNIX_EPOCH, String::new());
    let confirm_by = (state == EntryState::Unconfirmed).then_some(at);
    Line::Ended { id: id(n), at, state, reason, confirm_by, deadline_ms: confirm_by.map(|_| 7) }
}

/// Three entries: done, half done, unconfirmed and then confirmed.
fn lines() -> Vec<Line> {
    use StepState::{Begun, Done};
    let mut all = vec![begun(1), step(1, 0, Begun), step(1, 0, Done), step(1, 1, Begun), step(1, 1, Done)];
    all.extend([ended(1, EntryState::Done), begun(2), step(2, 0, Begun), begun(3), step(3, 0, Begun)]);
    all.extend([step(3, 0, Done), ended(3, EntryState::Unconfirmed)]);
    all.push(Line::Confirmed { id: id(3), at: Timestamp::UNIX_EPOCH });
    all
}

fn bytes(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(|line| line.encode().expect("encodes")).collect()
}

fn fold(bytes: &[u8]) -> Reading {
    read_bytes(bytes, &|_| false)
}

/// Number of the line that a byte belongs to.
fn line_at(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().filter(|b| **b == b'\n').count()
}

#[test]
fn entries_are_folded_from_their_lines() {
    let reading = fold(&bytes(&lines()));
    let states: Vec<EntryState> = reading.entries.iter().map(|e| e.state).collect();
    assert_eq!(states, [EntryState::Done, EntryState::HalfDone, EntryState::Done]);
    let half = &reading.entries[1];
    assert_eq!((half.results[0].state, half.results[1].state), (StepState::Begun, StepState::Waiting));
    assert_eq!(half.results[0].undo, half.plan.steps[0].undo, "the plan's until something better is known");
    assert_eq!(reading.problems, Vec::<String>::new());
    let alive = read_bytes(&bytes(&lines()), &|_| true);
    assert_eq!(alive.entries[1].state, EntryState::UnderWay);
}

#[test]
fn an_entry_that_was_taken_back_names_the_one_that_did_it() {
    let undo = Box::new(plan("undo", Some(id(1))));
    let mut all = lines();
    all.push(Line::Begun { id: id(4), at: Timestamp::UNIX_EPOCH, who: Who::default(), plan: undo });
    assert_eq!(fold(&bytes(&all)).entries[0].state, EntryState::Done, "not yet");
    all.push(ended(4, EntryState::Done));
    let entry = fold(&bytes(&all)).entries.swap_remove(0);
    assert_eq!((entry.state, entry.undone_by), (EntryState::Undone, Some(id(4))));
}

#[test]
fn cut_at_any_byte_the_whole_lines_are_read() {
    let (all, text) = (lines(), bytes(&lines()));
    for cut in 0..text.len() {
        // A line that lacks nothing but its line feed is whole.
        let whole = line_at(&text, cut) + usize::from(text[cut] == b'\n');
        let reading = fold(&text[..cut]);
        let expected = fold(&bytes(&all[..whole]));
        assert_eq!(reading.entries, expected.entries, "cut at {cut}");
        let is_clean = cut == 0 || text[cut] == b'\n' || text[cut - 1] == b'\n';
        assert_eq!(reading.problems.is_empty(), is_clean, "cut at {cut}: {:?}", reading.problems);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_flipped_byte_costs_its_line_and_is_named(flip in 1u8..) {
        let (all, text) = (lines(), bytes(&lines()));
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] ^= flip;
            let reading = fold(&damaged);
            let mut rest = all.clone();
            rest.remove(line_at(&text, at));
            let expected = fold(&bytes(&rest));
            // The end of the last line alone may be anything.
            if at + 1 == text.len() {
                continue;
            }
            prop_assert_eq!(&reading.entries, &expected.entries, "byte {} flipped by {}", at, flip);
            prop_assert!(!reading.problems.is_empty(), "byte {at} flipped by {flip} is not named");
        }
    }

}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut text = bytes(&lines());
        text.extend(&noise);
        text.extend(b"\n");
        text.extend(bytes(&[begun(9)]));
        let reading = fold(&text);
        prop_assert!(reading.entry(&id(1)).is_some() && reading.entry(&id(9)).is_some());
    }
}

#[test]
fn lines_of_a_newer_program_are_told_and_left_alone() {
    let line = br#"{"v":7,"sum":"what it likes","line":"begun"}"#;
    assert_eq!(Line::decode(line), Err(Unread::Newer(7)));
    let mut text = bytes(&lines());
    text.extend(line);
    let reading = fold(&text);
    assert_eq!(reading.entries.len(), 3);
    assert!(reading.problems[0].contains("newer bridgewatch (version 7)"), "{:?}", reading.problems);
}

fn open(home: &Path) -> Journal {
    Journal::open(&home.join("bridgewatch")).expect("opens")
}

#[test]
fn a_torn_end_does_not_spoil_the_next_line() {
    let home = tempfile::tempdir().expect("a directory");
    let mut journal = open(home.path());
    let first = journal.begin(&Who::default(), &plan("first", None)).expect("begun");
    let file = path(journal.dir());
    let mut text = fs::read(&file).expect("there");
    text.extend(b"{\"v\":1,\"sum\":\"12");
    fs::write(&file, &text).expect("torn");
    let second = journal.begin(&Who::default(), &plan("second", None)).expect("begun");
    let reading = journal.read().expect("read");
    assert!(reading.entry(&first).is_some() && reading.entry(&second).is_some());
    assert_eq!(reading.problems.len(), 1, "{:?}", reading.problems);
    assert!(fs::read(&file).expect("there").starts_with(&text), "nothing is repaired or removed");
}

#[test]
fn many_writers_never_mix_lines_and_ids_are_their_own() {
    let home = tempfile::tempdir().expect("a directory");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut journal = open(home.path());
                for _ in 0..20 {
                    let id = journal.begin(&Who::default(), &plan("one of many", None)).expect("begun");
                    journal.step(&id, 0, StepState::Begun, "", None).expect("written");
                }
            });
        }
    });
    let reading = open(home.path()).read().expect("read");
    assert_eq!((reading.entries.len(), reading.problems), (80, Vec::new()));
    assert!(reading.entries.iter().all(|e| e.results[0].state == StepState::Begun));
}

#[test]
fn what_another_writes_is_noticed() {
    let home = tempfile::tempdir().expect("a directory");
    let (mut one, mut other) = (open(home.path()), open(home.path()));
    one.read().expect("read");
    let mut watch = Watch::new(one.dir());
    assert!(!one.has_changed() && !watch.has_changed());
    other.begin(&Who::default(), &plan("theirs", None)).expect("begun");
    assert!(one.has_changed());
    assert!(watch.has_changed() && !watch.has_changed(), "told once");
    assert_eq!(one.read().expect("read").entries.len(), 1);
    assert!(!one.has_changed());
}

#[test]
fn a_journal_that_cannot_be_written_is_refused_with_the_reason() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path().join("bridgewatch");
    fs::create_dir(&dir).expect("made");
    fs::create_dir(path(&dir)).expect("in the way");
    let error = Journal::open(&dir).expect_err("refused").to_string();
    assert!(error.contains("journal.jsonl"), "{error}");
    let error = Journal::open(Path::new("/proc/bridgewatch")).expect_err("refused").to_string();
    assert!(error.contains("/proc"), "{error}");
}

#[test]
fn reading_makes_nothing_and_refuses_what_is_not_ours() {
    let home = tempfile::tempdir().expect("a directory");
    let dir = home.path().join("bridgewatch");
    assert_eq!(read(&dir).expect("none is empty"), Reading::default());
    assert!(!dir.exists());
    let mut journal = open(home.path());
    journal.begin(&Who::default(), &plan("x", None)).expect("begun");
    let elsewhere = home.path().join("elsewhere");
    fs::rename(path(&dir), &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, path(&dir)).expect("planted");
    assert!(read(&dir).expect_err("refused").to_string().contains("symbolic link"));
    assert!(journal.begin(&Who::default(), &plan("x", None)).is_err());
}

#[test]
fn only_what_waits_can_be_confirmed_and_only_in_time() {
    let home = tempfile::tempdir().expect("a directory");
    let mut journal = open(home.path());
    let who = Who { boot_id: process::boot_id(), ..Who::default() };
    let entry = |journal: &mut Journal, within: Option<u32>| {
        let id = journal.begin(&who, &plan("x", None)).expect("begun");
        let mut entry = journal.read().expect("read").entry(&id).expect("there").clone();
        let state = if within.is_some() { EntryState::Unconfirmed } else { EntryState::Done };
        journal.end(&mut entry, End { state, reason: String::new(), confirm_within_s: within }).expect("ended");
        id
    };
    let done = entry(&mut journal, None);
    assert!(journal.confirm(&done).is_err(), "it does not wait");
    let late = entry(&mut journal, Some(0));
    assert!(journal.confirm(&late).expect_err("refused").to_string().contains("too late"));
    let waits = entry(&mut journal, Some(60));
    journal.confirm(&waits).expect("confirmed");
    assert_eq!(journal.read().expect("read").entry(&waits).expect("there").state, EntryState::Done);
    let back = plan("take back", Some(waits));
    assert!(journal.begin_unless_confirmed(&who, &back).is_err(), "confirmed is confirmed");
    let back = plan("take back", Some(late.clone()));
    journal.begin_unless_confirmed(&who, &back).expect("taken back");
    assert!(journal.confirm(&late).is_err());
}
