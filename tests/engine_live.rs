//! The engine source against real engines (the lab's), and against TLS made by real tools. Ignored unless asked for.

mod support {
    #[allow(dead_code)]
    pub mod fake_engine;
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod lab;
    pub mod watched;
}

use bridgewatch::model::{Container, SourceState, State};
use bridgewatch::sources::engine::{
    EngineError, EngineReader, EngineState, EngineTarget, LogLine, LogRequest, LogStream, Nudge, Stream, TlsFiles,
    Transport,
};
use std::time::{Duration, Instant};
use support::fake_engine::eventually;
use support::lab::Lab;
use support::watched::{Rig, Watched, all_inspected, is_ok};

/// Certificates by openssl, and socat as the TLS end of the fake engine.
#[tokio::test]
#[ignore = "needs openssl and socat"]
async fn tls_checks_who_answers_and_shows_who_asks() {
    let rig = Rig::new();
    let engine = rig.engine();
    engine.containers(&[("aa", "web", "running")]);
    let dir = rig.dir.path();
    let mut openssl = std::process::Command::new("sh");
    let made = openssl.current_dir(dir).arg("-ec").arg(
        "for ca in ca other; do openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=$ca -keyout $ca.key -out $ca.pem; done
         for who in server client; do
           openssl req -newkey rsa:2048 -nodes -subj /CN=$who -keyout $who.key -out $who.csr
           echo subjectAltName=DNS:localhost,IP:127.0.0.1 >ext
           openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $who.pem
         done",
    );
    let made = made.output().expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = {
        let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        probe.local_addr().expect("an address").port()
    };
    let listen = format!(
        "OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,cert=server.pem,key=server.key,cafile=ca.pem,verify=1"
    );
    let mut relay = tokio::process::Command::new("socat");
    relay.current_dir(dir).arg(listen).arg("UNIX-CONNECT:docker.sock").kill_on_drop(true);
    let _relay = relay.stderr(std::process::Stdio::null()).spawn().expect("socat");
    eventually("the relay", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    let read = |ca: &str, cert: &str| {
        let mut target = rig.target();
        target.transport = Transport::Tcp { authority: format!("localhost:{port}"), base: String::new() };
        let key = dir.join(format!("{cert}.key"));
        target.tls = Some(TlsFiles { ca: dir.join(ca), cert: dir.join(format!("{cert}.pem")), key });
        EngineReader::connect(&target)
    };
    let list = read("ca.pem", "client").expect("a reader").containers().await.expect("a list");
    assert_eq!(list.items[0].name, "web");
    let unknown = read("other.pem", "client").expect("a reader").containers().await.expect_err("another authority");
    assert!(matches!(unknown, EngineError::Tls { .. }), "{unknown:?}");
    assert!(read("ca.pem", "other").expect("a reader").containers().await.is_err(), "not our client");
    assert!(matches!(read("missing.pem", "client"), Err(EngineError::Tls { .. })));
}

fn lab_socket() -> String {
    Lab::shared().socket()
}

/// Runs the engine's own command line against the lab.
async fn docker(args: &[&str]) -> String {
    let host = format!("unix://{}", lab_socket());
    let out = tokio::process::Command::new("docker").args(["-H", &host]).args(args).output().await.expect("docker");
    assert!(out.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).trim().to_owned()
}

fn held<'a>(state: &'a EngineState, name: &str) -> Option<&'a Container> {
    state.containers.iter().find(|container| container.name == name).map(|container| &**container)
}

#[tokio::test]
#[ignore = "needs the lab"]
async fn live_changes_are_seen_as_they_happen() {
    let name = format!("engine-{}", std::process::id());
    let net = format!("{name}-net");
    let mut watched = Watched::start(EngineTarget::unix(lab_socket(), "test"));
    watched.until("a picture", |s| is_ok(s) && all_inspected(s)).await;
    docker(&["run", "-d", "--name", &name, "bb:1", "sleep", "600"]).await;
    let begun = Instant::now();
    watched.until("it running", |s| held(s, &name).is_some_and(|c| c.pid.is_some())).await;
    eprintln!("seen {:?} after the command came back", begun.elapsed());
    docker(&["network", "create", &net]).await;
    docker(&["network", "connect", &net, &name]).await;
    let members = |s: &EngineState| {
        let network = s.networks.iter().find(|network| network.name == net.as_str())?;
        Some(network.members.known()?.iter().any(|member| member.name == name.as_str()))
    };
    watched
        .until("both networks", |s| held(s, &name).is_some_and(|c| c.endpoints.len() == 2) && members(s) == Some(true))
        .await;
    docker(&["exec", "-d", "-u", "0", &name, "sleep", "2"]).await;
    let exec = |s: &EngineState| held(s, &name).and_then(|c| c.execs.first().cloned());
    watched
        .until("the session", |s| exec(s).is_some_and(|e| e.running && e.user == "0" && e.command == "sleep 2"))
        .await;
    watched.until("its end", |s| exec(s).is_some_and(|e| !e.running)).await;
    docker(&["update", "--memory", "64m", "--memory-swap", "64m", &name]).await;
    let memory = |s: &EngineState| held(s, &name)?.config.known().map(|config| config.memory_bytes);
    watched.until("the limit", |s| memory(s) == Some(64 << 20)).await;
    docker(&["kill", &name]).await;
    watched.until("its death", |s| held(s, &name).is_some_and(|c| c.exit_code == Some(137))).await;
    let death = watched.until_event_where("die", |event| event.name == name.as_str()).await;
    assert_eq!(death.text, "died with exit code 137 (SIGKILL)");
    docker(&["rm", &name]).await;
    docker(&["network", "rm", &net]).await;
    watched.until("nothing left", |s| held(s, &name).is_none() && members(s).is_none()).await;
    for event in watched.events.iter().filter(|event| event.name == name.as_str()) {
        eprintln!("{} {} {}", event.class, event.action.shown(), event.text.shown());
    }
}

/// Takes lines until one has this text, marks included.
async fn log_until(log: &mut LogStream, wanted: &str) -> Vec<LogLine> {
    let mut lines: Vec<LogLine> = Vec::new();
    while !lines.iter().any(|line| line.text.raw().contains(wanted)) {
        let batch = tokio::time::timeout(Duration::from_secs(20), log.next()).await.expect("in time");
        let Some(batch) = batch else { panic!("the log ended before {wanted}: {lines:?}") };
        lines.extend(batch.lines);
    }
    lines
}

#[tokio::test]
#[ignore = "needs the lab"]
async fn live_logs_are_joined_followed_and_told_apart() {
    let reader = EngineReader::connect(&EngineTarget::unix(lab_socket(), "test")).expect("a reader");
    let script = "head -c 100000 /dev/zero | tr '\\0' a; echo; echo out; echo err >&2; printf '10%%\\r20%%'; sleep 3; echo; echo end";
    for (tty, option) in [(false, "-i"), (true, "-t")] {
        let name = format!("engine-{}-log{option}", std::process::id());
        let id = docker(&["create", option, "--name", &name, "bb:1", "sh", "-c", script]).await;
        docker(&["start", &name]).await;
        let request = LogRequest { follow: true, ..LogRequest::default() };
        let mut log = reader.logs(&id.as_str().into(), tty, request);
        let lines = log_until(&mut log, "end").await;
        let long = lines.iter().find(|line| line.text.raw().starts_with("aaa")).expect("the long line");
        assert_eq!(long.text.raw().chars().take_while(|c| *c == 'a').count(), 16 << 10);
        assert_eq!(long.cut_bytes, 100_000 - (16 << 10), "tty {tty}");
        let word = |text: &str| lines.iter().find(|line| line.text == text).expect("the line").stream;
        assert_eq!(
            (word("out"), word("err")),
            if tty { (Stream::Tty, Stream::Tty) } else { (Stream::Stdout, Stream::Stderr) }
        );
        // What was there is not told again after a restart.
        log_until(&mut log, "waiting for the container").await;
        docker(&["start", &name]).await;
        let again = log_until(&mut log, "end").await;
        assert_eq!(again.iter().filter(|line| line.text == "out").count(), 1, "{again:?}");
        docker(&["rm", "-f", &name]).await;
        while let Some(batch) = log.next().await {
            eprintln!("{:?} {:?}", batch.lines, batch.ended);
        }
    }
}

#[tokio::test]
#[ignore = "needs root, brings up a lab of its own"]
async fn live_e04_a_stopped_daemon_is_silent_and_back() {
    let lab = Lab::own("e04");
    lab.docker(&["run", "-d", "--name", "one", "bb:1", "sleep", "600"]);
    let daemon = nix::unistd::Pid::from_raw(lab.daemon());
    let send = |signal| nix::sys::signal::kill(daemon, signal).expect("kill");
    let mut watched = Watched::start(EngineTarget::unix(lab.socket(), "test"));
    watched.until("a picture", |s| is_ok(s) && all_inspected(s)).await;
    send(nix::sys::signal::SIGSTOP);
    watched.nudges.send(Nudge::Doubt).expect("a watch");
    let silent = watched.until("silence", |s| s.status == SourceState::Stale).await;
    send(nix::sys::signal::SIGCONT);
    let begun = Instant::now();
    watched.within(Duration::from_secs(2), "back", is_ok).await;
    eprintln!("{}; back after {:?}", silent.reason, begun.elapsed());
    send(nix::sys::signal::SIGKILL);
    let gone = watched.within(Duration::from_secs(2), "gone", |s| s.status == SourceState::Stale).await;
    eprintln!("{}", gone.reason);
}

#[tokio::test]
#[ignore = "needs the lab"]
async fn live_lab_is_read_as_its_engine_tells_it() {
    let target = EngineTarget::unix(lab_socket(), "test");
    let begun = Instant::now();
    let mut watched = Watched::start(target.clone());
    let first = watched.until("names", |s| !s.containers.is_empty()).await;
    eprintln!("{} names after {:?}", first.containers.len(), begun.elapsed());
    let whole = watched
        .until("all", |s| {
            is_ok(s)
                && all_inspected(s)
                && s.engine.known().is_some()
                && !s.networks.is_empty()
                && s.networks.iter().all(|network| network.members.known().is_some())
        })
        .await;
    eprintln!("all inspected after {:?}", begun.elapsed());
    assert!(whole.clock_ahead_ms.expect("a clock").abs() < 2_000);
    for container in whole.containers.iter() {
        eprintln!(
            "{:12} {:12} {:24} {:?}",
            container.name.shown(),
            container.state.as_str(),
            container.status.shown(),
            container.pid
        );
    }
    let reader = EngineReader::connect(&target).expect("a reader");
    let list = reader.containers().await.expect("a list");
    assert_eq!((list.items.len(), list.unreadable), (whole.containers.len(), 0));
    for row in &list.items {
        let held = whole.containers.iter().find(|held| held.id == row.id).expect("held");
        assert_eq!(held.name, row.name);
        if held.state == row.state && row.state == State::Running {
            assert_eq!(
                held.health.as_ref().map(|h| &h.status),
                row.health.as_ref().map(|h| &h.status),
                "{:?}",
                row.name
            );
            // The list leaves aliases out.
            let addresses = |c: &Container| -> Vec<_> {
                c.endpoints
                    .iter()
                    .map(|e| (e.network.clone(), e.endpoint_id.clone(), e.ipv4, e.ipv6, e.mac.clone()))
                    .collect()
            };
            assert_eq!(addresses(held), addresses(row), "{:?}", row.name);
            assert_eq!(held.ports, row.ports, "{:?}", row.name);
        }
    }
    let talker = whole.containers.iter().find(|c| c.state == State::Exited).expect("one that ended");
    let tty = talker.config.known().expect("config").tty;
    let mut log = reader.logs(&talker.id, tty, LogRequest { tail: Some(5), ..LogRequest::default() });
    while let Some(batch) = log.next().await {
        batch.lines.iter().for_each(|line| eprintln!("{:?} {:?} {}", line.at, line.stream, line.text.shown()));
    }
}
