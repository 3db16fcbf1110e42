//! Recording a real host: what the live sources saw comes back from a file, without the lab's planted secrets.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod lab;
}

use bridgewatch::live::{LiveOptions, stream};
use bridgewatch::model::{Container, Owner, Snapshot};
use bridgewatch::recording::{Reader, Recorder, Scrub, Scrubber, WriteOptions};
use std::sync::Arc;
use std::time::Duration;
use support::lab::Lab;

/// Values that the lab's containers hold in variables and arguments.
const PLANTED: [&str; 5] =
    ["correct-horse-not-real", "tok_0123456789abcdef", "hunter2-not-real", "s3cret-not-real", "also-not-real"];

/// Containers of other engines on the same kernel are seen too, but nobody inspects them.
fn is_inspected(container: &Arc<Container>) -> bool {
    container.owner != Owner::Engine || container.config.known().is_some()
}

/// Snapshots of the lab until every container has been inspected and three more have come.
fn watch(lab: &Lab) -> Vec<Arc<Snapshot>> {
    let options = LiveOptions {
        host: Some(format!("unix://{}", lab.socket())),
        interval: Duration::from_millis(300),
        ..LiveOptions::default()
    };
    let mut seen: Vec<Arc<Snapshot>> = Vec::new();
    let mut whole = 0;
    let take = |snapshot: &Arc<Snapshot>| {
        if seen.last().is_none_or(|last| last.at_ns != snapshot.at_ns) {
            seen.push(snapshot.clone());
            let named = !snapshot.containers.is_empty() && !snapshot.kernel.is_empty();
            whole += usize::from(named && snapshot.containers.iter().all(is_inspected));
        }
        whole < 3
    };
    lab.inside(|| stream(options, Some(Duration::from_secs(20)), take)).expect("watches");
    let last = seen.last().map(|s| (s.containers.len(), s.kernel.len(), s.sources.clone()));
    assert!(whole >= 3, "the lab was not read whole within the time: {last:?}");
    seen
}

#[test]
#[ignore = "needs root and a lab"]
fn a_live_host_comes_back_from_its_recording() {
    let seen = watch(&Lab::shared());
    let dir = tempfile::tempdir().expect("a directory");
    for scrubbed in [false, true] {
        let path = dir.path().join(format!("{scrubbed}.bwr"));
        let scrubber = || scrubbed.then(|| Scrubber::new(Scrub::default()));
        let mut recorder = Recorder::start(&path, &seen[0], scrubber(), WriteOptions::default()).expect("creates");
        for snapshot in &seen[1..] {
            recorder.snapshot(snapshot).expect("writes");
        }
        let bytes = recorder.finish().expect("syncs");
        eprintln!("{} frames, scrubbed {scrubbed}: {bytes} bytes", seen.len());

        let mut reader = Reader::open(&path).expect("opens");
        assert_eq!(reader.len(), seen.len());
        let mut text = String::new();
        for (n, expected) in seen.iter().enumerate() {
            let frame = reader.frame(n).expect("reads");
            if !scrubbed {
                assert_eq!(*frame, **expected, "frame {n}");
            }
            text.push_str(&serde_json::to_string(&*frame).expect("serialises"));
        }
        for secret in PLANTED {
            assert_eq!(text.contains(secret), !scrubbed, "{secret}");
        }
    }
}
