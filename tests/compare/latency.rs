//! The feed itself: how soon a change is in a snapshot, and what becomes of it when the engine goes away and returns.

use crate::lab::Lab;
use crate::tools::{Own, eventually};
use bridgewatch::feed::{Ask, Update};
use bridgewatch::live::{self, LiveOptions};
use bridgewatch::model::{Snapshot, SourceState, State};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::UnboundedSender;

struct Live {
    snapshots: Receiver<Arc<Snapshot>>,
    asks: UnboundedSender<Ask>,
}

impl Live {
    fn start(lab: &Lab) -> Self {
        let (send, snapshots) = channel();
        let host = Some(format!("unix://{}", lab.socket()));
        let asks = lab.inside(|| {
            let sink = Arc::new(move |update| match update {
                Update::Snapshot(snapshot) => send.send(snapshot).is_ok(),
                _ => true,
            });
            live::start(LiveOptions { host, ..LiveOptions::default() }, sink).expect("it starts")
        });
        Live { snapshots, asks }
    }

    /// The first snapshot for which `holds`.
    fn until(&self, what: &str, within: Duration, holds: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let end = Instant::now() + within;
        loop {
            match self.snapshots.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(snapshot) if holds(&snapshot) => return snapshot,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => panic!("{what}: not within {within:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("{what}: the feed ended"),
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.asks.send(Ask::Quit);
    }
}

fn engine(snapshot: &Snapshot) -> SourceState {
    snapshot.source("engine").expect("a status").state
}

#[test]
#[ignore = "needs root and the lab"]
fn a_new_container_is_in_a_snapshot_half_a_second_after_its_start() {
    let lab = Lab::shared();
    let live = Live::start(&lab);
    live.until("the engine", Duration::from_secs(20), |s| engine(s) == SourceState::Ok && !s.links.is_empty());
    let mut delays = Vec::new();
    for n in 0..5 {
        let own = Own::run(&lab, &format!("late{n}"), &[], &["sleep", "600"]);
        let runs = |s: &Snapshot| s.containers.iter().any(|c| c.name == own.1.as_str() && c.state == State::Running);
        let seen = live.until("the container", Duration::from_secs(10), runs);
        let started = |s: &Snapshot| {
            let mut events = s.events.iter().filter(|e| e.name == own.1.as_str() && e.class == "container");
            events.find(|e| e.action == "start").map(|e| e.at)
        };
        let started =
            started(&live.until("its event", Duration::from_secs(5), |s| started(s).is_some())).expect("just seen");
        delays.push(seen.taken_at.duration_since(started).as_millis());
        // Its wiring follows: an interface of its own, with the end outside.
        live.until("its interface", Duration::from_secs(5), |s| {
            let id = s.containers.iter().find(|c| c.name == own.1.as_str()).map(|c| c.id.clone());
            let netns = id.and_then(|id| s.netns_of(&id));
            netns.is_some_and(|n| s.links_in(n).iter().any(|l| l.kind == "veth"))
        });
    }
    delays.sort_unstable();
    eprintln!("in a snapshot after {delays:?} ms");
    // A machine under load may be late once; the rule is half a second.
    assert!(delays[2] <= 500 && delays[3] <= 500, "{delays:?}");
}

#[test]
#[ignore = "needs root, brings up a lab of its own"]
fn e05_an_engine_that_goes_leaves_the_kernel_and_its_last_words_and_is_back_at_once() {
    let lab = Lab::own("gone");
    lab.docker(&["run", "-d", "--name", "one", "bb:1", "sleep", "600"]);
    let live = Live::start(&lab);
    let has_one = |s: &Snapshot| s.containers.iter().any(|c| c.name == "one");
    live.until("a picture", Duration::from_secs(20), |s| {
        engine(s) == SourceState::Ok && has_one(s) && !s.samples.is_empty()
    });
    let pid = lab.daemon();
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).expect("its command line");
    let line: Vec<String> = line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL).expect("kill");
    let gone = live.until("silence", Duration::from_secs(3), |s| engine(s) != SourceState::Ok);
    assert_eq!(engine(&gone), SourceState::Stale);
    let status = gone.source("engine").expect("a status");
    assert!(!status.reason.is_empty() && status.age_ms.is_some(), "{status:?}");
    // Counters go on, the container keeps its name, and the age grows.
    let later = live.until("two more readings", Duration::from_secs(5), |s| s.at_ns > gone.at_ns + 1_500_000_000);
    assert!(has_one(&later) && !later.samples.is_empty() && !later.link_samples.is_empty());
    assert!(later.source("engine").expect("a status").age_ms > status.age_ms);
    let mut daemon = lab.command(&line[0]);
    daemon.args(line[1..].iter().filter(|w| !w.is_empty()));
    let mut daemon = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the daemon starts again");
    let answers = || {
        let host = format!("unix://{}", lab.socket());
        std::process::Command::new("docker").args(["-H", &host, "ps"]).output().expect("docker").status.success()
    };
    eventually("the daemon answers", Duration::from_secs(30), answers);
    let begin = Instant::now();
    live.until("the engine is back", Duration::from_secs(2), |s| engine(s) == SourceState::Ok);
    eprintln!("back {:?} after it answered", begin.elapsed());
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(lab.daemon()), nix::sys::signal::SIGTERM).expect("kill");
    daemon.wait().expect("it ends");
}
