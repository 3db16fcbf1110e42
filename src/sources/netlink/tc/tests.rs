//! Of captured dumps, and of any bytes.

use super::super::wire::{Message, RTM_NEWQDISC, RTM_NEWTCLASS, RTM_NEWTFILTER, messages};
use super::*;
use crate::model::{Netem, NsInode, Qdisc, QdiscSample, QdiscSetup, TcAction, TcFilter};
use proptest::prelude::*;

const OURS: NsInode = NsInode(1);

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(kind in 0usize..16, bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        const KINDS: [&str; 16] = [
            "tbf", "netem", "htb", "fq_codel", "fq", "codel", "cake", "sfq", "prio", "pfifo", "bfifo", "hfsc",
            "u32", "matchall", "flower", "bpf",
        ];
        let mut payload = vec![0; HEADER];
        for (attribute, value) in [(TCA_KIND, KINDS[kind].as_bytes()), (TCA_OPTIONS, &bytes), (TCA_STATS2, &bytes)] {
            payload.extend(u16::try_from(value.len() + 4).expect("short").to_ne_bytes());
            payload.extend(attribute.to_ne_bytes());
            payload.extend(value);
            payload.resize(payload.len().next_multiple_of(4), 0);
        }
        for bytes in [&payload, &bytes] {
            let _ = (parse_qdisc(OURS, bytes), parse_class(OURS, bytes), parse_filter(OURS, bytes));
            let _ = (action::actions(bytes), action::police(bytes));
        }
    }
}

const QDISCS: &[u8] = include_bytes!("../captured/tc-qdiscs.bin");
const CLASSES: &[u8] = include_bytes!("../captured/tc-classes.bin");
const FILTERS: &[u8] = include_bytes!("../captured/tc-filters.bin");

fn of_kind(dump: &[u8], kind: u16) -> impl Iterator<Item = Message<'_>> {
    messages(dump).filter(move |message| message.kind == kind)
}

fn qdisc(ifindex: u32, name: &str) -> (Qdisc, QdiscSample) {
    let all = of_kind(QDISCS, RTM_NEWQDISC).filter_map(|message| parse_qdisc(OURS, message.payload));
    let (qdisc, sample) =
        all.into_iter().find(|(q, _)| q.ifindex == IfIndex(ifindex) && q.name == name).expect("captured");
    (qdisc, sample.expect("counters"))
}

fn words(ifindex: u32, name: &str) -> String {
    match qdisc(ifindex, name).0.setup {
        QdiscSetup::Other { words } => words,
        other => panic!("{other:?}"),
    }
}

/// The numbers are those of `tc -s -j qdisc`, run beside it.
#[test]
fn qdiscs_say_what_tc_says() {
    let (tbf, sample) = qdisc(3, "tbf");
    assert!(tbf.is_ours() && !tbf.is_default() && tbf.parent == TcHandle::ROOT);
    let setup = QdiscSetup::Tbf { rate_bps: 10_000_000, burst_bytes: 16_384, limit_bytes: 125_000 };
    assert_eq!(tbf.setup, setup);
    assert_eq!((sample.bytes, sample.packets, sample.drops, sample.overlimits), (516, 6, 0, 0));
    let wide = QdiscSetup::Tbf { rate_bps: 40_000_000_000, burst_bytes: 49_999_680, limit_bytes: 100_000_000 };
    assert_eq!(qdisc(12, "tbf").0.setup, wide, "a rate of more than 32 bits");
    let (ingress, sample) = qdisc(3, "ingress");
    assert_eq!((ingress.parent, sample.bytes, sample.drops), (TcHandle::INGRESS, 432, 5));
    assert_eq!(qdisc(5, "htb").0.setup, QdiscSetup::Htb { default_class: 0x20 });
    assert_eq!(qdisc(5, "fq_codel").0.parent, TcHandle::new(1, 0x10));
    let netem = Netem {
        delay_us: 100_000,
        jitter_us: 10_000,
        loss_percent: 1.5,
        duplicate_percent: 0.5,
        reorder_percent: 5.0,
        rate_bps: 2_000_000,
        limit_packets: 1000,
        more: "delay correlation 25% corrupt 0.1%".to_owned(),
    };
    assert_eq!(qdisc(7, "netem").0.setup, QdiscSetup::Netem(netem));
    assert!(qdisc(2, "noqueue").0.is_default());
}

#[test]
fn other_kinds_are_told_in_the_words_of_tc() {
    let fq_codel = "limit 10240p flows 1024 quantum 1514 target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64";
    assert_eq!(words(8, "fq_codel"), fq_codel);
    assert_eq!(words(6, "cake"), "bandwidth 20Mbit");
    assert_eq!(words(4, "fq"), "limit 10000p flow_limit 100p quantum 3028b initial_quantum 15140b");
    assert_eq!(words(9, "prio"), "bands 3 priomap 1 2 2 2 1 2 0 0 1 1 1 1 1 1 1 1");
    assert_eq!(words(11, "sfq"), "limit 127p quantum 1514b perturb 10sec");
    assert_eq!(words(10, "pfifo"), "limit 1000p");
    assert_eq!((words(7, "clsact"), words(2, "noqueue")), (String::new(), String::new()));
}

#[test]
fn classes_say_what_tc_says() {
    let all: Vec<_> =
        of_kind(CLASSES, RTM_NEWTCLASS).filter_map(|message| parse_class(OURS, message.payload)).collect();
    let class = |minor| all.iter().find(|(c, _)| c.handle == TcHandle::new(1, minor)).expect("captured");
    let (leaf, _) = class(0x10);
    assert_eq!((leaf.rate_bps, leaf.ceil_bps), (Some(10_000_000), Some(50_000_000)));
    assert_eq!((leaf.parent, leaf.leaf), (TcHandle::new(1, 1), Some(TcHandle::new(0x10, 0))));
    assert_eq!((leaf.burst_bytes, leaf.ceil_burst_bytes, leaf.priority), (Some(1600), Some(1600), Some(2)));
    let (inner, sample) = class(1);
    assert_eq!((inner.parent, inner.priority), (TcHandle::ROOT, None));
    assert_eq!(sample.map(|s| (s.bytes, s.packets)), Some((516, 6)));
    assert_eq!(all.iter().filter(|(c, _)| c.name == "prio" && c.rate_bps.is_none()).count(), 3);
}

#[test]
fn filters_say_what_they_take_and_what_they_do() {
    let all: Vec<TcFilter> =
        of_kind(FILTERS, RTM_NEWTFILTER).filter_map(|message| parse_filter(OURS, message.payload)).collect();
    assert_eq!(all.len(), 5, "heads of lists and hash tables are left out: {all:#?}");
    let redirect = &all[0];
    assert_eq!((redirect.parent, redirect.preference, redirect.protocol), (TcHandle::new(0xffff, 0), 1, 3));
    assert_eq!((redirect.takes.as_str(), redirect.handle), ("everything", 0x8000_0800));
    assert_eq!(redirect.actions, [TcAction::Redirect { to: IfIndex(12) }]);
    let classify = &all[1];
    assert_eq!(classify.takes, "match 0a010000/ffff0000 at 16 match 00000050/0000ffff at 20");
    assert_eq!((classify.class, classify.protocol), (Some(TcHandle::new(1, 0x10)), 0x0800));
    assert_eq!(all[2].actions, [TcAction::Police { rate_bps: 1_000_000, burst_bytes: 20_480 }]);
    assert_eq!((all[2].name.as_str(), all[2].preference), ("matchall", 3));
    assert_eq!(all[3].takes, "ip_proto tcp src_ip 192.0.2.0/24 dst_port 22");
    assert_eq!(all[3].actions, [TcAction::Other { name: "gact drop".to_owned() }]);
    assert_eq!(all[4].actions, [TcAction::Other { name: "mirred mirror to if9".to_owned() }]);
    assert_eq!(all[4].parent, TcHandle::new(0xffff, 0xfff3));
}
