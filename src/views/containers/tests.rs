//! What an operator finds in this view.

use super::*;
use crate::model::{SourceState, SourceStatus};
use crate::views::testing::{list, page, row, stage};

#[test]
fn projects_fold_their_containers_and_sum_them_up() {
    let stage = stage();
    let text = list(&Containers, &stage.scene(), &["name", "state", "cpu", "memory", "ports"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "shop 2/3 |  | 51.0 | 96.0M", "{text}");
    assert!(lines[2].starts_with("  ● web") && lines[2].ends_with("| running | 50.0 | 48.0M | :8080→80"), "{text}");
    assert!(lines[3].contains("□ worker") && lines[3].contains("exited 137"), "{text}");
    assert_eq!(
        lines.iter().filter(|l| !l.starts_with(' ')).count(),
        5,
        "agent, camera, sidecar, vault and the project"
    );
}

#[test]
fn t01_a_veth_name_finds_its_container() {
    let stage = stage();
    let scene = stage.scene();
    let found: Vec<_> = Containers
        .rows(&scene)
        .into_iter()
        .filter(|row| Containers.haystack(&scene, &row.item).contains("veth21"))
        .map(|row| row.item)
        .collect();
    assert_eq!(found, [row(&Containers, &scene, "db").item]);
    let text = page(&Containers, &scene, "db", "summary", 78);
    for part in ["veth21", "br-n10000000000", "network n1", "172.18.0.2/16"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn t02_the_whole_path_to_the_wire_for_each_network() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "db", "network", 78);
    for part in [
        "netns 202",
        "veth21",
        "veth23",
        "br-n10000000000",
        "br-n20000000000",
        "172.19.0.2/16",
        "masquerade",
        "leaves by eth0",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_guest_shows_whose_network_it_uses_and_its_rates_are_not_added_up() {
    let stage = stage();
    let scene = stage.scene();
    let text = page(&Containers, &scene, "sidecar", "summary", 78);
    assert!(text.contains("joined to the network namespace of web"), "{text}");
    assert!(text.contains("veth11"), "{text}");
    let rx = list(&Containers, &scene, &["name", "rx"]);
    assert!(rx.contains("sidecar ▲M | (1.0M)") && rx.contains("shop 2/3 | 1.0M"), "{rx}");
}

#[test]
fn t04_throttling_and_oom_kills_are_there() {
    let stage = stage();
    let text = list(&Containers, &stage.scene(), &["name", "throttled", "oom", "restarts", "pids"]);
    assert!(text.contains("● web ▲C | 50.0 | 1 | 2 | 3/100"), "{text}");
}

#[test]
fn t11_names_that_lead_to_a_container() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "db", "dns", 78);
    assert!(text.contains("database") && text.contains("embedded DNS of n1"), "{text}");
}

#[test]
fn t12_what_happened_to_a_container() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "worker", "events", 78);
    let died = text.find("died with exit code 137").expect("the end");
    assert!(died < text.find("started").expect("the start"), "newest first: {text}");
    assert!(page(&Containers, &stage.scene(), "worker", "summary", 78).contains("137  (SIGKILL)"));
}

#[test]
fn t14_a_silent_engine_dims_its_half_and_leaves_the_kernels() {
    let mut stage = stage();
    let mut snapshot = (*stage.snapshot).clone();
    snapshot.sources = std::sync::Arc::new(vec![SourceStatus {
        name: "engine".into(),
        state: SourceState::Stale,
        reason: "no answer".into(),
        age_ms: Some(12_000),
        resyncs: 0,
    }]);
    stage.snapshot = std::sync::Arc::new(snapshot);
    let scene = stage.scene();
    let text = list(&Containers, &scene, &["name", "state", "cpu"]);
    assert!(text.contains("● web ▲C | running~ | 50.0"), "{text}");
    assert!(page(&Containers, &scene, "web", "summary", 78).contains("its half is 12s old"), "{text}");
}

#[test]
fn secrets_are_masked_until_asked_for() {
    let mut stage = stage();
    let text = page(&Containers, &stage.scene(), "web", "env", 78);
    assert!(!text.contains("hunter2") && text.contains("DB_PASSWORD=") && text.contains("LANG=C"), "{text}");
    stage.prefs.reveal_secrets = true;
    assert!(page(&Containers, &stage.scene(), "web", "env", 78).contains("hunter2"));
}

#[test]
fn a_mount_that_the_kernel_has_otherwise_is_pointed_out() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "web", "mounts", 120);
    assert!(text.contains("the engine says ro, the kernel mounts it rw"), "{text}");
}

#[test]
fn limits_stand_beside_what_the_kernel_enforces_and_what_is_used() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "web", "limits", 120);
    assert!(
        text.lines().any(|l| l.starts_with("memory ")
            && l.contains("64 MiB")
            && l.contains("48 MiB")
            && l.contains("/docker/web")),
        "{text}"
    );
    assert!(text.contains("50000/100000 us"), "{text}");
}

#[test]
fn processes_are_a_tree() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "web", "processes", 100);
    assert!(text.contains("└ worker process") && text.contains("2.5s"), "{text}");
}

#[test]
fn what_is_not_known_is_listed_with_its_reason() {
    let stage = stage();
    let text = page(&Containers, &stage.scene(), "web", "summary", 78);
    assert!(text.contains("i/o pressure") && text.contains("this kernel has no PSI"), "{text}");
}

#[test]
fn containers_of_no_engine_say_what_they_look_like() {
    use crate::views::testing::{Stage, furnished, lab_container, snapshots};
    let mut lab = furnished();
    lab_container(&mut lab, "vault").owner = Owner::Unowned { looks_like: "podman".into() };
    let (before, next) = snapshots(&lab);
    let stage = Stage::of(before, next);
    let scene = stage.scene();
    let row = row(&Containers, &scene, "(podman?)");
    assert!(Containers.tabs(&scene, &row.item).iter().all(|t| t.id != "logs" && t.id != "raw"));
}

#[test]
fn an_unhealthy_container_says_so_where_its_state_stands() {
    use crate::model::Health;
    use crate::views::testing::{Stage, furnished, lab_container, snapshots};
    let mut lab = furnished();
    let health = Health { status: "unhealthy".into(), failing_streak: Some(4), last_output: None, last_at: None };
    lab_container(&mut lab, "vault").health = Some(health);
    let (before, next) = snapshots(&lab);
    let stage = Stage::of(before, next);
    let text = list(&Containers, &stage.scene(), &["name", "state"]);
    assert!(text.contains("● vault ▲M | unhealthy\n") && text.contains("● agent ▲H | running\n"), "{text}");
}
