//! The engine source against a fake engine that does everything wrong, one case of the fault catalogue at a time.

mod support {
    pub mod fake_engine;
    pub mod watched;
}

use bridgewatch::model::{GapKind, SourceState, State};
use bridgewatch::sources::engine::{
    EngineError, EngineReader, EngineState, EngineTarget, LogRequest, Nudge, Stream, resolve,
};
use serde_json::json;
use std::time::{Duration, Instant};
use support::fake_engine::{Reply, eventually, head, inspect, row};
use support::watched::{Rig, all_inspected, has, is_ok, summary};

#[tokio::test]
async fn a_picture_is_built_and_then_nothing_is_asked() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running"), ("bb", "db", "exited")]);
    engine.set("/networks", Reply::Json(json!([{"Id": "n1", "Name": "front", "Driver": "bridge"}])));
    engine.set(
        "/networks/n1",
        Reply::Json(json!({"Id": "n1", "Name": "front", "Driver": "bridge",
        "Containers": {"aa": {"Name": "web", "IPv4Address": "172.18.0.2/16"}}})),
    );
    let mut watched = rig.watch();
    let state = watched
        .until("everything", |s| {
            is_ok(s)
                && s.containers.len() == 2
                && all_inspected(s)
                && !s.networks.is_empty()
                && s.networks[0].members.known().is_some()
                && s.engine.known().is_some()
        })
        .await;
    assert_eq!(state.networks[0].members.known().expect("members")[0].name, "web");
    assert_eq!(state.engine.known().expect("engine").id, "FAKE:1");
    let log = engine.log();
    assert!(log[0].starts_with("GET /events?since="), "subscribed before listing: {log:?}");
    assert!(log.iter().all(|line| line.starts_with("GET ")), "{log:?}");
    // The settled picture costs the engine nothing: no request comes in a while that would show any polling.
    let settled = engine.log().len();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(engine.log().len(), settled, "{:?}", engine.log());
}

#[tokio::test]
async fn a_started_container_is_there_at_once_and_a_destroyed_one_leaves() {
    let rig = Rig::new();
    let engine = rig.engine();
    let mut watched = rig.watch();
    watched.until("an empty engine", is_ok).await;
    eventually("a listener", || engine.listeners() == 1).await;
    engine.containers(&[("cc", "new", "running")]);
    let begun = Instant::now();
    engine.say("cc", "start", json!({"name": "new"}), 5_000_000_000_000);
    let state = watched.until("the new one", |s| has(s, "new")).await;
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(state.containers[0].pid.expect("a pid").0, 4242);
    assert_eq!(watched.until_event("start").await.text, "started");
    engine.unset("/containers/cc/json");
    engine.say("cc", "destroy", json!({"name": "new"}), 6_000_000_000_000);
    watched.until("it gone", |s| s.containers.is_empty()).await;
}

#[tokio::test]
async fn e01_a_missing_socket_is_named_and_waited_for() {
    let rig = Rig::new();
    let mut watched = rig.watch();
    let state = watched.until("down", |s| s.status == SourceState::Down).await;
    assert!(state.reason.contains("docker.sock does not exist"), "{}", state.reason);
    assert_eq!(state.engine.why().expect("a gap").kind, GapKind::EngineDown);
    assert!(state.answered_at.is_none(), "no list that looks like no containers");
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    watched.within(Duration::from_secs(2), "the engine", |s| is_ok(s) && has(s, "web")).await;
}

#[tokio::test]
async fn e02_a_forbidden_socket_names_file_and_group() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let rig = Rig::new();
    let _engine = rig.engine();
    std::fs::set_permissions(rig.dir.path(), std::fs::Permissions::from_mode(0o755)).expect("chmod");
    std::fs::set_permissions(rig.path(), std::fs::Permissions::from_mode(0o000)).expect("chmod");
    // Root may open any socket: this test runs its other half as nobody then.
    let mut other = std::process::Command::new(std::env::current_exe().expect("this test"));
    other.args(["--exact", "--ignored", "e02_other_half"]).env("E02_SOCKET", rig.path());
    if nix::unistd::geteuid().is_root() {
        other.uid(65534).gid(65534);
    }
    let out = tokio::task::spawn_blocking(move || other.output()).await.expect("a thread").expect("this test again");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    assert!(String::from_utf8_lossy(&out.stdout).contains("1 passed"));
}

#[tokio::test]
#[ignore = "run by e02_a_forbidden_socket_names_file_and_group as another user"]
async fn e02_other_half() {
    let socket = std::env::var("E02_SOCKET").expect("E02_SOCKET");
    let reader = EngineReader::connect(&EngineTarget::unix(&socket, "test")).expect("a reader");
    let error = reader.ping(Duration::from_secs(1)).await.expect_err("forbidden");
    assert!(matches!(&error, EngineError::Permission { path, .. } if *path == socket), "{error}");
    let gap = error.gap();
    assert_eq!(gap.kind, GapKind::Permission);
    assert!(gap.reason.contains(&socket) && gap.lift.expect("a way").contains("group"));
}

#[tokio::test]
async fn e03_a_stale_socket_is_refused_and_not_hammered() {
    let rig = Rig::new();
    drop(std::os::unix::net::UnixListener::bind(rig.path()).expect("bind"));
    let mut watched = rig.watch();
    let state = watched.until("down", |s| s.status == SourceState::Down).await;
    assert!(state.reason.contains("refused"), "{}", state.reason);
    // A loop of tries would say so again and again.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(watched.updates.try_recv().is_err(), "nothing new is nothing said");
}

#[tokio::test]
async fn e04_a_silent_engine_is_said_and_back_at_once() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    engine.freeze(true);
    let mut watched = rig.watch();
    let state = watched.until("silent", |s| s.status == SourceState::Down).await;
    assert!(state.reason.contains("does not answer") || state.reason.contains("no answer"), "{}", state.reason);
    assert_eq!(engine.log().len(), 0);
    engine.freeze(false);
    watched.within(Duration::from_secs(2), "back", |s| is_ok(s) && has(s, "web") && all_inspected(s)).await;

    engine.freeze(true);
    watched.nudges.send(Nudge::Doubt).expect("a watch");
    let state = watched.within(Duration::from_secs(3), "stale", |s| s.status == SourceState::Stale).await;
    assert!(has(&state, "web"), "what was known is kept");
    let asked = engine.log().len();
    for _ in 0..50 {
        watched.nudges.send(Nudge::Doubt).expect("a watch");
    }
    engine.freeze(false);
    watched.within(Duration::from_secs(2), "back again", is_ok).await;
    assert!(engine.log().len() - asked < 10, "doubts do not pile up: {:?}", &engine.log()[asked..]);
}

#[tokio::test]
async fn e05_a_body_that_stalls_meets_our_own_deadline() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.set("/_ping", Reply::Stall(b"O".to_vec()));
    let error = rig.reader().ping(Duration::from_millis(200)).await.expect_err("a deadline");
    assert!(matches!(error, EngineError::Silent { .. }), "{error}");
}

#[tokio::test]
async fn e06_a_cut_list_is_no_list() {
    let rig = Rig::new();
    let engine = rig.engine();
    let whole = json!([row("aa", "web", "running"), row("bb", "db", "running")]).to_string();
    let cut = [head(whole.len()), whole.as_bytes()[..whole.len() - 40].to_vec()].concat();
    engine.set("/containers/json", Reply::Raw(cut));
    let error = rig.reader().containers().await.expect_err("cut");
    assert!(matches!(error, EngineError::Cut { .. }), "{error:?}");

    let short = whole.as_bytes()[..whole.len() - 40].to_vec();
    engine.set("/containers/json", Reply::Body(short));
    let error = rig.reader().containers().await.expect_err("half a list");
    assert!(matches!(error, EngineError::Unparsable { .. }), "{error:?}");
}

#[tokio::test]
async fn e06_old_data_stays_when_the_next_list_is_cut() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let mut watched = rig.watch();
    watched.until("a picture", |s| is_ok(s) && all_inspected(s) && has(s, "web")).await;
    engine.set("/containers/json", Reply::Raw([head(1000), b"[{\"Id\":\"x\"".to_vec()].concat()));
    watched.nudges.send(Nudge::Refresh).expect("a watch");
    let state = watched.until("stale", |s| s.status == SourceState::Stale).await;
    assert!(has(&state, "web") && state.reason.contains("cut"), "{}", summary(&state));
    engine.containers(&[("aa", "web", "running")]);
    watched.within(Duration::from_secs(3), "back", is_ok).await;
}

#[tokio::test]
async fn e07_readable_items_are_shown_and_the_others_counted() {
    let rig = Rig::new();
    let engine = rig.engine();
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    let body = format!(
        r#"[{},{{"Id":"bb","Labels":{deep}}},{{"Id":"cc","Names":["/\ud800"]}},{{"Names":["/anonymous"]}},null,7,{}]"#,
        row("aa", "web", "running"),
        row("dd", "db", "running"),
    );
    engine.set("/containers/json", Reply::Body(body.into_bytes()));
    let listing = rig.reader().containers().await.expect("a list");
    let names: Vec<&str> = listing.items.iter().map(|c| c.name.raw()).collect();
    assert_eq!((names, listing.unreadable), (vec!["web", "db"], 5));
    let mut watched = rig.watch();
    let state = watched.until("a partial picture", |s| s.status == SourceState::Partial).await;
    assert!(state.reason.starts_with("5 of"), "{}", state.reason);
}

#[tokio::test]
async fn e08_an_error_page_is_one_clean_line() {
    let rig = Rig::new();
    let engine = rig.engine();
    let page = format!("<html><body>\u{1b}[31mbroken\u{7}</body>{}</html>", "x".repeat(3_000_000));
    engine.set("/containers/json", Reply::Status(502, "text/html", page));
    let mut watched = rig.watch();
    let state = watched.until("down", |s| s.reason.contains("502")).await;
    assert!(!state.reason.contains('\u{1b}') && state.reason.len() < 500, "{}", state.reason);
    assert!(state.reason.contains("broken"));
}

#[tokio::test]
async fn e10_an_engine_that_wants_a_newer_api_says_so() {
    let rig = Rig::new();
    let engine = rig.engine();
    let words = "client version 1.41 is too old. Minimum supported API version is 1.44";
    engine.set("/containers/json", Reply::Status(400, "text/plain", words.into()));
    let error = rig.reader().containers().await.expect_err("too old");
    assert!(matches!(&error, EngineError::TooOld { message } if message.contains("1.44")), "{error}");
}

#[tokio::test]
async fn e11_unknown_words_are_shown_as_they_are() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "hibernating")]);
    let mut watched = rig.watch();
    let state = watched.until("a picture", |s| is_ok(s) && has(s, "web") && all_inspected(s)).await;
    assert_eq!(state.containers[0].state, State::Other("hibernating".into()));
    engine.say_line(r#"{"Type":"quantum","Action":"entangle","Actor":{"ID":"q"},"timeNano":7}"#.into());
    watched.until_event("entangle").await;
}

#[tokio::test]
async fn e12_five_thousand_containers_are_named_soon() {
    let rig = Rig::new();
    let engine = rig.engine();
    let rows: Vec<_> = (0..5000).map(|n| row(&format!("{n:064x}"), &format!("c{n}"), "exited")).collect();
    engine.set("/containers/json", Reply::Json(json!(rows)));
    let begun = Instant::now();
    let mut watched = rig.watch();
    watched.until("all names", |s| s.containers.len() == 5000).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?} in a build without optimisation", begun.elapsed());
}

#[tokio::test]
async fn e13_a_huge_item_is_named_and_does_not_hide_the_list() {
    let rig = Rig::new();
    let engine = rig.engine();
    let mut big = row("bb", "big", "running");
    big["Labels"] = json!({"x": "y".repeat(6 << 20)});
    engine.set("/containers/json", Reply::Json(json!([row("aa", "web", "running"), big])));
    let mut answer = inspect("bb", "big", "running");
    answer["Config"]["Labels"] = json!({"x": "y".repeat(9 << 20)});
    engine.set("/containers/aa/json", Reply::Json(inspect("aa", "web", "running")));
    engine.set("/containers/bb/json", Reply::Json(answer));
    let mut watched = rig.watch();
    let state = watched
        .until("both", |s| {
            is_ok(s)
                && s.containers.len() == 2
                && s.containers[1].config.why().is_some_and(|why| why.kind == GapKind::Unsupported)
        })
        .await;
    assert!(has(&state, "big") && state.containers[1].config.why().expect("why").reason.contains("8 MiB"));
}

#[tokio::test]
async fn e14_one_container_that_never_answers_holds_up_nobody() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "sick", "running"), ("bb", "web", "running"), ("cc", "db", "running")]);
    engine.set("/containers/aa/json", Reply::Hang);
    let mut watched = rig.watch();
    let others = |s: &EngineState| s.containers.iter().filter(|c| c.config.known().is_some()).count() == 2;
    watched.within(Duration::from_secs(2), "the others", others).await;
    let state = watched
        .until("the reason", |s| s.containers[0].config.why().is_some_and(|why| why.kind == GapKind::Timeout))
        .await;
    assert!(is_ok(&state) && has(&state, "sick"));
}

#[tokio::test]
async fn e15_a_list_that_hangs_leaves_the_last_one() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let mut watched = rig.watch();
    watched.until("a picture", |s| is_ok(s) && has(s, "web") && all_inspected(s)).await;
    engine.set("/containers/json", Reply::Hang);
    let before = engine.asked("/containers/json");
    for _ in 0..20 {
        watched.nudges.send(Nudge::Refresh).expect("a watch");
    }
    let state = watched.until("stale", |s| s.status == SourceState::Stale).await;
    assert!(state.reason.contains("list") && has(&state, "web"), "{}", summary(&state));
    assert_eq!(engine.asked("/containers/json") - before, 1, "requests do not pile up");
}

#[tokio::test]
async fn e16_an_event_stream_that_ends_is_a_reason_to_look_again() {
    for clean in [true, false] {
        let rig = Rig::new();
        let engine = rig.engine();
        engine.containers(&[("aa", "web", "running")]);
        let mut watched = rig.watch();
        watched.until("a picture", |s| is_ok(s) && has(s, "web")).await;
        eventually("a listener", || engine.listeners() == 1).await;
        engine.containers(&[("aa", "web", "running"), ("bb", "missed", "running")]);
        engine.end_events(clean);
        let state = watched.until("the missed one", |s| is_ok(s) && has(s, "missed")).await;
        assert!(state.resyncs >= 1);
        eventually("a listener again", || engine.listeners() == 1).await;
    }
}

#[tokio::test]
async fn e18_a_storm_costs_few_questions() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "loop", "running")]);
    let mut watched = rig.watch();
    watched.until("a picture", |s| is_ok(s) && has(s, "loop") && all_inspected(s)).await;
    eventually("a listener", || engine.listeners() == 1).await;
    let before = engine.asked("/containers/aa/json");
    for n in 0..3000 {
        engine.say(
            "aa",
            if n % 2 == 0 { "die" } else { "start" },
            json!({"name": "loop", "exitCode": "1"}),
            9_000_000_000_000 + n,
        );
        if n % 30 == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    engine.say("aa", "pause", json!({"name": "loop"}), 9_900_000_000_000);
    watched.until_event("pause").await;
    let asked = engine.asked("/containers/aa/json") - before;
    assert!((1..16).contains(&asked), "{asked} inspects for 3000 events");
}

#[tokio::test]
async fn e19_events_are_told_once_and_bring_nobody_back() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let mut watched = rig.watch();
    watched.until("a picture", |s| is_ok(s) && has(s, "web") && all_inspected(s)).await;
    eventually("a listener", || engine.listeners() == 1).await;
    engine.say("ghost", "start", json!({"name": "ghost"}), 8_000_000_000_000);
    engine.say("ghost", "start", json!({"name": "ghost"}), 8_000_000_000_000);
    engine.say("aa", "destroy", json!({"name": "web"}), 7_000_000_000_000);
    engine.say("aa", "rename", json!({"name": "web"}), -62_135_596_800_000_000);
    watched.until_event("rename").await;
    eventually("the ghost asked for", || engine.asked("/containers/ghost/json") > 0).await;
    engine.say("aa", "pause", json!({"name": "web"}), 8_500_000_000_000);
    watched.until_event("pause").await;
    assert_eq!(watched.events.iter().filter(|event| event.name == "ghost").count(), 1);
    let state = watched.state.as_ref().expect("a state");
    assert!(has(state, "web") && !has(state, "ghost"), "{}", summary(state));
}

#[tokio::test]
async fn e20_a_container_gone_between_list_and_inspect_leaves() {
    let rig = Rig::new();
    let engine = rig.engine();
    let mut nameless = row("bb", "x", "removing");
    nameless["Names"] = json!([]);
    engine.set("/containers/json", Reply::Json(json!([row("aa", "gone", "running"), nameless])));
    engine.set("/containers/bb/json", Reply::Json(inspect("bb", "", "removing")));
    let mut watched = rig.watch();
    let state = watched.until("one", |s| is_ok(s) && s.containers.len() == 1 && all_inspected(s)).await;
    assert_eq!(state.containers[0].name, "bb");
}

#[tokio::test]
async fn e23_another_engine_at_the_same_place_is_a_fresh_start() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let mut watched = rig.watch();
    watched.until("a picture", |s| is_ok(s) && has(s, "web") && s.engine.known().is_some()).await;
    drop(engine);
    let state = watched.until("stale", |s| s.status == SourceState::Stale).await;
    assert!(has(&state, "web"));
    let other = rig.engine();
    other.set("/info", Reply::Json(json!({"ID": "FAKE:2"})));
    other.containers(&[("zz", "other", "running")]);
    let state = watched
        .within(Duration::from_secs(3), "the other", |s| {
            is_ok(s) && s.engine.known().is_some_and(|e| e.id == "FAKE:2") && has(s, "other") && all_inspected(s)
        })
        .await;
    assert!(!has(&state, "web"));
    watched.until_event("lost").await;
    watched.until_event("replaced").await;
}

#[tokio::test]
async fn e25_a_redirect_is_not_followed_and_a_wrong_length_is_cut() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.set("/info", Reply::Status(302, "text/plain", "over there".into()));
    let error = rig.reader().engine().await.expect_err("a redirect");
    assert!(matches!(error, EngineError::Status { code: 302, .. }), "{error}");
    assert_eq!(engine.asked("/_ping"), 0);
    engine.set("/_ping", Reply::Raw([head(100), b"OK".to_vec()].concat()));
    let error = rig.reader().ping(Duration::from_secs(2)).await.expect_err("cut");
    assert!(matches!(error, EngineError::Cut { .. }), "{error}");
    engine.set("/_ping", Reply::Raw(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(1 << 20)).into_bytes()));
    assert!(rig.reader().ping(Duration::from_secs(2)).await.is_err());
    engine.set("/_ping", Reply::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()));
    let error = rig.reader().ping(Duration::from_secs(2)).await.expect_err("no HTTP");
    assert!(matches!(error, EngineError::Unparsable { .. }), "{error:?}");
}

#[tokio::test]
async fn an_engine_behind_tcp_and_a_path_is_read_alike() {
    let rig = Rig::new();
    let engine = rig.engine();
    let base = "/engines/one";
    engine.set(&format!("{base}/containers/json"), Reply::Json(json!([row("aa", "web", "running")])));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("tcp://{}{base}", listener.local_addr().expect("an address"));
    let socket = rig.path();
    tokio::spawn(async move {
        while let Ok((mut outer, _)) = listener.accept().await {
            let mut inner = tokio::net::UnixStream::connect(&socket).await.expect("the fake");
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut outer, &mut inner).await });
        }
    });
    let target = resolve(Some(&url), None).expect("an endpoint");
    assert_eq!((&target.endpoint.url, target.endpoint.origin.as_str()), (&url, "--host"));
    let list = EngineReader::connect(&target).expect("a reader").containers().await.expect("a list");
    assert_eq!(list.items[0].name, "web");

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("tcp://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let target = resolve(Some(&url), None).expect("an endpoint");
    let error = EngineReader::connect(&target).expect("a reader").ping(Duration::from_secs(2)).await;
    assert!(matches!(error, Err(EngineError::Refused { .. })), "{error:?}");
}

#[tokio::test]
async fn an_engine_without_events_is_read_all_the_same() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    engine.set("/events", Reply::Status(403, "text/plain", "not for you".into()));
    let mut watched = rig.watch();
    let state = watched.until("a picture", |s| s.status == SourceState::Partial && has(s, "web")).await;
    assert!(state.reason.contains("not for you"), "{}", state.reason);
}

#[tokio::test]
async fn probes_are_ignored_and_other_sessions_are_kept() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let mut checked = inspect("aa", "web", "running");
    checked["Config"]["Healthcheck"] = json!({"Test": ["CMD-SHELL", "true"]});
    engine.set("/containers/aa/json", Reply::Json(checked));
    let session = json!({"ID": "e2", "ContainerID": "aa", "Running": true, "Pid": 77,
        "ProcessConfig": {"entrypoint": "sh", "arguments": ["-i"], "privileged": true, "user": "0"}});
    engine.set("/exec/e2/json", Reply::Json(session));
    let mut watched = rig.watch();
    watched.until("a picture", |s| is_ok(s) && has(s, "web") && all_inspected(s)).await;
    eventually("a listener", || engine.listeners() == 1).await;
    for (n, action) in ["exec_create: /bin/sh -c true", "exec_start: /bin/sh -c true", "exec_die"].iter().enumerate() {
        engine.say("aa", action, json!({"execID": "e1", "name": "web", "exitCode": "0"}), 5_000_000_000_000 + n as i64);
    }
    engine.say("aa", "exec_start: sh -i", json!({"execID": "e2", "name": "web"}), 5_100_000_000_000);
    let state = watched.until("the session", |s| !s.containers[0].execs.is_empty()).await;
    assert!(state.containers[0].execs[0].privileged && state.containers[0].execs[0].running);
    assert_eq!(engine.asked("/exec/e1"), 0);
    engine.say("aa", "exec_die", json!({"execID": "e2", "name": "web", "exitCode": "0"}), 5_200_000_000_000);
    watched.until("its end", |s| !s.containers[0].execs[0].running).await;
    assert_eq!(watched.until_event("exec_die").await.text, "exec ended with exit code 0");
    assert_eq!(watched.events.iter().filter(|event| event.action == "exec_create").count(), 0);
}

fn log_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![1, 0, 0, 0];
    frame.extend_from_slice(&u32::try_from(text.len()).expect("short").to_be_bytes());
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[tokio::test]
async fn l08_a_followed_log_goes_on_after_the_engine_without_doubles() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let (one, two, three) =
        ("2026-01-01T00:00:01Z one\n", "2026-01-01T00:00:02Z two\n", "2026-01-01T00:00:03Z three\n");
    let first = [log_frame(one), log_frame(two)].concat();
    let again = [log_frame(two), log_frame(three)].concat();
    engine.set("/containers/aa/logs", Reply::InTurn(vec![Reply::Body(first), Reply::Body(again), Reply::Hang]));
    let request = LogRequest { tail: Some(100), since: None, follow: true };
    let mut log = rig.reader().logs(&"aa".into(), false, request);
    let mut words = Vec::new();
    while !words.iter().any(|word| word == "three") {
        let batch = tokio::time::timeout(Duration::from_secs(8), log.next()).await.expect("in time").expect("a batch");
        words.extend(batch.lines.iter().filter(|line| line.stream != Stream::Mark).map(|l| l.text.raw().to_owned()));
        assert_eq!(batch.ended, None);
    }
    assert_eq!(words, ["one", "two", "three"]);
    let asked = engine.log().into_iter().filter(|line| line.contains("/logs?")).collect::<Vec<_>>();
    assert!(asked[0].contains("tail=100") && asked[1].contains("since=1767225602.000000000"), "{asked:?}");
}

#[tokio::test]
async fn l06_a_log_that_cannot_be_read_ends_with_the_engines_words() {
    let rig = Rig::new();
    let engine = rig.engine();
    let words = r#"{"message":"configured logging driver does not support reading"}"#;
    engine.set("/containers/aa/logs", Reply::Status(501, "application/json", words.into()));
    let mut log = rig.reader().logs(&"aa".into(), false, LogRequest { follow: true, ..LogRequest::default() });
    let batch = log.next().await.expect("a batch");
    assert!(batch.ended.expect("an end").contains("does not support reading"));
    assert!(log.next().await.is_none());
}
