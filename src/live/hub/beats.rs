//! What is read by the clock: counters at every refresh, and on slow beats what no event tells.

use super::Hub;
use super::clocks::{ENGINE_PROCESS_BEAT, FIREWALL_BEAT, HOST_BEAT, SOCKETS_BEAT, SOCKETS_WATCHED, SWEEP};
use crate::live::probe::{Job, SocketTarget};
use crate::live::{containers, oom};
use crate::model::{ContainerId, Fact, Firewall, NsInode, NsKind, SourceState};
use crate::sources::engine::Nudge;
use crate::sources::proc::Depth;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

impl Hub {
    /// One refresh: counters, and whatever slow beat is due.
    pub(super) fn refresh(&mut self, now: Instant) -> bool {
        self.clocks.ticks += 1;
        self.clocks.tick += self.options.interval;
        if self.clocks.tick <= now {
            // We were stopped or starved: missed beats are not made up for.
            self.clocks.tick = now + self.options.interval;
        }
        self.take_reading();
        self.look_at_wanted();
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

    pub(super) fn take_reading(&mut self) {
        let reading = self.meters.read();
        self.timeline.add(oom::kills(&self.snapshot.samples, &reading.samples, &self.snapshot.containers));
        self.snapshot.at_ns = reading.host.at_ns;
        self.snapshot.host_sample = reading.host;
        self.snapshot.samples = reading.samples;
        self.snapshot.link_samples = reading.links;
        self.read_qdiscs();
    }

    /// Limits that were set or taken back by whoever writes the state file.
    pub(super) fn look_at_wanted(&mut self) {
        if self.wanted.look() {
            self.snapshot.wanted = self.wanted.limits.clone();
        }
    }

    /// Counters of qdiscs, where any are to be counted.
    pub(super) fn read_qdiscs(&mut self) {
        let samples = self.meters.read_qdiscs();
        if !(samples.is_empty() && self.snapshot.qdisc_samples.is_empty()) {
            self.snapshot.qdisc_samples = Arc::new(samples);
        }
    }

    /// Reads again what was read too early.
    pub(super) fn look_again_at_the_young(&mut self, now: Instant) {
        let due: Vec<ContainerId> = self.young.iter().filter(|(at, _)| *at <= now).map(|(_, id)| id.clone()).collect();
        if due.is_empty() || self.probing.contains("grown") {
            return;
        }
        self.young.retain(|(at, _)| *at > now);
        let pids = containers::main_pids(&self.snapshot.containers, &self.seats);
        let batch: Vec<_> = pids.into_iter().filter(|(id, _)| due.contains(id)).collect();
        if !batch.is_empty() {
            self.job("grown", Job::Containers(batch, Depth::Full));
        }
    }

    pub(super) fn scan_sockets(&mut self, now: Instant) {
        self.clocks.sockets = now + if self.interest.sockets { SOCKETS_WATCHED } else { SOCKETS_BEAT };
        let targets = self.socket_targets();
        if !targets.is_empty() {
            self.job("sockets", Job::Sockets(targets));
        }
    }

    /// Looks for the ports of containers that came to be known since sockets were last read. Those that were looked
    /// at in vain have a reason and are not new.
    pub(super) fn scan_new_sockets(&mut self) {
        let is_new = |target: &SocketTarget| self.sockets.iter().all(|scan| scan.netns != target.netns);
        if !self.probing.contains("full") && self.socket_targets().iter().any(is_new) {
            self.scan_sockets(Instant::now());
        }
    }

    pub(super) fn socket_targets(&self) -> Vec<SocketTarget> {
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

    /// A stopped daemon (SIGSTOP, a debugger, a frozen cgroup) answers nothing and closes nothing: the state of its
    /// process tells without asking it anything.
    pub(super) fn look_at_engine_process(&mut self) {
        let Some(pid) = self.daemon.known().and_then(|d| d.pid) else { return };
        // The file is kept open: that is cheaper, and it can't come to speak of another process under the same number.
        if self.engine_process.as_ref().is_none_or(|(known, _)| *known != pid) {
            self.engine_process = File::open(self.root.proc.join(format!("{pid}/stat"))).ok().map(|file| (pid, file));
        }
        let mut stat = [0; 256];
        let length = self.engine_process.as_ref().and_then(|(_, file)| file.read_at(&mut stat, 0).ok()).unwrap_or(0);
        let stat = &stat[..length];
        let state = stat.iter().rposition(|b| *b == b')').and_then(|at| stat.get(at + 2)).copied();
        if state.is_none() {
            self.engine_process = None;
        }
        let answers = self.engine.as_ref().is_some_and(|e| matches!(e.status, SourceState::Ok | SourceState::Partial));
        if answers && matches!(state, Some(b'T' | b't' | b'Z') | None) {
            let _ = self.wires.engine.send(Nudge::Doubt);
        }
    }

    pub(super) fn sweep(&mut self, now: Instant) {
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

    pub(super) fn check_firewall(&mut self) {
        if self.firewall_busy {
            return;
        }
        let generation = self.options.rules.generation(&mut self.firewall_generation).get();
        let known = self.firewall.known().and_then(|f| f.generation);
        let due = match (self.firewall_read, generation, known) {
            (None, _, _) => true,
            (Some(_), Some(now), Some(then)) => now != then,
            // Without generations (no rights, legacy tables only) the rules are read on a slow beat.
            (Some(read), _, _) => read.elapsed() > HOST_BEAT,
        };
        if due {
            self.firewall_busy = true;
            let (out, rules) = (self.firewall_out.clone(), self.options.rules.clone());
            tokio::spawn(async move {
                let _ = out.send(rules.read(Duration::from_secs(5)).await);
            });
        }
    }

    pub(super) fn on_firewall(&mut self, rules: Fact<Arc<Firewall>>) {
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
