//! The hub: takes what each source says, whenever it says it, and publishes snapshots.
//!
//! Everything here runs on one thread and waits for events. A refresh reads counters; all else is read again only when
//! something said that it changed, or on a slow beat as a safety net.

mod beats;
mod clocks;
mod compose;
mod health;

use clocks::{Clocks, ENGINE_PROCESS_BEAT, FIRST_INTERVAL, GATHER, HOST_BEAT, PASSING, SEATS_ALONE, SETTLE};

use crate::feed::{Ask, Interest, Update};
use crate::live::containers::{self, Seat};
use crate::live::meters::Meters;
use crate::live::probe::{Job, Reply};
use crate::live::timeline::Timeline;
use crate::live::wants::LiveOptions;
use crate::model::{
    ContainerId, Fact, Firewall, Gap, GapKind, Host, KernelFacts, Netns, NsInode, Pid, Snapshot, SocketScan,
    SourceState,
};
use crate::sources::engine::{EngineState, EngineTarget, EngineUpdate, Nudge};
use crate::sources::firewall;
use crate::sources::netlink::{NetlinkNudge, NetlinkState, NetlinkUpdate};
use crate::sources::proc::{Depth, ProcRoot};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc as std_mpsc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

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

    wanted: crate::live::wanted::WantedFile,
    snapshot: Snapshot,
    interest: Interest,
    wires: HubWires,
    clocks: Clocks,
    probing: BTreeSet<&'static str>,
    daemon_asked_for: Option<String>,
    /// Containers whose facts were read while their runtime may still have been setting them up: when to read again.
    young: Vec<(Instant, ContainerId)>,
    /// The kept file that tells the state of the engine's process.
    engine_process: Option<(Pid, File)>,
}

/// Senders that stay with the hub.
struct HubWires {
    engine: UnboundedSender<Nudge>,
    netlink: UnboundedSender<NetlinkNudge>,
    jobs: std_mpsc::Sender<Job>,
}

/// Runs until the console closes or nobody listens.
pub async fn run(options: LiveOptions, target: Option<EngineTarget>, wires: Wires, sink: Sink, root: ProcRoot) {
    let Wires { mut asks, mut engine, engine_nudges, mut netlink, netlink_nudges, mut replies, jobs } = wires;
    let (firewall_out, mut firewalls) = tokio::sync::mpsc::unbounded_channel();
    let now = Instant::now();
    let mut hub = Hub {
        answers: super::answers::Answers::new(target.clone(), sink.clone()),
        recorder: super::recorder::Recorder::default(),
        meters: Meters::open(&root),
        options,
        wanted: crate::live::wanted::WantedFile::usual(),
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
        young: Vec::new(),
        engine_process: None,
    };
    let mut beat = crate::live::beat::Beat::new();
    hub.begin();
    loop {
        let wake = hub.wake_at();
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
            () = beat.reached(wake) => {}
        }
        if !hub.on_time(Instant::now()) {
            break;
        }
        // The engine's and the kernel's readers share this thread: they get their turn before the next message.
        tokio::task::yield_now().await;
    }
    hub.recorder.stop();
}

impl Hub {
    /// Has read what needs nobody's answer. The engine is asked at the same time: this thread does not stand in its way.
    fn begin(&mut self) {
        if let Some(layout) = self.meters.layout().cloned() {
            self.clocks.seats = Instant::now() + SEATS_ALONE;
            self.job("seats", Job::Seats(layout));
        }
        self.job("host", Job::Host);
        self.take_reading();
        self.look_at_wanted();
    }

    /// Reads the counters for the first time, as soon as there is something to count; rates follow soon after.
    fn begin_counting(&mut self) {
        if self.snapshot.samples.is_empty() && !self.probing.contains("seats") {
            self.take_reading();
            self.clocks.tick = Instant::now() + FIRST_INTERVAL;
        }
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
                self.aim_qdiscs();
            }
            Ask::Logs(number, id, query) => {
                let tty = self.snapshot.container(&id).and_then(|c| c.config.known().map(|c| c.tty)).unwrap_or(false);
                self.answers.logs(number, id, tty, query);
            }
            Ask::StopLogs => self.answers.stop_logs(),
            Ask::Raw(subject) => self.answers.raw(subject, &self.snapshot),
            Ask::DiskUse => self.answers.disk_use(),
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
                    if self.lacks_seats() {
                        self.find_seats(Instant::now());
                    }
                    self.compose_containers();
                    self.probe_containers();
                }
                self.ask_for_daemon();
                if first {
                    self.begin_counting();
                    self.publish();
                    if self.options.count_all {
                        // One answer is waited for; else the tools that read rules wait until there are rates.
                        self.check_firewall();
                    }
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
                let same_tc = self.netlink.as_ref().is_some_and(|n| n.tc == state.tc);
                let same_netns = self.netlink.as_ref().is_some_and(|n| Arc::ptr_eq(&n.netns, &state.netns));
                self.netlink = Some(state);
                if !same || !same_netns {
                    self.clocks.seats = self.clocks.seats.min(Instant::now() + GATHER);
                    self.aim_inside();
                }
                if !same_tc {
                    self.aim_qdiscs();
                    if self.options.count_all && self.meters.counts_qdiscs() {
                        // One answer is waited for: not until the next beat.
                        self.take_reading();
                        self.clocks.tick = Instant::now() + FIRST_INTERVAL;
                    }
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
            Reply::Seats(found) => {
                self.probing.remove("seats");
                self.take_seats(found);
                self.begin_counting();
            }
            Reply::Host(host) => {
                self.probing.remove("host");
                self.host_facts = Some(host);
                self.compose_host();
            }
            Reply::Containers(facts) => {
                if !self.on_facts(facts) {
                    return;
                }
            }
            Reply::ContainersDone(depth) => {
                self.probing.remove("closely");
                self.probing.remove("grown");
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

    /// True when something is known now that was not.
    fn on_facts(&mut self, facts: Vec<(ContainerId, Result<Arc<KernelFacts>, Gap>)>) -> bool {
        let (mut moved, mut changed) = (false, false);
        for (id, facts) in facts {
            match facts {
                Ok(facts) => {
                    changed |= self.kernel_gaps.remove(&id).is_some();
                    let old = self.kernel.get(&id);
                    // A quick look at a process that was already read in full tells nothing new.
                    let known = old.is_some_and(|o| {
                        (o.pid, o.start_ticks) == (facts.pid, facts.start_ticks) && o.processes.known().is_some()
                    });
                    if known && facts.processes.known().is_none() {
                        continue;
                    }
                    // A sweep mostly finds what is known: then nothing is published, and nobody derives anything anew.
                    if old == Some(&facts) {
                        continue;
                    }
                    if containers::has_passing(&facts, old.map(Arc::as_ref)) {
                        self.young.push((Instant::now() + PASSING, id.clone()));
                    }
                    moved |= old.is_none_or(|o| o.namespaces != facts.namespaces);
                    self.kernel.insert(id, facts);
                    changed = true;
                }
                Err(gap) if gap.kind == GapKind::Gone => changed |= self.kernel.remove(&id).is_some(),
                Err(gap) => changed |= self.kernel_gaps.insert(id, gap.clone()).as_ref() != Some(&gap),
            }
        }
        if changed {
            self.snapshot.kernel = Arc::new(self.kernel.clone());
        }
        if moved {
            self.aim_inside();
        }
        changed
    }

    /// When something is due next. Reading again waits while a reading is under way: its end is a turn, too.
    fn wake_at(&self) -> Instant {
        let young = self.young.iter().map(|(at, _)| *at).min().filter(|_| !self.probing.contains("grown"));
        [self.publish_at(), young].into_iter().flatten().fold(self.clocks.tick, Instant::min)
    }

    /// When a snapshot goes out that is asked for. The very first waits for the engine's names until the first refresh:
    /// nobody wants to see containers without a name for the blink of an eye.
    fn publish_at(&self) -> Option<Instant> {
        let is_awaited =
            self.netlink.is_none() || self.engine.as_ref().is_none_or(|e| e.status == SourceState::Starting);
        self.clocks.publish.filter(|_| self.clocks.ticks > 0 || !is_awaited)
    }

    /// Does what is due. False when nobody listens any more.
    fn on_time(&mut self, now: Instant) -> bool {
        self.look_again_at_the_young(now);
        if now >= self.clocks.seats {
            self.find_seats(now);
        }
        if now >= self.clocks.tick {
            return self.refresh(now);
        }
        if self.publish_at().is_some_and(|at| now >= at) {
            return self.publish();
        }
        true
    }
}
