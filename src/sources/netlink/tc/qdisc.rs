//! Qdiscs: what they are set to. Kinds that are not modelled become the words that tc prints of them.

use super::super::wire::{attributes, i32_at, u16_at, u32_at, u64_at};
use super::stats::sample;
use super::units::{percent, rate_at, rate_word, size_word, ticks_to_bytes, ticks_to_us, time_word};
use super::{TcMessage, attribute};
use crate::model::{Netem, NsInode, Qdisc, QdiscSample, QdiscSetup};

/// A qdisc and its counters from the payload of an `RTM_NEWQDISC`; none when it is not one. `netns` is what it is filed
/// under.
pub fn parse_qdisc(netns: NsInode, payload: &[u8]) -> Option<(Qdisc, Option<QdiscSample>)> {
    let message = TcMessage::read(payload)?;
    let name = message.name();
    let qdisc = Qdisc {
        netns,
        ifindex: message.ifindex,
        handle: message.handle,
        parent: message.parent,
        setup: setup(&name, message.options.unwrap_or_default()),
        name,
    };
    Some((qdisc, sample(netns, &message)))
}

fn setup(name: &str, options: &[u8]) -> QdiscSetup {
    let modelled = match name {
        "tbf" => tbf(options),
        "netem" => netem(options).map(QdiscSetup::Netem),
        "htb" => htb(options),
        _ => None,
    };
    modelled.unwrap_or_else(|| QdiscSetup::Other { words: words(name, options).unwrap_or_default() })
}

/// `TCA_TBF_PARMS` is `struct tc_tbf_qopt`: rate and peak rate of 12 bytes each, u32 limit, buffer (ticks), mtu.
fn tbf(options: &[u8]) -> Option<QdiscSetup> {
    const PARMS: u16 = 1;
    const RATE64: u16 = 4;
    let parms = attribute(options, PARMS)?;
    let rate = rate_at(parms, 0, attribute(options, RATE64))?;
    Some(QdiscSetup::Tbf {
        rate_bps: rate.saturating_mul(8),
        burst_bytes: ticks_to_bytes(u32_at(parms, 28)?, rate),
        limit_bytes: u64::from(u32_at(parms, 24)?),
    })
}

/// `TCA_HTB_INIT` is u32 version, quantum divisor, default class, debug, direct packets.
fn htb(options: &[u8]) -> Option<QdiscSetup> {
    const INIT: u16 = 2;
    Some(QdiscSetup::Htb { default_class: u32_at(attribute(options, INIT)?, 8)? })
}

/// `struct tc_netem_qopt` (u32 latency in ticks, limit, loss, gap, duplicate, jitter in ticks), then attributes.
fn netem(options: &[u8]) -> Option<Netem> {
    const FIXED: usize = 24;
    let field = |at| u32_at(options, at);
    let mut netem = Netem {
        delay_us: ticks_to_us(field(0)?),
        limit_packets: field(4)?,
        loss_percent: percent(field(8)?),
        duplicate_percent: percent(field(16)?),
        jitter_us: ticks_to_us(field(20)?),
        ..Netem::default()
    };
    let mut more = Vec::new();
    for (kind, value) in attributes(options.get(FIXED..)?) {
        let share = |at| u32_at(value, at).map(percent).filter(|share| *share > 0.0);
        match kind {
            // Correlations of delay, loss and duplication.
            1 => {
                let of = ["delay", "loss", "duplicate"].into_iter().zip([0, 4, 8]);
                more.extend(of.filter_map(|(of, at)| Some(format!("{of} correlation {}%", share(at)?))));
            }
            3 => {
                netem.reorder_percent = share(0).unwrap_or_default();
                more.extend(share(4).map(|share| format!("reorder correlation {share}%")));
            }
            4 => more.extend(share(0).map(|share| format!("corrupt {share}%"))),
            5 => more.push("loss by a state model".to_owned()),
            6 => netem.rate_bps = netem.rate_bps.max(u64::from(u32_at(value, 0)?).saturating_mul(8)),
            7 if u32_at(value, 0).is_some_and(|ecn| ecn != 0) => more.push("ecn".to_owned()),
            8 => netem.rate_bps = u64_at(value, 0)?.saturating_mul(8),
            10 => netem.delay_us = u64_at(value, 0)? / 1000,
            11 => netem.jitter_us = u64_at(value, 0)? / 1000,
            12 => more.push("slotted".to_owned()),
            _ => {}
        }
    }
    if netem.reorder_percent > 0.0 && field(12)? > 1 {
        more.push(format!("gap {}", field(12)?));
    }
    netem.more = more.join(" ");
    Some(netem)
}

/// The options of other kinds as tc prints them.
fn words(name: &str, options: &[u8]) -> Option<String> {
    let number = |kind| attribute(options, kind).and_then(|value| u32_at(value, 0));
    let joined = |parts: Vec<Option<String>>| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let packets = |n: u32| format!("limit {n}p");
    Some(match name {
        "fq_codel" => joined(vec![
            number(2).map(packets),
            number(5).map(|n| format!("flows {n}")),
            number(6).map(|n| format!("quantum {n}")),
            number(1).map(|us| format!("target {}", time_word(u64::from(us)))),
            number(3).map(|us| format!("interval {}", time_word(u64::from(us)))),
            number(9).map(|bytes| format!("memory_limit {}", size_word(u64::from(bytes)))),
            number(4).filter(|ecn| *ecn != 0).map(|_| "ecn".to_owned()),
            number(8).map(|n| format!("drop_batch {n}")),
        ]),
        "codel" | "pie" => joined(vec![
            number(2).map(packets),
            number(1).map(|us| format!("target {}", time_word(u64::from(us)))),
            number(3).filter(|_| name == "codel").map(|us| format!("interval {}", time_word(u64::from(us)))),
        ]),
        "fq" => joined(vec![
            number(1).map(packets),
            number(2).map(|n| format!("flow_limit {n}p")),
            number(3).map(|n| format!("quantum {}", size_word(u64::from(n)))),
            number(4).map(|n| format!("initial_quantum {}", size_word(u64::from(n)))),
        ]),
        "cake" => match attribute(options, 2).and_then(|value| u64_at(value, 0)) {
            Some(0) | None => "bandwidth unlimited".to_owned(),
            Some(rate) => format!("bandwidth {}", rate_word(rate.saturating_mul(8))),
        },
        "pfifo" | "pfifo_head_drop" => packets(u32_at(options, 0)?),
        "bfifo" => format!("limit {}", size_word(u64::from(u32_at(options, 0)?))),
        "sfq" => format!(
            "limit {}p quantum {}{}",
            u32_at(options, 8)?,
            size_word(u64::from(u32_at(options, 0)?)),
            match i32_at(options, 4)? {
                0 => String::new(),
                seconds => format!(" perturb {seconds}sec"),
            },
        ),
        "prio" | "pfifo_fast" => {
            let map: Vec<String> = options.get(4..20)?.iter().map(u8::to_string).collect();
            format!("bands {} priomap {}", u32_at(options, 0)?, map.join(" "))
        }
        "hfsc" => format!("default {:x}", u16_at(options, 0)?),
        _ => return None,
    })
}
