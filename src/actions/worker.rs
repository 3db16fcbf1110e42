//! The hands at work for the console: a thread that takes orders one after the other and tells how they go. It also
//! watches the guards of what waits to be confirmed.

use super::executor::{Manner, carry_out, take_back};
use super::guard::GuardCommand;
use super::{Hand, Hands, who};
use crate::journal::{Journal, Reading, process};
use crate::plan::{
    Entry, EntryId, EntryState, OVERTIME_S, OnFailure, Order, Permit, Plan, Progress, Refusal, Session, straight,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// Time between two looks at the guards, and meanwhile at the journal, which they write.
const LOOK: Duration = Duration::from_millis(500);

/// Who is told; false when nobody listens any more.
pub type Told = Arc<dyn Fn(Progress) -> bool + Send + Sync>;

/// What the worker needs besides its hands.
#[derive(Debug, Clone)]
pub struct Desk {
    /// State directory; or why there is none, which is the reason of every refusal then.
    pub state_dir: Result<PathBuf, String>,
    /// The operator's connection.
    pub session: Session,
    /// How a guard is started.
    pub guard: GuardCommand,
}

/// The thread `bw-hands`. It ends after its last order when this is dropped.
#[derive(Debug)]
pub struct Worker {
    orders: Sender<Order>,
    cancel: Arc<AtomicBool>,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread can be made.
    pub fn start(hands: Hands, desk: Desk, told: Told) -> std::io::Result<Self> {
        Self::spawn(Box::new(hands), desk, told)
    }

    fn spawn(hand: Box<dyn Hand>, desk: Desk, told: Told) -> std::io::Result<Self> {
        let (orders, inbox) = channel();
        let cancel = Arc::new(AtomicBool::new(false));
        let (journal, guards, unguarded) = (None, BTreeMap::new(), BTreeSet::new());
        let shift = Shift { hand, desk, told, cancel: cancel.clone(), journal, guards, unguarded };
        std::thread::Builder::new().name("bw-hands".into()).spawn(move || shift.run(&inbox))?;
        Ok(Worker { orders, cancel })
    }

    /// Gives an order; what comes of it is told. [`Order::Cancel`] reaches what runs, every other order waits for it.
    pub fn order(&self, order: Order, _permit: Permit) {
        if order == Order::Cancel {
            self.cancel.store(true, Ordering::SeqCst);
        } else {
            let _ = self.orders.send(order);
        }
    }
}

struct Shift {
    hand: Box<dyn Hand>,
    desk: Desk,
    told: Told,
    cancel: Arc<AtomicBool>,
    journal: Option<Journal>,
    guards: BTreeMap<EntryId, Guard>,
    /// Entries for which no guard could be put up again.
    unguarded: BTreeSet<EntryId>,
}

/// Who takes an entry back that is not confirmed.
enum Guard {
    /// Our child.
    Ours(Child),
    /// One that another bridgewatch has put up: process and its start.
    Others(i32, u64),
}

impl Guard {
    fn has_ended(&mut self) -> bool {
        match self {
            Guard::Ours(child) => !matches!(child.try_wait(), Ok(None)),
            Guard::Others(pid, start) => process::start_of(*pid) != Some(*start),
        }
    }
}

impl Shift {
    fn run(mut self, inbox: &Receiver<Order>) {
        if let Some(reading) = self.tell_journal() {
            for words in at_start(&reading) {
                self.say(words, true);
            }
            self.stand_by(&reading, &[]);
        }
        loop {
            // Woken for nothing it would cost more than all else it does.
            let order = match self.guards.is_empty() {
                true => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                false => inbox.recv_timeout(LOOK),
            };
            match order {
                Ok(order) => self.take(order),
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Apply { plan, on_failure } => self.apply(*plan, on_failure),
            Order::Confirm(id) => self.confirm(&id),
            Order::TakeBack(id) => self.take_back(&id),
            Order::ReadJournal => {}
            // They are not for this thread: one is a flag, the other needs the terminal.
            Order::Cancel | Order::Shell(_) => return,
        }
        self.follow(&[]);
    }

    fn say(&self, words: String, is_error: bool) {
        (self.told)(Progress::Say(words, is_error));
    }

    fn refuse(&self, what: &str, why: String) {
        (self.told)(Progress::NotBegun(Refusal::new(what, why)));
    }

    /// Opened when it is needed: what was wrong with its place may have been put right.
    fn open(&mut self) -> Result<&mut Journal, String> {
        if self.journal.is_none() {
            let dir = self.desk.state_dir.clone()?;
            self.journal = Some(Journal::open(&dir).map_err(|e| e.to_string())?);
        }
        self.journal.as_mut().ok_or_else(String::new)
    }

    fn apply(&mut self, plan: Plan, on_failure: OnFailure) {
        self.cancel.store(false, Ordering::SeqCst);
        if let Err(why) = self.open() {
            return self.refuse(&plan.title, format!("nothing is changed without a journal: {why}"));
        }
        let Some(journal) = &mut self.journal else { return };
        let (guards, command, told) = (&mut self.guards, &self.desk.guard, &self.told);
        let guard = &mut |id: &EntryId| {
            guards.insert(id.clone(), Guard::Ours(command.put_up(id)?));
            Ok(())
        };
        let who = who(self.desk.session.clone(), &plan);
        let manner = Manner { who, on_failure, cancel: &self.cancel, guard };
        let mut tell = |progress| {
            told(progress);
        };
        if let Err(refusal) = carry_out(&mut *self.hand, journal, plan, manner, &mut tell) {
            told(Progress::NotBegun(refusal));
        }
    }

    fn confirm(&mut self, id: &EntryId) {
        let done = self.open().and_then(|journal| journal.confirm(id).map_err(|e| e.to_string()));
        match done {
            Ok(()) => self.say(format!("{id} is confirmed"), false),
            Err(why) => self.refuse(&format!("confirm {id}"), why),
        }
    }

    fn take_back(&mut self, id: &EntryId) {
        let what = format!("take back {id}");
        let entry = self.open().and_then(|journal| {
            let reading = journal.read().map_err(|e| e.to_string())?;
            reading.entry(id).cloned().ok_or_else(|| "the journal has no such entry".to_owned())
        });
        let entry = match entry {
            Ok(entry) => entry,
            Err(why) => return self.refuse(&what, why),
        };
        let Some(journal) = &mut self.journal else { return };
        let plan = straight(&entry);
        let who = who(self.desk.session.clone(), &plan);
        let told = &self.told;
        let mut tell = |progress| {
            told(progress);
        };
        if let Err(refusal) = take_back(&mut *self.hand, journal, plan, who, &mut tell) {
            told(Progress::NotBegun(refusal));
        }
    }

    fn tell_journal(&mut self) -> Option<Reading> {
        let reading = self.open().and_then(|journal| journal.read().map_err(|e| e.to_string()));
        match reading {
            Ok(reading) => {
                (self.told)(Progress::Journal(Ok(Arc::new(reading.entries.clone()))));
                Some(reading)
            }
            Err(why) => {
                (self.told)(Progress::Journal(Err(why)));
                None
            }
        }
    }

    /// What others wrote is told, and a guard that died is put up again.
    fn look(&mut self) {
        let fallen: Vec<EntryId> =
            self.guards.iter_mut().filter_map(|(id, guard)| guard.has_ended().then(|| id.clone())).collect();
        self.guards.retain(|id, _| !fallen.contains(id));
        if !fallen.is_empty() || self.journal.as_ref().is_some_and(Journal::has_changed) {
            self.follow(&fallen);
        }
    }

    fn follow(&mut self, fallen: &[EntryId]) {
        if let Some(reading) = self.tell_journal() {
            self.stand_by(&reading, fallen);
        }
    }

    /// Watches the guards of all that waits to be confirmed, and puts up those that are not there any more. What was
    /// left alone past its deadline is the operator's: `fallen` are those whose guard was there a moment ago.
    fn stand_by(&mut self, reading: &Reading, fallen: &[EntryId]) {
        let (boot, now) = (process::boot_id(), process::since_boot_ms());
        for entry in reading.entries.iter().filter(|e| e.state == EntryState::Unconfirmed && e.who.boot_id == boot) {
            let id = &entry.id;
            let deadline = reading.deadlines.get(id).copied().unwrap_or_default();
            let until = if fallen.contains(id) { deadline + u64::from(OVERTIME_S) * 1000 } else { deadline };
            if self.guards.contains_key(id) || self.unguarded.contains(id) || until <= now {
                continue;
            }
            if let Some((pid, start)) = guard_of(reading, id) {
                self.guards.insert(id.clone(), Guard::Others(pid, start));
                continue;
            }
            match self.desk.guard.put_up(id) {
                Ok(child) => {
                    self.guards.insert(id.clone(), Guard::Ours(child));
                    self.say(format!("the guard of {id} had died and was put up again"), true);
                }
                Err(why) => {
                    self.unguarded.insert(id.clone());
                    self.say(format!("the guard of {id} has died: {why}; take it back yourself"), true);
                }
            }
        }
    }
}

/// The guard of an entry, when it lives.
fn guard_of(reading: &Reading, id: &EntryId) -> Option<(i32, u64)> {
    let (pid, start) = *reading.guards.get(id)?;
    (process::start_of(pid) == Some(start)).then_some((pid, start))
}

/// What has to be known before anything else is done: what does not read, what was left half done, what waits to be
/// confirmed or was taken back meanwhile.
pub fn at_start(reading: &Reading) -> Vec<String> {
    let boot = process::boot_id();
    let mut words = reading.problems.clone();
    let earlier = |entry: &Entry| if entry.who.boot_id == boot { "" } else { ", before this host was started anew" };
    for entry in reading.half_done() {
        words.push(format!(
            "{} ({}) was left half done{}: undo it, or see what stands",
            entry.id,
            entry.plan.title,
            earlier(entry)
        ));
    }
    for entry in reading.entries.iter().filter(|e| e.state == EntryState::Unconfirmed) {
        let late = reading.deadlines.get(&entry.id).is_some_and(|deadline| *deadline <= process::since_boot_ms());
        if entry.who.boot_id != boot || late {
            words.push(format!(
                "{} ({}) was neither confirmed nor taken back{}: see what stands",
                entry.id,
                entry.plan.title,
                earlier(entry)
            ));
        } else {
            let alone = if guard_of(reading, &entry.id).is_some() { "" } else { ", and its guard has died" };
            words.push(format!("{} ({}) waits to be confirmed{alone}", entry.id, entry.plan.title));
        }
    }
    let newest = reading.entries.last().and_then(|e| reading.entry(e.plan.undoes.as_ref()?));
    if let Some(entry) = newest.filter(|e| reading.guards.contains_key(&e.id) && e.state == EntryState::Undone) {
        words.push(format!("{} ({}) was not confirmed and was taken back", entry.id, entry.plan.title));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::{Difference, HandError, Made, Moved};
    use crate::plan::{Cutoff, Identity, LedgerOp, Mode, Op, Risk, Step};

    /// A hand for which everything goes as wanted.
    struct Willing;

    impl Hand for Willing {
        fn check(&mut self, _: &Identity) -> Result<(), Moved> {
            Ok(())
        }
        fn apply(&mut self, _: &Op) -> Result<Made, HandError> {
            Ok(Made::default())
        }
        fn read_back(&mut self, _: &Op, _: &Made) -> Result<(), Difference> {
            Ok(())
        }
    }

    fn plan(cutoff: bool) -> Box<Plan> {
        let container = crate::plan::ContainerRef { id: "c".into(), name: "web".into() };
        let op = Op::Ledger(LedgerOp::Forget { container, network: None });
        let step = Step { row: 0, op: op.clone(), undo: vec![op], gone_with: None, lasting: None };
        Box::new(Plan {
            title: "a change".into(),
            wish: None,
            undoes: None,
            rows: vec!["web".into()],
            identities: Vec::new(),
            steps: vec![step],
            affects: Vec::new(),
            lasting: Vec::new(),
            notes: Vec::new(),
            risk: Risk::Change,
            cutoff: cutoff.then(|| Cutoff { why: String::new(), seconds: 30 }),
            left_out: Vec::new(),
        })
    }

    struct Bench {
        worker: Worker,
        told: Receiver<Progress>,
        permit: Permit,
    }

    impl Bench {
        fn new(state_dir: Result<PathBuf, String>) -> Self {
            let Mode::Operate(warrant) = Mode::settle(false) else { unreachable!("not read-only") };
            // A guard that is up at once and never comes down by itself.
            let program = PathBuf::from("/bin/sh");
            let arguments = ["-c", "echo up; exec sleep 60"].map(Into::into).to_vec();
            let desk = Desk { state_dir, session: Session::default(), guard: GuardCommand { program, arguments } };
            let (send, told) = channel();
            let tell: Told = Arc::new(move |progress| send.send(progress).is_ok());
            let worker = Worker::spawn(Box::new(Willing), desk, tell).expect("a thread");
            Bench { worker, told, permit: warrant.permit() }
        }

        fn order(&self, order: Order) {
            self.worker.order(order, self.permit.clone());
        }

        /// The next thing told that `of` knows.
        fn next<T>(&self, of: impl Fn(Progress) -> Option<T>) -> T {
            loop {
                let progress = self.told.recv_timeout(Duration::from_secs(30)).expect("something is told");
                if let Some(found) = of(progress) {
                    return found;
                }
            }
        }

        fn apply(&self, cutoff: bool) -> Entry {
            self.order(Order::Apply { plan: plan(cutoff), on_failure: OnFailure::Stop });
            self.next(|p| if let Progress::Ended(entry) = p { Some(*entry) } else { None })
        }

        fn journal(&self) -> Arc<Vec<Entry>> {
            self.next(|p| if let Progress::Journal(Ok(entries)) = p { Some(entries) } else { None })
        }
    }

    #[test]
    fn an_order_is_carried_out_and_the_journal_is_told_before_and_after() {
        let home = tempfile::tempdir().expect("a directory");
        let bench = Bench::new(Ok(home.path().join("b")));
        assert!(bench.journal().is_empty());
        let entry = bench.apply(false);
        assert_eq!(entry.state, EntryState::Done);
        assert_eq!(bench.journal().last().map(|e| e.id.clone()), Some(entry.id));
    }

    #[test]
    fn without_a_journal_every_order_is_refused_with_the_reason() {
        let bench = Bench::new(Err("there is no state directory".into()));
        bench.order(Order::Apply { plan: plan(false), on_failure: OnFailure::Stop });
        let refusal = bench.next(|p| if let Progress::NotBegun(refusal) = p { Some(refusal) } else { None });
        assert!(refusal.why.contains("there is no state directory"), "{refusal}");
    }

    #[test]
    fn what_waits_is_confirmed_or_taken_back_on_the_spot() {
        let home = tempfile::tempdir().expect("a directory");
        let bench = Bench::new(Ok(home.path().join("b")));
        bench.journal();
        let state = |id: &EntryId| bench.journal().iter().find(|e| e.id == *id).expect("an entry").state;
        let kept = bench.apply(true);
        assert_eq!((kept.state, state(&kept.id)), (EntryState::Unconfirmed, EntryState::Unconfirmed));
        bench.order(Order::Confirm(kept.id.clone()));
        assert_eq!(state(&kept.id), EntryState::Done);
        let other = bench.apply(true);
        state(&other.id);
        bench.order(Order::TakeBack(other.id.clone()));
        assert_eq!(state(&other.id), EntryState::Undone);
        bench.order(Order::TakeBack(kept.id));
        bench.next(|p| matches!(p, Progress::NotBegun(_)).then_some(()));
    }

    #[test]
    fn what_another_wrote_is_told_when_asked() {
        let home = tempfile::tempdir().expect("a directory");
        let bench = Bench::new(Ok(home.path().join("b")));
        bench.journal();
        let mut other = Journal::open(&home.path().join("b")).expect("opens");
        let who = who(Session::default(), &plan(false));
        let id = other.begin(&who, &plan(false)).expect("begun");
        bench.order(Order::ReadJournal);
        let entries = bench.journal();
        assert_eq!((entries[0].id.clone(), entries[0].state), (id, EntryState::UnderWay));
    }
}
