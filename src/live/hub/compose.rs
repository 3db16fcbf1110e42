//! Putting the parts together: containers, namespaces, the host, and the snapshot itself.

use super::Hub;
use super::clocks::{FIRST_INTERVAL, GROW_UP, SEATS_ALONE, SEATS_BEAT};
use crate::feed::Update;
use crate::live::containers::{self, Seat};
use crate::live::meters::Ways;
use crate::live::probe::{DaemonQuestion, Job};
use crate::model::{ContainerId, Fact, Gap, GapKind, Netns, NsInode, NsKind, Owner, Pid, SourceState};
use crate::sources::proc::{Depth, Running};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

impl Hub {
    /// Walks the cgroup tree for containers. At the start another thread does, while the engine is being asked.
    pub(super) fn find_seats(&mut self, now: Instant) {
        if self.probing.contains("seats") {
            return;
        }
        let alone = self.engine.as_ref().is_none_or(|e| !matches!(e.status, SourceState::Ok | SourceState::Partial));
        self.clocks.seats = now + if alone { SEATS_ALONE } else { SEATS_BEAT };
        let Some(layout) = self.meters.layout().cloned() else { return };
        self.take_seats(containers::seats(&layout, &self.root, &self.seats));
    }

    /// A container runs, as the engine says, whose cgroup is not known.
    pub(super) fn lacks_seats(&self) -> bool {
        let seated: BTreeSet<&ContainerId> = self.seats.iter().map(|seat| &seat.id).collect();
        let engine = self.engine.iter().flat_map(|engine| engine.containers.iter());
        engine.filter(|c| c.state.has_processes()).any(|c| !seated.contains(&c.id))
    }

    /// Takes what the cgroup tree shows. True when it is something new.
    pub(super) fn take_seats(&mut self, found: std::io::Result<Vec<Seat>>) -> bool {
        match found {
            Ok(seats) => {
                self.seats_gap = None;
                if seats == self.seats {
                    return false;
                }
                self.seats = seats;
                self.meters.aim(containers::targets(&self.seats));
                self.compose_containers();
                self.probe_containers();
                self.touch();
            }
            Err(error) => self.seats_gap = Some(Gap::from_io("list", "the cgroup tree", &error)),
        }
        true
    }

    pub(super) fn compose_containers(&mut self) {
        let none = Arc::default();
        let engine = self.engine.as_ref().map_or(&none, |e| &e.containers);
        let joined = containers::join(engine, &self.seats);
        let same = joined.len() == self.snapshot.containers.len()
            && joined.iter().zip(self.snapshot.containers.iter()).all(|(a, b)| Arc::ptr_eq(a, b) || a == b);
        if !same {
            self.snapshot.containers = joined;
        }
        let ids: BTreeSet<&ContainerId> = self.snapshot.containers.iter().map(|c| &c.id).collect();
        self.kernel_gaps.retain(|id, _| ids.contains(id));
    }

    /// It started so lately, or at a time so unknown, that its runtime may not be done with it.
    fn is_young(&self, id: &ContainerId) -> bool {
        let started = self.snapshot.container(id).and_then(|c| c.started_at);
        started.is_none_or(|at| Timestamp::now().duration_since(at).as_secs() < 10)
    }

    /// Reads kernel facts of containers that have none yet, or whose main process is another one.
    pub(super) fn probe_containers(&mut self) {
        let pids = containers::main_pids(&self.snapshot.containers, &self.seats);
        let running: BTreeMap<&ContainerId, Pid> = pids.iter().map(|(id, pid)| (id, *pid)).collect();
        let before = self.kernel.len();
        self.kernel.retain(|id, _| running.contains_key(id));
        if self.kernel.len() != before {
            self.snapshot.kernel = Arc::new(self.kernel.clone());
        }
        self.asked.retain(|id, _| running.contains_key(id));
        // What was asked for in vain (a process that is not on this host, or may not be looked at) is left to the sweep.
        let new: Vec<_> = pids
            .iter()
            .filter(|(id, pid)| self.kernel.get(id).is_none_or(|k| k.pid != *pid))
            .filter(|(id, pid)| self.asked.get(id).is_none_or(|(asked, _)| asked != pid))
            .cloned()
            .collect();
        if !new.is_empty() {
            let at = Instant::now() + GROW_UP;
            let young = new.iter().filter(|(id, _)| self.is_young(id)).map(|(id, _)| (at, id.clone()));
            let young: Vec<_> = young.collect();
            self.young.extend(young);
            self.probe("quick", new, Depth::Quick);
            return;
        }
        let shallow: Vec<_> = pids
            .into_iter()
            .filter(|(id, _)| {
                self.kernel.get(id).is_some_and(|k| matches!(k.processes.why(), Some(g) if g.kind == GapKind::NotYet))
            })
            .filter(|(id, pid)| self.asked.get(id) != Some(&(*pid, Depth::Full)))
            .collect();
        if !shallow.is_empty() {
            self.probe("full", shallow, Depth::Full);
        }
    }

    /// Has containers read, unless such a reading is on its way; its end calls for the rest.
    fn probe(&mut self, kind: &'static str, list: Vec<(ContainerId, Pid)>, depth: Depth) {
        if !self.probing.contains(kind) {
            self.asked.extend(list.iter().map(|(id, pid)| (id.clone(), (*pid, depth))));
            self.job(kind, Job::Containers(list, depth));
        }
    }

    /// Which namespaces are counted from the inside: those with interfaces that show no end in ours, or all.
    pub(super) fn aim_inside(&mut self) {
        let Some(netlink) = &self.netlink else { return };
        let ours = self.snapshot.our_netns();
        let mut wanted: BTreeMap<NsInode, Ways> = BTreeMap::new();
        for link in netlink.links.iter().filter(|l| Some(l.netns) != ours) {
            let mirrored = link.kind == "veth" && link.peer.as_ref().and_then(|p| p.netns.get()) == ours;
            if self.options.count_all || !(mirrored || link.kind == "loopback") {
                wanted.entry(link.netns).or_default();
            }
        }
        for facts in self.kernel.values() {
            if let Some(ways) = facts.namespaces.get(&NsKind::Net).and_then(Fact::get).and_then(|n| wanted.get_mut(&n))
            {
                ways.processes.push(facts.pid);
            }
        }
        if self.options.count_all {
            for netns in netlink.netns.iter() {
                if let Some(ways) = wanted.get_mut(&netns.inode) {
                    ways.processes.extend(netns.processes.known().into_iter().flatten());
                    ways.mounts.extend(netns.names.iter().map(|name| PathBuf::from(name.raw())));
                }
            }
        }
        wanted.retain(|_, ways| !(ways.processes.is_empty() && ways.mounts.is_empty()));
        if self.meters.aim_inside(&self.root, &wanted, &netlink.links) && self.options.count_all {
            // One answer is waited for: not until the next beat.
            self.take_reading();
            self.clocks.tick = Instant::now() + FIRST_INTERVAL;
        }
    }

    /// Which qdiscs are counted: those that somebody made, and all while somebody looks at traffic.
    pub(super) fn aim_qdiscs(&mut self) {
        let tc = self.netlink.as_ref().and_then(|n| n.tc.known());
        self.meters.aim_qdiscs(tc.map(|tc| &**tc), self.interest.traffic);
    }

    pub(super) fn ask_for_daemon(&mut self) {
        let Some(engine) = self.engine.as_ref().and_then(|e| e.engine.known()) else { return };
        let running: Vec<Running> = self
            .snapshot
            .containers
            .iter()
            .filter(|c| c.state.has_processes() && c.owner == Owner::Engine)
            .filter_map(|c| Some(Running { id: c.id.clone(), pid: c.pid?, started_at: c.started_at }))
            .take(4)
            .collect();
        // Asked once with what is known at first, and once more when a running container can prove it.
        let key = format!("{}/{}", engine.id, !running.is_empty());
        let Some(host) = self.host_facts.as_ref().filter(|_| self.daemon_asked_for.as_ref() != Some(&key)) else {
            return;
        };
        let question = DaemonQuestion {
            engine: engine.clone(),
            socket: self.target.as_ref().and_then(|t| t.endpoint.url.strip_prefix("unix://")).map(str::to_owned),
            running,
            host: Arc::new((**host).clone()),
        };
        self.daemon_asked_for = Some(key);
        self.job("daemon", Job::Daemon(Box::new(question)));
    }

    pub(super) fn compose_host(&mut self) {
        let mut host = self.host_facts.as_deref().cloned().unwrap_or_default();
        if let Some(target) = &self.target {
            host.endpoint = target.endpoint.clone();
        }
        if let Some(engine) = &self.engine {
            host.engine = engine.engine.clone();
        }
        host.daemon = self.daemon.clone();
        host.locality = self.locality.clone();
        if *self.snapshot.host != host {
            self.snapshot.host = Arc::new(host);
        }
        self.ask_for_daemon();
    }

    /// Publishes what is known now. False when nobody listens any more.
    pub(super) fn publish(&mut self) -> bool {
        self.clocks.publish = None;
        let now = Instant::now();
        self.snapshot.taken_at = Timestamp::now();
        if let Some(engine) = &self.engine {
            self.snapshot.networks = engine.networks.clone();
            self.snapshot.volumes = engine.volumes.clone();
            if self.snapshot.host.engine != engine.engine {
                self.compose_host();
            }
        }
        if let Some(netlink) = &self.netlink {
            self.snapshot.links = netlink.links.clone();
            self.snapshot.routes = netlink.routes.clone();
            self.snapshot.fdb = netlink.fdb.clone();
            self.snapshot.tc = netlink.tc.clone();
            let found = netlink.netns.clone();
            self.snapshot.netns = self.mark_engine(found);
        }
        self.snapshot.sockets = self.sockets.clone();
        self.snapshot.firewall = self.firewall.clone();
        self.snapshot.events = self.timeline.part();
        self.snapshot.sources = Arc::new(self.statuses(now));
        (self.sink)(Update::Snapshot(Arc::new(self.snapshot.clone())))
    }

    /// Marks the namespace of the engine's daemon, which no netlink answer tells.
    pub(super) fn mark_engine(&mut self, found: Arc<Vec<Netns>>) -> Arc<Vec<Netns>> {
        let engine = self.daemon.known().and_then(|d| d.net_ns.get());
        if !Arc::ptr_eq(&self.netns.0, &found) || self.netns.2 != engine {
            let marked = match engine {
                None => found.clone(),
                Some(engine) => {
                    Arc::new(found.iter().map(|n| Netns { is_engine: Some(n.inode == engine), ..n.clone() }).collect())
                }
            };
            self.netns = (found, marked, engine);
        }
        self.netns.1.clone()
    }
}
