//! Laws of the whole chain: whatever is missing, doubled, reordered or contradicts itself in a snapshot, the report is
//! made, every view answers, every document of the command line is written, and the screen is drawn.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod driver;
    #[allow(dead_code)]
    pub mod hosts;
}

use bridgewatch::analysis::{Analyst, Report};
use bridgewatch::cli;
use bridgewatch::model::*;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use support::driver::Driver;
use support::hosts::{self, Host};

/// A damage to a snapshot: what, where, and how.
type Wound = (u8, usize, u8);

fn lab() -> &'static [Arc<Snapshot>] {
    static LAB: OnceLock<Vec<Arc<Snapshot>>> = OnceLock::new();
    LAB.get_or_init(|| hosts::recorded("lab").frames)
}

/// Drops, doubles, swaps or turns round part of a list.
fn hurt<T: Clone>(list: &mut Vec<T>, at: usize, how: u8) {
    if list.is_empty() {
        return;
    }
    let at = at % list.len();
    match how % 6 {
        0 => drop(list.remove(at)),
        1 => list.truncate(at),
        2 => list.reverse(),
        3 => list.rotate_left(at),
        4 => list.push(list[at].clone()),
        _ => list.clear(),
    }
}

fn hurt_map<K: Clone + Ord, V: Clone>(map: &mut BTreeMap<K, V>, at: usize, how: u8) {
    let mut values: Vec<V> = map.values().cloned().collect();
    let keys: Vec<K> = map.keys().cloned().collect();
    hurt(&mut values, at, how);
    // A value may now stand under another's key.
    *map = keys.into_iter().zip(values).collect();
}

fn wounded(snapshot: &Snapshot, wounds: &[Wound]) -> Snapshot {
    let mut out = snapshot.clone();
    for (what, at, how) in wounds {
        let (at, how) = (*at, *how);
        match what % 20 {
            0 => hurt(Arc::make_mut(&mut out.containers), at, how),
            1 => hurt_map(Arc::make_mut(&mut out.kernel), at, how),
            2 => hurt(Arc::make_mut(&mut out.samples), at, how),
            3 => hurt(Arc::make_mut(&mut out.networks), at, how),
            4 => hurt(Arc::make_mut(&mut out.netns), at, how),
            5 => hurt(Arc::make_mut(&mut out.links), at, how),
            6 => hurt(Arc::make_mut(&mut out.link_samples), at, how),
            7 => hurt(Arc::make_mut(&mut out.routes), at, how),
            8 => hurt(Arc::make_mut(&mut out.sockets), at, how),
            9 => hurt(Arc::make_mut(&mut out.events), at, how),
            10 => hurt(Arc::make_mut(&mut out.sources), at, how),
            11 => hurt(Arc::make_mut(&mut out.fdb), at, how),
            12 => out.firewall = Fact::default(),
            13 => Arc::make_mut(&mut out.host).namespaces.clear(),
            14 => Arc::make_mut(&mut out.host).engine = Fact::default(),
            15 => out.at_ns = out.at_ns.wrapping_sub((at as u64 % 100_000) * 1_000_000_000),
            16 => {
                for sample in Arc::make_mut(&mut out.samples).iter_mut().skip(at % 7).step_by(3) {
                    // Counters that run back, and one at the end of its range.
                    (sample.cpu_ns, sample.memory_bytes) = (Fact::Known(u64::from(how)), Fact::Known(u64::MAX));
                }
            }
            17 => {
                for link in Arc::make_mut(&mut out.links).iter_mut().skip(at % 5).step_by(2) {
                    // Loops: a link below itself, or its own peer.
                    link.master = Some(link.ifindex);
                    link.peer = Some(Peer { ifindex: link.ifindex, netns: Fact::Known(link.netns) });
                }
            }
            18 => {
                let ids: Vec<ContainerId> = out.containers.iter().map(|c| c.id.clone()).collect();
                for (n, container) in Arc::make_mut(&mut out.containers).iter_mut().enumerate().skip(at % 5) {
                    let other = ids[(n + usize::from(how)) % ids.len()].clone();
                    Arc::make_mut(container).network_mode = NetworkMode::Container(other);
                }
            }
            _ => {
                for container in Arc::make_mut(&mut out.containers).iter_mut().skip(at % 3).step_by(2) {
                    Arc::make_mut(container).config = Fact::default();
                    Arc::make_mut(container).pid = Some(Pid(i32::from(how)));
                }
            }
        }
    }
    out
}

/// Everything that the command line can say about a host.
fn documents(snapshot: &Snapshot, report: &Report) -> usize {
    let mut written = 0;
    let mut add = |text: String| written += text.len();
    add(cli::json::text(&cli::links::document(snapshot, report)));
    add(cli::json::text(&cli::networks::document(snapshot, report)));
    add(cli::json::text(&cli::ns::document(snapshot, report)));
    add(cli::json::text(&cli::ns::netns_document(snapshot, report)));
    add(cli::json::text(&cli::ports::document(snapshot, report)));
    let topology = cli::topology::document(snapshot, report);
    add(cli::json::text(&topology));
    add(cli::topology::tree::text(&topology, true));
    add(cli::topology::graph::dot(&topology));
    add(cli::topology::graph::mermaid(&topology));
    add(cli::audit::json(&report.audit, true, false));
    let _ = cli::links::table(&cli::links::document(snapshot, report));
    let _ = cli::networks::table(&cli::networks::document(snapshot, report));
    let _ = cli::ns::table(&cli::ns::document(snapshot, report));
    let _ = cli::ports::table(report);
    let _ = cli::doctor::examine(snapshot);
    snapshot.events.iter().for_each(|event| add(cli::events::line(event, &TimeZone::UTC)));
    written
}

/// Every row, cell and tab of every view.
fn views(driver: &mut Driver) {
    for n in 0..driver.app.slots.len() {
        let key = driver.app.slots[n].key;
        driver.press(&key.to_string());
        let scene = driver.app.scene();
        let screen = &driver.app.slots[n].screen;
        for position in 0..screen.state().shown.len() {
            for column in screen.all_columns() {
                let _ = screen.cell(&scene, position, column);
            }
        }
        let _ = (screen.empty(&scene), screen.full_text(&scene), screen.copyables(&scene), screen.relations(&scene));
        driver.frame();
        for _ in 0..4 {
            let scene = driver.app.scene();
            let screen = &driver.app.slots[n].screen;
            for tab in screen.tabs(&scene) {
                let _ = screen.content(&scene, &tab, 60);
            }
            driver.press("down down down");
        }
        driver.press("enter");
        driver.frame();
        driver.press("esc");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_snapshot_is_too_broken(wounds in prop::collection::vec((any::<u8>(), any::<usize>(), any::<u8>()), 1..8)) {
        let [first, .., last] = lab() else { panic!("two moments") };
        let broken = Arc::new(wounded(last, &wounds));
        let mut analyst = Analyst::new();
        analyst.update(first);
        let report = analyst.update(&broken).clone();
        prop_assert!(documents(&broken, &report) > 0);
        for rates in &report.rates.containers {
            for rate in [rates.cpu_percent, rates.rx_rate, rates.tx_rate, rates.io_read_rate] {
                prop_assert!(rate.is_none_or(|r| r.is_finite() && r >= 0.0), "{rate:?}");
            }
        }
        let frames = vec![first.clone(), broken, last.clone()];
        let mut driver = Driver::open(Host { name: "broken", frames, replay: None, log: Vec::new() }, (120, 40));
        views(&mut driver);
    }

    #[test]
    fn the_order_of_what_is_independent_changes_no_report(at in any::<usize>(), how in 2u8..4) {
        let [_, .., last] = lab() else { panic!("two moments") };
        let mut turned = (**last).clone();
        hurt(Arc::make_mut(&mut turned.routes), at, how);
        hurt(Arc::make_mut(&mut turned.networks), at, how);
        let audit = |snapshot: &Arc<Snapshot>| {
            let mut findings: Vec<String> = Analyst::new().update(snapshot).audit.findings.iter().map(|f| f.key.to_string()).collect();
            findings.sort();
            findings
        };
        prop_assert_eq!(audit(last), audit(&Arc::new(turned)));
    }
}
