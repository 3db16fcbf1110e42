//! What an event leads to: something is read again, and an entry of the timeline is told.

use super::{Answer, Heard, PROBES, Session, TASKS, TELL, TOLD_AT_ONCE};
use crate::model::{ContainerId, Exec};
use crate::sources::engine::error::EngineError;
use crate::sources::engine::happening::{Happening, Touch, is_probe};
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

impl Session<'_> {
    /// Takes news of the event stream; gives the error that ends the stay.
    pub(super) fn hear(&mut self, heard: Heard) -> Option<EngineError> {
        match heard {
            Heard::Lines(lines, dropped) => {
                self.events_fault = None;
                self.alive();
                lines.iter().for_each(|line| self.hear_line(line));
                if dropped > self.dropped {
                    self.dropped = dropped;
                    self.list_soon();
                }
                None
            }
            Heard::Ended(Some(error)) if !error.is_engine_away() => {
                // An engine without events is still an engine: the list stands in for them.
                self.listen_at = Some(Instant::now() + super::LISTEN_AGAIN);
                self.events_fault = Some(error.to_string());
                self.list_soon();
                self.assess();
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
        let is_past = happening.at_ns.is_some_and(|ns| self.past.contains(&ns));
        let is_worth = match happening.touch {
            // Old sessions are mostly health checks, and nobody can say any more which are.
            Touch::Exec { .. } | Touch::ExecEnded { .. } if is_past => false,
            // Its name may have been given to another volume since.
            Touch::Volume(_) if is_past => true,
            // An engine's clock may be behind: what is live must not be taken for the past.
            _ => self.react(&happening),
        };
        if is_worth && is_new {
            if self.telling.len() < TOLD_AT_ONCE {
                self.telling.push((happening, Timestamp::now()));
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
                self.changed();
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
            Touch::Daemon => self.ask_engine(Duration::ZERO),
        }
        true
    }

    /// A session that an inspect names: asked for when nothing is known of it.
    pub(super) fn ask_new_exec(&mut self, container: &ContainerId, id: String) {
        let held = self.watcher.store.get(container);
        if !held.is_some_and(|held| held.execs.iter().any(|exec| exec.id == id && exec.running)) {
            self.ask_exec(id);
        }
    }

    fn ask_exec(&mut self, id: String) {
        // A storm of sessions is not followed one by one; the container's next inspect names those that run.
        if self.probes.contains(&id) || self.tasks.len() > TASKS {
            return;
        }
        let reader = self.reader.clone();
        self.tasks.spawn(async move {
            let answer = reader.exec(&id).await;
            Answer::Exec(id, answer)
        });
    }

    pub(super) fn take_exec(&mut self, id: String, container: &ContainerId, exec: Exec) {
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
}
