//! A watch under test: what it said so far, and waiting for what it should say.
#![allow(dead_code)]

use super::fake_engine::FakeEngine;
use bridgewatch::model::{Event, SourceState};
use bridgewatch::sources::engine::{EngineReader, EngineState, EngineTarget, EngineUpdate, Nudge, watch};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A watch that runs, and what it said so far.
pub struct Watched {
    pub updates: UnboundedReceiver<EngineUpdate>,
    pub nudges: UnboundedSender<Nudge>,
    pub state: Option<EngineState>,
    pub events: Vec<Event>,
    _task: tokio::task::JoinHandle<()>,
}

impl Watched {
    pub fn start(target: EngineTarget) -> Self {
        let (out, updates) = unbounded_channel();
        let (nudges, nudged) = unbounded_channel();
        let task = tokio::spawn(watch(target, out, nudged));
        Watched { updates, nudges, state: None, events: Vec::new(), _task: task }
    }

    /// Reads on until the state fits.
    pub async fn until(&mut self, what: &str, fits: impl Fn(&EngineState) -> bool) -> EngineState {
        self.within(Duration::from_secs(8), what, fits).await
    }

    pub async fn within(&mut self, time: Duration, what: &str, fits: impl Fn(&EngineState) -> bool) -> EngineState {
        let until = tokio::time::Instant::now() + time;
        loop {
            if let Some(state) = self.state.as_ref().filter(|state| fits(state)) {
                return state.clone();
            }
            match tokio::time::timeout_at(until, self.updates.recv()).await {
                Ok(Some(EngineUpdate::State(state))) => self.state = Some(*state),
                Ok(Some(EngineUpdate::Events(events))) => self.events.extend(events),
                Ok(None) => panic!("the watch ended"),
                Err(_) => panic!("waited too long for {what}; last: {:?}", self.state.as_ref().map(summary)),
            }
        }
    }

    /// Reads on until an event has this action.
    pub async fn until_event(&mut self, action: &str) -> Event {
        self.until_event_where(action, |_| true).await
    }

    /// Reads on until an event has this action and fits: others of the engine have their own.
    pub async fn until_event_where(&mut self, action: &str, fits: impl Fn(&Event) -> bool) -> Event {
        let until = tokio::time::Instant::now() + Duration::from_secs(8);
        loop {
            if let Some(event) = self.events.iter().find(|event| event.action == action && fits(event)) {
                return event.clone();
            }
            match tokio::time::timeout_at(until, self.updates.recv()).await {
                Ok(Some(EngineUpdate::State(state))) => self.state = Some(*state),
                Ok(Some(EngineUpdate::Events(events))) => self.events.extend(events),
                _ => panic!("waited too long for event {action}; heard {:?}", self.events),
            }
        }
    }
}

pub fn summary(state: &EngineState) -> String {
    let names: Vec<&str> = state.containers.iter().take(20).map(|c| c.name.raw()).collect();
    format!("{:?} {:?} {names:?}", state.status, state.reason)
}

pub fn is_ok(state: &EngineState) -> bool {
    state.status == SourceState::Ok
}

pub fn has(state: &EngineState, name: &str) -> bool {
    state.containers.iter().any(|container| container.name == name)
}

pub fn all_inspected(state: &EngineState) -> bool {
    state.containers.iter().all(|container| container.config.known().is_some())
}

pub struct Rig {
    pub dir: TempDir,
}

impl Rig {
    pub fn new() -> Self {
        Rig { dir: tempfile::tempdir().expect("a folder") }
    }
    pub fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("docker.sock")
    }
    pub fn engine(&self) -> FakeEngine {
        FakeEngine::start(&self.path())
    }
    pub fn target(&self) -> EngineTarget {
        EngineTarget::unix(self.path(), "test")
    }
    pub fn watch(&self) -> Watched {
        Watched::start(self.target())
    }
    pub fn reader(&self) -> EngineReader {
        EngineReader::connect(&self.target()).expect("a reader")
    }
}
