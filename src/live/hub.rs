//! The hub: takes what each source says, whenever it says it, and publishes snapshots.
//!
//! Everything here runs on one thread and waits for events. A refresh reads counters; all else is read again only when
//! something said that it changed, or on a slow beat as a safety net.

use super::containers::{self, Seat};
use super::meters::{Meters, Ways};
use super::probe::{DaemonQuestion, Job, Reply, SocketTarget};
use super::timeline::Timeline;
use super::wants::LiveOptions;
use crate::feed::{Ask, Interest, Update};
use crate::model::{
    ContainerId, Fact, Firewall, Gap, GapKind, Host, KernelFacts, Netns, NsInode, NsKind, Owner, Pid, Snapshot,
    SocketScan, SourceState, SourceStatus,
};
use crate::sources::engine::{EngineState, EngineTarget, EngineUpdate, Nudge};
use crate::sources::firewall;
use crate::sources::netlink::{NetlinkNudge, NetlinkState, NetlinkUpdate};
use crate::sources::proc::{Depth, ProcRoot, Running};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// How long changes are gathered before a snapshot without new counters is published.
const GATHER: Duration = Duration::from_millis(25);
/// The first interval is short, so that rates are on the screen soon after the start.
const FIRST_INTERVAL: Duration = Duration::from_millis(200);
/// Time a container gets to open its ports before they are looked for.
const SETTLE: Duration = Duration::from_secs(2);
/// Safety nets, for what no event tells.
const SOCKETS_BEAT: Duration = Duration::from_secs(30);
const SOCKETS_WATCHED: Duration = Duration::from_secs(2);
const SEATS_BEAT: Duration = Duration::from_secs(20);
const SEATS_ALONE: Duration = Duration::from_secs(2);
const HOST_BEAT: Duration = Duration::from_secs(60);
const FIREWALL_BEAT: Duration = Duration::from_secs(5);
const ENGINE_PROCESS_BEAT: Duration = Duration::from_secs(2);
/// All kernel facts are read again within this time, a few containers at a time.
const SWEEP: Duration = Duration::from_secs(120);

/// The ends of the channels that the sources hold the other ends of.
pub struct Wires {
    /// Questions of the console.
    pub asks: UnboundedReceiver<Ask>,
    /// The engine's watcher.
    pub engine: UnboundedReceiver<EngineUpdate>,
    /// Wishes to it.
    pub engine_nudges: UnboundedSender<Nudge>,
    /// The netlink watcher.
    pub netlink: UnboundedReceiver<NetlinkUpdate>,
    /// Wishes to it.
    pub netlink_nudges: UnboundedSender<NetlinkNudge>,
    /// Answers of the probe thread.
    pub replies: UnboundedReceiver<Reply>,
    /// Jobs for it.
    pub jobs: std_mpsc::Sender<Job>,
}

/// Where updates go; false when nobody listens any more.
pub type Sink = Arc<dyn Fn(Update) -> bool + Send + Sync>;

/// The state of the hub.
pub struct Hub {
    options: LiveOptions,
    root: ProcRoot,
    sink: Sink,
    timeline: Timeline,
    meters: Meters,
    answers: super::answers::Answers,
    recorder: super::recorder::Recorder,
    target: Option<EngineTarget>,

    engine: Option<EngineState>,
    netlink: Option<NetlinkState>,
    /// The namespaces as netlink found them, with the engine's marked; and what they were marked from.
    netns: (Arc<Vec<Netns>>, Arc<Vec<Netns>>, Option<NsInode>),
    seats: Vec<Seat>,
    seats_gap: Option<Gap>,
    host_facts: Option<Box<Host>>,
    daemon: Fact<crate::model::Daemon>,
    locality: crate::model::Locality,
    kernel: BTreeMap<ContainerId, Arc<KernelFacts>>,
    kernel_gaps: BTreeMap<ContainerId, Gap>,
    /// For which process of a container, and how deep, kernel facts were last asked for.
    asked: BTreeMap<ContainerId, (Pid, Depth)>,
    sockets: Arc<Vec<SocketScan>>,
    sockets_read: Option<Instant>,
    firewall: Fact<Arc<Firewall>>,
    firewall_read: Option<Instant>,
    firewall_generation: firewall::GenerationProbe,
    firewall_busy: bool,
    firewall_out: UnboundedSender<Fact<Arc<Firewall>>>,

    snapshot: Snapshot,
    interest: Interest,
    wires: HubWires,
    clocks: Clocks,
    probing: BTreeSet<&'static str>,
    daemon_asked_for: Option<String>,
}

/// Senders that stay with the hub.
struct HubWires {
    engine: UnboundedSender<Nudge>,
    netlink: UnboundedSender<NetlinkNudge>,
    jobs: std_mpsc::Sender<Job>,
}

/// When what is due.
struct Clocks {
    tick: Instant,
    publish: Option<Instant>,
    seats: Instant,
    sockets: Instant,
    host: Instant,
    firewall: Instant,
    engine_process: Instant,
    sweep: Instant,
    sweep_at: usize,
    ticks: u64,
}

/// Runs until the console closes or nobody listens.
pub async fn run(options: LiveOptions, target: Option<EngineTarget>, wires: Wires, sink: Sink, root: ProcRoot) {
    let Wires { mut asks, mut engine, engine_nudges, mut netlink, netlink_nudges, mut replies, jobs } = wires;
    let (firewall_out, mut firewalls) = tokio::sync::mpsc::unbounded_channel();
    let now = Instant::now();
    let mut hub = Hub {
        answers: super::answers::Answers::new(target.clone(), sink.clone()),
        recorder: super::recorder::Recorder::default(),
        meters: Meters::open(&root.proc),
        options,
        root,
        sink,
        timeline: Timeline::default(),
        target,
        engine: None,
        netlink: None,
        netns: Default::default(),
        seats: Vec::new(),
        seats_gap: None,
        host_facts: None,
        daemon: Fact::default(),
        locality: crate::model::Locality::default(),
        kernel: BTreeMap::new(),
        kernel_gaps: BTreeMap::new(),
        asked: BTreeMap::new(),
        sockets: Arc::default(),
        sockets_read: None,
        firewall: Fact::default(),
        firewall_read: None,
        firewall_generation: firewall::GenerationProbe::new(),
        firewall_busy: false,
        firewall_out,
        snapshot: Snapshot::default(),
        interest: Interest::default(),
        wires: HubWires { engine: engine_nudges, netlink: netlink_nudges, jobs },
        clocks: Clocks {
            tick: now + FIRST_INTERVAL,
            publish: None,
            seats: now,
            sockets: now + SETTLE,
            host: now + HOST_BEAT,
            firewall: now,
            engine_process: now + ENGINE_PROCESS_BEAT,
            sweep: now + Duration::from_secs(5),
            sweep_at: 0,
            ticks: 0,
        },
        probing: BTreeSet::new(),
        daemon_asked_for: None,
    };
    hub.begin();
    loop {
        let wake = hub.clocks.publish.map_or(hub.clocks.tick, |p| p.min(hub.clocks.tick));
        tokio::select! {
            biased;
            ask = asks.recv() => match ask {
                None | Some(Ask::Quit) => break,
                Some(ask) => hub.on_ask(ask),
            },
            Some(update) = engine.recv() => hub.on_engine(update),
            Some(update) = netlink.recv() => hub.on_netlink(update),
            Some(reply) = replies.recv() => hub.on_reply(reply),
            Some(rules) = firewalls.recv() => hub.on_firewall(rules),
            () = tokio::time::sleep_until(wake.into()) => {}
        }
        if !hub.on_time(Instant::now()) {
            break;
        }
    }
    hub.recorder.stop();
}

impl Hub {
    /// Reads what needs nobody's answer, so that a first picture exists at once.
    fn begin(&mut self) {
        self.job("host", Job::Host);
        self.find_seats(Instant::now());
        self.take_reading();
        self.check_firewall();
    }

    fn job(&mut self, kind: &'static str, job: Job) {
        if self.probing.insert(kind) {
            // The thread ends only with the hub.
            let _ = self.wires.jobs.send(job);
        }
    }

    /// Asks for a snapshot soon.
    fn touch(&mut self) {
        self.clocks.publish.get_or_insert_with(|| Instant::now() + GATHER);
    }

    fn on_ask(&mut self, ask: Ask) {
        match ask {
            Ask::Refresh => {
                let _ = self.wires.engine.send(Nudge::Refresh);
                let _ = self.wires.netlink.send(NetlinkNudge::Refresh);
                let now = Instant::now();
                (self.clocks.seats, self.clocks.sockets, self.clocks.firewall, self.clocks.host) = (now, now, now, now);
                self.firewall_read = None;
                self.clocks.tick = now;
            }
            Ask::Interest(interest) => {
                if interest.fdb != self.interest.fdb {
                    let _ = self.wires.netlink.send(NetlinkNudge::Fdb(interest.fdb));
                }
                if interest.sockets && !self.interest.sockets {
                    self.clocks.sockets = Instant::now();
                }
                if interest.processes_of.is_some() && interest.processes_of != self.interest.processes_of {
                    self.look_closely(interest.processes_of.clone());
                }
                self.interest = interest;
            }
            Ask::Logs(number, id, query) => {
                let tty = self.snapshot.container(&id).and_then(|c| c.config.known().map(|c| c.tty)).unwrap_or(false);
                self.answers.logs(number, id, tty, query);
            }
            Ask::StopLogs => self.answers.stop_logs(),
            Ask::Raw(subject) => self.answers.raw(subject, &self.snapshot),
            Ask::Record(path) => {
                let (weight, text) = self.recorder.switch(path, &self.snapshot);
                self.timeline.note(Timestamp::now(), weight, "recording", "record", text);
                self.touch();
            }
            Ask::TogglePlay | Ask::Step(_) | Ask::Seek(_) | Ask::SeekTo(_) | Ask::Speed(_) | Ask::Quit => {}
        }
    }

    fn look_closely(&mut self, id: Option<ContainerId>) {
        let Some(id) = id else { return };
        let pids = containers::main_pids(&self.snapshot.containers, &self.seats);
        if let Some(pair) = pids.into_iter().find(|(c, _)| *c == id) {
            self.job("closely", Job::Containers(vec![pair], Depth::Full));
        }
    }

    fn on_engine(&mut self, update: EngineUpdate) {
        match update {
            EngineUpdate::Events(events) => {
                let names_change = events.iter().any(|e| matches!(e.class.as_str(), "container" | "network"));
                if names_change {
                    let now = Instant::now();
                    self.clocks.seats = now;
                    self.clocks.sockets = self.clocks.sockets.min(now + SETTLE);
                    self.clocks.firewall = self.clocks.firewall.min(now + Duration::from_millis(300));
                    let _ = self.wires.netlink.send(NetlinkNudge::Containers);
                }
                self.timeline.add(events);
            }
            EngineUpdate::State(state) => {
                let was = self.engine.as_ref().map(|e| e.status);
                let first = was.is_none_or(|w| w == SourceState::Starting) && state.status != SourceState::Starting;
                if matches!(was, Some(SourceState::Stale | SourceState::Down)) && state.status == SourceState::Ok {
                    // It may be another daemon under another pid.
                    self.daemon_asked_for = None;
                }
                let same = self.engine.as_ref().is_some_and(|e| Arc::ptr_eq(&e.containers, &state.containers));
                self.engine = Some(*state);
                if !same {
                    self.find_seats(Instant::now());
                    self.compose_containers();
                    self.probe_containers();
                }
                self.ask_for_daemon();
                if first {
                    self.take_reading();
                    self.clocks.tick = Instant::now() + FIRST_INTERVAL;
                    self.publish();
                    return;
                }
            }
        }
        self.touch();
    }

    fn on_netlink(&mut self, update: NetlinkUpdate) {
        match update {
            NetlinkUpdate::Events(events) => self.timeline.add(events),
            NetlinkUpdate::State(state) => {
                let first = self.netlink.is_none();
                let same = self.netlink.as_ref().is_some_and(|n| Arc::ptr_eq(&n.links, &state.links));
                let same_netns = self.netlink.as_ref().is_some_and(|n| Arc::ptr_eq(&n.netns, &state.netns));
                self.netlink = Some(state);
                if !same || !same_netns {
                    self.clocks.seats = self.clocks.seats.min(Instant::now() + GATHER);
                    self.aim_inside();
                }
                if first && self.snapshot.our_netns().is_none() {
                    self.compose_host();
                }
            }
        }
        self.touch();
    }

    fn on_reply(&mut self, reply: Reply) {
        match reply {
            Reply::Host(host) => {
                self.probing.remove("host");
                self.host_facts = Some(host);
                self.compose_host();
            }
            Reply::Containers(facts) => self.on_facts(facts),
            Reply::ContainersDone(depth) => {
                self.probing.remove("closely");
                self.probing.remove("sweep");
                let ours = self.probing.remove(if depth == Depth::Quick { "quick" } else { "full" });
                if ours {
                    // Some may have come while others were read.
                    self.probe_containers();
                }
                if ours && depth == Depth::Full {
                    self.scan_new_sockets();
                }
                return;
            }
            Reply::Sockets(scans) => {
                self.probing.remove("sockets");
                self.sockets_read = Some(Instant::now());
                let same = *self.sockets == scans;
                if !same {
                    self.sockets = Arc::new(scans);
                }
                self.scan_new_sockets();
                if same {
                    return;
                }
            }
            Reply::Daemon(daemon, locality) => {
                self.probing.remove("daemon");
                self.daemon = daemon;
                self.locality = locality;
                self.compose_host();
            }
        }
        self.touch();
    }

    fn on_facts(&mut self, facts: Vec<(ContainerId, Result<Arc<KernelFacts>, Gap>)>) {
        let mut moved = false;
        for (id, facts) in facts {
            match facts {
                Ok(facts) => {
                    self.kernel_gaps.remove(&id);
                    let old = self.kernel.get(&id);
                    // A quick look at a process that was already read in full tells nothing new.
                    let known = old.is_some_and(|o| {
                        (o.pid, o.start_ticks) == (facts.pid, facts.start_ticks) && o.processes.known().is_some()
                    });
                    if known && facts.processes.known().is_none() {
                        continue;
                    }
                    moved |= old.is_none_or(|o| o.namespaces != facts.namespaces);
                    self.kernel.insert(id, facts);
                }
                Err(gap) if gap.kind == GapKind::Gone => {
                    self.kernel.remove(&id);
                }
                Err(gap) => {
                    self.kernel_gaps.insert(id, gap);
                }
            }
        }
        self.snapshot.kernel = Arc::new(self.kernel.clone());
        if moved {
            self.aim_inside();
        }
    }

    fn on_firewall(&mut self, rules: Fact<Arc<Firewall>>) {
        self.firewall_busy = false;
        self.firewall_read = Some(Instant::now());
        let same = match (self.firewall.known(), rules.known()) {
            // Counters differ at every reading; they alone make no new rule set.
            (Some(old), Some(new)) => same_rules(old, new),
            (None, None) => self.firewall.why() == rules.why(),
            _ => false,
        };
        if !same {
            self.firewall = rules;
            self.touch();
        }
    }

    /// Does what is due. False when nobody listens any more.
    fn on_time(&mut self, now: Instant) -> bool {
        if now >= self.clocks.seats {
            self.find_seats(now);
        }
        if now >= self.clocks.tick {
            return self.refresh(now);
        }
        if self.clocks.publish.is_some_and(|at| now >= at) {
            return self.publish();
        }
        true
    }

    /// One refresh: counters, and whatever slow beat is due.
    fn refresh(&mut self, now: Instant) -> bool {
        self.clocks.ticks += 1;
        self.clocks.tick += self.options.interval;
        if self.clocks.tick <= now {
            // We were stopped or starved: missed beats are not made up for.
            self.clocks.tick = now + self.options.interval;
        }
        self.take_reading();
        if now >= self.clocks.sockets {
            self.scan_sockets(now);
        }
        if now >= self.clocks.firewall {
            self.clocks.firewall = now + FIREWALL_BEAT;
            self.check_firewall();
        }
        if now >= self.clocks.host {
            self.clocks.host = now + HOST_BEAT;
            self.job("host", Job::Host);
        }
        if now >= self.clocks.engine_process {
            self.clocks.engine_process = now + ENGINE_PROCESS_BEAT;
            self.look_at_engine_process();
        }
        if self.clocks.ticks.is_multiple_of(2) && self.interest.processes_of.is_some() {
            self.look_closely(self.interest.processes_of.clone());
        }
        if now >= self.clocks.sweep {
            self.sweep(now);
        }
        let alive = self.publish();
        if let Some((weight, text)) = self.recorder.append(&self.snapshot) {
            self.timeline.note(Timestamp::now(), weight, "recording", "record", text);
            self.touch();
        }
        alive
    }

    fn scan_sockets(&mut self, now: Instant) {
        self.clocks.sockets = now + if self.interest.sockets { SOCKETS_WATCHED } else { SOCKETS_BEAT };
        let targets = self.socket_targets();
        if !targets.is_empty() {
            self.job("sockets", Job::Sockets(targets));
        }
    }

    /// Looks for the ports of containers that came to be known since sockets were last read. Those that were looked
    /// at in vain have a reason and are not new.
    fn scan_new_sockets(&mut self) {
        let is_new = |target: &SocketTarget| self.sockets.iter().all(|scan| scan.netns != target.netns);
        if !self.probing.contains("full") && self.socket_targets().iter().any(is_new) {
            self.scan_sockets(Instant::now());
        }
    }

    fn take_reading(&mut self) {
        let reading = self.meters.read();
        self.snapshot.at_ns = reading.host.at_ns;
        self.snapshot.host_sample = reading.host;
        self.snapshot.samples = reading.samples;
        self.snapshot.link_samples = reading.links;
    }

    /// A stopped daemon (SIGSTOP, a debugger, a frozen cgroup) answers nothing and closes nothing: the state of its
    /// process tells without asking it anything.
    fn look_at_engine_process(&mut self) {
        let Some(pid) = self.daemon.known().and_then(|d| d.pid) else { return };
        let stat = std::fs::read(self.root.proc.join(format!("{pid}/stat"))).unwrap_or_default();
        let state = stat.iter().rposition(|b| *b == b')').and_then(|at| stat.get(at + 2)).copied();
        let answers = self.engine.as_ref().is_some_and(|e| matches!(e.status, SourceState::Ok | SourceState::Partial));
        if answers && matches!(state, Some(b'T' | b't' | b'Z') | None) {
            let _ = self.wires.engine.send(Nudge::Doubt);
        }
    }

    fn sweep(&mut self, now: Instant) {
        let pids = containers::main_pids(&self.snapshot.containers, &self.seats);
        if pids.is_empty() {
            self.clocks.sweep = now + SWEEP;
            return;
        }
        // At least five seconds apart, and as many at a time as it takes to see all within one sweep.
        let step = Duration::from_secs(5).max(SWEEP / u32::try_from(pids.len()).unwrap_or(u32::MAX));
        let count = (step.as_secs_f64() * pids.len() as f64 / SWEEP.as_secs_f64()).ceil() as usize;
        self.clocks.sweep = now + step;
        let from = self.clocks.sweep_at % pids.len();
        let batch: Vec<_> = pids.iter().cycle().skip(from).take(count.clamp(1, pids.len())).cloned().collect();
        self.clocks.sweep_at = from + batch.len();
        self.job("sweep", Job::Containers(batch, Depth::Full));
    }

    fn check_firewall(&mut self) {
        if self.firewall_busy {
            return;
        }
        let generation = self.firewall_generation.current().get();
        let known = self.firewall.known().and_then(|f| f.generation);
        let due = match (self.firewall_read, generation, known) {
            (None, _, _) => true,
            (Some(_), Some(now), Some(then)) => now != then,
            // Without generations (no rights, legacy tables only) the rules are read on a slow beat.
            (Some(read), _, _) => read.elapsed() > HOST_BEAT,
        };
        if due {
            self.firewall_busy = true;
            let out = self.firewall_out.clone();
            tokio::spawn(async move {
                let _ = out.send(firewall::read(Duration::from_secs(5)).await);
            });
        }
    }

    /// Walks the cgroup tree for containers.
    fn find_seats(&mut self, now: Instant) {
        let alone = self.engine.as_ref().is_none_or(|e| !matches!(e.status, SourceState::Ok | SourceState::Partial));
        self.clocks.seats = now + if alone { SEATS_ALONE } else { SEATS_BEAT };
        let Some(layout) = self.meters.layout().cloned() else { return };
        match containers::seats(&layout, &self.root.proc, &self.seats) {
            Ok(seats) => {
                self.seats_gap = None;
                if seats != self.seats {
                    self.seats = seats;
                    self.meters.aim(containers::targets(&self.seats));
                    self.compose_containers();
                    self.probe_containers();
                    self.touch();
                }
            }
            Err(error) => self.seats_gap = Some(Gap::from_io("list", "the cgroup tree", &error)),
        }
    }

    fn compose_containers(&mut self) {
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

    /// Reads kernel facts of containers that have none yet, or whose main process is another one.
    fn probe_containers(&mut self) {
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
    fn aim_inside(&mut self) {
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

    fn socket_targets(&self) -> Vec<SocketTarget> {
        let ours = self.snapshot.our_netns();
        let mut targets: BTreeMap<NsInode, SocketTarget> = BTreeMap::new();
        if let Some(netns) = ours {
            targets.insert(netns, SocketTarget { netns, via: None, candidates: None });
        }
        let daemon = self.daemon.known().and_then(|d| d.pid);
        for facts in self.kernel.values() {
            let Some(netns) = facts.namespaces.get(&NsKind::Net).and_then(Fact::get) else { continue };
            if Some(netns) == ours {
                continue;
            }
            let target = targets.entry(netns).or_insert_with(|| SocketTarget {
                netns,
                via: Some(facts.pid),
                // The embedded DNS in a container's namespace is held by the daemon.
                candidates: Some(daemon.into_iter().collect()),
            });
            if let Some(candidates) = &mut target.candidates {
                candidates.push(facts.pid);
                candidates.extend(facts.processes.known().into_iter().flatten().map(|p| p.pid));
            }
        }
        targets.into_values().collect()
    }

    fn ask_for_daemon(&mut self) {
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

    fn compose_host(&mut self) {
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
        self.meters.set_netns(self.snapshot.our_netns());
        self.ask_for_daemon();
    }

    /// Publishes what is known now. False when nobody listens any more.
    fn publish(&mut self) -> bool {
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
    fn mark_engine(&mut self, found: Arc<Vec<Netns>>) -> Arc<Vec<Netns>> {
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

    fn statuses(&self, now: Instant) -> Vec<SourceStatus> {
        let age = |at: Option<Instant>| {
            at.map(|at| u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX))
        };
        let starting = |name: &str| SourceStatus {
            name: name.into(),
            state: SourceState::Starting,
            reason: "not answered yet".into(),
            age_ms: None,
            resyncs: 0,
        };
        let engine = self.engine.as_ref().map_or_else(|| starting("engine"), |e| engine_status(e, now));
        let netlink = self.netlink.as_ref().map_or_else(|| starting("netlink"), |n| n.status(now));
        let proc = match (self.kernel_gaps.iter().next(), &self.seats_gap) {
            (None, None) => SourceStatus {
                name: "proc".into(),
                state: SourceState::Ok,
                reason: String::new(),
                age_ms: Some(0),
                resyncs: 0,
            },
            (Some((id, gap)), _) => SourceStatus {
                name: "proc".into(),
                state: SourceState::Partial,
                reason: format!(
                    "{} of {} containers: {}",
                    self.kernel_gaps.len(),
                    self.kernel_gaps.len() + self.kernel.len(),
                    one(id, gap)
                ),
                age_ms: Some(0),
                resyncs: 0,
            },
            (None, Some(gap)) => SourceStatus {
                name: "proc".into(),
                state: SourceState::Partial,
                reason: gap.reason.clone(),
                age_ms: Some(0),
                resyncs: 0,
            },
        };
        let sockets = match self.sockets_read {
            None => starting("sockets"),
            Some(_) => {
                // A namespace that went away while it was read hides nothing.
                let unread =
                    self.sockets.iter().filter_map(|s| s.listeners.why()).find(|gap| gap.kind != GapKind::Gone);
                SourceStatus {
                    name: "sockets".into(),
                    state: if unread.is_some() { SourceState::Partial } else { SourceState::Ok },
                    reason: unread.map(|g| g.reason.clone()).unwrap_or_default(),
                    age_ms: age(self.sockets_read),
                    resyncs: 0,
                }
            }
        };
        let firewall = match (&self.firewall, self.firewall_read) {
            (_, None) => starting("firewall"),
            (Fact::Unknown { unknown }, Some(_)) => SourceStatus {
                name: "firewall".into(),
                state: SourceState::Down,
                reason: unknown.reason.clone(),
                age_ms: None,
                resyncs: 0,
            },
            (Fact::Known(rules), Some(_)) => SourceStatus {
                name: "firewall".into(),
                state: if rules.is_complete() { SourceState::Ok } else { SourceState::Partial },
                reason: rules.gaps.first().map(|g| g.reason.clone()).unwrap_or_default(),
                age_ms: age(self.firewall_read),
                resyncs: 0,
            },
        };
        vec![engine, netlink, self.meters.status(), proc, sockets, firewall]
    }
}

fn one(id: &ContainerId, gap: &Gap) -> String {
    format!("{}: {}", id.short(), gap.reason)
}

/// True when two rule sets differ in nothing but their counters.
fn same_rules(a: &Firewall, b: &Firewall) -> bool {
    a.gaps == b.gaps
        && a.generation == b.generation
        && a.tables.len() == b.tables.len()
        && a.tables.iter().zip(&b.tables).all(|(a, b)| {
            (a.backend, a.family, &a.name) == (b.backend, b.family, &b.name)
                && a.chains.len() == b.chains.len()
                && a.chains.iter().zip(&b.chains).all(|(a, b)| {
                    (&a.name, &a.hook, &a.policy) == (&b.name, &b.hook, &b.policy)
                        && a.rules.len() == b.rules.len()
                        && a.rules.iter().zip(&b.rules).all(|(a, b)| (&a.matches, &a.target) == (&b.matches, &b.target))
                })
        })
}

fn engine_status(engine: &EngineState, now: Instant) -> SourceStatus {
    let age = engine.answered_at.map(|at| now.saturating_duration_since(at).as_millis());
    SourceStatus {
        name: "engine".into(),
        state: engine.status,
        reason: engine.reason.clone(),
        age_ms: age.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX)),
        resyncs: engine.resyncs,
    }
}
