//! The engine's hand on the lab's engine: every change planned, done, read back and taken back, and what docker tells of
//! the host is as before. Ignored unless asked for.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod lab;
}

use bridgewatch::actions::{EngineHand, Manner, carry_out};
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
        let hand = EngineHand::connect(&EngineTarget::unix(lab.socket(), "test")).expect("a hand");
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
            let mut host = Host::default();
            host.engine = Fact::Known(reader.engine().await.expect("the engine").0);
            let (mut containers, mut networks) = (Vec::new(), Vec::new());
            for row in reader.containers().await.expect("containers").items {
                containers.push(Arc::new(reader.container(&row.id).await.expect("a container")));
            }
            for row in reader.networks().await.expect("networks").items {
                networks.push(reader.network(&row.id).await.expect("a network"));
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
    const MADE_ANEW: [&str; 13] = [
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
    ];
    match value {
        Value::Object(map) => {
            let is_limit = map.contains_key("NanoCpus");
            map.retain(|key, _| !MADE_ANEW.contains(&key.as_str()));
            if is_limit {
                // What limits nothing is written in several ways.
                for (key, none) in
                    [("Memory", i64::MAX - 4095), ("MemorySwap", -1), ("CpuQuota", -1), ("CpuShares", 1024)]
                {
                    if map[key] == Value::from(none) {
                        map[key] = 0.into();
                    }
                }
                if map["PidsLimit"].is_null() || map["PidsLimit"] == Value::from(-1) {
                    map["PidsLimit"] = 0.into();
                }
                if map["CpusetCpus"] == "0-1" {
                    map["CpusetCpus"] = "".into();
                }
            }
            for (key, value) in map.iter_mut() {
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
        let files = [
            "memory.limit_in_bytes",
            "memory.memsw.limit_in_bytes",
            "cpu.cfs_quota_us",
            "cpu.shares",
            "pids.max",
            "cpuset.cpus",
        ];
        let before = files.map(of);
        bench.there_and_back(name, &[name], &to(container(&snapshot, name), limits(all.clone())), |_| {
            assert_eq!(
                [of("cpu.cfs_quota_us"), of("memory.limit_in_bytes"), of("pids.max")],
                ["25000", "134217728", "30"].map(str::to_owned)
            );
        });
        assert_eq!(files.map(of), before, "{name}: the kernel has it as before");
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
