//! What holds of every view on any host: no panic, no control character, no line wider than its pane.

use super::testing::{Stage, exercise, furnished, snapshots, stage};
use super::*;
use crate::analysis::testing::Lab;
use crate::model::*;
use crate::text::Outside;
use proptest::prelude::*;
use std::sync::Arc;

fn every_view(stage: &Stage) {
    let scene = stage.scene();
    exercise(&Containers, &scene);
    exercise(&Networks, &scene);
    exercise(&TopologyView, &scene);
    exercise(&Ports, &scene);
    exercise(&Traffic, &scene);
    exercise(&Namespaces, &scene);
    exercise(&Events, &scene);
}

#[test]
fn columns_have_a_name_first_and_ids_of_their_own() {
    fn check<V: ListView>(view: &V) {
        let columns = view.columns();
        assert_eq!(columns[0].rank, 0);
        for (n, column) in columns.iter().enumerate() {
            assert!(column.min <= column.max && column.min > 0, "{}", column.id);
            assert!(columns[..n].iter().all(|c| c.id != column.id), "{}", column.id);
            assert!(
                !column.help.is_empty()
                    && column.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            );
        }
    }
    check(&Containers);
    check(&Networks);
    check(&TopologyView);
    check(&Ports);
    check(&Traffic);
    check(&Namespaces);
    check(&Events);
    check(&Security);
}

#[test]
fn every_view_answers_on_a_full_and_on_an_empty_host() {
    every_view(&stage());
    exercise(&Security, &stage().scene());
    every_view(&Stage::of(Snapshot::default(), Snapshot::default()));
}

#[test]
fn subjects_of_a_view_are_unique() {
    fn check<V: ListView>(view: &V, stage: &Stage) {
        let mut subjects: Vec<Subject> = view.rows(&stage.scene()).into_iter().map(|r| r.subject).collect();
        let all = subjects.len();
        subjects.sort();
        subjects.dedup();
        assert_eq!(subjects.len(), all);
    }
    let stage = stage();
    check(&Containers, &stage);
    check(&Networks, &stage);
    check(&TopologyView, &stage);
    check(&Ports, &stage);
    check(&Traffic, &stage);
    check(&Namespaces, &stage);
    check(&Events, &stage);
    check(&Security, &stage);
    let stage = crate::views::testing::limited();
    check(&Containers, &stage);
    check(&Networks, &stage);
    check(&TopologyView, &stage);
    check(&Traffic, &stage);
}

/// Takes parts away, makes facts unknown and puts hostile text in place of names, as the numbers say.
fn damage(lab: &mut Lab, wounds: &[(u8, usize, String)]) {
    fn drop_one<T>(list: &mut Vec<T>, at: usize) {
        if !list.is_empty() {
            list.remove(at % list.len());
        }
    }
    for (what, at, text) in wounds {
        let name = || Outside::from(text.as_str());
        let container = lab.containers.len().checked_sub(1).map(|last| at % (last + 1));
        match what % 14 {
            0 => drop_one(&mut lab.containers, *at),
            1 => drop_one(&mut lab.kernel, *at),
            2 => drop_one(&mut lab.links, *at),
            3 => drop_one(&mut lab.networks, *at),
            4 => drop_one(&mut lab.netns, *at),
            5 => lab.firewall = Fact::default(),
            6 => container.into_iter().for_each(|n| lab.containers[n].name = name()),
            7 => container.into_iter().for_each(|n| lab.containers[n].state = State::Other(text.clone())),
            8 => container
                .into_iter()
                .for_each(|n| lab.containers[n].owner = Owner::Unowned { looks_like: text.clone() }),
            9 => container.into_iter().for_each(|n| {
                let id = lab.containers[(n + 1) % lab.containers.len()].id.clone();
                lab.containers[n].network_mode = NetworkMode::Container(id);
            }),
            10 => lab.networks.iter_mut().for_each(|n| n.members = Fact::default()),
            11 => lab.networks.iter_mut().for_each(|n| n.driver.clone_from(text)),
            12 => lab.links.iter_mut().for_each(|l| l.name = name()),
            _ => lab.kernel.iter_mut().for_each(|k| k.processes = Fact::default()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_host_makes_a_view_panic(wounds in prop::collection::vec((any::<u8>(), 0usize..64, "\\PC{0,12}|[\\x00-\\x1f\u{202e}日é]{0,12}"), 0..12), ascii: bool) {
        let mut lab = furnished();
        let (before, _) = snapshots(&lab);
        damage(&mut lab, &wounds);
        let (_, next) = snapshots(&lab);
        let mut stage = Stage::of(before, next);
        stage.prefs.ascii = ascii;
        every_view(&stage);
    }

    #[test]
    fn a_report_of_another_host_makes_no_view_panic(wounds in prop::collection::vec((any::<u8>(), 0usize..64, "[a-z]{0,8}"), 0..12)) {
        let mut lab = furnished();
        let mut stage = stage();
        damage(&mut lab, &wounds);
        stage.snapshot = Arc::new(snapshots(&lab).1);
        // Findings make long pages; whether they are safe is tried on a host that stands.
        stage.report.audit = Arc::default();
        every_view(&stage);
    }
}

/// Columns that are left on a list of `room` columns, when those of the highest rank give way first.
fn left_at<V: ListView>(view: &V, room: u16) -> Vec<&'static str> {
    let mut columns: Vec<&Column> = view.columns().iter().collect();
    while columns.iter().map(|c| c.min + 1).sum::<u16>() > room {
        let worst = columns.iter().map(|c| c.rank).max().unwrap_or(0);
        let Some(at) = columns.iter().rposition(|c| c.rank == worst) else { break };
        columns.remove(at);
    }
    columns.into_iter().map(|c| c.id).collect()
}

#[test]
fn eighty_columns_are_enough_for_what_matters() {
    assert_eq!(left_at(&Containers, 76), ["name", "state", "uptime", "cpu", "memory", "rx", "tx", "ports"]);
    for id in ["name", "driver", "device", "subnet", "members", "notes"] {
        assert!(left_at(&Networks, 76).contains(&id), "{id} in {:?}", left_at(&Networks, 76));
    }
    for id in ["name", "container", "address", "rx", "tx"] {
        assert!(left_at(&TopologyView, 76).contains(&id), "{id} in {:?}", left_at(&TopologyView, 76));
    }
    for id in ["bind", "name", "exposure", "path", "listener"] {
        assert!(left_at(&Ports, 76).contains(&id), "{id} in {:?}", left_at(&Ports, 76));
    }
    // The limits of both directions in full; where nothing is limited that column is not there.
    for id in ["name", "of", "network", "rx", "tx", "limit"] {
        assert!(left_at(&Traffic, 76).contains(&id), "{id} in {:?}", left_at(&Traffic, 76));
    }
    for id in ["name", "net", "pid", "mnt", "uts", "ipc", "user", "cgroup", "time"] {
        assert!(left_at(&Namespaces, 76).contains(&id), "{id} in {:?}", left_at(&Namespaces, 76));
    }
    for id in ["severity", "check", "subject", "title"] {
        assert!(left_at(&Security, 76).contains(&id), "{id} in {:?}", left_at(&Security, 76));
    }
    for id in ["time", "action", "name", "text"] {
        assert!(left_at(&Events, 76).contains(&id), "{id} in {:?}", left_at(&Events, 76));
    }
}
