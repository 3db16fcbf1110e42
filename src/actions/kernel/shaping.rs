//! The bytes of each request that changes traffic control.
//!
//! Formats: `include/uapi/linux/pkt_sched.h`, `pkt_cls.h`, `tc_act/tc_mirred.h`. Buckets are told in ticks of 64 ns and,
//! for tbf, in bytes as well, which the kernel then prefers: ticks of a large bucket do not fit at a small rate.

use super::message::{ADD, NLM_F_REPLACE, attribute, request, string};
use crate::model::{IfIndex, Netem, QdiscSetup, TcAction, TcHandle};
use crate::plan::Classifier;
use crate::plan::limits::rule::POLICE_MTU;
use crate::sources::netlink::tc::TICK_NS;
use crate::sources::netlink::wire::{RTM_NEWQDISC, RTM_NEWTFILTER, Request};

const RTM_DELQDISC: u16 = 37;
const RTM_DELTFILTER: u16 = 45;

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const NLA_F_NESTED: u16 = 0x8000;
/// `ETH_P_ALL`.
const EVERY_PROTOCOL: u16 = 3;
const LINKLAYER_ETHERNET: u8 = 1;

/// `struct tcmsg`: family, padding (3), index (4), handle (4), parent (4), info (4).
fn tcmsg(index: IfIndex, handle: TcHandle, parent: TcHandle, info: u32) -> Vec<u8> {
    let words = [0, index.0, handle.0, parent.0, info];
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// Time of some bytes at a rate, in ticks; saturates.
fn ticks(bytes: u64, bytes_per_second: u64) -> u32 {
    let ns = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second.max(1));
    u32::try_from(ns / u128::from(TICK_NS)).unwrap_or(u32::MAX)
}

/// `struct tc_ratespec`: cell_log, linklayer, overhead (2), cell_align (2), mpu (2), rate (4, bytes per second).
fn rate_spec(cell_log: u8, bytes_per_second: u64) -> Vec<u8> {
    let rate = u32::try_from(bytes_per_second).unwrap_or(u32::MAX);
    [&[cell_log, LINKLAYER_ETHERNET, 0, 0, 0, 0, 0, 0][..], &rate.to_ne_bytes()].concat()
}

/// A rate that 32 bits do not hold goes in an attribute of its own.
fn wide(kind: u16, bytes_per_second: u64) -> Vec<u8> {
    if bytes_per_second > u64::from(u32::MAX) { attribute(kind, &bytes_per_second.to_ne_bytes()) } else { vec![] }
}

fn narrow(value: u64) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_ne_bytes()
}

/// Kind word and options of a setup; none for one that this program does not make.
fn options(setup: &QdiscSetup) -> Option<(&'static str, Vec<u8>)> {
    match setup {
        QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes } => {
            let rate = rate_bps / 8;
            let parms = [
                &rate_spec(0, rate)[..],
                &[0; 12],
                &narrow(*limit_bytes),
                &ticks(*burst_bytes, rate).to_ne_bytes(),
                &[0; 4],
            ]
            .concat();
            Some(("tbf", [attribute(1, &parms), wide(4, rate), attribute(6, &narrow(*burst_bytes))].concat()))
        }
        QdiscSetup::Netem(netem) => Some(("netem", netem_options(netem))),
        QdiscSetup::Htb { .. } | QdiscSetup::Other { .. } => None,
    }
}

/// A share as netem has it: of all of 32 bits.
fn share(percent: f64) -> u32 {
    // Saturates at both ends, which is what is wanted of 100% and more.
    (percent / 100.0 * f64::from(u32::MAX)).round() as u32
}

/// `struct tc_netem_qopt` (latency, limit, loss, gap, duplicate, jitter), then attributes.
fn netem_options(netem: &Netem) -> Vec<u8> {
    let in_ticks = |us: u64| u32::try_from(us.saturating_mul(1000) / TICK_NS).unwrap_or(u32::MAX);
    let gap = u32::from(netem.reorder_percent > 0.0);
    let fixed = [
        in_ticks(netem.delay_us),
        netem.limit_packets,
        share(netem.loss_percent),
        gap,
        share(netem.duplicate_percent),
        in_ticks(netem.jitter_us),
    ];
    let mut out: Vec<u8> = fixed.iter().flat_map(|word| word.to_ne_bytes()).collect();
    if gap != 0 {
        out.extend(attribute(3, &[share(netem.reorder_percent).to_ne_bytes(), [0; 4]].concat()));
    }
    if netem.rate_bps > 0 {
        let rate = netem.rate_bps / 8;
        out.extend(attribute(6, &[&narrow(rate)[..], &[0; 12]].concat()));
        out.extend(wide(8, rate));
    }
    out.extend(attribute(10, &netem.delay_us.saturating_mul(1000).to_ne_bytes()));
    out.extend(attribute(11, &netem.jitter_us.saturating_mul(1000).to_ne_bytes()));
    out
}

/// Puts a qdisc at a place: adds one where only the kernel's default is, or changes one with the same handle and kind.
/// It never takes the place of another. None for a setup that this program does not make.
pub(super) fn put_qdisc(
    index: IfIndex,
    parent: TcHandle,
    handle: TcHandle,
    setup: &QdiscSetup,
    replace: bool,
) -> Option<Request> {
    let (kind, options) = options(setup)?;
    let flags = if replace { NLM_F_REPLACE } else { ADD };
    let request = request("set a qdisc", RTM_NEWQDISC, flags, &tcmsg(index, handle, parent, 0));
    Some(request.with(TCA_KIND, &string(kind)).with(TCA_OPTIONS, &options))
}

pub(super) fn add_ingress(index: IfIndex) -> Request {
    let header = tcmsg(index, TcHandle::INGRESS_QDISC, TcHandle::INGRESS, 0);
    request("add an ingress qdisc", RTM_NEWQDISC, ADD, &header).with(TCA_KIND, &string("ingress"))
}

pub(super) fn delete_qdisc(index: IfIndex, parent: TcHandle, handle: TcHandle) -> Request {
    request("delete a qdisc", RTM_DELQDISC, 0, &tcmsg(index, handle, parent, 0))
}

/// Preference and protocol of a filter, the latter in network order.
fn info(preference: u16, protocol: u16) -> u32 {
    u32::from(preference) << 16 | u32::from(protocol.to_be())
}

/// Adds a filter that takes every packet. None for an action that this program does not make.
pub(super) fn add_filter(
    index: IfIndex,
    parent: TcHandle,
    preference: u16,
    classifier: Classifier,
    action: &TcAction,
) -> Option<Request> {
    let (name, options) = match action {
        TcAction::Redirect { to } => ("mirred", attribute(2, &mirred(*to))),
        TcAction::Police { rate_bps, burst_bytes } => ("police", police(rate_bps / 8, *burst_bytes)),
        TcAction::Other { .. } => return None,
    };
    // Actions are numbered by their place, from 1.
    let action = attribute(1, &[attribute(1, &string(name)), attribute(NLA_F_NESTED | 2, &options)].concat());
    let (kind, options) = match classifier {
        Classifier::U32 => ("u32", [attribute(7, &action), attribute(5, &every_packet())].concat()),
        Classifier::Matchall => ("matchall", attribute(2, &action)),
    };
    let header = tcmsg(index, TcHandle(0), parent, info(preference, EVERY_PROTOCOL));
    let request = request("add a filter", RTM_NEWTFILTER, ADD, &header);
    Some(request.with(TCA_KIND, &string(kind)).with(TCA_OPTIONS, &options))
}

/// Deletes all filters of a preference, whatever their protocol.
pub(super) fn delete_filter(index: IfIndex, parent: TcHandle, preference: u16) -> Request {
    request("delete a filter", RTM_DELTFILTER, 0, &tcmsg(index, TcHandle(0), parent, info(preference, 0)))
}

/// `struct tc_mirred`: index, capab, action (4 = stolen), refcnt, bindcnt, what (1 = redirect to egress), interface.
fn mirred(to: IfIndex) -> Vec<u8> {
    [0, 0, 4, 0, 0, 1, to.0].iter().flat_map(|word: &u32| word.to_ne_bytes()).collect()
}

/// `struct tc_u32_sel` with one key of zero mask: flags (1 = terminal), offshift, number of keys, and 12 bytes of
/// offsets; the key is mask, value, offset, offset mask.
fn every_packet() -> Vec<u8> {
    let mut selector = vec![0; 32];
    (selector[0], selector[2]) = (1, 1);
    selector
}

/// `TCA_POLICE_TBF` (`struct tc_police`: index, action (2 = drop what exceeds), limit, burst in ticks, mtu, rate and peak
/// rate, refcnt, bindcnt, capab) and the table of times that the kernel asks for, one of each 2^cell_log bytes.
fn police(bytes_per_second: u64, burst_bytes: u64) -> Vec<u8> {
    let cell_log = (0u8..32).find(|log| POLICE_MTU >> log <= 255).unwrap_or(31);
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>();
    let parms = [
        words(&[0, 2, 0, ticks(burst_bytes, bytes_per_second), POLICE_MTU]),
        rate_spec(cell_log, bytes_per_second),
        vec![0; 24],
    ]
    .concat();
    let table: Vec<u8> = (1u64..=256).flat_map(|n| ticks(n << cell_log, bytes_per_second).to_ne_bytes()).collect();
    [attribute(1, &parms), attribute(2, &table), wide(8, bytes_per_second)].concat()
}
