//! When to read: at once, after each burst of changes, when told to, and rarely just in case.
//!
//! The listening runs on the caller's runtime and never blocks it; the reading runs on a thread of its own. In a
//! steady state nothing is read and nothing wakes up but the rare safety net.

use super::monitor::Monitor;
use super::picture::empty;
use super::survey::{Scope, Survey};
use super::{NetlinkError, NetlinkNudge, NetlinkState, NetlinkUpdate};
use crate::model::{Event, SourceState};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::time::sleep;

/// A burst is read once, this long after its first change: a container's start is some fifteen of them.
const SETTLE: Duration = Duration::from_millis(45);
/// Under lasting change, reading takes at most one part in this many of a CPU.
const SHARE: u32 = 5;
/// Upper bound of what [`SHARE`] may put between two readings.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Everything is read this often even when nothing was heard: namespaces without an id here change unheard.
const SAFETY_NET: Duration = Duration::from_secs(30);
/// Instead, while no change can be heard at all.
const WHEN_DEAF: Duration = Duration::from_secs(5);
/// After a reading that failed or was overtaken by changes.
const AGAIN: Duration = Duration::from_millis(100);
/// Further failures in a row make it longer, up to this.
const AGAIN_AT_MOST: Duration = Duration::from_secs(5);

/// Watches the networks of the host until `nudges` is closed or `out` is dropped. The first picture holds our own
/// namespace only and is sent as soon as that is read; the next holds everything, and is begun `head_start` later:
/// whoever else reads for a first screen goes ahead.
///
/// Must run in a tokio runtime with I/O and time enabled; the current-thread one will do.
pub async fn watch(
    out: UnboundedSender<NetlinkUpdate>,
    mut nudges: UnboundedReceiver<NetlinkNudge>,
    head_start: Duration,
) {
    // Listening first: what changes while the first picture is made is then heard.
    let monitor = Monitor::open();
    let handicap = monitor.as_ref().err().map(|error| format!("changes are not heard: {error}"));
    let mut monitor = monitor.ok();
    let reader = match Reader::start(out.clone(), handicap, head_start) {
        Ok(reader) => reader,
        Err(error) => {
            let _ = out.send(NetlinkUpdate::State(NetlinkState { reason: error.to_string(), ..empty() }));
            return;
        }
    };
    let mut scope = Scope::everything();
    let mut wants_fdb = false;
    let mut failures = 0u32;
    loop {
        scope.fdb |= wants_fdb;
        let Some(outcome) = reader.read(std::mem::take(&mut scope)).await else { return };
        failures = if outcome.is_final { 0 } else { failures.saturating_add(1) };
        let idle = match (failures, &monitor) {
            (0, Some(_)) => SAFETY_NET,
            (0, None) => WHEN_DEAF,
            (n, _) => AGAIN.saturating_mul(n).clamp(pause_after(outcome.took), AGAIN_AT_MOST),
        };
        tokio::select! {
            () = out.closed() => return,
            heard = hear(&mut monitor) => {
                scope.merge(heard);
                let settled = sleep(pause_after(outcome.took));
                tokio::pin!(settled);
                loop {
                    tokio::select! {
                        () = &mut settled => break,
                        heard = hear(&mut monitor) => scope.merge(heard),
                        nudge = nudges.recv() => {
                            let Some(nudge) = nudge else { return };
                            if follow(nudge, &mut scope, &mut wants_fdb) { break }
                        }
                    }
                }
            }
            nudge = nudges.recv() => {
                let Some(mut nudge) = nudge else { return };
                while !follow(nudge, &mut scope, &mut wants_fdb) {
                    let Some(next) = nudges.recv().await else { return };
                    nudge = next;
                }
            }
            () = sleep(idle) => scope.merge(Scope::everything()),
        }
    }
}

async fn hear(monitor: &mut Option<Monitor>) -> Scope {
    match monitor {
        Some(monitor) => monitor.heard().await,
        None => std::future::pending().await,
    }
}

/// Notes what a nudge asks for; true when it asks to read at once.
fn follow(nudge: NetlinkNudge, scope: &mut Scope, wants_fdb: &mut bool) -> bool {
    match nudge {
        NetlinkNudge::Refresh => scope.everything = true,
        NetlinkNudge::Containers => scope.rediscover = true,
        NetlinkNudge::Fdb(wanted) => *wants_fdb = wanted,
    }
    nudge != NetlinkNudge::Fdb(false)
}

fn pause_after(took: Duration) -> Duration {
    took.saturating_mul(SHARE - 1).clamp(SETTLE, LONGEST_PAUSE)
}

/// Reads the whole picture once, for commands that print and end.
///
/// # Errors
/// When our own namespace can't be read. Other namespaces that can't be are gaps in the answer.
pub async fn read_once() -> Result<NetlinkState, NetlinkError> {
    let (done, answer) = oneshot::channel();
    std::thread::Builder::new()
        .name("netlink-once".to_owned())
        .spawn(move || {
            let mut last = None;
            let result = Survey::open(Duration::ZERO).and_then(|mut survey| {
                let mut keep = |state: NetlinkState, _: Vec<Event>| last = Some(state);
                if survey.pass(&Scope::everything(), &mut keep)? {
                    survey.pass(&Scope::everything(), &mut keep)?;
                }
                Ok(())
            });
            let _ = done.send(result.and_then(|()| last.ok_or(NetlinkError::Stopped)));
        })
        .map_err(|error| NetlinkError::system("start a thread to read netlink", error))?;
    answer.await.map_err(|_| NetlinkError::Stopped)?
}

/// How a reading went.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    took: Duration,
    /// False when it failed or was overtaken, so that it should be done again soon.
    is_final: bool,
}

/// The thread that reads; it ends when this is dropped.
struct Reader {
    jobs: mpsc::Sender<(Scope, oneshot::Sender<Outcome>)>,
}

impl Reader {
    fn start(
        out: UnboundedSender<NetlinkUpdate>,
        handicap: Option<String>,
        head_start: Duration,
    ) -> Result<Self, NetlinkError> {
        let (jobs, work) = mpsc::channel::<(Scope, oneshot::Sender<Outcome>)>();
        std::thread::Builder::new()
            .name("netlink".to_owned())
            .spawn(move || {
                let mut survey = None;
                for (scope, done) in work {
                    let started = Instant::now();
                    let is_final = pass(&mut survey, head_start, &scope, &out, handicap.as_deref());
                    let _ = done.send(Outcome { took: started.elapsed(), is_final });
                }
            })
            .map_err(|error| NetlinkError::system("start a thread to read netlink", error))?;
        Ok(Reader { jobs })
    }

    async fn read(&self, scope: Scope) -> Option<Outcome> {
        let (done, outcome) = oneshot::channel();
        self.jobs.send((scope, done)).ok()?;
        outcome.await.ok()
    }
}

/// One pass, with its pictures or its failure sent out; true when it is good as it is.
fn pass(
    survey: &mut Option<Survey>,
    head_start: Duration,
    scope: &Scope,
    out: &UnboundedSender<NetlinkUpdate>,
    handicap: Option<&str>,
) -> bool {
    let mut publish = |mut state: NetlinkState, events: Vec<Event>| {
        if let Some(handicap) = handicap {
            let separator = if state.reason.is_empty() { "" } else { "; " };
            state.reason = format!("{}{separator}{handicap}", state.reason);
            state.state = state.state.max(SourceState::Partial);
        }
        // A receiver that is gone ends the watch; nothing is left to do for it here.
        let _ = out.send(NetlinkUpdate::State(state));
        if !events.is_empty() {
            let _ = out.send(NetlinkUpdate::Events(events));
        }
    };
    let opened = match survey.take().map_or_else(|| Survey::open(head_start), Ok) {
        Ok(opened) => survey.insert(opened),
        Err(error) => {
            publish(NetlinkState { reason: error.to_string(), ..empty() }, Vec::new());
            return false;
        }
    };
    match opened.pass(scope, &mut publish) {
        Ok(is_changing) => !is_changing,
        Err(error) => {
            publish(opened.stale(&error), Vec::new());
            // Whatever was left unread in the old socket goes with it.
            let _ = opened.reopen();
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It may be spawned on any runtime, not only on a local set.
    #[test]
    fn a_watch_can_be_sent_to_another_thread() {
        fn sent<T: Send>(value: T) -> T {
            value
        }
        let ((out, _), (_, nudges)) = (tokio::sync::mpsc::unbounded_channel(), tokio::sync::mpsc::unbounded_channel());
        drop(sent(watch(out, nudges, Duration::ZERO)));
    }

    #[test]
    fn reading_never_takes_more_than_its_share_under_lasting_change() {
        assert_eq!(pause_after(Duration::from_millis(1)), SETTLE);
        assert_eq!(pause_after(Duration::from_millis(100)), Duration::from_millis(400));
        assert_eq!(pause_after(Duration::from_secs(9)), LONGEST_PAUSE);
    }
}
