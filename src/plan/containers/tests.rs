//! Plans for containers, judged on small hosts.

use crate::analysis::Analyst;
use crate::analysis::testing::{Lab, every_mode, p};
use crate::model::*;
use crate::plan::*;
use std::sync::Arc;

fn planned(snapshot: &Snapshot, wish: &Wish) -> Result<Plan, Refusal> {
    let (analyst, session) = (Analyst::new(), Session::default());
    plan(&Ground { snapshot, report: analyst.report(), session: &session }, wish)
}

fn id(lab: &Lab, name: &str) -> ContainerId {
    lab.containers.iter().find(|c| c.name == name).expect("a container").id.clone()
}

fn change(lab: &Lab, name: &str, change: ContainerChange) -> Result<Plan, Refusal> {
    planned(&lab.snapshot(), &Wish::Containers { of: vec![id(lab, name)], change })
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.op.words()).collect()
}

fn undo_lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().rev().flat_map(|step| step.undo.iter().map(Op::words)).collect()
}

fn lab() -> Lab {
    let mut lab = every_mode();
    lab.host.cpus = 4;
    lab.host.memory_bytes = 8 << 30;
    for container in &mut lab.containers {
        container.config = Fact::Known(Arc::default());
    }
    lab
}

fn config(lab: &mut Lab, name: &str, set: impl FnOnce(&mut Config)) {
    let container = lab.containers.iter_mut().find(|c| c.name == name).expect("a container");
    let mut config = Config::default();
    set(&mut config);
    container.config = Fact::Known(Arc::new(config));
}

#[test]
fn a_stop_tells_what_goes_with_it() {
    let mut lab = lab();
    lab.containers[0].ports.push(PublishedPort {
        proto: Proto::Tcp,
        container_port: 80,
        host_ip: Some(p("0.0.0.0")),
        host_port: Some(8080),
    });
    let plan = change(&lab, "web", ContainerChange::Stop { timeout_s: Some(3) }).expect("a plan");
    assert_eq!(lines(&plan), ["docker stop --time 3 web"]);
    assert_eq!(undo_lines(&plan), ["docker start web"]);
    assert_eq!(plan.risk, Risk::Change);
    let affects = plan.affects.join("\n");
    for words in ["web publishes 8080/tcp", "sidecar shares the network of web", "network bridge is left without"] {
        assert!(affects.contains(words), "{words}: {affects}");
    }
    assert!(plan.identities.iter().any(|i| matches!(i, Identity::Container { running: true, .. })));
}

#[test]
fn what_removes_itself_is_grave_to_stop() {
    let mut lab = lab();
    config(&mut lab, "web", |c| c.auto_remove = true);
    let plan = change(&lab, "web", ContainerChange::Stop { timeout_s: None }).expect("a plan");
    assert!(matches!(&plan.risk, Risk::Grave { word, .. } if word == "web"));
    assert!(undo_lines(&plan).is_empty());
    assert!(plan.lasting.iter().any(|l| l.contains("--rm")));
}

#[test]
fn wrong_states_and_words_are_refused_beforehand() {
    let mut lab = lab();
    let refusal = |lab: &Lab, what| change(lab, "web", what).expect_err("refused").to_string();
    for (what, words) in [
        (ContainerChange::Start, "it runs already"),
        (ContainerChange::Unpause, "it is not paused"),
        (ContainerChange::Kill { signal: "SIGFOO".into() }, "no such signal; a name like TERM"),
        (ContainerChange::Stop { timeout_s: Some(-2) }, "-2 is no timeout"),
        (ContainerChange::Remove { force: false, volumes: false }, "it runs; stop it first"),
        (ContainerChange::Rename { name: "db".into() }, "another container has that name"),
        (ContainerChange::Rename { name: "a b".into() }, "no name for a container"),
        (ContainerChange::Commit { reference: "A B".into(), pause: true }, "no name of an image"),
        (ContainerChange::RestartPolicy(RestartPolicy { name: "often".into(), maximum_retries: 0 }), "no such policy"),
        (
            ContainerChange::RestartPolicy(RestartPolicy { name: "always".into(), maximum_retries: 2 }),
            "only on-failure",
        ),
    ] {
        let told = refusal(&lab, what.clone());
        assert!(told.contains(words), "{what:?}: {told}");
    }
    lab.containers[0].state = State::Exited;
    for what in [ContainerChange::Pause, ContainerChange::Kill { signal: "TERM".into() }] {
        assert!(refusal(&lab, what).contains("does not run"));
    }
    config(&mut lab, "web", |c| c.auto_remove = true);
    let always = RestartPolicy { name: "always".into(), maximum_retries: 0 };
    assert!(refusal(&lab, ContainerChange::RestartPolicy(always)).contains("--rm"));
    let gone = Wish::Containers { of: vec!["00".into()], change: ContainerChange::Start };
    assert!(planned(&lab.snapshot(), &gone).expect_err("gone").why.contains("not there any more"));
}

#[test]
fn a_start_that_can_be_known_to_fail_is_refused() {
    let mut lab = lab();
    let port = |host| PublishedPort { proto: Proto::Tcp, container_port: 80, host_ip: None, host_port: Some(host) };
    lab.containers[0].ports.push(port(8080));
    let db = lab.containers.iter().position(|c| c.name == "db").expect("db");
    lab.containers[db].state = State::Exited;
    config(&mut lab, "db", |c| c.port_bindings.push(port(8080)));
    let refusal = change(&lab, "db", ContainerChange::Start).expect_err("the port is taken");
    assert_eq!(refusal.why, "port 8080/tcp of this host is taken by web");
    lab.containers[0].state = State::Exited;
    lab.containers[1].state = State::Exited;
    let refusal = change(&lab, "sidecar", ContainerChange::Start).expect_err("web does not run");
    assert_eq!(refusal.way_out, "start web first");
}

#[test]
fn of_several_rows_those_that_cannot_are_left_out_with_the_reason() {
    let mut lab = lab();
    lab.containers[0].state = State::Exited;
    let of = vec![id(&lab, "web"), id(&lab, "db"), id(&lab, "db")];
    let wish = Wish::Containers { of, change: ContainerChange::Kill { signal: "9".into() } };
    let plan = planned(&lab.snapshot(), &wish).expect("db can be");
    assert_eq!(lines(&plan), ["docker kill --signal KILL db"]);
    assert_eq!(plan.left_out.len(), 1);
    assert!(plan.left_out[0].why.contains("does not run"), "{:?}", plan.left_out);
    lab.containers.iter_mut().for_each(|c| c.state = State::Exited);
    assert!(planned(&lab.snapshot(), &wish).expect_err("none").why.starts_with("none of 2 can be"));
}

fn limits(lab: &Lab, limits: LimitsUpdate) -> Result<Plan, Refusal> {
    change(lab, "web", ContainerChange::Limits(Box::new(limits)))
}

#[test]
fn limits_are_set_such_that_they_can_be_taken_off() {
    let lab = lab();
    let wish = LimitsUpdate {
        nano_cpus: Some(500_000_000),
        memory_bytes: Some(256 << 20),
        pids_limit: Some(100),
        cpuset_cpus: Some("0-1".into()),
        ..LimitsUpdate::default()
    };
    let plan = limits(&lab, wish).expect("a plan");
    assert_eq!(
        lines(&plan),
        [
            "docker update --cpu-quota 50000 --cpuset-cpus 0-1 --memory 268435456 --memory-swap 536870912 --pids-limit 100 web"
        ]
    );
    assert_eq!(
        undo_lines(&plan),
        [
            "docker update --memory 268435456 --memory-swap 9223372036854771712 web",
            "docker update --cpu-quota -1 --cpuset-cpus 0-3 --memory 9223372036854771712 --memory-swap -1 --pids-limit -1 web",
        ]
    );
}

#[test]
fn limits_are_held_against_the_host_and_against_what_is_used() {
    let mut lab = lab();
    let one = |set: fn(&mut LimitsUpdate)| {
        let mut limits = LimitsUpdate::default();
        set(&mut limits);
        limits
    };
    for (wish, field, words) in [
        (one(|l| l.nano_cpus = Some(5_000_000_000)), "cpus", "5 CPUs"),
        (one(|l| l.nano_cpus = Some(1)), "cpus", "less than the engine takes"),
        (one(|l| (l.nano_cpus, l.cpu_quota_us) = (Some(1_000_000_000), Some(5000))), "cpus", "the same thing"),
        (one(|l| l.cpu_quota_us = Some(10)), "cpu-quota", "no quota"),
        (one(|l| l.cpu_period_us = Some(5)), "cpu-period", "no period"),
        (one(|l| l.cpu_shares = Some(1)), "cpu-shares", "no weight"),
        (one(|l| l.cpuset_cpus = Some("0,9".into())), "cpuset-cpus", "no CPU 9"),
        (one(|l| l.cpuset_cpus = Some("x".into())), "cpuset-cpus", "no list"),
        (one(|l| l.memory_bytes = Some(1 << 20)), "memory", "6 MiB"),
        (one(|l| l.memory_bytes = Some(1 << 40)), "memory", "more than the 8 GiB"),
        (one(|l| (l.memory_bytes, l.memory_swap_bytes) = (Some(64 << 20), Some(32 << 20))), "memory-swap", "less than"),
        (one(|l| l.memory_swap_bytes = Some(32 << 20)), "memory-swap", "together with memory only"),
        (one(|l| l.pids_limit = Some(-5)), "pids", "not negative"),
        (one(|l| l.blkio_weight = Some(5)), "blkio-weight", "no weight"),
    ] {
        let refusal = limits(&lab, wish).expect_err(words);
        assert_eq!(refusal.field, Some(field), "{refusal}");
        assert!(refusal.to_string().contains(words), "{refusal}");
    }
    assert!(limits(&lab, LimitsUpdate::default()).expect_err("nothing").why.contains("so already"));
    let mut snapshot = lab.snapshot();
    let mut sample: Sample = serde_json::from_value(sample_of(&id(&lab, "web"))).expect("a sample");
    sample.memory_bytes = Fact::Known(300 << 20);
    sample.inactive_file_bytes = Fact::Known(100 << 20);
    sample.pids = Fact::Known(12);
    snapshot.samples = Arc::new(vec![sample]);
    let ask = |limits| {
        let change = ContainerChange::Limits(Box::new(limits));
        planned(&snapshot, &Wish::Containers { of: vec![id(&lab, "web")], change })
    };
    let refusal = ask(one(|l| l.memory_bytes = Some(150 << 20))).expect_err("below use");
    assert!(refusal.why.contains("uses 300 MiB now, and 200 MiB"), "{refusal}");
    ask(one(|l| l.memory_bytes = Some(250 << 20))).expect("cache can be reclaimed");
    assert!(ask(one(|l| l.pids_limit = Some(5))).expect_err("below use").why.contains("12 tasks"));
    config(&mut lab, "web", |c| c.nano_cpus = 500_000_000);
    assert!(limits(&lab, one(|l| l.cpu_quota_us = Some(5000))).expect_err("conflict").why.contains("--cpus 0.5"));
    let plan = limits(&lab, one(|l| l.nano_cpus = Some(0))).expect("taken off");
    assert_eq!(lines(&plan), ["docker update --cpus 4 web"]);
    assert_eq!(undo_lines(&plan), ["docker update --cpus 0.5 web"]);
}

fn sample_of(id: &ContainerId) -> serde_json::Value {
    let unknown = serde_json::json!({"unknown": {"kind": "not-yet", "reason": "x"}});
    let mut sample = serde_json::json!({"id": id, "at_ns": 0, "generation": 0, "system_cpu_ns": 0});
    for field in [
        "cpu_ns",
        "periods",
        "throttled_periods",
        "throttled_ns",
        "memory_bytes",
        "memory_limit_bytes",
        "inactive_file_bytes",
        "cache_bytes",
        "swap_bytes",
        "io_read_bytes",
        "io_write_bytes",
        "pids",
        "pids_limit",
        "oom_kills",
        "pressure_cpu",
        "pressure_memory",
        "pressure_io",
    ] {
        sample[field] = unknown.clone();
    }
    sample
}

#[test]
fn a_removal_is_typed_and_tells_what_stays() {
    let mut lab = lab();
    config(&mut lab, "web", |c| {
        let mount = |name: String| Mount {
            kind: "volume".into(),
            name: Some(name.into()),
            source: None,
            destination: "/x".into(),
            driver: None,
            mode: String::new(),
            rw: true,
            propagation: String::new(),
        };
        c.mounts = vec![mount("data".into()), mount("ab".repeat(32))];
    });
    let plan = change(&lab, "web", ContainerChange::Remove { force: true, volumes: true }).expect("a plan");
    assert_eq!(lines(&plan), ["docker rm --force --volumes web"]);
    assert!(matches!(&plan.risk, Risk::Grave { word, .. } if word == "web"));
    assert!(plan.notes.iter().any(|n| n.contains("volume data stays")), "{:?}", plan.notes);
    assert!(plan.lasting.iter().any(|l| l.contains("abababababab goes")), "{:?}", plan.lasting);
}

#[test]
fn pruning_removes_exactly_what_was_shown() {
    let mut lab = lab();
    let refusal = planned(&lab.snapshot(), &Wish::Prune(Prune::Containers)).expect_err("all run");
    assert_eq!(refusal.why, "nothing is unused");
    lab.containers[0].state = State::Exited;
    let plan = planned(&lab.snapshot(), &Wish::Prune(Prune::Containers)).expect("one does not run");
    assert_eq!(lines(&plan), ["docker rm web"]);
    assert!(planned(&lab.snapshot(), &Wish::Prune(Prune::Images)).expect_err("unseen").way_out.contains("preview"));
    let image = |id: &str, names: &[&str], containers| DiskImage {
        id: id.into(),
        names: names.iter().map(|n| (*n).into()).collect(),
        bytes: 5 << 20,
        containers,
    };
    let preview = DiskUse {
        images: vec![
            image("sha256:aa", &[], Some(0)),
            image("sha256:bb", &["web:1"], Some(0)),
            image("sha256:cc", &[], Some(1)),
            image("sha256:dd", &[], None),
        ],
        volumes: vec![],
    };
    let plan = planned(&lab.snapshot(), &Wish::PruneShown { what: Prune::Images, preview }).expect("one is unused");
    assert_eq!(lines(&plan), ["docker rmi --no-prune sha256:aa"]);
    assert!(plan.notes.iter().any(|n| n == "frees 5 MiB"), "{:?}", plan.notes);
    assert_eq!(plan.left_out.len(), 1, "who is not counted is not touched");
}
