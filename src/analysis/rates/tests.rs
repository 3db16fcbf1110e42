//! Counters in, rates out: resets, restarts, sharing, and docker's formulas.

use super::*;
use crate::analysis::testing::{HOST, Lab, every_mode};
use crate::model::{LinkCounters, LinkSample};
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

fn sample(id: &ContainerId, at_ns: u64) -> Sample {
    Sample {
        id: id.clone(),
        at_ns,
        generation: 1,
        cpu_ns: Fact::Known(0),
        system_cpu_ns: 0,
        periods: Fact::Known(0),
        throttled_periods: Fact::Known(0),
        throttled_ns: Fact::default(),
        memory_bytes: Fact::Known(1000),
        memory_limit_bytes: Fact::Known(0),
        inactive_file_bytes: Fact::Known(0),
        cache_bytes: Fact::default(),
        swap_bytes: Fact::default(),
        io_read_bytes: Fact::Known(0),
        io_write_bytes: Fact::default(),
        pids: Fact::default(),
        pids_limit: Fact::default(),
        oom_kills: Fact::default(),
        pressure_cpu: Fact::default(),
        pressure_memory: Fact::default(),
        pressure_io: Fact::default(),
    }
}

fn id() -> ContainerId {
    "c".into()
}

fn between(old: &Sample, new: &Sample) -> ContainerRates {
    container_rates(Some(old), new, 10_000, 2)
}

#[test]
fn cpu_is_dockers_share_of_the_machine_times_its_cpus() {
    let old = sample(&id(), 0);
    let new = Sample { cpu_ns: Fact::Known(SECOND / 2), system_cpu_ns: 2 * SECOND, ..sample(&id(), SECOND) };
    assert_eq!(between(&old, &new).cpu_percent, Some(50.0), "half a CPU of two in one second");
    let still = Sample { system_cpu_ns: 0, ..new };
    assert_eq!(between(&old, &still).cpu_percent, None);
}

#[test]
fn k16_a_counter_that_went_back_or_began_anew_has_no_rate() {
    let old = Sample { cpu_ns: Fact::Known(9), io_read_bytes: Fact::Known(9), ..sample(&id(), 0) };
    let new = Sample { system_cpu_ns: SECOND, ..sample(&id(), SECOND) };
    let rates = between(&old, &new);
    assert_eq!((rates.cpu_percent, rates.io_read_rate), (None, None));
    let restarted = Sample { generation: 2, io_read_bytes: Fact::Known(50), cpu_ns: Fact::Known(50), ..new };
    let rates = between(&old, &restarted);
    assert_eq!((rates.cpu_percent, rates.io_read_rate), (None, None), "k07: larger, but of another cgroup");
    assert_eq!(container_rates(None, &restarted, 10_000, 2).cpu_percent, None);
}

#[test]
fn memory_is_usage_less_inactive_file_and_unknown_when_that_is() {
    let with = |usage, inactive: Fact<u64>| {
        let new = Sample { memory_bytes: Fact::Known(usage), inactive_file_bytes: inactive, ..sample(&id(), 0) };
        container_rates(None, &new, 10_000, 2)
    };
    assert_eq!(with(1000, Fact::Known(400)).memory_bytes, Some(600));
    assert_eq!(with(300, Fact::Known(400)).memory_bytes, Some(300), "docker leaves it when it is larger");
    assert_eq!(with(1000, Fact::default()).memory_bytes, None);
    let unlimited = with(1000, Fact::Known(0));
    assert_eq!((unlimited.memory_limit_bytes, unlimited.is_memory_limited), (Some(10_000), false));
    let limited = Sample { memory_limit_bytes: Fact::Known(500), ..sample(&id(), 0) };
    let limited = container_rates(None, &limited, 10_000, 2);
    assert_eq!((limited.memory_limit_bytes, limited.is_memory_limited), (Some(500), true));
    let above = Sample { memory_limit_bytes: Fact::Known(1 << 62), ..sample(&id(), 0) };
    assert!(!container_rates(None, &above, 10_000, 2).is_memory_limited);
}

#[test]
fn throttling_is_a_share_of_periods_that_elapsed() {
    let old = sample(&id(), 0);
    let new = Sample { periods: Fact::Known(10), throttled_periods: Fact::Known(4), ..sample(&id(), SECOND) };
    assert_eq!(between(&old, &new).throttled_percent, Some(40.0));
    assert_eq!(between(&new, &new).throttled_percent, None);
}

fn counted(lab: &Lab, at_ns: u64, links: &[(NsInode, u32, u64, u64)]) -> Snapshot {
    let mut snapshot = lab.snapshot();
    snapshot.at_ns = at_ns;
    let sample_of = |(netns, index, rx_bytes, tx_bytes): &(NsInode, u32, u64, u64)| LinkSample {
        netns: *netns,
        ifindex: IfIndex(*index),
        counters: LinkCounters { rx_bytes: *rx_bytes, tx_bytes: *tx_bytes, ..LinkCounters::default() },
    };
    let mut samples: Vec<LinkSample> = links.iter().map(sample_of).collect();
    samples.sort_by_key(|s| (s.netns, s.ifindex));
    snapshot.link_samples = Arc::new(samples);
    snapshot.samples = Arc::new(snapshot.containers.iter().map(|c| sample(&c.id, at_ns)).collect());
    snapshot
}

fn named<'a>(rates: &'a Rates, snapshot: &Snapshot, name: &str) -> &'a ContainerRates {
    let id = &snapshot.containers.iter().find(|c| c.name == name).expect("a container").id;
    rates.container(id).expect("rates")
}

#[test]
fn k13_traffic_is_the_sum_of_a_namespace_and_shared_ones_say_so() {
    let lab = every_mode();
    let camera = NsInode(204);
    let links = |n: u64| {
        [(HOST, 2, 90 * n, 90 * n), (HOST, 11, n, 2 * n), (HOST, 21, n, n), (HOST, 23, n, n), (camera, 30, 5 * n, n)]
    };
    let (old, new) = (counted(&lab, 0, &links(0)), counted(&lab, 2 * SECOND, &links(1000)));
    let rates = Rates::between(Some(&old), &new, &Wiring::build(&new));
    let web = named(&rates, &new, "web");
    assert_eq!(
        (web.rx_bytes, web.rx_rate, web.tx_rate),
        (Some(2000), Some(1000.0), Some(500.0)),
        "the host end mirrors"
    );
    let sidecar = named(&rates, &new, "sidecar");
    assert!(sidecar.is_network_shared && !web.is_network_shared);
    assert_eq!(sidecar.rx_rate, web.rx_rate);
    assert_eq!(named(&rates, &new, "db").rx_bytes, Some(2000), "two networks");
    assert_eq!(named(&rates, &new, "camera").rx_bytes, Some(5000), "a macvlan has counters of its own");
    assert_eq!(named(&rates, &new, "vault").rx_rate, Some(0.0));
    let agent = named(&rates, &new, "agent");
    assert!(agent.is_network_shared && agent.rx_bytes.is_none());
    assert_eq!(rates.host.rx_rate, Some(45_000.0));
}

#[test]
fn a_sum_with_an_unknown_part_is_unknown() {
    let lab = every_mode();
    let new = counted(&lab, SECOND, &[(HOST, 21, 7, 7)]);
    let rates = Rates::between(None, &new, &Wiring::build(&new));
    assert_eq!(named(&rates, &new, "db").rx_bytes, None);
}

proptest::proptest! {
    #[test]
    fn k16_rates_are_finite_and_never_negative(
        a in proptest::collection::vec(proptest::num::u64::ANY, 8),
        b in proptest::collection::vec(proptest::num::u64::ANY, 8),
        cpus in 0u32..300,
    ) {
        let made = |v: &[u64]| Sample {
            at_ns: v[0],
            cpu_ns: Fact::Known(v[1]),
            system_cpu_ns: v[2],
            periods: Fact::Known(v[3]),
            throttled_periods: Fact::Known(v[4]),
            memory_bytes: Fact::Known(v[5]),
            inactive_file_bytes: Fact::Known(v[6]),
            io_read_bytes: Fact::Known(v[7]),
            ..sample(&id(), 0)
        };
        let rates = container_rates(Some(&made(&a)), &made(&b), b[5], cpus);
        for rate in [rates.cpu_percent, rates.throttled_percent, rates.io_read_rate].into_iter().flatten() {
            proptest::prop_assert!(rate.is_finite() && rate >= 0.0);
        }
        let lab = every_mode();
        let old = counted(&lab, a[0], &[(HOST, 2, a[1], a[2]), (HOST, 21, a[3], a[4]), (HOST, 23, a[5], a[6])]);
        let new = counted(&lab, b[0], &[(HOST, 2, b[1], b[2]), (HOST, 21, b[3], b[4]), (HOST, 23, b[5], b[6])]);
        let rates = Rates::between(Some(&old), &new, &Wiring::build(&new));
        let of_links = rates.links.iter().flat_map(|l| [l.rx_rate, l.tx_rate, l.drop_rate]);
        let of_containers = rates.containers.iter().flat_map(|c| [c.rx_rate, c.tx_rate]);
        for rate in of_links.chain(of_containers).chain([rates.host.rx_rate]).flatten() {
            proptest::prop_assert!(rate.is_finite() && rate >= 0.0);
        }
    }
}
