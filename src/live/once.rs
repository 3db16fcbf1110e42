//! One answer for the command line: watch until everything that can be known is known, then stop.

use super::{LiveError, LiveOptions, start};
use crate::feed::{Ask, Update};
use crate::model::{Container, ContainerId, Fact, GapKind, KernelFacts, NsKind, Snapshot, SourceState};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What an answer has to hold before it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Two readings of the counters, so that there are rates.
    pub rates: bool,
    /// Every container inspected and its processes and sockets read.
    pub depth: bool,
    /// Longest wait.
    pub deadline: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { rates: false, depth: true, deadline: Duration::from_secs(20) }
    }
}

/// Watches this host and hands every snapshot to `take` until that answers false or `until` is over.
///
/// # Errors
/// As [`start`].
pub fn stream(
    options: LiveOptions,
    until: Option<Duration>,
    mut take: impl FnMut(&Arc<Snapshot>) -> bool,
) -> Result<(), LiveError> {
    let (send, receive) = mpsc::channel();
    let asks = start(options, Arc::new(move |update| send.send(update).is_ok()))?;
    let end = until.map(|d| Instant::now() + d);
    loop {
        let update = match end {
            Some(end) => receive.recv_timeout(end.saturating_duration_since(Instant::now())).ok(),
            None => receive.recv().ok(),
        };
        match update {
            Some(Update::Snapshot(snapshot)) => {
                if !take(&snapshot) {
                    break;
                }
            }
            Some(_) => {}
            None => break,
        }
    }
    let _ = asks.send(Ask::Quit);
    Ok(())
}

/// The host as it is now, and the snapshot before it when rates are wanted.
///
/// # Errors
/// As [`start`].
pub fn read_once(
    options: LiveOptions,
    patience: Patience,
) -> Result<(Option<Arc<Snapshot>>, Arc<Snapshot>), LiveError> {
    // One answer wants every counter, and is gone before what it holds open can be in the way.
    let options = LiveOptions { interval: options.interval.min(Duration::from_secs(1)), count_all: true, ..options };
    let (mut before, mut newest): (Option<Arc<Snapshot>>, Option<Arc<Snapshot>>) = (None, None);
    let mut progress = Progress::default();
    stream(options, Some(patience.deadline), |snapshot| {
        if let Some(last) = newest.take()
            && last.at_ns != snapshot.at_ns
            && (before.is_none() || interval(&last, snapshot) >= SHORTEST)
        {
            before = Some(last);
        }
        newest = Some(snapshot.clone());
        progress.note(snapshot);
        let enough = !patience.rates || before.as_deref().is_some_and(|before| has_rates(before, snapshot, &progress));
        !(enough && is_complete(snapshot, patience.depth, &mut progress))
    })?;
    Ok((before, newest.unwrap_or_default()))
}

/// Rates come from no shorter interval: a CPU quota is dealt out in steps of 100 ms, and a container that waits for
/// the next one, or just got it, would show nothing or several times its share.
const SHORTEST: Duration = Duration::from_millis(800);

fn interval(before: &Snapshot, now: &Snapshot) -> Duration {
    Duration::from_nanos(now.at_ns.saturating_sub(before.at_ns))
}

/// How much of the slow reading is done, since when it has not become more, and who is waited for: the containers
/// that were there when the engine answered. Where some come all the time an answer would never be ready.
#[derive(Default)]
struct Progress {
    done: (usize, usize, usize),
    since: Option<Instant>,
    started: Option<Instant>,
    begun: Option<Instant>,
    expected: BTreeSet<ContainerId>,
}

impl Progress {
    /// Takes the next snapshot.
    fn note(&mut self, snapshot: &Snapshot) {
        // An engine that told its version and is slow with the rest is busy, not away.
        let is_busy = snapshot.engine_is_stale() && snapshot.host.engine.known().is_some();
        if is_busy && self.started.get_or_insert_with(Instant::now).elapsed() < BUSY {
            return;
        }
        if self.begun.is_none() && answered(snapshot, "engine") && answered(snapshot, "netlink") {
            self.begun = Some(Instant::now());
            self.expected = snapshot.containers.iter().map(|c| c.id.clone()).collect();
        }
    }

    /// How long nothing has been added.
    fn stalled(&mut self, snapshot: &Snapshot) -> Duration {
        let in_full = snapshot.kernel.values().filter(|k| !is_not_yet(k.processes.why())).count();
        let done = (snapshot.kernel.len(), in_full, snapshot.sockets.len());
        if done != self.done {
            (self.done, self.since) = (done, None);
        }
        self.since.get_or_insert_with(Instant::now).elapsed()
    }
}

/// A container whose processes are not on this host, or that just ended, never gets facts: it is waited for until
/// nothing else has come in for this long.
const GONE_AFTER: Duration = Duration::from_secs(3);
/// The same where the kernel has refused to show some processes.
const REFUSED_AFTER: Duration = Duration::from_millis(500);
/// A busy engine is waited for this long.
const BUSY: Duration = Duration::from_secs(10);
/// Counters are read as soon as a namespace is known; one that may not be entered never has any.
const UNCOUNTED_AFTER: Duration = Duration::from_secs(1);
/// Rates of a container that was not there before are waited for this long.
const RATELESS_AFTER: Duration = Duration::from_secs(3);

/// Every container that is metered was metered before too, so that each has an interval. One that starts again and again
/// is not waited for: where containers come and go all the time, some never have been.
fn has_rates(before: &Snapshot, now: &Snapshot, progress: &Progress) -> bool {
    let is_late = progress.begun.is_some_and(|begun| begun.elapsed() >= RATELESS_AFTER);
    let mut metered = now.samples.iter().filter(|s| progress.expected.contains(&s.id));
    let metered_too = qdiscs_are_counted(before) || !qdiscs_are_counted(now);
    metered_too && interval(before, now) >= SHORTEST && (is_late || metered.all(|s| before.sample(&s.id).is_some()))
}

/// Counters of the qdiscs that somebody made are there, or there are none to count.
fn qdiscs_are_counted(snapshot: &Snapshot) -> bool {
    let is_made = |tc: &Arc<crate::model::Tc>| tc.qdiscs.iter().any(|q| !q.is_default());
    !snapshot.tc.known().is_some_and(is_made) || !snapshot.qdisc_samples.is_empty()
}

/// The interfaces of every namespace that was read are counted, too. What can't be is not waited for long.
fn is_counted(snapshot: &Snapshot) -> bool {
    let read = snapshot.netns.iter().filter(|n| n.links_gap.is_none());
    read.map(|n| snapshot.links_in(n.inode)).all(|links| {
        links.is_empty() || links.iter().any(|link| snapshot.link_sample(link.netns, link.ifindex).is_some())
    })
}

/// An engine that is away is complete once it has said so.
fn is_complete(snapshot: &Snapshot, depth: bool, progress: &mut Progress) -> bool {
    let Some(begun) = progress.begun.filter(|_| !snapshot.host.kernel.is_empty()) else { return false };
    let stalled = progress.stalled(snapshot);
    let is_expected = |c: &&Arc<Container>| progress.expected.contains(&c.id);
    // Until it is inspected the main process of a container is anybody in its cgroup.
    let is_stale = snapshot.engine_is_stale();
    if !is_stale && snapshot.containers.iter().filter(is_expected).any(|c| is_not_yet(c.config.why())) {
        return false;
    }
    // Networks are an answer of their own; hardly an engine has none, and what is not listed yet is not missing.
    if !is_stale && snapshot.networks.is_empty() && begun.elapsed() < GONE_AFTER {
        return false;
    }
    // Whose interfaces are whose shows only when namespaces of containers and interfaces in them are both known.
    // Where some processes may not be looked at, that is the likely reason why nothing comes.
    let refused = snapshot.source("proc").is_some_and(|s| s.state == SourceState::Partial);
    let late = stalled > if refused { REFUSED_AFTER } else { GONE_AFTER };
    // Between two starts of a container that is being restarted there is no process to read anything of.
    let alive = || {
        let running = snapshot.containers.iter().filter(|c| c.state.has_processes() && c.pid.is_some());
        running.filter(is_expected)
    };
    if stalled < UNCOUNTED_AFTER && begun.elapsed() < 3 * UNCOUNTED_AFTER && !is_counted(snapshot) {
        return false;
    }
    let tc_is_read = !is_not_yet(snapshot.tc.why()) && qdiscs_are_counted(snapshot);
    if begun.elapsed() < 3 * UNCOUNTED_AFTER && !tc_is_read {
        return false;
    }
    if !late && !alive().all(|c| snapshot.kernel.get(&c.id).is_some_and(|k| Some(k.pid) == c.pid && joins(snapshot, k)))
    {
        return false;
    }
    if !depth {
        return true;
    }
    let inspected = is_stale || snapshot.networks.iter().all(|n| !is_not_yet(n.members.why()));
    let probed = late || alive().all(|c| snapshot.kernel.get(&c.id).is_some_and(|k| !is_not_yet(k.processes.why())));
    let heard = |k: &KernelFacts| match k.namespaces.get(&NsKind::Net).and_then(Fact::get) {
        Some(netns) => snapshot.sockets.iter().any(|scan| scan.netns == netns),
        None => true,
    };
    let sockets = late || alive().all(|c| snapshot.kernel.get(&c.id).is_some_and(|k| heard(k)));
    let daemon = is_stale || !is_not_yet(snapshot.host.daemon.why());
    inspected && probed && daemon && sockets && answered(snapshot, "sockets") && answered(snapshot, "firewall")
}

fn answered(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.source(name).is_some_and(|s| s.state != SourceState::Starting)
}

/// Its namespace has been read, or has a reason why not.
fn joins(snapshot: &Snapshot, facts: &KernelFacts) -> bool {
    match facts.namespaces.get(&NsKind::Net).and_then(Fact::get) {
        None => true,
        Some(netns) => {
            !snapshot.links_in(netns).is_empty()
                || snapshot.netns.iter().any(|n| n.inode == netns && n.links_gap.is_some())
        }
    }
}

fn is_not_yet(why: Option<&Arc<crate::model::Gap>>) -> bool {
    why.is_some_and(|gap| gap.kind == GapKind::NotYet)
}
