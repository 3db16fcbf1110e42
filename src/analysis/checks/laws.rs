//! Laws of the whole audit: registry, order, panics, patience, suppression, identity.

use super::testing::*;
use super::{Audit, Auditor, Decide, Inputs, Severity, Status, check, registry};
use crate::model::{Compose, Config, Fact, NetworkMode, RestartPolicy, Snapshot, Ulimit, Weight};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A host with something wrong in most ways.
fn messy() -> Host {
    let ports = vec![port("0.0.0.0", 8080, 80), port("::", 8080, 80), port("127.0.0.1", 22, 22)];
    Host::with(container().on("bridge", "172.17.0.2/16").container(|c| c.ports = ports).config(|c| {
        c.privileged = true;
        c.mounts = vec![bind("/", "/host", true), bind("/var/run/docker.sock", "/s", false)];
        c.env = vec!["API_TOKEN=s3cret".into()];
    }))
    .and(named("db").on("bridge", "172.17.0.3/16").netns(200).also(|p| p.comm = "sshd".into()))
    .and(named("old").stopped().config(|c| c.cap_add = vec!["SYS_ADMIN".into()]))
    .and(named("lost").unread().blind())
    .arg("-Htcp://0.0.0.0:2375")
}

fn ids(audit: &Audit) -> BTreeSet<(&'static str, String)> {
    audit.findings.iter().map(|f| (f.id, f.subject.name.raw().to_owned())).collect()
}

fn text(audit: &Audit) -> String {
    serde_json::to_string(&(&audit.findings, &audit.unknowns)).expect("serialises")
}

#[test]
fn every_file_of_a_folder_is_in_its_list_and_named_by_its_id() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src/analysis/checks");
    let mut files = BTreeSet::new();
    for folder in ["runtime", "network", "daemon", "host", "operations"] {
        let letter = folder[..1].to_ascii_uppercase();
        for entry in std::fs::read_dir(format!("{root}/{folder}")).expect("folder") {
            let name = entry.expect("entry").file_name().into_string().expect("utf-8");
            if name != "mod.rs" {
                files.insert(format!("BW-{letter}-{}", &name[1..4]));
            }
        }
    }
    let listed: BTreeSet<String> = registry().map(|check| check.id.to_owned()).collect();
    assert_eq!(files, listed);
    assert_eq!(registry().count(), listed.len(), "ids are unique");
}

#[test]
fn the_set_of_this_version_is_complete() {
    let numbers = |family: &str, list: &[u32]| list.iter().map(|n| format!("BW-{family}-{n:03}")).collect::<Vec<_>>();
    let mut wanted = numbers("R", &(1..=45).collect::<Vec<_>>());
    wanted.extend(numbers("N", &[1, 2, 7, 8, 12, 14, 15, 16, 17, 18, 19, 21, 23, 25, 26, 27, 28, 29, 30, 31, 33, 37]));
    wanted.extend(numbers("D", &[2, 4, 8, 10, 15, 16, 17, 18, 22]));
    wanted.extend(numbers("H", &[22, 24, 25]));
    wanted.extend(numbers("O", &[3, 4, 5]));
    for id in &wanted {
        assert!(check(id).is_some(), "{id} is missing");
    }
    assert_eq!(registry().count(), wanted.len());
}

#[test]
fn every_check_has_its_words_and_well_formed_cis_ids() {
    for check in registry() {
        for (what, words) in [("title", check.title), ("why", check.why), ("fix", check.fix), ("need", check.need)] {
            assert!(!words.is_empty(), "{}: {what}", check.id);
        }
        assert!(!check.inputs.is_empty(), "{}: reads nothing", check.id);
        for parent in check.parents {
            assert!(super::check(parent).is_some(), "{}: parent {parent}", check.id);
        }
        for cis in check.cis_ids() {
            let parts: Vec<&str> = cis.id.split('.').collect();
            let number = |part: &&str| part.parse::<u32>().is_ok_and(|n| n > 0);
            assert!((2..=3).contains(&parts.len()) && parts.iter().all(number), "{}: {}", check.id, cis.id);
        }
    }
    let moved = check("BW-D-008").expect("check").cis_ids();
    let by_version: Vec<(&str, &str)> = moved.iter().map(|cis| (cis.version, cis.id)).collect();
    assert_eq!(by_version, [("1.6.0", "2.7"), ("1.7.0", "2.7"), ("1.8.0", "2.8")]);
}

#[test]
fn a_host_of_which_nothing_is_known_passes_nothing_about_containers() {
    let blank = Snapshot::default();
    let audit = Auditor::once(&blank, true);
    let passed: Vec<_> = audit.quiet.iter().filter(|row| row.status == Status::Pass).collect();
    assert!(passed.is_empty(), "{passed:?}");
    let unread = Host::with(container().unread().blind().container(|c| {
        c.network_mode = NetworkMode::Unknown;
        c.restart_count = Fact::default();
    }))
    .without_engine();
    let audit = Auditor::once(&unread.0, true);
    let passed: Vec<_> = audit
        .quiet
        .iter()
        .filter(|row| row.status == Status::Pass && row.subject.name == "web")
        .map(|row| row.id)
        .collect();
    // These read the list of containers alone, and it was read: no port is published, no exec runs.
    let by_the_list = ["BW-N-001", "BW-N-002", "BW-N-012", "BW-N-015", "BW-N-019", "BW-R-012"];
    assert!(passed.iter().all(|id| by_the_list.contains(id)), "{passed:?}");
}

#[test]
fn input_order_never_changes_the_report() {
    let host = messy();
    let expected = text(&Auditor::once(&host.0, false));
    let mut other = host.0.clone();
    Arc::make_mut(&mut other.networks).reverse();
    for container in Arc::make_mut(&mut other.containers) {
        let container = Arc::make_mut(container);
        container.ports.reverse();
        if let Fact::Known(config) = &mut container.config {
            Arc::make_mut(config).mounts.reverse();
        }
    }
    assert_eq!(text(&Auditor::once(&other, false)), expected);
}

#[test]
fn more_facts_never_hide_an_unrelated_finding() {
    let before = ids(&Auditor::once(&messy().0, false));
    let more = messy().and(named("new").config(|c| c.pid_mode = "host".into())).network(network("shop", "10.3.0.0/24"));
    let after = ids(&Auditor::once(&more.0, false));
    assert!(before.is_subset(&after), "{:?}", before.difference(&after));
}

#[test]
fn an_exposed_hole_to_the_host_comes_first() {
    let host = messy().and(named("a").config(|c| c.privileged = true));
    let audit = Auditor::once(&host.0, false);
    assert_eq!(audit.findings[0].severity, Severity::Critical);
    assert_eq!(audit.findings[0].subject.name, "web");
    assert!(audit.findings.windows(2).skip(10).all(|pair| pair[0].severity >= pair[1].severity));
}

#[test]
fn privileged_speaks_for_its_parts() {
    let host = one(container().config(|c| {
        c.privileged = true;
        c.masked_paths = None;
        c.cap_add = vec!["SYS_ADMIN".into()];
    }));
    let audit = Auditor::once(&host.0, false);
    let found = ids(&audit);
    assert!(found.contains(&("BW-R-008", "web".to_owned())));
    for child in ["BW-R-004", "BW-R-007", "BW-R-034"] {
        assert!(!found.contains(&(child, "web".to_owned())), "{child}");
    }
    let parent = audit.findings.iter().find(|f| f.id == "BW-R-008").expect("finding");
    assert!(parent.related.contains(&"BW-R-004") && parent.related.contains(&"BW-R-034"));
}

#[test]
fn a_stopped_container_is_dormant_and_capped() {
    let audit = Auditor::once(&messy().0, false);
    let old = audit.findings.iter().find(|f| f.id == "BW-R-004" && f.subject.name == "old").expect("finding");
    assert!(old.dormant);
    assert_eq!((old.severity, old.severity_base), (Severity::High, Severity::Critical));
}

#[test]
fn a_recreated_container_keeps_its_findings() {
    let keys = |id: &str| {
        let mut one = named("web").container(|c| {
            c.compose = Some(Compose { project: "shop".into(), service: Some("web".into()) });
        });
        one.container.id = id.into();
        let audit = Auditor::once(&Host::with(one.config(|c| c.privileged = true).blind()).0, false);
        audit.findings.iter().map(|f| f.key.clone()).collect::<BTreeSet<_>>()
    };
    assert_eq!(keys("aaaa"), keys("bbbb"));
}

#[test]
fn no_secret_enters_the_report() {
    let mut host = messy();
    host = host.and(named("job").also(|p| p.cmdline = "x --password=s3cret".into()).config(|c| {
        c.env = vec!["URL=redis://u:s3cret@h".into()];
        c.cmd = vec!["--token".into(), "s3cret".into()];
    }));
    let audit = Auditor::once(&host.0, true);
    assert!(!text(&audit).contains("s3cret"));
    assert!(!serde_json::to_string(&audit.quiet).expect("serialises").contains("s3cret"));
}

#[test]
fn nothing_that_matters_changed_gives_the_same_audit() {
    let mut auditor = Auditor::new();
    let mut snapshot = messy().0;
    let mut last = auditor.update(&Arc::new(snapshot.clone()));
    // Until what wants two samples has had them.
    for _ in 0..4 {
        snapshot.at_ns += 1_000_000_000;
        last = auditor.update(&Arc::new(snapshot.clone()));
    }
    assert_eq!(last.waiting, 0);
    snapshot.at_ns += 1_000_000_000;
    snapshot.link_samples = Arc::new(Vec::new());
    assert!(Arc::ptr_eq(&auditor.update(&Arc::new(snapshot.clone())), &last));
    snapshot.samples = Arc::new(vec![unsampled(&snapshot.containers[0].id)]);
    snapshot.at_ns += 1_000_000_000;
    let sampled = auditor.update(&Arc::new(snapshot.clone()));
    assert_eq!(ids(&sampled), ids(&last));
}

#[test]
fn the_incremental_report_is_the_report_from_scratch() {
    let mut auditor = Auditor::new();
    let steps = [
        messy().0,
        messy().and(named("new").config(|c| c.pid_mode = "host".into())).0,
        messy().iface("eth0", |l| l.mtu = 1400).engine(|e| e.live_restore = true).0,
        Host::new().0,
        messy().without_engine().0,
    ];
    for (n, step) in steps.into_iter().enumerate() {
        let mut now = step;
        now.at_ns += n as u64 * 60_000_000_000;
        auditor.update(&Arc::new(now.clone()));
        now.at_ns += 10_000_000_000;
        let kept = auditor.update(&Arc::new(now.clone()));
        let fresh = Auditor::once(&now, false);
        assert_eq!(ids(&kept), ids(&fresh), "step {n}");
        assert_eq!(kept.statuses, fresh.statuses, "step {n}");
    }
}

#[test]
fn polled_kernel_state_must_hold_for_two_samples() {
    let quiet = one(container());
    let with_sshd = one(container().also(|p| p.comm = "sshd".into()));
    let has = |audit: &Audit| audit.findings.iter().any(|f| f.id == "BW-R-011");
    let mut auditor = Auditor::new();
    let at = |host: &Host, seconds: u64| {
        let mut snapshot = host.0.clone();
        snapshot.at_ns += seconds * 1_000_000_000;
        Arc::new(snapshot)
    };
    auditor.update(&at(&quiet, 0));
    assert!(!has(&auditor.update(&at(&with_sshd, 1))));
    assert!(!has(&auditor.update(&at(&quiet, 2))), "a passing process is no finding");
    let last = at(&with_sshd, 3);
    auditor.update(&last);
    let mut later = (*last).clone();
    later.at_ns += 2_000_000_000;
    assert!(has(&auditor.update(&Arc::new(later))));
}

#[test]
fn a_single_answer_holds_back_what_a_second_reading_does_not_confirm() {
    let quiet = one(container());
    let with_sshd = one(container().also(|p| p.comm = "sshd".into()));
    let has = |audit: &Audit, id| audit.findings.iter().any(|f| f.id == id);
    let at = |host: &Host, ms: u64| {
        let mut snapshot = host.0.clone();
        snapshot.at_ns += ms * 1_000_000;
        Arc::new(snapshot)
    };
    let (passing, lasting) = (at(&with_sshd, 0), at(&with_sshd, 400));
    assert!(Auditor::wants_confirmation(&Auditor::once(&passing, false)));
    assert!(!Auditor::wants_confirmation(&Auditor::once(&Host::new().0, false)));
    assert!(has(&Auditor::confirmed(&passing, &lasting, false), "BW-R-011"));
    let gone = Auditor::confirmed(&passing, &at(&quiet, 400), false);
    let new = Auditor::confirmed(&at(&quiet, 0), &lasting, false);
    assert!(!has(&gone, "BW-R-011") && !has(&new, "BW-R-011"));
    assert_eq!((gone.waiting, new.waiting), (0, 1));
    // What needs no second reading is as the second one has it, also for a container that just came.
    let configured = at(&one(container().config(|c| c.privileged = true)), 400);
    assert!(has(&Auditor::confirmed(&at(&Host::new(), 0), &configured, false), "BW-R-008"));
}

#[test]
fn what_follows_containers_with_a_delay_waits_until_the_dust_has_settled() {
    let serving = |listens: bool| {
        let listeners = if listens { vec![listener(100, "0.0.0.0", 80, 1000)] } else { Vec::new() };
        one(container().netns(100).container(|c| c.ports = vec![port("0.0.0.0", 8080, 80)])).sockets(100, listeners)
    };
    let has = |audit: &Audit| audit.findings.iter().any(|f| f.id == "BW-N-015");
    let mut auditor = Auditor::new();
    let at = |host: Host, seconds: u64| {
        let mut snapshot = host.0;
        snapshot.at_ns += seconds * 1_000_000_000;
        Arc::new(snapshot)
    };
    auditor.update(&at(serving(true), 0));
    // It restarts, and does not listen yet.
    let unsettled =
        at(serving(false).snapshot(|s| Arc::make_mut(&mut Arc::make_mut(&mut s.containers)[0]).pid = None), 10);
    assert!(!has(&auditor.update(&unsettled)));
    let mut later = (*unsettled).clone();
    later.at_ns += 3_000_000_000;
    assert!(has(&auditor.update(&Arc::new(later))));
}

#[test]
fn opening_and_closing_are_events_and_the_first_report_is_none() {
    let mut auditor = Auditor::new();
    let step = |host: Host, seconds: u64| {
        let mut snapshot = host.0;
        snapshot.at_ns += seconds * 1_000_000_000;
        Arc::new(snapshot)
    };
    auditor.update(&step(one(container()), 0));
    assert!(auditor.take_events().is_empty());
    auditor.update(&step(one(container().config(|c| c.privileged = true)), 10));
    let opened = auditor.take_events();
    let event = opened.iter().find(|e| e.attributes["id"] == "BW-R-008").expect("an event");
    assert_eq!((event.action.raw(), event.class.as_str(), event.seq), ("opened", "finding", 0));
    assert_eq!(event.weight, Weight::Alarm);
    auditor.update(&step(one(container().unread()), 20));
    let closed = auditor.take_events();
    let event = closed.iter().find(|e| e.attributes["id"] == "BW-R-008").expect("an event");
    assert!(event.text.raw().starts_with("can no longer be decided"), "{:?}", event.text);
}

#[test]
fn first_seen_stays_while_it_lasts() {
    let mut auditor = Auditor::new();
    let privileged = || one(container().config(|c| c.privileged = true));
    let first = auditor.update(&Arc::new(privileged().0));
    let mut later = privileged().and(named("db")).0;
    later.taken_at = later.taken_at.checked_add(jiff::SignedDuration::from_mins(5)).expect("time");
    later.at_ns += 300_000_000_000;
    let second = auditor.update(&Arc::new(later));
    let of = |audit: &Audit| audit.findings.iter().find(|f| f.id == "BW-R-008").cloned().expect("finding");
    assert_eq!(of(&second).first_seen, of(&first).first_seen);
    assert!(of(&second).last_seen > of(&first).last_seen);
}

#[test]
fn marks_are_there_for_what_findings_are_about() {
    let audit = Auditor::once(&messy().0, false);
    let web = audit.findings.iter().find(|f| f.subject.name == "web").expect("finding").subject.subject.clone();
    let mark = audit.mark(&web).expect("a mark");
    assert_eq!(mark.worst, Severity::Critical);
    assert_eq!(mark.count, audit.about(&web).count());
    assert_eq!(audit.severities.values().sum::<usize>(), audit.findings.len());
}

/// The inputs a check declares are all it reads: whatever else changes, its verdict stays. Tried by changing one part
/// at a time under a check that does not name it.
#[test]
fn checks_read_no_more_than_they_declare() {
    let host = messy();
    let changed: Vec<(Inputs, Host)> = vec![
        (Inputs::FIREWALL, host.clone().snapshot(|s| s.firewall = Fact::default())),
        (Inputs::LINKS, host.clone().snapshot(|s| s.links = Arc::default())),
        (Inputs::NETWORKS, host.clone().snapshot(|s| s.networks = Arc::default())),
        (Inputs::SOCKETS, host.clone().sockets(200, vec![listener(200, "0.0.0.0", 22, 1000)])),
        (Inputs::ROUTES, host.clone().snapshot(|s| s.routes = Arc::default())),
        (Inputs::HOST, host.clone().without_engine().facts(|h| h.sysctls.clear())),
        (Inputs::FDB, host.clone().snapshot(|s| s.fdb = Arc::default())),
    ];
    for check in registry() {
        for (input, other) in changed.iter().filter(|(input, _)| !check.inputs.meets(*input)) {
            let ask = |host: &Host| match check.decide {
                Decide::Network(_) if host.0.networks.is_empty() => None,
                _ => Some(host.ask(check)),
            };
            let (before, after) = (ask(&host), ask(other));
            assert!(after.is_none() || before == after, "{} reads {input:?}: {before:?} {after:?}", check.id);
        }
    }
}

mod any {
    use super::*;
    use proptest::prelude::*;

    fn strange() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,24}",
            Just(String::new()),
            Just("/".into()),
            Just("ALL".into()),
            Just("host".into()),
            "container:.{0,8}"
        ]
    }

    prop_compose! {
        fn config()(words in proptest::collection::vec(strange(), 12), numbers in proptest::collection::vec(any::<i64>(), 6), flags in any::<[bool; 4]>()) -> Config {
            Config {
                user: words[0].clone().into(),
                env: vec![words[1].clone().into(), format!("TOKEN={}", words[2]).into()],
                cmd: vec![words[3].clone().into()],
                privileged: flags[0],
                cap_add: vec![words[4].clone()],
                cap_drop: vec![words[5].clone()],
                security_opt: vec![words[6].clone(), format!("seccomp={}", words[7])],
                mounts: vec![bind(&words[8], &words[9], flags[1])],
                binds: vec![words[10].clone().into()],
                network_mode: words[11].clone(),
                pid_mode: words[4].clone(),
                ipc_mode: words[5].clone(),
                cgroup_parent: words[6].clone(),
                masked_paths: flags[2].then(|| vec![words[7].clone()]),
                memory_bytes: numbers[0],
                pids_limit: flags[3].then_some(numbers[1]),
                oom_score_adj: numbers[2],
                restart_policy: RestartPolicy { name: words[8].clone(), maximum_retries: numbers[3] },
                ulimits: vec![Ulimit { name: "nofile".into(), soft: numbers[4], hard: numbers[5] }],
                ..Config::default()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn evidence_never_panics(config in config(), running in any::<bool>(), masks in any::<[u64; 2]>(), map in any::<(u32, u32, u32)>(), args in proptest::collection::vec(strange(), 3), seccomp in any::<Option<u8>>()) {
            let one = container().config(|c| *c = config).process(|p| {
                p.caps.bounding = masks[0];
                p.caps.effective = masks[1];
                p.seccomp = seccomp;
                p.cmdline = args[0].as_str().into();
            }).kernel(|k| k.uid_map = Fact::Known(vec![map]));
            let one = if running { one } else { one.stopped() };
            let host = Host::with(one).daemon(|d| d.args.extend(args.iter().map(|a| a.as_str().into()))).engine(|e| {
                e.version = args[1].clone();
                e.warnings = vec![args[2].as_str().into()];
            });
            let audit = Auditor::once(&host.0, true);
            prop_assert_eq!(audit.severities.values().sum::<usize>(), audit.findings.len());
            let keys: BTreeSet<_> = audit.findings.iter().map(|f| f.key.clone()).collect();
            prop_assert_eq!(keys.len(), audit.findings.len());
        }
    }
}

/// Time of one refresh in which only counters changed, against a report from scratch: what did not change must cost
/// next to nothing. A ratio of two measurements in one run, with a wide margin.
#[test]
fn a_refresh_of_counters_costs_a_fraction_of_a_report() {
    let many = (0..100).fold(Host::new(), |host, n| {
        host.and(named(&format!("c{n:03}")).on("bridge", &format!("172.17.1.{n}/16")).netns(1000 + n))
    });
    let mut snapshot = many.0;
    snapshot.samples = Arc::new(snapshot.containers.iter().map(|c| unsampled(&c.id)).collect());
    let started = std::time::Instant::now();
    let mut auditor = Auditor::new();
    auditor.update(&Arc::new(snapshot.clone()));
    let whole = started.elapsed();
    // Past what waits for a second sample.
    for _ in 0..4 {
        snapshot.at_ns += 1_000_000_000;
        auditor.update(&Arc::new(snapshot.clone()));
    }
    let steps: Vec<Arc<Snapshot>> = (0..20)
        .map(|_| {
            snapshot.at_ns += 10_000_000;
            snapshot.samples = Arc::new((*snapshot.samples).clone());
            snapshot.link_samples = Arc::new(Vec::new());
            Arc::new(snapshot.clone())
        })
        .collect();
    let started = std::time::Instant::now();
    for step in &steps {
        auditor.update(step);
    }
    let refresh = started.elapsed() / 20;
    println!("whole {whole:?}, refresh {refresh:?}");
    assert!(refresh * 10 < whole, "whole {whole:?}, refresh {refresh:?}");
}
