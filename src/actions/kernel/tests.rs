//! The bytes of requests, against those that ip and tc sent for the same lines (`captured/`, iproute2 6.1, little endian,
//! sequence number zeroed).

use super::message::{self, Peer};
use super::{shaping, verify};
use crate::model::{IfIndex, Netem, QdiscSetup, TcAction, TcHandle};
use crate::plan::Classifier;
use crate::sources::netlink::wire::{Request, attributes, u32_at};
use proptest::prelude::*;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("captured/", $name, ".bin")).as_slice()
    };
}

fn bytes(mut request: Request) -> Vec<u8> {
    request.numbered(0).to_vec()
}

fn p<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("`{text}` in a test"))
}

#[test]
fn interfaces_addresses_and_routes_are_told_as_ip_tells_them() {
    let (v0, bwi9) = (IfIndex(3), IfIndex(4));
    let cidr = p("172.18.0.9/16");
    let gateway = Some(p("172.18.0.1"));
    let default = p("0.0.0.0/0");
    for (ours, theirs) in [
        (message::add_link("bwi7", Some(1400), None, None), captured!("ifb")),
        (message::add_link("bwp1", Some(1400), None, Some(Peer { name: "eth0", netns: None })), captured!("veth")),
        (message::set_alias(bwi9, "bridgewatch"), captured!("alias")),
        (message::set_up(bwi9, true), captured!("up")),
        (message::set_master(v0, Some(IfIndex(8))), captured!("master")),
        (message::set_master(v0, None), captured!("nomaster")),
        (message::address(true, v0, &cidr), captured!("addr")),
        (message::address(false, v0, &cidr), captured!("deladdr")),
        (message::route(true, v0, &default, gateway), captured!("route")),
        (message::route(false, v0, &default, gateway), captured!("delroute")),
        (message::delete_link(IfIndex(5)), captured!("dellink")),
    ] {
        assert_eq!(bytes(ours), theirs);
    }
}

#[test]
fn filters_are_told_as_tc_tells_them() {
    let add = |classifier| {
        let redirect = TcAction::Redirect { to: IfIndex(4) };
        shaping::add_filter(IfIndex(3), TcHandle::INGRESS_QDISC, TcHandle::OURS, classifier, &redirect).expect("made")
    };
    assert_eq!(bytes(add(Classifier::U32)), captured!("u32"));
    assert_eq!(bytes(add(Classifier::Matchall))[20..], captured!("matchall")[20..]);
    assert_eq!(bytes(shaping::add_ingress(IfIndex(3)))[..40], captured!("ingress")[..40]);
    let delete = shaping::delete_filter(IfIndex(3), TcHandle::INGRESS_QDISC, TcHandle::OURS);
    assert_eq!(bytes(delete), captured!("delfilter"));
    let delete = shaping::delete_qdisc(IfIndex(3), TcHandle::ROOT, TcHandle::OWN);
    assert_eq!(bytes(delete), captured!("delqdisc"));
}

/// Options of a qdisc without the tables of times that the kernel does not need any more.
fn options(message: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let (_, options) = attributes(&message[36..]).find(|(kind, _)| *kind == 2).expect("options");
    attributes(options).filter(|(kind, _)| !matches!(kind, 2 | 3)).map(|(kind, v)| (kind, v.to_vec())).collect()
}

#[test]
fn buckets_are_told_as_tc_tells_them() {
    let cases = [
        (QdiscSetup::Tbf { rate_bps: 10_000_000, burst_bytes: 16384, limit_bytes: 125_000 }, false, captured!("tbf")),
        (
            QdiscSetup::Tbf { rate_bps: 40_000_000_000, burst_bytes: 50_000_000, limit_bytes: 500_000_000 },
            true,
            captured!("tbf_wide"),
        ),
    ];
    for (setup, replace, theirs) in cases {
        let ours = bytes(shaping::put_qdisc(IfIndex(3), TcHandle::ROOT, TcHandle::OWN, &setup, replace).expect("made"));
        assert_eq!(ours[16..36], theirs[16..36], "header");
        let (ours, theirs) = (options(&ours), options(theirs));
        for (kind, value) in &theirs {
            let (_, found) = ours.iter().find(|(ours, _)| ours == kind).unwrap_or_else(|| panic!("{kind} is missing"));
            if *kind != 1 {
                assert_eq!(found, value, "attribute {kind}");
                continue;
            }
            assert_eq!(found[8..12], value[8..12], "rate");
            assert_eq!(found[24..28], value[24..28], "limit");
            // tc reckons ticks in microseconds, and with the rate that 32 bits hold: then the kernel takes the bytes.
            let ticks = |bytes: &[u8]| u32_at(bytes, 28).expect("ticks");
            assert!(replace || ticks(found).abs_diff(ticks(value)) <= 16, "{} {}", ticks(found), ticks(value));
        }
    }
}

#[test]
fn delay_and_loss_are_told_as_tc_tells_them() {
    let netem = Netem {
        delay_us: 50_000,
        jitter_us: 500,
        loss_percent: 0.5,
        duplicate_percent: 1.0,
        reorder_percent: 25.0,
        rate_bps: 10_000_000,
        limit_packets: 1000,
        ..Netem::default()
    };
    let setup = QdiscSetup::Netem(netem);
    let ours = bytes(shaping::put_qdisc(IfIndex(2), TcHandle::ROOT, TcHandle::OWN, &setup, false).expect("made"));
    let theirs = captured!("netem");
    // Ours goes on: delay and jitter once more, in nanoseconds. Only lengths differ before, and one tick.
    assert_eq!(ours[16..48], theirs[16..48]);
    assert_eq!(ours[52..72], theirs[52..72]);
    assert_eq!(ours[76..108], theirs[76..]);
    assert_eq!(&ours[112..120], 50_000_000u64.to_ne_bytes());
    assert!(u32_at(&ours, 72).expect("jitter").abs_diff(u32_at(theirs, 72).expect("jitter")) <= 1);
}

#[test]
fn a_policer_is_told_as_tc_tells_it() {
    let police = TcAction::Police { rate_bps: 10_000_000, burst_bytes: 128 << 10 };
    let filter = shaping::add_filter(IfIndex(3), TcHandle::INGRESS_QDISC, TcHandle::OURS, Classifier::U32, &police);
    let (ours, theirs) = (bytes(filter.expect("made")), captured!("police"));
    assert_eq!(ours.len(), theirs.len());
    assert_eq!(ours[16..0x58], theirs[16..0x58]);
    let at = |bytes: &[u8], at| u32_at(bytes, at).expect("a number");
    // Burst in ticks, then the size of packets; the rate's cells, then the rate.
    assert!(at(&ours, 0x58).abs_diff(at(theirs, 0x58)) <= 16);
    assert_eq!((at(&ours, 0x5c), at(&ours, 0x68)), (at(theirs, 0x5c), at(theirs, 0x68)));
    assert_eq!(ours[0x60], theirs[0x60]);
    for n in 0..256 {
        let (a, b) = (at(&ours, 0x88 + 4 * n), at(theirs, 0x88 + 4 * n));
        assert!(a.abs_diff(b) <= 16, "cell {n}: {a} {b}");
    }
}

proptest! {
    /// What the kernel would tell of a bucket is taken for the one that was asked for, and another is not.
    #[test]
    fn a_bucket_is_recognised_by_what_the_kernel_tells_of_it(
        rate in 12_112u64..=100_000_000_000, burst in 1514u64..=50_000_000,
    ) {
        let rate_bps = rate / 8 * 8;
        let kept = crate::plan::limits::rule::burst_in_ticks(burst, rate_bps);
        let tbf = |rate_bps, burst_bytes| QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes: 65536 };
        prop_assert!(verify::is_set(&tbf(rate_bps, burst), &tbf(rate_bps, kept)));
        prop_assert!(!verify::is_set(&tbf(rate_bps, burst), &tbf(rate_bps + 8, kept)));
        prop_assert!(!verify::is_set(&tbf(rate_bps, burst), &tbf(rate_bps, kept + burst / 2 + 10_000)));
    }
}
