//! The engine's hand on the lab's engine: every change planned, done, read back and taken back, and what docker tells of
//! the host is as before. Ignored unless asked for.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod lab;
}

use bridgewatch::actions::{EngineHand, Manner, ShellEnd, ShellIo, carry_out, run_shell};
use bridgewatch::analysis::Analyst;
use bridgewatch::journal::Journal;
use bridgewatch::model::{Container, Fact, Host, Network, RestartPolicy, Snapshot};
use bridgewatch::plan::*;
use bridgewatch::sources::engine::{EngineReader, EngineTarget};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use support::lab::Lab;

/// The lab, a hand on its engine, a journal.
struct Bench {
    lab: Lab,
    hand: EngineHand,
    journal: Journal,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let lab = Lab::shared();
        let dir = tempfile::tempdir().expect("a folder");
        let Mode::Operate(warrant) = Mode::settle(false) else { panic!("a warrant") };
        let hand = EngineHand::connect(&EngineTarget::unix(lab.socket(), "test"), &warrant).expect("a hand");
        let journal = Journal::open(dir.path()).expect("a journal");
        Bench { lab, hand, journal, _dir: dir }
    }

    fn docker(&self, line: &str) -> String {
        self.lab.docker(&line.split(' ').collect::<Vec<_>>())
    }

    /// The engine's half of the host as it is now.
    fn look(&self) -> Arc<Snapshot> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let reader = EngineReader::connect(&EngineTarget::unix(self.lab.socket(), "test")).expect("a reader");
            let engine = Fact::Known(reader.engine().await.expect("the engine").0);
            let host = Host { engine, ..Host::default() };
            let (mut containers, mut networks) = (Vec::new(), Vec::new());
            for row in reader.containers().await.expect("containers").items {
                // Another test's may be gone by now.
                containers.extend(reader.container(&row.id).await.ok().map(Arc::new));
            }
            for row in reader.networks().await.expect("networks").items {
                networks.extend(reader.network(&row.id).await.ok());
            }
            containers.sort_by(|a, b| a.id.cmp(&b.id));
            networks.sort_by(|a, b| a.name.cmp(&b.name));
            let (host, containers, networks) = (Arc::new(host), Arc::new(containers), Arc::new(networks));
            Arc::new(Snapshot { host, containers, networks, ..Snapshot::default() })
        })
    }

    fn plan(&self, snapshot: &Arc<Snapshot>, wish: &Wish) -> Result<Plan, Refusal> {
        let mut analyst = Analyst::new();
        analyst.update(snapshot);
        let session = Session::default();
        plan(&Ground { snapshot, report: analyst.report(), session: &session }, wish)
    }

    fn carry_out(&mut self, plan: Plan) -> Entry {
        let manner = Manner {
            who: Who::default(),
            on_failure: OnFailure::Stop,
            cancel: &AtomicBool::new(false),
            guard: &mut |_| Ok(()),
        };
        carry_out(&mut self.hand, &mut self.journal, plan, manner, &mut |_| {}).expect("a journal that can be written")
    }

    /// Plans and does it.
    fn does(&mut self, wish: &Wish) -> Entry {
        let snapshot = self.look();
        let plan = self.plan(&snapshot, wish).unwrap_or_else(|refusal| panic!("{refusal}"));
        for step in &plan.steps {
            println!("  {}", step.op.words());
        }
        let entry = self.carry_out(plan);
        assert_eq!(entry.state, EntryState::Done, "{}: {:#?}", entry.reason, entry.results);
        entry
    }

    /// Takes it back by a plan of its own, for the host as it is now.
    fn undoes(&mut self, entry: &Entry) {
        let snapshot = self.look();
        let mut analyst = Analyst::new();
        analyst.update(&snapshot);
        let session = Session::default();
        let ground = Ground { snapshot: &snapshot, report: analyst.report(), session: &session };
        let plan = undo(&ground, entry).unwrap_or_else(|refusal| panic!("{refusal}"));
        for step in &plan.steps {
            println!("  undo: {}", step.op.words());
        }
        let undone = self.carry_out(plan);
        assert_eq!(undone.state, EntryState::Done, "{}: {:#?}", undone.reason, undone.results);
    }

    /// Does it, holds `so` against docker's answer, takes it back, and finds `what` as before.
    fn there_and_back(&mut self, name: &str, what: &[&str], wish: &Wish, so: impl Fn(&Self)) {
        println!("{name}");
        let before: Vec<Value> = what.iter().map(|thing| self.dump(thing)).collect();
        let entry = self.does(wish);
        so(self);
        self.undoes(&entry);
        for (thing, before) in what.iter().zip(before) {
            assert_eq!(self.dump(thing), before, "{name}: {thing}");
        }
    }

    /// A field of `docker inspect`, by its path.
    fn field(&self, thing: &str, path: &str) -> Value {
        let value: Value = serde_json::from_str(&self.docker(&format!("inspect {thing}"))).expect("JSON");
        value[0].pointer(path).cloned().unwrap_or_default()
    }

    /// `docker inspect`, without times, counters and names that the engine makes anew.
    fn dump(&self, thing: &str) -> Value {
        let mut value: Value = serde_json::from_str(&self.docker(&format!("inspect {thing}"))).expect("JSON");
        tidy(&mut value);
        value
    }
}

/// Takes out what changes by itself or is made anew at every start, and writes what means the same the same way.
fn tidy(value: &mut Value) {
    const MADE_ANEW: [&str; 14] = [
        "StartedAt",
        "FinishedAt",
        "Pid",
        "SandboxID",
        "SandboxKey",
        "EndpointID",
        "Created",
        "Id",
        "NetworkID",
        "RestartCount",
        "IPAMConfig",
        "ResolvConfPath",
        "State",
        "DNSNames",
    ];
    match value {
        Value::Object(map) => {
            let is_limit = map.contains_key("NanoCpus");
            map.retain(|key, _| !MADE_ANEW.contains(&key.as_str()));
            if is_limit {
                // What limits nothing is written in several ways.
                let free = [
                    ("Memory", i64::MAX - 4095),
                    ("MemorySwap", -1),
                    ("CpuQuota", -1),
                    ("CpuShares", 1024),
                    ("CpuShares", 2598),
                ];
                for (key, none) in free {
                    if map[key].as_i64() == Some(none) {
                        map[key] = 0.into();
                    }
                }
                if matches!(map["PidsLimit"].as_i64(), None | Some(-1)) {
                    map["PidsLimit"] = 0.into();
                }
                if map["CpusetCpus"] == "0-1" {
                    map["CpusetCpus"] = "".into();
                }
            }
            for (key, value) in map.iter_mut() {
                if let ("Aliases", Some(all)) = (key.as_str(), value.as_array_mut()) {
                    // The engine adds the short id when it connects, and not when it creates.
                    let is_short = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit());
                    all.retain(|alias| !alias.as_str().is_some_and(is_short));
                }
                let is_empty = value.as_array().is_some_and(Vec::is_empty)
                    || value.as_object().is_some_and(serde_json::Map::is_empty);
                // The command line asks for empty lists, others for none.
                if ["DriverOpts", "Aliases", "Links"].contains(&key.as_str()) && is_empty {
                    *value = Value::Null;
                }
                tidy(value);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// What limits nothing, written one way: all CPUs, or more bytes than there are.
fn unlimited(value: String) -> String {
    let is_none = ["", "0-1"].contains(&value.as_str()) || value.parse::<u64>().is_ok_and(|n| n > 1 << 60);
    if is_none { "max".to_owned() } else { value }
}

fn container<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Container {
    snapshot.containers.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("container {name}"))
}

fn network<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Network {
    snapshot.networks.iter().find(|n| n.name == name).unwrap_or_else(|| panic!("network {name}"))
}

fn to(of: &Container, change: ContainerChange) -> Wish {
    Wish::Containers { of: vec![of.id.clone()], change }
}

/// Things of a test by a prefix of its own, removed at its begin and end.
struct Things<'a>(&'a str, &'a str);

impl Things<'_> {
    fn clear(&self) {
        let script = format!(
            "export DOCKER_HOST=unix://{0}; docker ps -aq --filter name=^/{1}- | xargs -r docker rm -fv;
             docker network ls -q --filter name=^{1}- | xargs -r docker network rm",
            self.0, self.1
        );
        let out = std::process::Command::new("sh").args(["-c", &script]).output().expect("sh");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
}

impl Drop for Things<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.clear();
        }
    }
}

#[test]
#[ignore = "needs root and the lab"]
fn runs_of_containers_are_changed_and_given_back() {
    let mut bench = Bench::new();
    let socket = bench.lab.socket();
    let things = Things(&socket, "hp");
    things.clear();
    bench.docker("run -d --name hp-web bb:1 sleep 100000");
    let snapshot = bench.look();
    let web = container(&snapshot, "hp-web");
    let state = |bench: &Bench| bench.docker("inspect -f {{.State.Status}} hp-web");
    let is = |word: &'static str| move |bench: &Bench| assert_eq!(state(bench), word);
    bench.there_and_back("pause", &["hp-web"], &to(web, ContainerChange::Pause), is("paused"));
    bench.there_and_back("stop", &["hp-web"], &to(web, ContainerChange::Stop { timeout_s: Some(0) }), is("exited"));
    let signal = |signal: &str| to(web, ContainerChange::Kill { signal: signal.into() });
    bench.there_and_back("kill", &["hp-web"], &signal("KILL"), is("exited"));
    bench.does(&signal("USR1"));
    bench.docker("restart -t 0 hp-web");
    bench.does(&to(web, ContainerChange::Restart { timeout_s: Some(0) }));
    let rename = to(web, ContainerChange::Rename { name: "hp-web2".into() });
    bench.there_and_back("rename", &["hp-web"], &rename, |bench| {
        assert_eq!(bench.docker("inspect -f {{.Name}} hp-web2"), "/hp-web2");
    });
    let policy = RestartPolicy { name: "on-failure".into(), maximum_retries: 3 };
    bench.there_and_back("policy", &["hp-web"], &to(web, ContainerChange::RestartPolicy(policy)), |bench| {
        let now = bench.field("hp-web", "/HostConfig/RestartPolicy");
        assert_eq!(now, serde_json::json!({"Name": "on-failure", "MaximumRetryCount": 3}));
    });
    bench.docker("stop -t 0 hp-web");
    bench.there_and_back("start", &["hp-web"], &to(web, ContainerChange::Start), is("running"));
    bench.docker("start hp-web");
    let commit = to(web, ContainerChange::Commit { reference: "hp-image:1".into(), pause: true });
    bench.there_and_back("commit", &["hp-web"], &commit, |bench| {
        assert!(bench.docker("inspect -f {{.Id}} hp-image:1").starts_with("sha256:"));
    });
    assert_eq!(bench.docker("images -q hp-image"), "");
    // What can't be taken back is done, and read back.
    let entry = bench.does(&to(web, ContainerChange::Remove { force: true, volumes: true }));
    assert!(!entry.plan.lasting.is_empty());
    assert_eq!(bench.docker("ps -aq --filter name=hp-web"), "");
}

#[test]
#[ignore = "needs root and the lab"]
fn limits_are_set_and_taken_off_again() {
    let mut bench = Bench::new();
    let socket = bench.lab.socket();
    let things = Things(&socket, "hl");
    things.clear();
    bench.docker("run -d --name hl-free bb:1 sleep 100000");
    bench.docker("run -d --name hl-held --memory 64m --memory-swap 96m --cpus 0.5 --pids-limit 50 --cpuset-cpus 0 bb:1 sleep 100000");
    let snapshot = bench.look();
    let limits = |limits: LimitsUpdate| ContainerChange::Limits(Box::new(limits));
    let all = LimitsUpdate {
        nano_cpus: Some(250_000_000),
        cpu_shares: Some(512),
        cpuset_cpus: Some("1".into()),
        memory_bytes: Some(128 << 20),
        pids_limit: Some(30),
        ..LimitsUpdate::default()
    };
    for name in ["hl-free", "hl-held"] {
        let id = container(&snapshot, name).id.as_str().to_owned();
        let of = |file: &str| {
            let find = format!("find /sys/fs/cgroup -path '*{id}*/{file}' -exec cat {{}} ';'");
            let out = std::process::Command::new("sh").args(["-c", &find]).output().expect("find");
            String::from_utf8_lossy(&out.stdout).trim().to_owned()
        };
        let (files, want) = match of("cpu.max").is_empty() {
            true => (
                [
                    "cpu.cfs_quota_us",
                    "memory.limit_in_bytes",
                    "memory.memsw.limit_in_bytes",
                    "cpu.shares",
                    "cpuset.cpus",
                ],
                ["25000", "134217728", "268435456", "512", "1"],
            ),
            // memory.swap.max is swap alone.
            false => (
                ["cpu.max", "memory.max", "memory.swap.max", "cpu.weight", "cpuset.cpus"],
                ["25000 100000", "134217728", "134217728", "20", "1"],
            ),
        };
        let before = files.map(of).map(unlimited);
        bench.there_and_back(name, &[name], &to(container(&snapshot, name), limits(all.clone())), |_| {
            assert_eq!(files.map(of), want.map(str::to_owned));
            assert_eq!(of("pids.max"), "30");
        });
        assert_eq!(files.map(of).map(unlimited), before, "{name}: the kernel has it as before");
    }
    let none = LimitsUpdate { memory_bytes: Some(0), pids_limit: Some(0), ..LimitsUpdate::default() };
    bench.there_and_back("none", &["hl-held"], &to(container(&snapshot, "hl-held"), limits(none)), |_| {});
}

#[test]
#[ignore = "needs root and the lab"]
fn networks_are_made_joined_left_and_removed_and_all_is_as_before() {
    let mut bench = Bench::new();
    let socket = bench.lab.socket();
    let things = Things(&socket, "hn");
    things.clear();
    bench.docker("network create --subnet 10.87.1.0/24 hn-one");
    bench.docker("network create hn-auto");
    bench.docker("run -d --name hn-db --network hn-one --ip 10.87.1.50 --network-alias store -p 127.0.0.1:18087:80 bb:1 sleep 100000");
    bench.docker("run -d --name hn-web --network hn-one bb:1 sleep 100000");
    bench.docker("network connect --alias front hn-auto hn-web");
    bench.docker("create --name hn-off --network hn-one --ip 10.87.1.60 bb:1 sleep 100000");
    let everything = ["hn-db", "hn-web", "hn-off", "hn-one", "hn-auto"];
    let snapshot = bench.look();
    let id = |name: &str| container(&snapshot, name).id.clone();
    let net = |name: &str| network(&snapshot, name).id.clone();

    let spec = NetworkSpec {
        name: "hn-new".into(),
        pools: vec![PoolSpec {
            subnet: "10.87.9.0/24".parse().expect("a subnet"),
            gateway: Some("10.87.9.254".parse().expect("an address")),
            range: Some("10.87.9.128/25".parse().expect("a range")),
            reserved: [("printer".to_owned(), "10.87.9.9".parse().expect("an address"))].into(),
        }],
        internal: true,
        options: [("com.docker.network.driver.mtu".to_owned(), "1400".to_owned())].into(),
        labels: [("team".to_owned(), "a b".to_owned())].into(),
        members: vec![Joining {
            container: id("hn-web"),
            endpoint: EndpointSpec {
                ipv4: Some("10.87.9.77".parse().expect("an address")),
                aliases: vec!["inner".into()],
                ..EndpointSpec::default()
            },
        }],
        ..NetworkSpec::default()
    };
    bench.there_and_back("create and join", &everything, &Wish::CreateNetwork(spec), |bench| {
        let made: Value = serde_json::from_str(&bench.docker("network inspect hn-new")).expect("JSON");
        assert_eq!(made[0]["Internal"], true);
        assert_eq!(made[0]["Options"]["com.docker.network.driver.mtu"], "1400");
        let members = made[0]["Containers"].as_object().expect("members");
        assert_eq!(members.values().next().expect("one")["IPv4Address"], "10.87.9.77/24");
    });
    assert_eq!(bench.docker("network ls -q --filter name=hn-new"), "");

    for (who, networks) in [
        ("hn-db", vec![net("hn-one")]),
        ("hn-web", vec![]),
        ("hn-web", vec![net("hn-auto")]),
        ("hn-off", vec![net("hn-one")]),
    ] {
        let wish = Wish::Disconnect { of: vec![id(who)], networks, force: false };
        bench.there_and_back(&format!("disconnect {who}"), &everything, &wish, |_| {});
    }
    let join = Wish::Connect {
        network: net("hn-auto"),
        members: vec![
            Joining {
                container: id("hn-db"),
                endpoint: EndpointSpec { aliases: vec!["x".into()], ..Default::default() },
            },
            Joining { container: id("hn-off"), endpoint: EndpointSpec::default() },
        ],
    };
    bench.there_and_back("connect two", &everything, &join, |bench| {
        assert_eq!(bench.field("hn-auto", "/Containers").as_object().expect("members").len(), 2);
    });
    for name in ["hn-one", "hn-auto"] {
        let wish = Wish::RemoveNetworks { of: vec![network(&bench.look(), name).id.clone()] };
        bench.there_and_back(&format!("remove {name}"), &everything, &wish, |bench| {
            assert_eq!(bench.docker(&format!("network ls -q --filter name={name}")), "");
        });
    }
    // What does not run was put back such that it starts.
    bench.docker("start hn-off");
    assert!(bench.docker("inspect hn-off").contains("10.87.1.60"));
}

/// A terminal of two ends: what is typed and seen, and what bridgewatch has.
fn terminal() -> (std::os::fd::OwnedFd, std::os::fd::OwnedFd) {
    let pty = nix::pty::openpty(None, None).expect("a terminal");
    (pty.master, pty.slave)
}

/// Reads what is shown until `part` is there.
fn until(master: &std::os::fd::OwnedFd, shown: &mut String, part: &str) {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !shown.contains(part) {
        let mut fds = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut fds, PollTimeout::from(500u16)).expect("polls");
        let mut chunk = [0; 4096];
        if ready > 0 {
            let n = nix::unistd::read(master, &mut chunk).unwrap_or(0);
            shown.push_str(&String::from_utf8_lossy(&chunk[..n]));
        }
        assert!(std::time::Instant::now() < end, "waited for {part:?} in {shown:?}");
    }
}

fn modes(terminal: &std::os::fd::OwnedFd) -> nix::sys::termios::LocalFlags {
    nix::sys::termios::tcgetattr(terminal).expect("a terminal").local_flags
}

#[test]
#[ignore = "needs root and the lab"]
fn a_shell_is_a_terminal_that_is_given_back() {
    use std::os::fd::AsFd;
    use std::sync::atomic::{AtomicU16, Ordering};
    let lab = Lab::shared();
    let socket = lab.socket();
    let things = Things(&socket, "hs");
    things.clear();
    let docker = |line: &str| lab.docker(&line.split(' ').collect::<Vec<_>>());
    docker("run -d --name hs-web bb:1 sleep 100000");
    docker("run -dit --name hs-tty bb:1 sh");
    let id = |name: &str| bridgewatch::model::ContainerId::from(docker(&format!("inspect -f {{{{.Id}}}} {name}")));
    let Mode::Operate(warrant) = Mode::settle(false) else { panic!("a warrant") };
    let permit = warrant.permit();
    let target = EngineTarget::unix(&socket, "test");
    let columns = AtomicU16::new(111);
    // What is typed, and what ends it.
    let run = |wish: ShellWish, play: &(dyn Fn(&std::os::fd::OwnedFd) + Sync)| {
        let (master, slave) = terminal();
        let before = modes(&slave);
        let end = std::thread::scope(|scope| {
            let player = scope.spawn(|| play(&master));
            let size = || (columns.load(Ordering::SeqCst), 33);
            let io = ShellIo { input: slave.as_fd(), output: slave.as_fd(), errors: slave.as_fd(), size: &size };
            let end = run_shell(&target, &wish, &io, &permit);
            player.join().expect("plays");
            end
        });
        assert_eq!(modes(&slave), before, "the terminal is as it was");
        end
    };
    let send = |master: &std::os::fd::OwnedFd, keys: &str| {
        nix::unistd::write(master, keys.as_bytes()).expect("types");
    };
    let wish = |name: &str, command: &[&str]| ShellWish {
        container: id(name),
        attach: false,
        command: command.iter().map(|word| (*word).to_owned()).collect(),
        user: String::new(),
    };

    let end = run(wish("hs-web", &[]), &|master| {
        let mut shown = String::new();
        until(master, &mut shown, "Ctrl-P Ctrl-Q");
        until(master, &mut shown, "#");
        send(master, "stty size; echo one-$((40+2))\r");
        until(master, &mut shown, "33 111");
        until(master, &mut shown, "one-42");
        columns.store(77, Ordering::SeqCst);
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGWINCH).expect("a signal");
        // The size arrives when it arrives: asked until it is there.
        while !shown.contains("33 77") {
            send(master, "stty size; echo two\r");
            let length = shown.len();
            let mut rest = String::new();
            until(master, &mut rest, "two\r\n");
            shown.push_str(&rest);
            assert!(length < 100_000);
        }
        send(master, "exit 7\r");
    });
    assert_eq!(end.expect("ends"), ShellEnd::Exited(7));

    let end = run(wish("hs-web", &["sleep", "99999"]), &|master| {
        let mut shown = String::new();
        until(master, &mut shown, "Ctrl-P Ctrl-Q");
        // Left before it has begun, a process is not begun.
        while !docker("top hs-web").contains("sleep 99999") {}
        send(master, "\x10\x11");
    });
    assert_eq!(end.expect("is left"), ShellEnd::Left);
    assert!(docker("top hs-web").contains("sleep 99999"), "it goes on");

    let end = run(wish("hs-web", &["no-such-thing"]), &|master| until(master, &mut String::new(), "no-such-thing"));
    let error = end.expect_err("there is no such command").to_string();
    assert!(error.contains("no-such-thing") && !error.contains('\n'), "{error}");

    let attach = ShellWish { attach: true, ..wish("hs-tty", &[]) };
    let end = run(attach, &|master| {
        let mut shown = String::new();
        until(master, &mut shown, "attached to");
        // Keys are the engine's as soon as the terminal is raw.
        while modes(master).contains(nix::sys::termios::LocalFlags::ICANON) {}
        send(master, "echo three-$((1+2))\r");
        until(master, &mut shown, "three-3");
        send(master, "\x10\x11");
    });
    assert_eq!(end.expect("is left"), ShellEnd::Left);
    assert_eq!(docker("inspect -f {{.State.Status}} hs-tty"), "running");

    docker("pause hs-web");
    let error = run(wish("hs-web", &[]), &|_| {}).expect_err("paused").to_string();
    assert!(error.contains("unpause"), "{error}");
}

#[test]
#[ignore = "needs root and the lab"]
fn a_process_without_a_terminal_is_a_pipe() {
    use std::os::fd::AsFd;
    let lab = Lab::shared();
    let socket = lab.socket();
    let things = Things(&socket, "hq");
    things.clear();
    let docker = |line: &str| lab.docker(&line.split(' ').collect::<Vec<_>>());
    docker("run -d --name hq-web bb:1 sleep 100000");
    let Mode::Operate(warrant) = Mode::settle(false) else { panic!("a warrant") };
    let (input, typed) = nix::unistd::pipe().expect("a pipe");
    let files = [tempfile::tempfile().expect("a file"), tempfile::tempfile().expect("a file")];
    nix::unistd::write(&typed, b"through\n").expect("writes");
    drop(typed);
    let io = ShellIo { input: input.as_fd(), output: files[0].as_fd(), errors: files[1].as_fd(), size: &|| (80, 24) };
    let command = ["sh", "-c", "cat; echo wrong >&2; exit 3"].map(str::to_owned).to_vec();
    let container = bridgewatch::model::ContainerId::from(docker("inspect -f {{.Id}} hq-web"));
    let wish = ShellWish { container, attach: false, command, user: "1000".into() };
    let end = run_shell(&EngineTarget::unix(&socket, "test"), &wish, &io, &warrant.permit());
    assert_eq!(end.expect("ends"), ShellEnd::Exited(3));
    let read = |mut file: &std::fs::File| {
        use std::io::{Read, Seek};
        let mut text = String::new();
        file.rewind().expect("rewinds");
        file.read_to_string(&mut text).expect("reads");
        text
    };
    assert_eq!((read(&files[0]), read(&files[1])), ("through\n".to_owned(), "wrong\n".to_owned()));
}

#[test]
#[ignore = "needs root and the lab"]
fn what_moved_since_it_was_shown_is_not_touched() {
    let mut bench = Bench::new();
    let socket = bench.lab.socket();
    let things = Things(&socket, "hm");
    things.clear();
    bench.docker("run -d --name hm-web bb:1 sleep 100000");
    let snapshot = bench.look();
    let stop = to(container(&snapshot, "hm-web"), ContainerChange::Stop { timeout_s: Some(0) });
    let plan = bench.plan(&snapshot, &stop).expect("a plan");
    bench.docker("restart -t 0 hm-web");
    let entry = bench.carry_out(plan.clone());
    assert_eq!(entry.state, EntryState::NotDone);
    assert!(entry.reason.contains("restarted"), "{}", entry.reason);
    bench.docker("rm -f hm-web");
    bench.docker("run -d --name hm-web bb:1 sleep 100000");
    let entry = bench.carry_out(plan);
    assert_eq!(entry.state, EntryState::NotDone, "its successor has its name and is another");
    assert_eq!(bench.docker("inspect -f {{.State.Status}} hm-web"), "running");
}

#[test]
#[ignore = "needs root and the lab"]
fn what_the_engine_refuses_is_told_in_its_words_and_rolled_back() {
    let mut bench = Bench::new();
    let socket = bench.lab.socket();
    let things = Things(&socket, "hr");
    things.clear();
    bench.docker("network create hr-auto");
    bench.docker("run -d --name hr-web bb:1 sleep 100000");
    let before = bench.dump("hr-web");
    let snapshot = bench.look();
    let auto = network(&snapshot, "hr-auto");
    let address = bridgewatch::plan::networks::free_address(
        &Ground { snapshot: &snapshot, report: Analyst::new().report(), session: &Session::default() },
        &auto.id,
        false,
    );
    let endpoint = EndpointSpec { ipv4: address, ..EndpointSpec::default() };
    let members = vec![Joining { container: container(&snapshot, "hr-web").id.clone(), endpoint }];
    let plan = bench.plan(&snapshot, &Wish::Connect { network: auto.id.clone(), members }).expect("a plan");
    // An engine gives no address on request in a subnet that it chose itself, which nobody can see beforehand.
    let entry = bench.carry_out(plan);
    assert_ne!(entry.state, EntryState::Done);
    let told = entry.results.iter().map(|r| r.detail.as_str()).collect::<String>();
    assert!(told.contains("user configured subnets") || entry.reason.contains("user configured subnets"), "{told}");
    assert_eq!(bench.dump("hr-web"), before);
}
