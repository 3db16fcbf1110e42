//! One answer for the command line: watch until everything that can be known is known, then stop.

use super::{LiveError, LiveOptions, start};
use crate::feed::{Ask, Update};
use crate::model::{Fact, GapKind, KernelFacts, NsKind, Snapshot, SourceState};
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
        Patience { rates: false, depth: true, deadline: Duration::from_secs(10) }
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
    let begin = Instant::now();
    stream(options, Some(patience.deadline), |snapshot| {
        if let Some(last) = newest.take()
            && last.at_ns != snapshot.at_ns
            && (before.is_none() || interval(&last, snapshot) >= SHORTEST)
        {
            before = Some(last);
        }
        newest = Some(snapshot.clone());
        let enough = !patience.rates || before.as_deref().is_some_and(|before| has_rates(before, snapshot));
        !(enough && is_complete(snapshot, patience.depth, begin.elapsed()))
    })?;
    Ok((before, newest.unwrap_or_default()))
}

/// Rates come from no shorter interval: CPU time is counted in steps of up to 10 ms.
const SHORTEST: Duration = Duration::from_millis(150);

fn interval(before: &Snapshot, now: &Snapshot) -> Duration {
    Duration::from_nanos(now.at_ns.saturating_sub(before.at_ns))
}

/// A container whose processes are not on this host, or that just ended, never gets facts: it is waited for this long.
const GONE_AFTER: Duration = Duration::from_secs(3);
/// Counters are read as soon as a namespace is known; one that may not be entered never has any.
const UNCOUNTED_AFTER: Duration = Duration::from_secs(1);

/// Every container that is metered was metered before too, so that each has an interval.
fn has_rates(before: &Snapshot, now: &Snapshot) -> bool {
    interval(before, now) >= SHORTEST && now.samples.iter().all(|s| before.sample(&s.id).is_some())
}

/// The interfaces of every namespace that was read are counted, too. What can't be is not waited for long.
fn is_counted(snapshot: &Snapshot) -> bool {
    let read = snapshot.netns.iter().filter(|n| n.links_gap.is_none());
    read.map(|n| snapshot.links_in(n.inode)).all(|links| {
        links.is_empty() || links.iter().any(|link| snapshot.link_sample(link.netns, link.ifindex).is_some())
    })
}

/// An engine that is away is complete once it has said so.
fn is_complete(snapshot: &Snapshot, depth: bool, waited: Duration) -> bool {
    let answered = |name| snapshot.source(name).is_some_and(|s| s.state != SourceState::Starting);
    if !answered("engine") || !answered("netlink") || snapshot.host.kernel.is_empty() {
        return false;
    }
    // Whose interfaces are whose shows only when namespaces of containers and interfaces in them are both known.
    let late = waited > GONE_AFTER;
    let alive = || snapshot.containers.iter().filter(|c| c.state.has_processes());
    if waited < UNCOUNTED_AFTER && !is_counted(snapshot) {
        return false;
    }
    if !late && !alive().all(|c| snapshot.kernel.get(&c.id).is_some_and(|k| joins(snapshot, k))) {
        return false;
    }
    if !depth {
        return true;
    }
    let inspected = snapshot.engine_is_stale()
        || (snapshot.containers.iter().all(|c| !is_not_yet(c.config.why()))
            && snapshot.networks.iter().all(|n| !is_not_yet(n.members.why())));
    let probed = late || alive().all(|c| snapshot.kernel.get(&c.id).is_some_and(|k| !is_not_yet(k.processes.why())));
    let daemon = snapshot.engine_is_stale() || !is_not_yet(snapshot.host.daemon.why());
    inspected && probed && daemon && answered("sockets") && answered("firewall")
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
