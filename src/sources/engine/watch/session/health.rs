//! How the engine is, as far as its answers and its silence tell.
//!
//! Two silences are told apart: the list is late while the engine gives signs of life, or nothing comes at all.

use super::{Answer, LIST_AFTER_FAULT, LONG_PING, PATIENCE, PING_AGAIN, PING_PATIENCE, Session};
use crate::model::{Fact, SourceState};
use crate::sources::engine::error::EngineError;
use tokio::time::Instant;

impl Session<'_> {
    /// The engine gave a sign of life.
    pub(super) fn alive(&mut self) {
        self.watcher.answered();
        self.is_silent = false;
        self.assess();
    }

    /// Says how the engine is, when that has changed.
    pub(super) fn assess(&mut self) {
        let old = if self.watcher.answered_at.is_some() { SourceState::Stale } else { SourceState::Down };
        let (status, reason) = if self.is_silent {
            (old, "the engine takes connections and does not answer".to_owned())
        } else if let Some(fault) = &self.list_fault {
            (old, fault.clone())
        } else if !self.has_listed {
            (SourceState::Starting, "waiting for the list of containers".to_owned())
        } else if self.unreadable.0 > 0 {
            let (count, fault) = &self.unreadable;
            (SourceState::Partial, format!("{count} of the engine's containers can't be read: {fault}"))
        } else if let Some(fault) = &self.events_fault {
            (SourceState::Partial, format!("changes are seen late: {fault}"))
        } else {
            (SourceState::Ok, String::new())
        };
        if (self.watcher.status, &self.watcher.reason) != (status, &reason) {
            (self.watcher.status, self.watcher.reason) = (status, reason);
            self.changed();
        }
    }

    /// Asks for a sign of life. One question stays open for long: its answer is the moment of an engine's return.
    pub(super) fn ask_ping(&mut self) {
        if self.pinging.is_none() {
            self.pinging = Some(Instant::now());
            self.ping_at = None;
            let reader = self.reader.clone();
            self.tasks.spawn(async move { Answer::Ping(reader.ping(LONG_PING).await) });
        }
    }

    pub(super) fn take_ping(&mut self, answer: Result<(), EngineError>) -> Option<EngineError> {
        self.pinging = None;
        match answer {
            Err(error) if error.is_engine_away() => return Some(error),
            Err(EngineError::Silent { .. }) => {
                self.fell_silent();
                self.ping_at = Some(Instant::now() + PING_AGAIN);
            }
            // Any words are a sign of life, also a refusal.
            _ => {
                let was_silent = self.is_silent;
                self.alive();
                if was_silent {
                    self.watcher.resyncs += 1;
                    self.list_soon();
                    self.inspect_everything(Instant::now());
                }
            }
        }
        None
    }

    /// One question without an answer is not a silent engine, but reason enough to ask for a sign of life.
    pub(super) fn doubt(&mut self, error: &EngineError) {
        if matches!(error, EngineError::Silent { .. }) {
            self.ask_ping();
        }
    }

    /// The list can't be had: what is held is old, and the list is asked for again, slowly.
    pub(super) fn list_failed(&mut self, error: &EngineError) {
        self.list_fault = Some(error.to_string());
        self.no_engine(error);
        self.next_list = Instant::now() + LIST_AFTER_FAULT;
        self.ask_ping();
        self.assess();
    }

    /// An engine that never said what it is says why.
    fn no_engine(&mut self, error: &EngineError) {
        if self.watcher.store.engine.known().is_none() {
            self.watcher.store.engine = Fact::gap(error.gap());
        }
    }

    fn fell_silent(&mut self) {
        if !self.is_silent {
            self.is_silent = true;
            let seconds = PING_PATIENCE.as_secs();
            self.no_engine(&EngineError::Silent { what: "the engine".to_owned(), seconds });
            self.assess();
        }
    }

    /// When the next answer is late.
    pub(super) fn late_at(&self) -> Option<Instant> {
        let list = self.listing.as_ref().filter(|_| self.list_fault.is_none()).map(|(since, _)| *since + PATIENCE);
        let ping = self.pinging.filter(|_| !self.is_silent).map(|since| since + PING_PATIENCE);
        [list, ping, self.ping_at].into_iter().flatten().min()
    }

    /// Looks whether an answer is late.
    pub(super) fn look_for_silence(&mut self, now: Instant) {
        if self.ping_at.is_some_and(|at| now >= at) {
            self.ask_ping();
        }
        let is_late = self.listing.as_ref().is_some_and(|(since, _)| now >= *since + PATIENCE);
        if is_late && self.list_fault.is_none() {
            self.list_fault = Some(format!("the list of containers: no answer for {} s", PATIENCE.as_secs()));
            self.ask_ping();
            self.assess();
        }
        if self.pinging.is_some_and(|since| now >= since + PING_PATIENCE) {
            self.fell_silent();
        }
    }
}
