//! One stay with an engine, from the connection to its loss: what is asked, in which order, and what an answer leads to.
//!
//! Subscribed to events before the first list, with a little of the past, so that nothing falls between the two.

mod answers;
mod health;
mod hearing;

use super::pace::Pace;
use super::{Nudge, Watcher};
use crate::model::{Container, ContainerId, Engine, Exec, Network, NetworkId, Volume, Weight};
use crate::sources::engine::client::{EngineReader, Events, Listing};
use crate::sources::engine::error::EngineError;
use crate::sources::engine::happening::Happening;
use jiff::Timestamp;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, channel};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// At most one list in this time when nothing is known to be wrong.
const SAFETY_NET: Duration = Duration::from_secs(60);
/// At most one list in this time when something is.
const LIST_AGAIN: Duration = Duration::from_secs(2);
/// Pictures are sent at most this often.
const PUBLISH: Duration = Duration::from_millis(50);
/// Timeline entries are sent at most this often, and at most so many at once.
const TELL: Duration = Duration::from_millis(50);
const TOLD_AT_ONCE: usize = 512;
/// The first list has the names, the states and the addresses: what else is asked of the engine lets it go ahead by this.
const HEAD_START: Duration = Duration::from_millis(40);
/// A list that takes longer is late: the engine is asked for a sign of life.
const PATIENCE: Duration = Duration::from_secs(2);
/// A sign of life that takes longer makes the engine silent.
const PING_PATIENCE: Duration = Duration::from_secs(1);
/// Between two questions for a sign of life.
const PING_AGAIN: Duration = Duration::from_secs(1);
/// Between two lists that fail.
const LIST_AFTER_FAULT: Duration = Duration::from_secs(10);
/// Between two subscriptions when the engine refuses them.
const LISTEN_AGAIN: Duration = Duration::from_secs(10);
/// A silent engine is waited for with one question, repeated this often.
const LONG_PING: Duration = Duration::from_secs(30);
/// Inspects under way at once.
const AT_ONCE: usize = 8;
/// Batches of event lines that wait to be read.
const QUEUE: usize = 64;
/// Exec sessions of health checks that are remembered, to ignore their further events.
const PROBES: usize = 256;
/// Exec sessions of one container that are asked for.
const EXECS: usize = 16;
/// Questions under way at most before exec sessions are left out.
const TASKS: usize = 200;
/// Volumes asked for in one turn.
const VOLUMES_AT_ONCE: usize = 8;

enum Answer {
    List(Result<Listing<Container>, EngineError>),
    Networks(Result<Listing<Network>, EngineError>),
    Engine(Box<Result<(Engine, Option<i64>), EngineError>>),
    Container(ContainerId, Box<Result<(Container, Vec<String>), EngineError>>),
    Network(NetworkId, Result<Network, EngineError>),
    Volumes(Result<Vec<Volume>, EngineError>),
    Volume(String, Result<Volume, EngineError>),
    Exec(String, Result<(ContainerId, Exec), EngineError>),
    Ping(Result<(), EngineError>),
}

/// How far back the first question for events goes, nanoseconds: who starts the console because something has just
/// happened finds it in the timeline. Engines keep few events (Docker the last 256).
const PAST: i128 = 10 * 60 * 1_000_000_000;

/// Events of this last stretch of the past are acted on, so that nothing falls between the lists and them, nanoseconds.
const OVERLAP: i128 = 2_000_000_000;

/// What the task that reads the event stream says.
enum Heard {
    Lines(Vec<Vec<u8>>, u64),
    Ended(Option<EngineError>),
}

pub(super) struct Session<'a> {
    watcher: &'a mut Watcher,
    reader: EngineReader,
    tasks: JoinSet<Answer>,
    containers: Pace<ContainerId>,
    networks: Pace<NetworkId>,
    /// When the list under way was asked for, and who was inspected since.
    listing: Option<(Instant, BTreeSet<ContainerId>)>,
    list_fault: Option<String>,
    pinging: Option<Instant>,
    ping_at: Option<Instant>,
    is_silent: bool,
    listen_at: Option<Instant>,
    events_fault: Option<String>,
    next_list: Instant,
    last_list: Option<Instant>,
    publish_at: Option<Instant>,
    published_at: Option<Instant>,
    tell_at: Option<Instant>,
    telling: Vec<(Happening, Timestamp)>,
    untold: u64,
    probes: VecDeque<String>,
    asked_volumes: BTreeSet<String>,
    has_listed: bool,
    /// Events of this time (the engine's clock) were asked for to be told: they happened before the first lists.
    past: std::ops::Range<i64>,
    unreadable: (u64, String),
    dropped: u64,
}

impl<'a> Session<'a> {
    /// Stays with the engine until it is lost, and says by what.
    pub(super) async fn run(watcher: &'a mut Watcher, nudges: &mut UnboundedReceiver<Nudge>) -> EngineError {
        let reader = match EngineReader::connect(&watcher.target) {
            Ok(reader) => reader,
            Err(error) => return error,
        };
        let now = Instant::now();
        let ago = |ns: i128| i64::try_from(Timestamp::now().as_nanosecond() - ns).unwrap_or(i64::MIN);
        let past = if watcher.newest_ns.is_some() { 0..0 } else { ago(PAST)..ago(OVERLAP) };
        let mut session = Session {
            watcher,
            reader,
            tasks: JoinSet::new(),
            containers: Pace::new(),
            networks: Pace::new(),
            listing: None,
            list_fault: None,
            pinging: None,
            ping_at: None,
            is_silent: false,
            listen_at: None,
            events_fault: None,
            next_list: now,
            last_list: None,
            publish_at: None,
            published_at: None,
            tell_at: None,
            telling: Vec::new(),
            untold: 0,
            probes: VecDeque::new(),
            asked_volumes: BTreeSet::new(),
            has_listed: false,
            past,
            unreadable: (0, String::new()),
            dropped: 0,
        };
        let error = session.stay(nudges).await;
        session.flush(true);
        error
    }

    async fn stay(&mut self, nudges: &mut UnboundedReceiver<Nudge>) -> EngineError {
        let mut listener = JoinSet::new();
        let mut hears = self.listen(&mut listener);
        // The subscription is on its way before the first list.
        tokio::task::yield_now().await;
        self.ask_all();
        let mut nudges_open = true;
        loop {
            self.start_inspects();
            let wake = self.wake_at();
            let lost = tokio::select! {
                heard = next_heard(&mut hears), if self.listen_at.is_none() => self.hear(heard),
                Some(done) = self.tasks.join_next() => match done {
                    Ok(answer) => self.take(answer),
                    // A reading task has no panic of its own; one that is cancelled has nothing to say.
                    Err(_) => None,
                },
                nudge = nudges.recv(), if nudges_open => {
                    nudges_open = nudge.is_some();
                    if let Some(nudge) = nudge { self.nudged(nudge) }
                    None
                }
                () = tokio::time::sleep_until(wake) => None,
            };
            if self.listen_at.is_some_and(|at| Instant::now() >= at) {
                hears = self.listen(&mut listener);
            }
            if let Some(error) = lost {
                return error;
            }
            self.on_time();
        }
    }

    /// Subscribes to events; the old subscription ends.
    fn listen(&mut self, listener: &mut JoinSet<()>) -> Receiver<Heard> {
        self.listen_at = None;
        let (said, hears) = channel(QUEUE);
        *listener = JoinSet::new();
        listener.spawn(listen(self.reader.events(&self.since(), ""), said));
        hears
    }

    /// The time from which events are wanted: the last one heard, or some minutes before now.
    fn since(&self) -> String {
        let ns = match self.watcher.newest_ns {
            Some(ns) => i128::from(ns),
            None => Timestamp::now().as_nanosecond() - PAST,
        };
        format!("{}.{:09}", ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000))
    }

    fn ask_all(&mut self) {
        self.ask_list();
        self.ask_networks(HEAD_START);
        self.ask_engine(HEAD_START);
        let reader = self.reader.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(HEAD_START).await;
            Answer::Volumes(reader.volumes().await)
        });
    }

    fn ask_networks(&mut self, after: Duration) {
        let reader = self.reader.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(after).await;
            Answer::Networks(reader.networks().await)
        });
    }

    fn ask_engine(&mut self, after: Duration) {
        let reader = self.reader.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(after).await;
            Answer::Engine(Box::new(reader.engine().await))
        });
    }

    /// One list at a time, however many want it.
    fn ask_list(&mut self) {
        if self.listing.is_none() {
            let now = Instant::now();
            self.listing = Some((now, BTreeSet::new()));
            self.last_list = Some(now);
            self.next_list = now + SAFETY_NET;
            let reader = self.reader.clone();
            self.tasks.spawn(async move { Answer::List(reader.containers().await) });
        }
    }

    /// The picture may be wrong: list soon, but not in a loop.
    fn list_soon(&mut self) {
        let now = Instant::now();
        let earliest = self.last_list.map_or(now, |last| last + LIST_AGAIN);
        self.next_list = self.next_list.min(earliest.max(now));
    }

    fn start_inspects(&mut self) {
        let now = Instant::now();
        while self.containers.busy + self.networks.busy < AT_ONCE {
            if let Some(id) = self.networks.take(now) {
                let reader = self.reader.clone();
                self.tasks.spawn(async move {
                    let answer = reader.network(&id).await;
                    Answer::Network(id, answer)
                });
            } else if let Some(id) = self.containers.take(now) {
                let reader = self.reader.clone();
                self.tasks.spawn(async move {
                    let answer = reader.container_with_execs(&id).await;
                    Answer::Container(id, Box::new(answer))
                });
            } else {
                break;
            }
        }
    }

    fn wake_at(&self) -> Instant {
        let free = self.containers.busy + self.networks.busy < AT_ONCE;
        let inspects = [self.containers.next_at(), self.networks.next_at()].into_iter().flatten().filter(|_| free);
        let list = Some(self.next_list).filter(|_| self.listing.is_none());
        let others = [self.late_at(), list, self.publish_at, self.tell_at, self.listen_at];
        let times = inspects.chain(others.into_iter().flatten());
        times.min().unwrap_or_else(|| Instant::now() + SAFETY_NET)
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if now >= self.next_list {
            self.ask_list();
        }
        self.look_for_silence(now);
        self.flush(false);
    }

    fn nudged(&mut self, nudge: Nudge) {
        match nudge {
            Nudge::Doubt => self.ask_ping(),
            Nudge::Refresh => {
                self.asked_volumes.clear();
                self.ask_list();
                self.inspect_everything(Instant::now());
                self.ask_networks(Duration::ZERO);
                self.ask_engine(Duration::ZERO);
            }
        }
    }

    /// Inspects all there is, from `now` on.
    pub(super) fn inspect_everything(&mut self, now: Instant) {
        for (id, container) in self.watcher.store.ids() {
            self.containers.now(id, u8::from(!container.state.has_processes()), now);
        }
        for id in self.watcher.store.network_ids() {
            self.networks.now(id, 0, now);
        }
    }

    /// The picture has changed: it is sent now or when the last one is old enough.
    fn changed(&mut self) {
        let now = Instant::now();
        let earliest = self.published_at.map_or(now, |at| (at + PUBLISH).max(now));
        self.publish_at.get_or_insert(earliest);
    }

    fn flush(&mut self, is_last: bool) {
        let now = Instant::now();
        if self.tell_at.is_some_and(|at| is_last || now >= at) {
            self.tell_at = None;
            // Named now and not when it was heard: a container that is created is known by then.
            let store = &self.watcher.store;
            let name_of = |id: &ContainerId| store.get(id).map(|held| held.name.clone());
            let telling = std::mem::take(&mut self.telling);
            let events = telling.into_iter().map(|(happening, at)| happening.event(name_of, at)).collect();
            let _ = self.watcher.out.send(super::EngineUpdate::Events(events));
            let untold = std::mem::take(&mut self.untold);
            if untold > 0 {
                self.watcher.tell("storm", Weight::Notice, format!("{untold} events of the engine are not shown"));
            }
        }
        if self.publish_at.is_some_and(|at| is_last || now >= at) {
            self.publish_at = None;
            self.published_at = Some(now);
            self.watcher.publish();
            self.ask_volumes();
        }
    }
}

/// The listener never ends without saying so; if its channel closes all the same, the stream is over.
async fn next_heard(hears: &mut Receiver<Heard>) -> Heard {
    hears.recv().await.unwrap_or(Heard::Ended(None))
}

/// Reads the event stream for as long as it lasts.
async fn listen(mut events: Events, said: Sender<Heard>) {
    loop {
        let (heard, is_end) = match events.next().await {
            Ok(Some(lines)) => (Heard::Lines(lines, events.dropped()), false),
            Ok(None) => (Heard::Ended(None), true),
            Err(error) => (Heard::Ended(Some(error)), true),
        };
        if said.send(heard).await.is_err() || is_end {
            return;
        }
    }
}
