//! The engine's hand against an engine that answers as no real one does on demand: lost answers, errors of every shape.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod fake_engine;
}

use bridgewatch::actions::{EngineHand, Hand, HandError};
use bridgewatch::plan::{ContainerRef, EndpointSpec, EngineOp, Identity, Mode, NetworkRef, NetworkSpec, Op};
use bridgewatch::sources::engine::EngineTarget;
use serde_json::json;
use support::fake_engine::{FakeEngine, Reply, head};

const WEB: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const NET: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// The fake engine on a thread of its own, and a hand on it.
struct Rig {
    engine: FakeEngine,
    hand: EngineHand,
    _stop: tokio::sync::oneshot::Sender<()>,
    _dir: tempfile::TempDir,
}

impl Rig {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("docker.sock");
        let (send, receive) = std::sync::mpsc::channel();
        let at = path.clone();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                send.send(FakeEngine::start(&at)).expect("the test waits");
                // Ends with the test.
                let _ = stopped.await;
            });
        });
        let engine = receive.recv().expect("the fake engine");
        engine.containers(&[(WEB, "web", "running")]);
        let hand = hand(&path);
        Rig { engine, hand, _stop: stop, _dir: dir }
    }

    fn apply(&mut self, op: EngineOp) -> Result<bridgewatch::actions::Made, HandError> {
        self.hand.apply(&Op::Engine(op))
    }
}

fn hand(path: &std::path::Path) -> EngineHand {
    let Mode::Operate(warrant) = Mode::settle(false) else { panic!("a warrant") };
    EngineHand::connect(&EngineTarget::unix(path, "test"), &warrant).expect("a hand")
}

fn web() -> ContainerRef {
    ContainerRef { id: WEB.into(), name: "web".into() }
}

fn pause() -> EngineOp {
    EngineOp::Pause { container: web() }
}

fn path(verb: &str) -> String {
    format!("/containers/{WEB}/{verb}")
}

#[test]
fn j04_a_lost_answer_is_unknown_and_nothing_is_sent_twice() {
    let mut rig = Rig::new();
    // The connection ends before the head, within it, and within the body.
    for reply in [Reply::Raw(vec![]), Reply::Raw(b"HTTP/1.1 20".to_vec())] {
        rig.engine.set(&path("pause"), reply);
        let before = rig.engine.asked(&path("pause"));
        let error = rig.apply(pause()).expect_err("no answer");
        assert!(matches!(error, HandError::Unknown { .. }), "{error}");
        assert_eq!(rig.engine.asked(&path("pause")), before + 1);
    }
    // It is read back, then: it did not happen.
    let difference = rig.hand.read_back(&Op::Engine(pause()), &Default::default()).expect_err("not paused");
    assert!(!difference.is_unknown);
    rig.engine.containers(&[(WEB, "web", "paused")]);
    rig.hand.read_back(&Op::Engine(pause()), &Default::default()).expect("it happened");
}

#[test]
fn a_head_without_its_whole_body_is_an_answer() {
    let mut rig = Rig::new();
    let cut = [head(1000), b"{\"Id\":".to_vec()].concat();
    rig.engine.set("/networks/create", Reply::Raw(cut));
    let made = rig.apply(EngineOp::CreateNetwork { spec: NetworkSpec { name: "n".into(), ..Default::default() } });
    assert_eq!(made.expect("created").network, None, "found by its name when it is read back");
}

#[test]
fn e22_every_status_is_told_apart() {
    let mut rig = Rig::new();
    let json = "application/json";
    let refusals = [
        (404, json, r#"{"message":"No such container: web"}"#, "No such container"),
        (409, json, r#"{"message":"Container is \u001b[2Jnot running"}"#, "\\x1b[2Jnot running"),
        (500, json, r#"{"message":"cannot pause"}"#, "500: cannot pause"),
        (400, "text/plain", "bad\nrequest", "400: bad"),
    ];
    for (code, kind, body, words) in refusals {
        rig.engine.set(&path("pause"), Reply::Status(code, kind, body.into()));
        let error = rig.apply(pause()).expect_err("refused");
        assert!(matches!(error, HandError::Refused { .. }), "{code}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    for (code, kind, body) in [(502, "text/html", "<h1>Bad Gateway</h1>"), (500, "text/plain", "panic")] {
        rig.engine.set(&path("pause"), Reply::Status(code, kind, body.into()));
        assert!(matches!(rig.apply(pause()), Err(HandError::Unknown { .. })), "{code}");
    }
    rig.engine.set(&path("stop"), Reply::Status(304, json, String::new()));
    let made = rig.apply(EngineOp::Stop { container: web(), timeout_s: None }).expect("it does not run");
    assert!(made.already);
    // What takes away finds nothing to take away.
    assert!(matches!(rig.apply(EngineOp::RemoveVolume { name: "v".into() }), Err(HandError::Gone { .. })));
    assert!(rig.engine.log().iter().all(|line| !line.contains("..")), "no redirect is followed");
}

#[test]
fn an_engine_that_is_away_was_sent_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("docker.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let mut hand = hand(&path);
    drop(listener);
    let error = hand.apply(&Op::Engine(pause())).expect_err("nobody listens");
    assert!(matches!(error, HandError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("nothing was sent"), "{error}");
    let moved = hand.check(&Identity::Engine { id: "X".into() }).expect_err("can't be told");
    assert!(moved.now.contains("can't be told"), "{moved}");
}

#[test]
fn an_address_of_before_is_wished_for_and_another_will_do() {
    let mut rig = Rig::new();
    let says = r#"{"message":"user specified IP address is supported only when connecting to networks with user configured subnets"}"#;
    let connect = format!("/networks/{NET}/connect");
    let refused = || Reply::Status(400, "application/json", says.into());
    rig.engine.set(&connect, Reply::InTurn(vec![refused(), Reply::Json(json!({}))]));
    let op = |any_address_will_do| EngineOp::Connect {
        network: NetworkRef { id: Some(NET.into()), name: "n".into() },
        container: web(),
        endpoint: EndpointSpec {
            ipv4: Some("172.18.0.2".parse().expect("an address")),
            any_address_will_do,
            ..EndpointSpec::default()
        },
    };
    let made = rig.apply(op(true)).expect("connected");
    assert!(made.words[0].contains("another address"), "{:?}", made.words);
    assert_eq!(rig.engine.asked(&connect), 2);
    rig.engine.set(&connect, refused());
    assert!(
        matches!(rig.apply(op(false)), Err(HandError::Refused { .. })),
        "an address that was asked for is not given up"
    );
}

#[test]
fn j02_identities_are_checked_by_id_and_by_run() {
    let mut rig = Rig::new();
    let started_at = "2026-01-02T03:04:05Z".parse().ok();
    let shown = |name: &str, started_at, running| Identity::Container {
        id: WEB.into(),
        name: name.into(),
        started_at,
        running,
    };
    rig.hand.check(&shown("web", started_at, true)).expect("as it was shown");
    let other = "2026-01-01T00:00:00Z".parse().ok();
    for (identity, words) in [
        (shown("web", other, true), "restarted at"),
        (shown("other", started_at, true), "its name is web"),
        (shown("web", started_at, false), "it was started"),
    ] {
        let moved = rig.hand.check(&identity).expect_err("it has moved");
        assert!(moved.to_string().contains(words), "{moved}");
    }
    rig.hand.check(&Identity::Engine { id: "FAKE:1".into() }).expect("the same engine");
    rig.hand.check(&Identity::Engine { id: "FAKE:2".into() }).expect_err("another engine");
    rig.hand.check(&Identity::NoContainer { name: "db".into() }).expect("nobody has that name");
    rig.hand.check(&Identity::NoNetwork { name: "n".into() }).expect("no network of that name");
    rig.engine.set("/networks", Reply::Json(json!([{"Id": NET, "Name": "n", "Driver": "bridge"}])));
    rig.hand.check(&Identity::NoNetwork { name: "n".into() }).expect_err("somebody made one");
    rig.engine.unset(&path("json"));
    let moved = rig.hand.check(&shown("web", started_at, true)).expect_err("gone");
    assert!(moved.to_string().contains("removed"), "{moved}");
}
