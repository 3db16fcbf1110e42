//! The evidence: a snapshot, with the questions that checks ask of it.
//!
//! Every answer that may be missing is a `Result` whose error is the verdict that follows, so that a check can't go
//! on without it. Indexes are made when first asked for and live as long as the evidence. No I/O, no clock.

mod naming;
mod place;

use super::resolve::{conf, mounts, user};
use super::verdict::need;
use super::{Reason, Verdict};
use crate::model::{
    Config, Container, ContainerId, Daemon, Engine, Fact, KernelFacts, Listener, Locality, Network, NetworkId,
    NetworkMode, NsInode, NsKind, Owner, Process, Snapshot,
};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// A snapshot, ready to be asked.
pub struct Evidence<'a> {
    /// The snapshot itself.
    pub snapshot: &'a Snapshot,
    members: OnceCell<BTreeMap<&'a NetworkId, Vec<&'a Container>>>,
    bridges: OnceCell<BTreeSet<String>>,
    stable: OnceCell<BTreeMap<&'a ContainerId, String>>,
    engine_ns: OnceCell<Result<NsInode, Verdict>>,
    by_ns: OnceCell<BTreeMap<NsInode, &'a Container>>,
    incidents: OnceCell<BTreeMap<&'a ContainerId, Incidents>>,
}

/// What the timeline holds of one container.
#[derive(Debug, Clone, Copy, Default)]
pub struct Incidents {
    /// Deaths in the ten minutes before the snapshot.
    pub recent_deaths: usize,
    /// The kernel killed a process of it for memory.
    pub oom: bool,
}

impl<'a> Evidence<'a> {
    /// Wraps a snapshot; costs nothing until asked.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Evidence {
            snapshot,
            members: OnceCell::new(),
            bridges: OnceCell::new(),
            stable: OnceCell::new(),
            engine_ns: OnceCell::new(),
            by_ns: OnceCell::new(),
            incidents: OnceCell::new(),
        }
    }

    /// What the engine was asked for.
    ///
    /// # Errors
    /// Not applicable for a container that no engine owns; unknown until inspected.
    pub fn config<'c>(&self, container: &'c Container) -> Result<&'c Config, Verdict> {
        match &container.config {
            Fact::Known(config) => Ok(config),
            Fact::Unknown { .. } if container.owner != Owner::Engine => {
                Err(Verdict::na("no engine owns this container, so nothing was configured through one"))
            }
            Fact::Unknown { unknown } => Err(Verdict::from_gap(unknown)),
        }
    }

    /// What the kernel knows of it.
    ///
    /// # Errors
    /// Not applicable when it does not run; unknown when it can't be read or is not proven to run here.
    pub fn kernel(&self, container: &Container) -> Result<&'a KernelFacts, Verdict> {
        if !container.state.has_processes() {
            return Err(Verdict::na("not running: the kernel knows nothing of it"));
        }
        if let Some(facts) = self.snapshot.kernel_of(&container.id) {
            return Ok(facts);
        }
        match &self.snapshot.host.locality {
            Locality::Unproven { reason } => {
                Err(Verdict::unknown(Reason::NotLocal, format!("not proven to run on this kernel: {reason}")))
            }
            _ => Err(Verdict::unknown(Reason::NotRead, "its processes were not read yet")),
        }
    }

    /// Processes in its cgroup; never empty.
    ///
    /// # Errors
    /// As [`Evidence::kernel`]; unknown also when the list could not be read.
    pub fn processes(&self, container: &Container) -> Result<&'a [Process], Verdict> {
        let processes = need(&self.kernel(container)?.processes)?;
        if processes.is_empty() {
            return Err(Verdict::unknown(Reason::Race, "it had no process when its cgroup was read"));
        }
        Ok(processes)
    }

    /// The main process.
    ///
    /// # Errors
    /// As [`Evidence::processes`]; unknown when it is gone.
    pub fn main_process(&self, container: &Container) -> Result<&'a Process, Verdict> {
        let pid = self.kernel(container)?.pid;
        self.processes(container)?
            .iter()
            .find(|process| process.pid == pid)
            .ok_or_else(|| Verdict::unknown(Reason::Race, format!("main process {pid} was gone when it was read")))
    }

    /// `/info` and `/version`.
    ///
    /// # Errors
    /// Unknown when the engine did not answer.
    pub fn engine(&self) -> Result<&'a Engine, Verdict> {
        need(&self.snapshot.host.engine)
    }

    /// The daemon's process.
    ///
    /// # Errors
    /// Unknown when it was not found or is not on this host.
    pub fn daemon(&self) -> Result<&'a Daemon, Verdict> {
        if let Locality::Unproven { reason } = &self.snapshot.host.locality {
            return Err(Verdict::unknown(Reason::NotLocal, format!("the engine is not proven to be here: {reason}")));
        }
        need(&self.snapshot.host.daemon)
    }

    /// A setting of the daemon, see [`conf::setting`].
    ///
    /// # Errors
    /// Unknown when the layer that would decide could not be read.
    pub fn setting(&self, flag: &str, key: &str) -> Result<conf::Setting, Verdict> {
        conf::setting(self.daemon()?, flag, key)
    }

    /// The network an endpoint or a member belongs to.
    pub fn network(&self, id: &NetworkId) -> Option<&'a Network> {
        self.snapshot.networks.iter().find(|network| network.id == *id)
    }

    /// The engine's default bridge network.
    pub fn default_bridge(&self) -> Option<&'a Network> {
        let networks = &self.snapshot.networks;
        networks
            .iter()
            .find(|network| network.flag("default_bridge") == Some(true))
            .or_else(|| networks.iter().find(|network| network.name == "bridge" && network.driver == "bridge"))
    }

    /// Running containers attached to a network.
    pub fn members(&self, id: &NetworkId) -> &[&'a Container] {
        self.members
            .get_or_init(|| {
                let mut out: BTreeMap<&NetworkId, Vec<&Container>> = BTreeMap::new();
                for container in self.snapshot.containers.iter().filter(|c| c.state.has_processes()) {
                    for id in container.endpoints.iter().filter_map(|endpoint| endpoint.network_id.as_ref()) {
                        out.entry(id).or_default().push(container);
                    }
                }
                out
            })
            .get(id)
            .map_or(&[], Vec::as_slice)
    }

    /// Running containers that share a network with this one, sorted by id, each once.
    pub fn peers(&self, container: &Container) -> Vec<&'a Container> {
        let mut out: Vec<&Container> = container
            .endpoints
            .iter()
            .filter_map(|endpoint| endpoint.network_id.as_ref())
            .flat_map(|id| self.members(id).iter().copied())
            .filter(|peer| peer.id != container.id)
            .collect();
        out.sort_by(|a, b| a.id.cmp(&b.id));
        out.dedup_by(|a, b| a.id == b.id);
        out
    }

    /// For the checks of a network namespace: refuses a container that lives in another's, so that a shared
    /// namespace is reported once, on its owner.
    ///
    /// # Errors
    /// Not applicable for one that joined another container's namespace.
    pub fn owns_netns(&self, container: &Container) -> Result<(), Verdict> {
        match &container.network_mode {
            NetworkMode::Container(owner) => {
                let name = self
                    .snapshot
                    .container(owner)
                    .map_or_else(|| owner.short().to_owned(), |c| c.name.raw().to_owned());
                Err(Verdict::na(format!("uses the network namespace of {name}, reported there")))
            }
            _ => Ok(()),
        }
    }

    /// Listening sockets in a container's network namespace.
    ///
    /// # Errors
    /// Unknown when the namespace or its sockets could not be read.
    pub fn listeners(&self, container: &Container) -> Result<&'a [Listener], Verdict> {
        let netns = self.netns(container)?;
        match self.snapshot.sockets.iter().find(|scan| scan.netns == netns) {
            Some(scan) => Ok(need(&scan.listeners)?),
            None => Err(Verdict::unknown(Reason::NotRead, "the sockets of its network namespace were not read")),
        }
    }

    /// Network namespace of a running container.
    ///
    /// # Errors
    /// As [`Evidence::kernel`]; unknown without the right to read it.
    pub fn netns(&self, container: &Container) -> Result<NsInode, Verdict> {
        self.namespace(container, NsKind::Net)
    }

    /// A namespace of a running container.
    ///
    /// # Errors
    /// As [`Evidence::kernel`]; unknown without the right to read it.
    pub fn namespace(&self, container: &Container, kind: NsKind) -> Result<NsInode, Verdict> {
        match self.kernel(container)?.namespaces.get(&kind) {
            Some(fact) => need(fact).copied(),
            None => Err(Verdict::unknown(Reason::NotRead, format!("its {} namespace was not read", kind.as_str()))),
        }
    }

    /// Whether a running container's namespace is the host's (for the network: the engine's). None when not known.
    pub fn shares_with_host(&self, container: &Container, kind: NsKind) -> Option<bool> {
        let own = self.namespace(container, kind).ok()?;
        if kind == NsKind::Net {
            return self.engine_ns().ok().map(|engine| engine == own);
        }
        let host = self.snapshot.host.init_namespaces.get(&kind)?.get()?;
        Some(host == own)
    }

    /// The container that owns a network namespace: the one that did not join it.
    pub fn container_in(&self, netns: NsInode) -> Option<&'a Container> {
        let index = self.by_ns.get_or_init(|| {
            let mut out: BTreeMap<NsInode, &Container> = BTreeMap::new();
            for container in self.snapshot.containers.iter().filter(|c| c.state.has_processes()) {
                let joined = matches!(container.network_mode, NetworkMode::Container(_));
                if let Some(inode) = self.snapshot.netns_of(&container.id)
                    && (!joined || !out.contains_key(&inode))
                {
                    out.insert(inode, container);
                }
            }
            out
        });
        index.get(&netns).copied()
    }

    /// The daemon runs without root.
    pub fn is_rootless(&self) -> bool {
        self.security_option("rootless").is_some()
    }

    /// Major version of the engine; none when it is not known or not a number.
    pub fn engine_major(&self) -> Option<u32> {
        self.snapshot.host.engine.known()?.version.split('.').next()?.parse().ok()
    }

    /// A line of `info.SecurityOptions` by its name, e.g. `name=seccomp,profile=default` for `seccomp`.
    pub fn security_option(&self, name: &str) -> Option<&'a str> {
        let engine = self.snapshot.host.engine.known()?;
        engine
            .security_options
            .iter()
            .map(String::as_str)
            .find(|line| line.split(',').any(|part| part == name || part.strip_prefix("name=") == Some(name)))
    }

    /// The container's root is an unprivileged user of the host.
    pub fn is_remapped(&self, container: &Container) -> bool {
        if let Some(map) = self.snapshot.kernel_of(&container.id).and_then(|facts| facts.uid_map.known()) {
            return user::host_uid(map, 0) != Some(0);
        }
        let host_mode = container.config.known().is_some_and(|config| config.userns_mode == "host");
        self.is_rootless() || (self.security_option("userns").is_some() && !host_mode)
    }

    /// Host paths a container has.
    ///
    /// # Errors
    /// As [`Evidence::config`].
    pub fn host_paths(&self, container: &Container) -> Result<Vec<mounts::HostPath>, Verdict> {
        let config = self.config(container)?;
        let table = self.snapshot.kernel_of(&container.id).and_then(|facts| facts.mounts.known());
        Ok(mounts::host_paths(config, &self.snapshot.volumes, table.map(Vec::as_slice)))
    }

    /// What the timeline holds of a container.
    pub fn incidents(&self, id: &ContainerId) -> Incidents {
        let index = self.incidents.get_or_init(|| {
            let now = self.snapshot.taken_at;
            let mut out: BTreeMap<&ContainerId, Incidents> = BTreeMap::new();
            for event in self.snapshot.events.iter() {
                let Some(id) = &event.container else { continue };
                let of_engine = event.class == "container";
                let recent = now.duration_since(event.at) < jiff::SignedDuration::from_mins(10);
                if of_engine && event.action == "die" && recent {
                    out.entry(id).or_default().recent_deaths += 1;
                } else if event.class == "oom" || (of_engine && event.action == "oom") {
                    out.entry(id).or_default().oom = true;
                }
            }
            out
        });
        index.get(id).copied().unwrap_or_default()
    }
}
