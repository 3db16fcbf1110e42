//! Laws of carrying out, on a small world whose hand refuses, lies, loses answers and dies.

use super::*;
use crate::actions::{Difference, HandError, Made, Moved};
use crate::journal::{self, Reading};
use crate::plan::{ContainerRef, Cutoff, EngineOp, EntryState, Identity, Op, Risk, Step, StepState};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What the hand does with a call.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Fine,
    Refuse,
    /// Says that it did, and did not.
    Lie,
    /// It happened, the answer was lost.
    LoseDone,
    /// It did not happen, the answer was lost.
    LoseNot,
    /// Lost, and it can't be read back.
    Deaf,
    /// It was so already.
    Already,
    /// Dies before it does it.
    DieBefore,
    /// Dies after it did it.
    DieAfter,
}

/// The world: marks that are there. `+3` makes mark 3, `-3` removes it.
struct World {
    there: BTreeSet<String>,
    moods: Vec<Mood>,
    calls: Vec<String>,
    deaf: BTreeSet<String>,
    moved: bool,
    journal: PathBuf,
}

fn words(op: &Op) -> &str {
    match op {
        Op::Engine(EngineOp::Rename { to, .. }) => to,
        other => panic!("no such call: {other:?}"),
    }
}

fn call(to: String) -> Op {
    Op::Engine(EngineOp::Rename { container: ContainerRef { id: "c".into(), name: "c".into() }, to })
}

impl World {
    fn holds(&self, call: &str) -> bool {
        self.there.contains(&call[1..]) == call.starts_with('+')
    }

    fn make(&mut self, call: &str) {
        if let Some(thing) = call.strip_prefix('+') {
            self.there.insert(thing.to_owned());
        } else {
            self.there.remove(&call[1..]);
        }
    }
}

impl Hand for World {
    fn check(&mut self, _: &Identity) -> Result<(), Moved> {
        if self.moved { Err(Moved { what: "container c".into(), now: "it was restarted".into() }) } else { Ok(()) }
    }

    fn apply(&mut self, op: &Op) -> Result<Made, HandError> {
        let call = words(op).to_owned();
        let text = std::fs::read_to_string(&self.journal).expect("a journal");
        let last = text.lines().last().expect("a line");
        assert!(
            last.contains("\"line\":\"step\"") && last.contains("\"state\":\"begun\""),
            "{call} has no line: {last}"
        );
        let mood = self.moods.get(self.calls.len()).copied().unwrap_or(Mood::Fine);
        self.calls.push(call.clone());
        let what = call.clone();
        if call.starts_with('-') && !self.there.contains(&call[1..]) {
            return Err(HandError::Gone { what });
        }
        match mood {
            Mood::Fine | Mood::LoseDone => self.make(&call),
            Mood::Deaf => {
                self.make(&call);
                self.deaf.insert(call.clone());
            }
            Mood::DieAfter => {
                self.make(&call);
                panic!("killed");
            }
            Mood::DieBefore => panic!("killed"),
            _ => {}
        }
        match mood {
            Mood::Refuse => Err(HandError::Refused { what, reason: "no".into(), way_out: String::new() }),
            Mood::LoseDone | Mood::LoseNot | Mood::Deaf => Err(HandError::Unknown { what, reason: "cut".into() }),
            // Of a call that takes back, it would be a lie.
            Mood::Already => Ok(Made { already: self.holds(&call), ..Made::default() }),
            _ => Ok(Made::default()),
        }
    }

    fn read_back(&mut self, op: &Op, _: &Made) -> Result<(), Difference> {
        let call = words(op);
        let is_unknown = self.deaf.contains(call);
        if self.holds(call) && !is_unknown {
            return Ok(());
        }
        Err(Difference { wanted: call.into(), found: "not so".into(), is_unknown })
    }
}

/// A plan of so many steps in each row.
fn plan(rows: &[usize], cutoff: bool) -> Plan {
    let step = |row| {
        move |n: usize| {
            let mark = format!("{row}.{n}");
            let (op, undo) = (call(format!("+{mark}")), vec![call(format!("-{mark}"))]);
            Step { row, op, undo, gone_with: None, lasting: None }
        }
    };
    Plan {
        title: "a change".into(),
        wish: None,
        undoes: None,
        rows: rows.iter().map(|n| format!("row {n}")).collect(),
        identities: vec![Identity::NoLink { name: "x".into() }],
        steps: rows.iter().enumerate().flat_map(|(row, count)| (0..*count).map(step(row))).collect(),
        affects: Vec::new(),
        lasting: Vec::new(),
        notes: Vec::new(),
        risk: Risk::Change,
        cutoff: cutoff.then(|| Cutoff { why: String::new(), seconds: 30 }),
        left_out: Vec::new(),
    }
}

struct Bench {
    home: tempfile::TempDir,
    world: World,
    journal: Journal,
    told: Vec<String>,
}

impl Bench {
    fn new(moods: &[Mood]) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let journal = Journal::open(&home.path().join("b")).expect("a journal");
        let path = journal::path(journal.dir());
        let (there, calls, deaf) = (BTreeSet::new(), Vec::new(), BTreeSet::new());
        let world = World { there, moods: moods.to_vec(), calls, deaf, moved: false, journal: path };
        Bench { home, world, journal, told: Vec::new() }
    }

    fn run(&mut self, plan: Plan, on_failure: OnFailure) -> Result<Entry, Refusal> {
        self.run_guarded(plan, on_failure, &mut |_| Ok(()))
    }

    fn run_guarded(&mut self, plan: Plan, on_failure: OnFailure, guard: PutUpGuard<'_>) -> Result<Entry, Refusal> {
        let manner = Manner { who: Who::default(), on_failure, cancel: &AtomicBool::new(false), guard };
        let told = &mut self.told;
        carry_out(&mut self.world, &mut self.journal, plan, manner, &mut |p| told.push(format!("{p:?}")))
    }

    fn reading(&self) -> Reading {
        journal::read(Path::new(&self.home.path().join("b"))).expect("read")
    }
}

/// What is told of each step is so.
fn is_true(world: &World, entry: &Entry) -> Result<(), TestCaseError> {
    for (step, result) in entry.plan.steps.iter().zip(&entry.results) {
        let call = words(&step.op);
        let there = world.there.contains(&call[1..]);
        let told = match result.state {
            StepState::Done | StepState::Already | StepState::Stands => Some(true),
            StepState::Waiting | StepState::Failed | StepState::TakenBack => Some(false),
            StepState::Begun | StepState::Differs | StepState::Unknown => None,
        };
        prop_assert!(told.is_none_or(|told| told == there), "{call} is told as {:?}, there: {there}", result.state);
    }
    let nothing = matches!(entry.state, EntryState::NotDone | EntryState::RolledBack);
    prop_assert!(!nothing || world.there.is_empty(), "{:?} and there is {:?}", entry.state, world.there);
    let all = matches!(entry.state, EntryState::Done | EntryState::Unconfirmed);
    prop_assert!(!all || world.there.len() == entry.plan.steps.len());
    Ok(())
}

/// Nothing was sent twice.
fn is_sent_once(world: &World) -> Result<(), TestCaseError> {
    let mut count = BTreeMap::<&String, usize>::new();
    for call in &world.calls {
        *count.entry(call).or_default() += 1;
    }
    prop_assert!(count.values().all(|n| *n == 1), "{:?}", world.calls);
    Ok(())
}

fn moods(dying: bool) -> impl Strategy<Value = Vec<Mood>> {
    use Mood::{Deaf, DieAfter, DieBefore, Fine, Lie, LoseDone, LoseNot, Refuse};
    let mut all = vec![Fine, Fine, Fine, Fine, Fine, Refuse, Lie, LoseDone, LoseNot, Deaf];
    if dying {
        all.extend([DieAfter, DieBefore]);
    }
    proptest::collection::vec(proptest::sample::select(all), 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whatever_the_hand_does_the_entry_tells_the_truth(
        rows in proptest::collection::vec(1usize..4, 1..4),
        moods in moods(false),
        go_on: bool,
        cutoff: bool,
    ) {
        let mut bench = Bench::new(&moods);
        let on_failure = if go_on { OnFailure::GoOn } else { OnFailure::Stop };
        let entry = bench.run(plan(&rows, cutoff), on_failure).expect("begun");
        is_true(&bench.world, &entry)?;
        is_sent_once(&bench.world)?;
        let reading = bench.reading();
        let read = reading.entry(&entry.id).expect("in the journal");
        prop_assert_eq!((&read.results, read.state, &read.reason), (&entry.results, entry.state, &entry.reason));
        if cutoff && entry.state != EntryState::Unconfirmed {
            let bad = [StepState::Stands, StepState::Unknown];
            let stands = entry.results.iter().any(|r| bad.contains(&r.state));
            prop_assert!(stands || bench.world.there.is_empty(), "a cut that nobody guards: {:?}", bench.world.there);
        }
    }

    #[test]
    fn whenever_it_dies_the_journal_tells_what_may_stand(
        rows in proptest::collection::vec(1usize..4, 1..4),
        moods in moods(true),
    ) {
        let mut bench = Bench::new(&moods);
        let done = catch_unwind(AssertUnwindSafe(|| bench.run(plan(&rows, false), OnFailure::Stop)));
        let reading = bench.reading();
        prop_assert_eq!(reading.entries.len(), 1);
        is_true(&bench.world, &reading.entries[0])?;
        is_sent_once(&bench.world)?;
        prop_assert_eq!(done.is_err(), reading.half_done().count() == 1);
    }
}

fn states(entry: &Entry) -> Vec<StepState> {
    entry.results.iter().map(|r| r.state).collect()
}

#[test]
fn of_several_rows_those_before_stand_and_the_failed_one_is_taken_back() {
    use StepState::{Done, Failed, TakenBack, Waiting};
    let moods = [Mood::Fine, Mood::Fine, Mood::Refuse];
    let entry = Bench::new(&moods).run(plan(&[1, 2, 1], false), OnFailure::Stop).expect("begun");
    assert_eq!(states(&entry), [Done, TakenBack, Failed, Waiting]);
    assert_eq!((entry.state, entry.reason.as_str()), (EntryState::PartlyDone, "+1.1: no"));
    let entry = Bench::new(&moods).run(plan(&[1, 2, 1], false), OnFailure::GoOn).expect("begun");
    assert_eq!(states(&entry), [Done, TakenBack, Failed, Done]);
}

#[test]
fn what_was_so_before_is_not_taken_back() {
    let mut bench = Bench::new(&[Mood::Already, Mood::Refuse]);
    bench.world.there.insert("0.0".into());
    let entry = bench.run(plan(&[2], false), OnFailure::Stop).expect("begun");
    assert_eq!(states(&entry), [StepState::Already, StepState::Failed]);
    assert_eq!(entry.results[0].undo, []);
    assert!(bench.world.there.contains("0.0"));
}

#[test]
fn what_goes_with_another_step_is_not_taken_back_twice() {
    let mut plan = plan(&[3], false);
    (plan.steps[1].gone_with, plan.steps[1].undo) = (Some(0), Vec::new());
    let mut bench = Bench::new(&[Mood::Fine, Mood::Fine, Mood::Refuse]);
    let entry = bench.run(plan, OnFailure::Stop).expect("begun");
    assert_eq!(states(&entry), [StepState::TakenBack, StepState::TakenBack, StepState::Failed]);
    assert_eq!(bench.world.calls, ["+0.0", "+0.1", "+0.2", "-0.0"]);
}

#[test]
fn what_has_changed_since_is_left_alone() {
    let mut bench = Bench::new(&[]);
    bench.world.moved = true;
    let entry = bench.run(plan(&[1], false), OnFailure::Stop).expect("written down");
    assert_eq!(entry.state, EntryState::NotDone);
    assert!(entry.reason.contains("has changed since you looked"), "{}", entry.reason);
    assert_eq!(bench.world.calls, Vec::<String>::new());
}

#[test]
fn without_its_guard_a_cut_is_not_begun() {
    let mut bench = Bench::new(&[]);
    let entry = bench.run_guarded(plan(&[1], true), OnFailure::Stop, &mut |_| Err("no more processes".into()));
    let entry = entry.expect("written down");
    assert_eq!(entry.state, EntryState::NotDone);
    assert!(entry.reason.contains("no more processes"));
    assert_eq!(bench.world.calls, Vec::<String>::new());
}

#[test]
fn a_change_that_could_cut_waits_to_be_confirmed() {
    let entry = Bench::new(&[]).run(plan(&[1], true), OnFailure::Stop).expect("begun");
    assert_eq!(entry.state, EntryState::Unconfirmed);
    assert!(entry.confirm_by.is_some());
}

#[test]
fn cancelled_between_steps_the_row_is_taken_back() {
    let mut bench = Bench::new(&[]);
    let cancel = AtomicBool::new(false);
    let manner = Manner { who: Who::default(), on_failure: OnFailure::Stop, cancel: &cancel, guard: &mut |_| Ok(()) };
    let tell = &mut |progress| {
        if matches!(progress, Progress::Step { step: 1, state: StepState::Done, .. }) {
            cancel.store(true, std::sync::atomic::Ordering::SeqCst);
        }
    };
    let entry = carry_out(&mut bench.world, &mut bench.journal, plan(&[1, 2], false), manner, tell).expect("begun");
    assert_eq!(states(&entry), [StepState::Done, StepState::TakenBack, StepState::Waiting]);
    assert_eq!(entry.reason, "cancelled");
}

#[test]
fn without_a_journal_there_is_no_change() {
    let mut bench = Bench::new(&[]);
    let path = bench.world.journal.clone();
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("in the way");
    let refusal = bench.run(plan(&[1], false), OnFailure::Stop).expect_err("refused");
    assert!(refusal.why.contains("nothing was done"), "{refusal}");
    assert_eq!(bench.world.calls, Vec::<String>::new());
}

#[test]
fn an_undo_goes_on_past_what_fails_and_takes_what_is_gone_as_done() {
    let mut undo = plan(&[3], false);
    undo.undoes = Some(EntryId("20261128-000000-0000".into()));
    for (n, step) in undo.steps.iter_mut().enumerate() {
        (step.op, step.undo) = (call(format!("-0.{n}")), Vec::new());
    }
    let mut bench = Bench::new(&[Mood::Fine, Mood::Refuse, Mood::Fine]);
    bench.world.there = ["0.1", "0.2"].map(str::to_owned).into();
    let entry = bench.run(undo, OnFailure::Stop).expect("begun");
    assert_eq!(states(&entry), [StepState::Already, StepState::Failed, StepState::Done]);
    assert_eq!(entry.state, EntryState::PartlyDone);
    assert_eq!(bench.world.there, ["0.1".to_owned()].into());
}
