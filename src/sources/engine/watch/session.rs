//! One stay with an engine, from the connection to its loss: what is asked, in which order, and what an answer leads to.
//!
//! Subscribed to events before the first list, with a little of the past, so that nothing falls between the two.

use super::pace::Pace;
use super::{Nudge, Watcher};
use crate::model::{Container, ContainerId, Engine, Event, Exec, Network, NetworkId, SourceState, Volume, Weight};
use crate::sources::engine::client::{EngineReader, Events, Listing};
use crate::sources::engine::error::EngineError;
use crate::sources::engine::happening::{Happening, Touch, is_probe};
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
/// An answer that takes longer makes the engine silent.
const PATIENCE: Duration = Duration::from_secs(2);
/// A silent engine is waited for with one question, repeated this often.
const LONG_PING: Duration = Duration::from_secs(30);
/// Inspects under way at once.
const AT_ONCE: usize = 8;
/// Batches of event lines that wait to be read.
const QUEUE: usize = 64;
/// Exec sessions of health checks that are remembered, to ignore their further events.
const PROBES: usize = 256;
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
    pinging: Option<Instant>,
    next_list: Instant,
    last_list: Option<Instant>,
    publish_at: Option<Instant>,
    published_at: Option<Instant>,
    tell_at: Option<Instant>,
    telling: Vec<Event>,
    untold: u64,
    probes: VecDeque<String>,
    asked_volumes: BTreeSet<String>,
    has_listed: bool,
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
        let mut session = Session {
            watcher,
            reader,
            tasks: JoinSet::new(),
            containers: Pace::new(),
            networks: Pace::new(),
            listing: None,
            pinging: None,
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
            unreadable: (0, String::new()),
            dropped: 0,
        };
        let error = session.stay(nudges).await;
        session.flush(true);
        error
    }

    async fn stay(&mut self, nudges: &mut UnboundedReceiver<Nudge>) -> EngineError {
        let (said, mut hears) = channel(QUEUE);
        let mut listener = JoinSet::new();
        listener.spawn(listen(self.reader.events(&self.since(), ""), said));
        // The subscription is on its way before the first list.
        tokio::task::yield_now().await;
        self.ask_all();
        let mut nudges_open = true;
        loop {
            self.start_inspects();
            let wake = self.wake_at();
            let lost = tokio::select! {
                heard = next_heard(&mut hears) => self.hear(heard),
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
            if let Some(error) = lost {
                return error;
            }
            self.on_time();
        }
    }

    /// The time from which events are wanted: the last one heard, or just before now.
    fn since(&self) -> String {
        let ns = match self.watcher.newest_ns {
            Some(ns) => i128::from(ns),
            None => Timestamp::now().as_nanosecond() - 2_000_000_000,
        };
        format!("{}.{:09}", ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000))
    }

    fn ask_all(&mut self) {
        self.ask_list();
        let reader = self.reader.clone();
        self.tasks.spawn(async move { Answer::Networks(reader.networks().await) });
        self.ask_engine();
        let reader = self.reader.clone();
        self.tasks.spawn(async move { Answer::Volumes(reader.volumes().await) });
    }

    fn ask_engine(&mut self) {
        let reader = self.reader.clone();
        self.tasks.spawn(async move { Answer::Engine(Box::new(reader.engine().await)) });
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

    fn ask_ping(&mut self) {
        if self.pinging.is_none() {
            self.pinging = Some(Instant::now());
            let reader = self.reader.clone();
            self.tasks.spawn(async move { Answer::Ping(reader.ping(LONG_PING).await) });
        }
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
        let waits = self.listing.as_ref().map(|(since, _)| *since).into_iter().chain(self.pinging);
        let is_silent = matches!(self.watcher.status, SourceState::Stale | SourceState::Down);
        let silence = waits.map(|since| since + PATIENCE).filter(|_| !is_silent);
        let list = Some(self.next_list).filter(|_| self.listing.is_none());
        let times = inspects.chain(silence).chain(list).chain(self.publish_at).chain(self.tell_at);
        times.min().unwrap_or_else(|| Instant::now() + SAFETY_NET)
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if now >= self.next_list {
            self.ask_list();
        }
        let oldest = self.listing.as_ref().map(|(since, _)| *since).into_iter().chain(self.pinging).min();
        if let Some(since) = oldest.filter(|since| now >= *since + PATIENCE) {
            self.silent(now.duration_since(since));
        }
        self.flush(false);
    }

    /// The engine takes the connection and says nothing. One question stays open: its answer is the moment of return.
    fn silent(&mut self, for_long: Duration) {
        let status = if self.watcher.answered_at.is_some() { SourceState::Stale } else { SourceState::Down };
        if self.watcher.status == status {
            return;
        }
        self.ask_ping();
        self.watcher.status = status;
        self.watcher.reason =
            format!("the engine takes connections and does not answer (asked {} s ago)", for_long.as_secs());
        if self.watcher.answered_at.is_none() {
            let gap = EngineError::Silent { what: "the engine".to_owned(), seconds: for_long.as_secs() }.gap();
            self.watcher.store.engine = crate::model::Fact::gap(gap);
        }
        self.changed();
    }

    fn nudged(&mut self, nudge: Nudge) {
        match nudge {
            Nudge::Doubt => self.ask_ping(),
            Nudge::Refresh => {
                self.asked_volumes.clear();
                self.ask_list();
                self.inspect_everything();
                let reader = self.reader.clone();
                self.tasks.spawn(async move { Answer::Networks(reader.networks().await) });
                self.ask_engine();
            }
        }
    }

    fn inspect_everything(&mut self) {
        let now = Instant::now();
        for (id, container) in self.watcher.store.ids() {
            self.containers.now(id, u8::from(!container.state.has_processes()), now);
        }
        for id in self.watcher.store.network_ids() {
            self.networks.now(id, 0, now);
        }
    }

    /// Takes an answer; gives the error that ends the stay.
    fn take(&mut self, answer: Answer) -> Option<EngineError> {
        match answer {
            Answer::List(answer) => return self.take_list(answer),
            Answer::Ping(answer) => return self.take_ping(answer),
            Answer::Networks(Ok(listing)) => {
                self.alive();
                let new = self.watcher.store.apply_networks(listing.items);
                let ids: Vec<NetworkId> = match self.published_at {
                    Some(_) if !new.is_empty() => new,
                    _ => self.watcher.store.network_ids().cloned().collect(),
                };
                let now = Instant::now();
                ids.iter().for_each(|id| self.networks.now(id, 0, now));
                self.changed();
            }
            Answer::Engine(answer) => match *answer {
                Ok((engine, ahead)) => self.take_engine(engine, ahead),
                Err(error) if error.is_engine_away() => return Some(error),
                Err(error) => {
                    if self.watcher.store.engine.known().is_none() {
                        self.watcher.store.engine = crate::model::Fact::gap(error.gap());
                        self.changed();
                    }
                }
            },
            Answer::Container(id, answer) => self.take_container(&id, *answer),
            Answer::Network(id, answer) => self.take_network(&id, answer),
            Answer::Volumes(Ok(volumes)) => {
                volumes.into_iter().for_each(|volume| self.watcher.store.apply_volume(volume));
                self.refresh_volumes();
            }
            Answer::Volume(name, answer) => {
                match answer {
                    Ok(volume) => self.watcher.store.apply_volume(volume),
                    Err(EngineError::Gone { .. }) => self.watcher.store.remove_volume(&name),
                    Err(_) => {}
                }
                self.refresh_volumes();
            }
            Answer::Exec(id, Ok((container, exec))) => self.take_exec(id, &container, exec),
            // Gone before it was read, or a list that the minute's list will make good.
            Answer::Exec(_, Err(_)) | Answer::Networks(Err(_)) | Answer::Volumes(Err(_)) => {}
        }
        None
    }

    fn take_list(&mut self, answer: Result<Listing<Container>, EngineError>) -> Option<EngineError> {
        let (_, fresh) = self.listing.take().unwrap_or((Instant::now(), BTreeSet::new()));
        let listing = match answer {
            Ok(listing) => listing,
            Err(error) if error.is_engine_away() => return Some(error),
            Err(error) => {
                self.list_failed(&error);
                return None;
            }
        };
        self.alive();
        self.unreadable = (listing.unreadable, listing.fault);
        let found = self.watcher.store.apply_list(listing.items, &fresh);
        let now = Instant::now();
        for id in &found.gone {
            self.containers.forget(id);
        }
        if !self.has_listed {
            self.has_listed = true;
            self.inspect_everything();
        } else {
            let count = found.differ.len() + found.gone.len();
            if count > 0 {
                self.watcher.resyncs += 1;
                self.watcher.tell("resync", Weight::Info, format!("the list corrected {count} containers"));
            }
            for id in &found.differ {
                self.containers.now(id, 0, now);
            }
        }
        self.settle();
        // The first picture goes out at once: names must not wait for details.
        self.publish_at = Some(now);
        None
    }

    /// The list can't be had while other things can: what is held is old, and the list is asked again, slowly.
    fn list_failed(&mut self, error: &EngineError) {
        let status = if self.watcher.answered_at.is_some() { SourceState::Stale } else { SourceState::Down };
        self.watcher.status = status;
        self.watcher.reason = error.to_string();
        if self.watcher.store.engine.known().is_none() {
            self.watcher.store.engine = crate::model::Fact::gap(error.gap());
        }
        self.next_list = Instant::now() + SAFETY_NET / 6;
        if matches!(error, EngineError::Silent { .. }) {
            self.ask_ping();
        }
        self.changed();
    }

    fn take_ping(&mut self, answer: Result<(), EngineError>) -> Option<EngineError> {
        self.pinging = None;
        match answer {
            Err(error) if error.is_engine_away() => return Some(error),
            Err(EngineError::Silent { .. }) => self.ask_ping(),
            // Any words are a sign of life, also a refusal.
            _ => {
                let was_silent = self.watcher.status != SourceState::Ok;
                self.alive();
                if was_silent {
                    self.watcher.resyncs += 1;
                    self.list_soon();
                    if self.listing.is_none() {
                        self.inspect_everything();
                    }
                }
            }
        }
        None
    }

    fn take_engine(&mut self, engine: Engine, ahead: Option<i64>) {
        self.alive();
        let known = std::mem::replace(&mut self.watcher.engine_id, engine.id.clone());
        if !known.is_empty() && !engine.id.is_empty() && known != engine.id {
            self.watcher.tell("replaced", Weight::Alarm, "a different engine answers at this endpoint".to_owned());
            self.watcher.store.clear();
            self.watcher.newest_ns = None;
            (self.containers, self.networks) = (Pace::new(), Pace::new());
            // A list under way is this engine's already, but was merged with the other's.
            self.tasks.abort_all();
            (self.listing, self.pinging, self.has_listed) = (None, None, false);
            self.ask_all();
        }
        self.watcher.clock_ahead_ms = ahead;
        self.watcher.store.engine = crate::model::Fact::Known(engine);
        self.changed();
    }

    fn take_container(&mut self, id: &ContainerId, answer: Result<(Container, Vec<String>), EngineError>) {
        let now = Instant::now();
        self.containers.done(id, now);
        match answer {
            Ok((container, execs)) => {
                self.alive();
                if let Some((_, fresh)) = &mut self.listing {
                    fresh.insert(container.id.clone());
                }
                let is_running = container.state.has_processes();
                if self.watcher.store.apply_container(container) {
                    self.changed();
                    self.refresh_volumes();
                }
                execs.into_iter().take(16).filter(|_| is_running).for_each(|exec| self.ask_exec(exec));
            }
            Err(EngineError::Gone { .. }) => {
                self.containers.forget(id);
                if self.watcher.store.remove(id) {
                    self.changed();
                    self.refresh_volumes();
                }
            }
            Err(error) => {
                if self.watcher.store.apply_failure(id, error.gap()) {
                    self.changed();
                }
            }
        }
    }

    fn take_network(&mut self, id: &NetworkId, answer: Result<Network, EngineError>) {
        self.networks.done(id, Instant::now());
        let changed = match answer {
            Ok(network) => self.watcher.store.apply_network(network),
            Err(EngineError::Gone { .. }) => {
                self.networks.forget(id);
                self.watcher.store.remove_network(id)
            }
            Err(error) => self.watcher.store.apply_network_failure(id, error.gap()),
        };
        if changed {
            self.changed();
        }
    }

    fn ask_exec(&mut self, id: String) {
        if self.probes.contains(&id) {
            return;
        }
        let reader = self.reader.clone();
        self.tasks.spawn(async move {
            let answer = reader.exec(&id).await;
            Answer::Exec(id, answer)
        });
    }

    fn take_exec(&mut self, id: String, container: &ContainerId, exec: Exec) {
        if self.is_probe(container, exec.command.raw()) {
            self.remember_probe(id);
        } else if self.watcher.store.apply_exec(container, exec) {
            self.changed();
        }
    }

    fn is_probe(&self, container: &ContainerId, command: &str) -> bool {
        let config = self.watcher.store.get(container).and_then(|container| container.config.known());
        let check = config.and_then(|config| config.healthcheck.as_ref());
        check.is_some_and(|check| is_probe(command, &check.test))
    }

    fn remember_probe(&mut self, id: String) {
        self.probes.push_back(id);
        if self.probes.len() > PROBES {
            self.probes.pop_front();
        }
    }

    /// Asks for volumes that are mounted and not known, each once.
    fn refresh_volumes(&mut self) {
        if self.watcher.store.rebuild_volumes() {
            self.changed();
        }
        let unknown = self.watcher.store.volumes_unknown();
        for name in unknown.into_iter().take(VOLUMES_AT_ONCE) {
            if self.asked_volumes.insert(name.clone()) {
                let reader = self.reader.clone();
                self.tasks.spawn(async move {
                    let answer = reader.volume(&name).await;
                    Answer::Volume(name, answer)
                });
            }
        }
    }

    /// Takes news of the event stream; gives the error that ends the stay.
    fn hear(&mut self, heard: Heard) -> Option<EngineError> {
        match heard {
            Heard::Lines(lines, dropped) => {
                self.alive();
                lines.iter().for_each(|line| self.hear_line(line));
                if dropped > self.dropped {
                    self.dropped = dropped;
                    self.list_soon();
                }
                None
            }
            Heard::Ended(error) => {
                self.watcher.resyncs += 1;
                let detail = "the event stream ended".to_owned();
                Some(error.unwrap_or(EngineError::Cut { what: "events".to_owned(), detail }))
            }
        }
    }

    fn hear_line(&mut self, line: &[u8]) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let Some(happening) = Happening::parse(line) else {
            // Something was said that can't be read: look at everything.
            self.list_soon();
            return;
        };
        let is_new = self.watcher.heard.is_new(happening.at_ns, &happening.action, &happening.id);
        self.watcher.newest_ns = self.watcher.newest_ns.max(happening.at_ns);
        if self.react(&happening) && is_new {
            let store = &self.watcher.store;
            let event = happening.event(|id| store.get(id).map(|held| held.name.clone()), Timestamp::now());
            if self.telling.len() < TOLD_AT_ONCE {
                self.telling.push(event);
            } else {
                self.untold += 1;
            }
            self.tell_at.get_or_insert(Instant::now() + TELL);
        }
    }

    /// Reads again what an event touched. False for what is not worth a line: the exec sessions of health checks.
    fn react(&mut self, happening: &Happening) -> bool {
        let now = Instant::now();
        match &happening.touch {
            Touch::Nothing => {}
            Touch::Container(id) => self.containers.touch(id, now),
            Touch::Network(id, container) => {
                self.networks.touch(id, now);
                if let Some(id) = container {
                    self.containers.touch(id, now);
                }
            }
            Touch::Volume(name) => {
                self.watcher.store.remove_volume(name);
                self.asked_volumes.remove(name);
                self.refresh_volumes();
            }
            Touch::Exec { container, exec, command } => {
                if self.probes.contains(exec) {
                    return false;
                }
                if self.is_probe(container, command) {
                    self.remember_probe(exec.clone());
                    return false;
                }
                self.ask_exec(exec.clone());
            }
            Touch::ExecEnded { container, exec } => {
                if let Some(place) = self.probes.iter().position(|probe| probe == exec) {
                    self.probes.remove(place);
                    return false;
                }
                if self.watcher.store.end_exec(container, exec) {
                    self.changed();
                }
            }
            Touch::Lists => {
                self.list_soon();
                let reader = self.reader.clone();
                self.tasks.spawn(async move { Answer::Networks(reader.networks().await) });
            }
            Touch::Daemon => self.ask_engine(),
        }
        true
    }

    /// The engine gave an answer.
    fn alive(&mut self) {
        self.watcher.answered();
        if self.has_listed && self.listing.is_none() {
            self.settle();
        }
    }

    /// The picture is whole, or as whole as the engine lets it be.
    fn settle(&mut self) {
        let (count, fault) = &self.unreadable;
        let (status, reason) = match count {
            0 => (SourceState::Ok, String::new()),
            n => (SourceState::Partial, format!("{n} of the engine's containers can't be read: {fault}")),
        };
        if (self.watcher.status, &self.watcher.reason) != (status, &reason) {
            (self.watcher.status, self.watcher.reason) = (status, reason);
            self.changed();
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
            let events = std::mem::take(&mut self.telling);
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
