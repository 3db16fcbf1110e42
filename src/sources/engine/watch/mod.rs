//! Follows an engine: lists and inspects once, then lives on its events, and says at every moment how old and how whole
//! the picture is.
//!
//! The kernel of it: events only say where to look again; the list, once a minute at most, has the last word; an
//! engine that is quiet is asked nothing else. It must not know how often anything is drawn.

mod pace;
mod session;
mod store;

use super::endpoint::EngineTarget;
use super::error::EngineError;
use crate::model::{
    Container, Engine, EngineEndpoint, Event, Fact, Network, Origin, SourceState, Subject, Volume, Weight,
};
use crate::text::Outside;
use jiff::Timestamp;
use session::Session;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::Store;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::sleep;

/// Wait between two tries to reach an engine that is away: it is seen within a second of its return.
const RETRY: Duration = Duration::from_millis(500);
/// The longest wait, for an engine that answers and breaks off at once, again and again.
const LONGEST_RETRY: Duration = Duration::from_secs(10);
/// Events remembered to tell repetitions.
const REMEMBERED: usize = 1024;

/// Why the engine should be asked although it said nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    /// The operator wants everything read again.
    Refresh,
    /// The kernel changed and the engine said nothing: is it alive?
    Doubt,
}

/// News from the engine.
#[derive(Debug, Clone)]
pub enum EngineUpdate {
    /// The picture has changed.
    State(Box<EngineState>),
    /// Something happened; oldest first, `seq` is 0.
    Events(Vec<Event>),
}

/// The engine's half of the picture. A part that did not change is the same `Arc` as before.
#[derive(Debug, Clone)]
pub struct EngineState {
    /// Containers, sorted by id.
    pub containers: Arc<Vec<Arc<Container>>>,
    /// Networks, sorted by name.
    pub networks: Arc<Vec<Network>>,
    /// Volumes that containers mount, sorted by name.
    pub volumes: Arc<Vec<Volume>>,
    /// The engine.
    pub engine: Fact<Engine>,
    /// Where it is.
    pub endpoint: EngineEndpoint,
    /// How it is.
    pub status: SourceState,
    /// Why it is not `ok`; empty when it is.
    pub reason: String,
    /// Lists read again because a stream broke off, an event was lost or a list found a difference.
    pub resyncs: u64,
    /// When the engine last answered; none before it ever did: then the empty lists mean nothing.
    pub answered_at: Option<Instant>,
    /// How many milliseconds the engine's clock is ahead of ours, as far as it said.
    pub clock_ahead_ms: Option<i64>,
}

/// Follows the engine at `target` until the receiver of `out` is gone. Needs a tokio runtime with time and I/O; one
/// thread is enough, and it is never kept for long.
pub async fn watch(target: EngineTarget, out: UnboundedSender<EngineUpdate>, mut nudges: UnboundedReceiver<Nudge>) {
    let mut watcher = Watcher::new(target, out.clone());
    let follow = async {
        let mut wait = RETRY;
        watcher.publish();
        loop {
            let begun = Instant::now();
            let error = Session::run(&mut watcher, &mut nudges).await;
            // An engine that stayed for a while and left is awaited eagerly; one that breaks off at once is not.
            let was_up = watcher.answered_at.is_some_and(|at| at >= begun);
            wait = match was_up && begun.elapsed() < Duration::from_secs(5) {
                true => (wait * 2).min(LONGEST_RETRY),
                false => RETRY,
            };
            watcher.lost(&error);
            sleep(wait).await;
        }
    };
    tokio::select! {
        () = follow => {}
        () = out.closed() => {}
    }
}

/// What outlives a connection.
struct Watcher {
    target: EngineTarget,
    out: UnboundedSender<EngineUpdate>,
    store: Store,
    status: SourceState,
    reason: String,
    resyncs: u64,
    answered_at: Option<Instant>,
    clock_ahead_ms: Option<i64>,
    /// The engine's time of the newest event, nanoseconds.
    newest_ns: Option<i64>,
    heard: Heard,
    /// Since when the engine is away, to be said when it is back.
    lost_at: Option<Instant>,
    /// Identity of the engine that the store is of.
    engine_id: String,
}

/// Events already told, by time, action and id.
#[derive(Debug, Default)]
struct Heard {
    order: VecDeque<(i64, u64)>,
    known: HashSet<(i64, u64)>,
}

impl Heard {
    /// True for an event that was not told yet. Those without a time are always new.
    fn is_new(&mut self, at_ns: Option<i64>, action: &str, id: &str) -> bool {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let Some(at_ns) = at_ns else { return true };
        let mut hasher = DefaultHasher::new();
        (action, id).hash(&mut hasher);
        let key = (at_ns, hasher.finish());
        if !self.known.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

impl Watcher {
    fn new(target: EngineTarget, out: UnboundedSender<EngineUpdate>) -> Self {
        Watcher {
            target,
            out,
            store: Store::default(),
            status: SourceState::Starting,
            reason: "the engine has not answered yet".to_owned(),
            resyncs: 0,
            answered_at: None,
            clock_ahead_ms: None,
            newest_ns: None,
            heard: Heard::default(),
            lost_at: None,
            engine_id: String::new(),
        }
    }

    /// Sends the picture as it stands.
    fn publish(&mut self) {
        self.store.rebuild();
        let state = EngineState {
            containers: self.store.containers_out.clone(),
            networks: self.store.networks_out.clone(),
            volumes: self.store.volumes_out.clone(),
            engine: self.store.engine.clone(),
            endpoint: self.target.endpoint.clone(),
            status: self.status,
            reason: self.reason.clone(),
            resyncs: self.resyncs,
            answered_at: self.answered_at,
            clock_ahead_ms: self.clock_ahead_ms,
        };
        // A receiver that is gone ends the watch elsewhere.
        let _ = self.out.send(EngineUpdate::State(Box::new(state)));
    }

    /// The engine is away: what is held is old, or there is nothing.
    fn lost(&mut self, error: &EngineError) {
        let status = if self.answered_at.is_some() { SourceState::Stale } else { SourceState::Down };
        let gap = error.gap();
        let reason = match &gap.lift {
            Some(lift) => format!("{}; {lift}", gap.reason),
            None => gap.reason.clone(),
        };
        if self.answered_at.is_none() {
            self.store.engine = Fact::gap(gap);
        }
        if self.answered_at.is_some() && self.lost_at.is_none() {
            self.lost_at = Some(Instant::now());
            self.tell("lost", Weight::Alarm, format!("the engine went away: {error}"));
        }
        if (status, &reason) != (self.status, &self.reason) {
            (self.status, self.reason) = (status, reason);
            self.publish();
        }
    }

    /// A sign of life.
    fn answered(&mut self) {
        self.answered_at = Some(Instant::now());
        if let Some(lost_at) = self.lost_at.take() {
            let seconds = lost_at.elapsed().as_secs();
            self.tell("back", Weight::Notice, format!("the engine answers again after {seconds} s"));
        }
    }

    /// An event of our own.
    fn tell(&self, action: &str, weight: Weight, text: String) {
        let event = Event {
            seq: 0,
            at: Timestamp::now(),
            origin: Origin::Watch,
            class: "source".to_owned(),
            action: Outside::from(action),
            weight,
            subject: Subject::Daemon,
            name: Outside::from("engine"),
            container: None,
            text: Outside::from(text),
            attributes: BTreeMap::new(),
        };
        let _ = self.out.send(EngineUpdate::Events(vec![event]));
    }
}
