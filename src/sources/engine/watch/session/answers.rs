//! What an answer of the engine leads to.

use super::{Answer, EXECS, HEAD_START, Session, VOLUMES_AT_ONCE};
use crate::model::{Container, ContainerId, Engine, Fact, GapKind, Network, NetworkId, Weight};
use crate::sources::engine::client::Listing;
use crate::sources::engine::error::EngineError;
use crate::sources::engine::watch::pace::Pace;
use std::collections::BTreeSet;
use tokio::time::Instant;

impl Session<'_> {
    /// Takes an answer; gives the error that ends the stay.
    pub(super) fn take(&mut self, answer: Answer) -> Option<EngineError> {
        match answer {
            Answer::List(answer) => return self.take_list(answer),
            Answer::Ping(answer) => return self.take_ping(answer),
            Answer::Networks(Ok(listing)) => {
                self.alive();
                self.watcher.store.apply_networks(listing.items);
                let now = Instant::now();
                for id in self.watcher.store.network_ids() {
                    self.networks.now(id, 0, now);
                }
                self.changed();
            }
            Answer::Engine(answer) => match *answer {
                Ok((engine, ahead)) => self.take_engine(engine, ahead),
                Err(error) if error.is_engine_away() => return Some(error),
                Err(error) => {
                    self.doubt(&error);
                    if self.watcher.store.engine.known().is_none() {
                        self.watcher.store.engine = Fact::gap(error.gap());
                        self.changed();
                    }
                }
            },
            Answer::Container(id, answer) => self.take_container(&id, *answer),
            Answer::Network(id, answer) => self.take_network(&id, answer),
            Answer::Volumes(Ok(volumes)) => {
                volumes.into_iter().for_each(|volume| self.watcher.store.apply_volume(volume));
                self.changed();
            }
            Answer::Volume(name, answer) => {
                match answer {
                    Ok(volume) => self.watcher.store.apply_volume(volume),
                    Err(EngineError::Gone { .. }) => self.watcher.store.remove_volume(&name),
                    Err(_) => {}
                }
                self.changed();
            }
            Answer::Exec(id, Ok((container, exec))) => self.take_exec(id, &container, exec),
            // Gone before it was read, or a list that the minute's list will make good.
            Answer::Networks(Err(error)) | Answer::Volumes(Err(error)) => self.doubt(&error),
            Answer::Exec(_, Err(_)) => {}
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
        self.list_fault = None;
        self.unreadable = (listing.unreadable, listing.fault);
        self.asked_volumes.clear();
        let found = self.watcher.store.apply_list(listing.items, &fresh);
        let now = Instant::now();
        for id in &found.gone {
            self.containers.forget(id);
        }
        if !self.has_listed {
            self.has_listed = true;
            // What the list says is drawn first.
            self.inspect_everything(now + HEAD_START);
        } else {
            let count = found.differ.len() + found.gone.len();
            if count > 0 {
                self.watcher.resyncs += 1;
                self.watcher.tell("resync", Weight::Info, format!("the list corrected {count} containers"));
            }
            for id in found.differ.iter().chain(&found.unread) {
                self.containers.now(id, 0, now);
            }
        }
        self.alive();
        // The first picture goes out at once: names must not wait for details.
        self.publish_at = Some(now);
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
        self.watcher.store.engine = Fact::Known(engine);
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
                }
                if is_running {
                    execs.into_iter().take(EXECS).for_each(|exec| self.ask_new_exec(id, exec));
                }
            }
            Err(EngineError::Gone { .. }) => {
                self.containers.forget(id);
                if self.watcher.store.remove(id) {
                    self.changed();
                }
            }
            Err(error) => {
                self.doubt(&error);
                let mut gap = error.gap();
                if gap.kind == GapKind::EngineSilent {
                    // One thing that does not answer is not a silent engine.
                    gap.kind = GapKind::Timeout;
                }
                if self.watcher.store.apply_failure(id, gap) {
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

    /// Asks for volumes that are mounted and not known, each once.
    pub(super) fn ask_volumes(&mut self) {
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
}
