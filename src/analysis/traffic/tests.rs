//! Of small hosts.

use super::*;
use crate::analysis::Analyst;
use crate::analysis::testing::{HOST, Lab, every_mode};
use crate::model::*;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

fn ifb(lab: &mut Lab, index: u32, of: u32, owner: &str) {
    let mark = Mark::Ifb { link: IfIndex(of), netns: HOST, owner: owner.into() };
    lab.link(HOST, index, &format!("bwi{of}"), "ifb").alias = Some(mark.to_string().into());
}

/// web: 10 Mbit/s down, 5 up through an ifb.
fn limited() -> Lab {
    let mut lab = every_mode();
    lab.tbf(11, 10_000_000);
    ifb(&mut lab, 50, 11, "776562000000");
    lab.tbf(50, 5_000_000);
    lab.ingress(11, TcAction::Redirect { to: IfIndex(50) });
    lab
}

fn wanted(lab: &Lab, name: &str, down: Option<u64>, up: Option<u64>) -> Wanted {
    let shape = |rate_bps: u64| Shape { rate_bps: Some(rate_bps), ..Shape::default() };
    let container = lab.containers.iter().find(|c| c.name == *name).expect("a container");
    Wanted {
        container: container.id.clone(),
        name: name.into(),
        network: None,
        down: down.map(shape),
        up: up.map(shape),
        since: Timestamp::from_second(1000).expect("a time"),
    }
}

use jiff::Timestamp;

fn traffic(lab: &Lab) -> Traffic {
    let next = lab.snapshot();
    Traffic::build(None, &next, &Wiring::build(&next))
}

const fn key(index: u32) -> LinkKey {
    (HOST, IfIndex(index))
}

#[test]
fn both_directions_of_a_container_are_told_at_its_host_end() {
    let lab = limited();
    let traffic = traffic(&lab);
    assert_eq!(traffic.shaped.len(), 1, "the ifb is told with the interface that leads to it: {:#?}", traffic.shaped);
    let web = traffic.of(key(11)).expect("web's host end");
    let (down, up) = (web.egress.as_ref().expect("down"), web.ingress.as_ref().expect("up"));
    assert_eq!((down.rate_bps, down.by, down.is_ours), (Some(10_000_000), key(11), true));
    assert_eq!((up.rate_bps, up.by, up.is_ours, up.is_partial), (Some(5_000_000), key(50), true, false));
    assert_eq!(down.latency_us, Some(86_892));
    assert_eq!(words::limit(down), "10 Mbit/s");
    assert!(traffic.orphans.is_empty());
}

#[test]
fn what_is_reached_comes_from_the_qdisc() {
    let mut lab = limited();
    let reading = |lab: &mut Lab, at: u64, bytes: u64, drops: u64| {
        lab.qdisc_samples.clear();
        lab.count(11, TcHandle::OWN, TcHandle::ROOT, bytes, drops);
        let next = lab.snapshot();
        Arc::new(Snapshot { at_ns: at * SECOND, ..next })
    };
    let mut analyst = Analyst::new();
    let first = reading(&mut lab, 1, 1_000_000, 5);
    let down = |traffic: &Traffic| traffic.of(key(11)).and_then(|s| s.egress.clone()).expect("shaped");
    let figures = down(&analyst.update(&first).traffic).figures;
    assert_eq!((figures.reached_bps, figures.drops, figures.backlog_bytes), (None, Some(5), Some(3000)));
    let second = reading(&mut lab, 2, 2_249_000, 9);
    let shaping = down(&analyst.update(&second).traffic);
    assert_eq!((shaping.figures.reached_bps, shaping.figures.drop_rate), (Some(9_992_000.0), Some(4.0)));
    assert!(shaping.is_at_limit());
    let idle = reading(&mut lab, 3, 2_249_000, 9);
    assert!(!down(&analyst.update(&idle).traffic).is_at_limit());
    // Another qdisc in its place began anew: no rate, never a negative one.
    let anew = reading(&mut lab, 4, 10, 0);
    assert_eq!(down(&analyst.update(&anew).traffic).figures.reached_bps, None);
}

#[test]
fn a_policer_reaches_what_it_lets_through() {
    let mut lab = every_mode();
    lab.ingress(11, TcAction::Police { rate_bps: 1_000_000, burst_bytes: 20_480 });
    let at = |lab: &mut Lab, bytes, drops| {
        lab.qdisc_samples.clear();
        lab.count(11, TcHandle::new(0xffff, 0), TcHandle::INGRESS, bytes, drops);
        lab.snapshot()
    };
    let before = Snapshot { at_ns: SECOND, ..at(&mut lab, 0, 0) };
    let next = Snapshot { at_ns: 2 * SECOND, ..at(&mut lab, 150_000, 20) };
    let traffic = Traffic::build(Some(&before), &next, &Wiring::build(&next));
    let up = traffic.of(key(11)).and_then(|s| s.ingress.clone()).expect("policed");
    assert_eq!((up.how, up.kind.as_str(), up.rate_bps), (How::Policed, "police", Some(1_000_000)));
    assert_eq!(up.figures.reached_bps, Some(960_000.0));
}

#[test]
fn limits_of_others_are_told_as_theirs_and_harmless_queues_not_at_all() {
    let mut lab = every_mode();
    lab.qdisc(2, "fq_codel", TcHandle::new(0x8001, 0), TcHandle::ROOT, QdiscSetup::Other { words: String::new() });
    let netem = Netem { delay_us: 100_000, loss_percent: 1.0, ..Netem::default() };
    lab.qdisc(21, "netem", TcHandle::new(7, 0), TcHandle::ROOT, QdiscSetup::Netem(netem));
    let tbf = QdiscSetup::Tbf { rate_bps: 2_000_000, burst_bytes: 1600, limit_bytes: 10_000 };
    lab.qdisc(21, "tbf", TcHandle::new(8, 0), TcHandle::new(7, 1), tbf);
    lab.qdisc(23, "htb", TcHandle::new(1, 0), TcHandle::ROOT, QdiscSetup::Htb { default_class: 0x20 });
    for (minor, parent, ceil) in [(1, TcHandle::ROOT, 100), (0x20, TcHandle::new(1, 1), 5)] {
        lab.tc.as_mut().expect("tc").classes.push(TcClass {
            netns: HOST,
            ifindex: IfIndex(23),
            name: "htb".into(),
            handle: TcHandle::new(1, minor),
            parent,
            leaf: None,
            rate_bps: Some(ceil * 1_000_000),
            ceil_bps: Some(ceil * 1_000_000),
            burst_bytes: Some(1600),
            ceil_burst_bytes: Some(1600),
            priority: None,
        });
    }
    let traffic = traffic(&lab);
    assert_eq!(traffic.shaped.iter().map(|s| s.link.1.0).collect::<Vec<_>>(), [21, 23]);
    let down = |index| traffic.of(key(index)).and_then(|s| s.egress.as_ref()).expect("shaped");
    assert_eq!((down(21).rate_bps, down(21).is_ours), (Some(2_000_000), false), "the bucket below the delay counts");
    assert_eq!(words::limit(down(21)), "2 Mbit/s +100ms loss 1%");
    assert_eq!(down(23).rate_bps, Some(100_000_000), "the one class above all others");
}

#[test]
fn j_a_limit_that_went_with_its_interface_is_told() {
    let mut lab = limited();
    lab.wanted = vec![wanted(&lab, "web", Some(10_000_000), Some(5_000_000)), wanted(&lab, "db", Some(1), None)];
    let standings = |lab: &Lab| traffic(lab).wanted.into_iter().map(|w| w.standing).collect::<Vec<_>>();
    assert_eq!(standings(&lab), [Standing::Holds, Standing::Gone { restarted: None }]);
    // web came back with another interface: the limit is gone, the block that queued its upload stayed.
    lab.tc = Some(Tc::default());
    lab.links.retain(|l| (l.netns, l.ifindex) != key(11));
    let web = lab.containers.iter().position(|c| c.name == *"web").expect("web");
    let restarted = Timestamp::from_second(2000).expect("a time");
    lab.containers[web].started_at = Some(restarted);
    let inner = lab.links.iter_mut().find(|l| (l.netns, l.ifindex) == (NsInode(201), IfIndex(10))).expect("eth0");
    inner.peer = Some(Peer { ifindex: IfIndex(13), netns: Fact::Known(HOST) });
    let outer = lab.link(HOST, 13, "veth13", "veth");
    outer.peer = Some(Peer { ifindex: IfIndex(10), netns: Fact::Known(NsInode(201)) });
    assert_eq!(standings(&lab)[0], Standing::Gone { restarted: Some(restarted) });
    lab.tbf(50, 5_000_000);
    assert_eq!((traffic(&lab).orphans, traffic(&lab).shaped), (vec![key(50)], vec![]));
    assert_eq!(words::standing(&standings(&lab)[0]), "limit gone: restarted 00:33 UTC");
    lab.tbf(13, 3_000_000);
    assert_eq!(standings(&lab)[0], Standing::Differs);
    lab.containers[web].state = State::Exited;
    assert_eq!(standings(&lab)[0], Standing::Away { exists: true });
    lab.tc = None;
    lab.containers[web].state = State::Running;
    assert!(matches!(standings(&lab)[0], Standing::Unknown { .. }), "unread is not gone");
}

#[test]
fn a_host_without_limits_is_reckoned_once() {
    let mut lab = every_mode();
    lab.tc = Some(Tc::default());
    let tc = lab.snapshot();
    let mut analyst = Analyst::new();
    let first = Arc::new(Snapshot { at_ns: SECOND, ..tc });
    let before = analyst.update(&first).traffic.clone();
    let second = Arc::new(Snapshot { at_ns: 2 * SECOND, ..(*first).clone() });
    assert!(before.is_idle() && Arc::ptr_eq(&before, &analyst.update(&second).traffic));
}
