//! What the engine has answered so far, and how a new answer changes it. A part that did not change keeps its `Arc`,
//! so that whatever was derived from it stays valid. Pure.

use crate::model::{
    Config, Container, ContainerId, Engine, Exec, Fact, Gap, Network, NetworkId, NetworkMode, State, Volume,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Exec sessions kept of one container; ended ones go first.
const EXECS: usize = 16;

/// Volumes kept that nothing mounts, beyond as many as are mounted.
const SPARE_VOLUMES: usize = 1000;

/// The engine's half of the picture.
#[derive(Debug, Default)]
pub(super) struct Store {
    map: BTreeMap<ContainerId, Arc<Container>>,
    networks: BTreeMap<NetworkId, Network>,
    volumes: BTreeMap<String, Volume>,
    pub(super) engine: Fact<Engine>,
    pub(super) containers_out: Arc<Vec<Arc<Container>>>,
    pub(super) networks_out: Arc<Vec<Network>>,
    pub(super) volumes_out: Arc<Vec<Volume>>,
}

/// What a list changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Containers whose row says something else than what is held, or that are new.
    pub(super) differ: Vec<ContainerId>,
    /// Containers that could not be inspected so far.
    pub(super) unread: Vec<ContainerId>,
    /// Containers that are no more.
    pub(super) gone: Vec<ContainerId>,
}

impl Store {
    pub(super) fn get(&self, id: &ContainerId) -> Option<&Arc<Container>> {
        self.map.get(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = (&ContainerId, &Arc<Container>)> {
        self.map.iter()
    }

    pub(super) fn network_ids(&self) -> impl Iterator<Item = &NetworkId> {
        self.networks.keys()
    }

    /// Takes a whole list. Containers of `fresh` were read while the list was under way and outlive their absence in
    /// it: the list is the older of the two answers.
    pub(super) fn apply_list(&mut self, rows: Vec<Container>, fresh: &BTreeSet<ContainerId>) -> Differences {
        let mut out = Differences::default();
        let listed: BTreeSet<ContainerId> = rows.iter().map(|row| row.id.clone()).collect();
        out.gone = self.map.keys().filter(|id| !listed.contains(*id) && !fresh.contains(*id)).cloned().collect();
        for id in &out.gone {
            self.map.remove(id);
        }
        for row in rows {
            match self.map.get(&row.id) {
                Some(held) if held.inspected_at.is_some() => {
                    if differs(held, &row) {
                        out.differ.push(row.id);
                    }
                }
                Some(held) if !differs(held, &row) => out.unread.push(row.id),
                _ => {
                    out.differ.push(row.id.clone());
                    self.map.insert(row.id.clone(), Arc::new(row));
                }
            }
        }
        out
    }

    /// Takes an inspected container. True when something changed.
    pub(super) fn apply_container(&mut self, mut new: Container) -> bool {
        self.resolve_mode(&mut new);
        let Some(held) = self.map.get(&new.id) else {
            self.map.insert(new.id.clone(), Arc::new(new));
            return true;
        };
        new.execs = if new.state.has_processes() { held.execs.clone() } else { ended(&held.execs) };
        if let (Fact::Known(old), Fact::Known(fresh)) = (&held.config, &new.config)
            && **old == **fresh
        {
            new.config = Fact::Known(old.clone());
        }
        let at = std::mem::replace(&mut new.inspected_at, held.inspected_at);
        if held.inspected_at.is_some() && **held == new {
            return false;
        }
        new.inspected_at = at;
        self.map.insert(new.id.clone(), Arc::new(new));
        true
    }

    /// An inspect failed: what is held stays, and what only an inspect tells says why it is missing.
    pub(super) fn apply_failure(&mut self, id: &ContainerId, gap: Gap) -> bool {
        let Some(held) = self.map.get_mut(id) else { return false };
        if held.inspected_at.is_some() || held.config.why().is_some_and(|why| **why == gap) {
            return false;
        }
        let held = Arc::make_mut(held);
        held.restart_count = Fact::gap(gap.clone());
        held.config = Fact::gap(gap);
        true
    }

    /// `container:NAME` of services that keep the name: the id that the name has now.
    fn resolve_mode(&self, container: &mut Container) {
        let NetworkMode::Container(named) = &container.network_mode else { return };
        if self.map.contains_key(named) {
            return;
        }
        let word = named.as_str();
        let same = |(id, held): &(&ContainerId, &Arc<Container>)| {
            held.name == word || (word.len() >= 12 && id.as_str().starts_with(word))
        };
        if let Some((id, _)) = self.map.iter().find(same) {
            container.network_mode = NetworkMode::Container(id.clone());
        }
    }

    /// The container is no more. True when it was held.
    pub(super) fn remove(&mut self, id: &ContainerId) -> bool {
        self.map.remove(id).is_some()
    }

    /// Adds or replaces an exec session. True when something changed.
    pub(super) fn apply_exec(&mut self, id: &ContainerId, exec: Exec) -> bool {
        let Some(held) = self.map.get_mut(id) else { return false };
        if held.execs.contains(&exec) {
            return false;
        }
        let held = Arc::make_mut(held);
        held.execs.retain(|old| old.id != exec.id);
        held.execs.push(exec);
        while held.execs.len() > EXECS {
            let oldest = held.execs.iter().position(|exec| !exec.running).unwrap_or(0);
            held.execs.remove(oldest);
        }
        true
    }

    /// An exec session has ended. True when something changed.
    pub(super) fn end_exec(&mut self, id: &ContainerId, exec: &str) -> bool {
        let Some(held) = self.map.get_mut(id) else { return false };
        if !held.execs.iter().any(|held| held.id == exec && held.running) {
            return false;
        }
        let held = Arc::make_mut(held);
        for one in held.execs.iter_mut().filter(|one| one.id == exec) {
            one.running = false;
            one.pid = None;
        }
        true
    }

    fn rebuild_containers(&mut self) {
        let same = self.containers_out.len() == self.map.len()
            && self.containers_out.iter().zip(self.map.values()).all(|(a, b)| Arc::ptr_eq(a, b));
        if !same {
            self.containers_out = Arc::new(self.map.values().cloned().collect());
        }
    }

    /// Takes a whole list of networks; members that are known stay until the network is inspected again.
    pub(super) fn apply_networks(&mut self, rows: Vec<Network>) {
        let listed: BTreeSet<NetworkId> = rows.iter().map(|row| row.id.clone()).collect();
        self.networks.retain(|id, _| listed.contains(id));
        for mut row in rows {
            if let Some(held) = self.networks.get(&row.id) {
                row.members = held.members.clone();
            }
            self.networks.insert(row.id.clone(), row);
        }
    }

    /// Takes an inspected network. True when something changed.
    pub(super) fn apply_network(&mut self, network: Network) -> bool {
        if self.networks.get(&network.id) == Some(&network) {
            return false;
        }
        self.networks.insert(network.id.clone(), network);
        true
    }

    pub(super) fn apply_network_failure(&mut self, id: &NetworkId, gap: Gap) -> bool {
        let Some(held) = self.networks.get_mut(id).filter(|held| held.members.known().is_none()) else { return false };
        held.members = Fact::gap(gap);
        true
    }

    /// The network is no more. True when it was held.
    pub(super) fn remove_network(&mut self, id: &NetworkId) -> bool {
        self.networks.remove(id).is_some()
    }

    /// Puts the lists for the outside together, once for many answers. A list that says the same keeps its `Arc`.
    pub(super) fn rebuild(&mut self) {
        self.rebuild_containers();
        let mut networks: Vec<&Network> = self.networks.values().collect();
        networks.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        if !self.networks_out.iter().eq(networks.iter().copied()) {
            self.networks_out = Arc::new(networks.into_iter().cloned().collect());
        }
        self.rebuild_volumes();
    }

    pub(super) fn apply_volume(&mut self, volume: Volume) {
        self.volumes.insert(volume.name.raw().to_owned(), volume);
    }

    pub(super) fn remove_volume(&mut self, name: &str) {
        self.volumes.remove(name);
    }

    /// Volumes that mounts name, as far as they are known.
    fn rebuild_volumes(&mut self) {
        let used = self.volumes_used();
        if self.volumes.len() > 2 * used.len() + SPARE_VOLUMES {
            self.volumes.retain(|name, _| used.contains(name));
        }
        let all: Vec<Volume> = used.iter().filter_map(|name| self.volumes.get(name).cloned()).collect();
        if *self.volumes_out != all {
            self.volumes_out = Arc::new(all);
        }
    }

    /// Names of volumes that a container mounts and nothing is known of.
    pub(super) fn volumes_unknown(&self) -> Vec<String> {
        self.volumes_used().into_iter().filter(|name| !self.volumes.contains_key(name)).collect()
    }

    fn volumes_used(&self) -> BTreeSet<String> {
        let configs = self.map.values().filter_map(|container| container.config.known());
        let mounts = configs.flat_map(|config: &Arc<Config>| config.mounts.iter()).filter(|m| m.kind == "volume");
        mounts.filter_map(|mount| mount.name.as_ref()).map(|name| name.raw().to_owned()).collect()
    }

    /// Everything is forgotten: another engine answers now.
    pub(super) fn clear(&mut self) {
        *self = Store::default();
    }
}

fn ended(execs: &[Exec]) -> Vec<Exec> {
    execs.iter().map(|exec| Exec { running: false, pid: None, ..exec.clone() }).collect()
}

/// True when the list's row contradicts what is held. Only what both tell is compared.
fn differs(held: &Container, row: &Container) -> bool {
    let health = |container: &Container| container.health.as_ref().map(|health| health.status.clone());
    // A row of a container that is not running has no health word.
    let health_differs = row.state == State::Running && health(held) != health(row);
    let addresses = |container: &Container| -> Vec<_> {
        container.endpoints.iter().map(|e| (e.network.clone(), e.endpoint_id.clone(), e.ipv4, e.ipv6)).collect()
    };
    held.state != row.state
        || held.name != row.name
        || health_differs
        || (!row.endpoints.is_empty() && addresses(held) != addresses(row))
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
