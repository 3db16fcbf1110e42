//! From a wished shape to what a qdisc or policer is set to: the bucket that a rate needs, the room of its queue, and
//! what is refused because the kernel would take it and then do something absurd. Knows no interface but its MTU.

use super::units;
use crate::model::{Netem, QdiscSetup, Shape, TcAction};
use crate::plan::Refusal;

/// One tick of the kernel's packet scheduler, nanoseconds: buckets are kept in multiples of it.
pub const TICK_NS: u64 = 64;
/// Packets up to this size pass a policer, bytes: the largest that the kernel joins, and room for their headers.
pub const POLICE_MTU: u32 = 128 << 10;
/// Headers of a full ethernet frame beyond the MTU.
const FRAME: u64 = 14;
/// A bucket is never smaller where nobody asks for it: the kernel hands over packets of up to 64 KiB, and cutting each
/// into segments costs both rate and CPU.
const LEAST_BURST: u64 = 16 << 10;
/// A policer drops a joined packet as a whole, so its bucket has to hold two of the largest.
const LEAST_POLICE_BURST: u64 = 128 << 10;
/// Room of a queue that nobody asks for otherwise.
const LEAST_LIMIT: u64 = 64 << 10;
/// No network is faster; whoever wants no limit leaves it out.
const FASTEST: u64 = 1_000_000_000_000;
/// Longest delay or wait, microseconds.
const LONGEST_US: u64 = 60_000_000;
/// Packets of a delay line that nobody asks for otherwise, netem's own default.
const LEAST_PACKETS: u64 = 1000;

fn bytes_per_second(bps: u64) -> u64 {
    bps / 8
}

/// The burst that the kernel will tell of this one: its time at this rate, in whole ticks.
pub fn burst_in_ticks(burst_bytes: u64, rate_bps: u64) -> u64 {
    let rate = u128::from(bytes_per_second(rate_bps).max(1));
    let ticks = u128::from(burst_bytes) * 1_000_000_000 / rate / u128::from(TICK_NS);
    u64::try_from(ticks * u128::from(TICK_NS) * rate / 1_000_000_000).unwrap_or(u64::MAX)
}

/// What one tick is at this rate, in bytes, rounded up: two bursts that differ by no more are the same.
pub fn tick_bytes(rate_bps: u64) -> u64 {
    (bytes_per_second(rate_bps) * TICK_NS).div_ceil(1_000_000_000).max(1)
}

/// A rate that can be: not zero, not so slow that one packet takes more than a second, not faster than any network.
/// Rounded down to whole bytes per second, which is what the kernel keeps.
fn rate(bps: u64, mtu: u32, notes: &mut Vec<String>) -> Result<u64, Refusal> {
    let refuse = |why: String| Refusal::new(format!("a limit of {}", units::rate(bps)), why).at("rate");
    let frame = u64::from(mtu) + FRAME;
    if bps == 0 {
        return Err(refuse("nothing would pass at all".into())
            .instead("disconnect the container from the network to cut it off, or take the limit off"));
    }
    if bytes_per_second(bps) < frame {
        let least = units::rate((frame * 8).next_multiple_of(1000));
        return Err(refuse(format!("one full packet of {frame} bytes would take more than a second"))
            .instead(format!("the least that works here is {least}")));
    }
    if bps > FASTEST {
        return Err(refuse("no network is that fast".into()).instead("leave the rate out to have no limit"));
    }
    let whole = bps / 8 * 8;
    if whole != bps {
        notes.push(format!(
            "the kernel counts whole bytes per second: {} becomes {}",
            units::rate(bps),
            units::rate(whole)
        ));
    }
    Ok(whole)
}

/// The bucket of a rate: as asked for, or what passes in 10 ms (`least` at least); always a full packet.
fn burst(
    asked: Option<u64>,
    bps: u64,
    share_ms: u64,
    least: u64,
    mtu: u32,
    notes: &mut Vec<String>,
) -> Result<u64, Refusal> {
    let frame = u64::from(mtu) + FRAME;
    let refuse = |bytes, why: String| Refusal::new(format!("a burst of {}", units::size(bytes)), why).at("burst");
    let most = u64::from(u32::MAX);
    // Time of the bucket in ticks is a number of 32 bits, too.
    let most_by_time = u128::from(most) * u128::from(TICK_NS) * u128::from(bytes_per_second(bps)) / 1_000_000_000;
    let most = most.min(u64::try_from(most_by_time).unwrap_or(u64::MAX));
    let bytes = match asked {
        Some(bytes) if bytes < frame => {
            return Err(refuse(bytes, format!("every full packet ({frame} bytes) would be dropped"))
                .instead(format!("at least {}, or leave it out", units::size(frame))));
        }
        Some(bytes) if bytes > most => {
            return Err(refuse(bytes, "the kernel can't count that far at this rate".into())
                .instead(format!("at most {}", units::size(most))));
        }
        Some(bytes) => bytes,
        None => {
            let rule = bytes_per_second(bps) / 1000 * share_ms;
            let bytes = rule.max(least).max(frame).min(most);
            notes.push(format!(
                "burst {}: what passes in {share_ms} ms, at least {}",
                units::size(bytes),
                units::size(least)
            ));
            bytes
        }
    };
    let kept = burst_in_ticks(bytes, bps);
    if kept.abs_diff(bytes) > 1 {
        notes.push(format!("the kernel keeps the burst in ticks of {TICK_NS} ns: {bytes} becomes about {kept} bytes"));
    }
    Ok(bytes)
}

fn wait(us: u64, what: &'static str, field: &'static str) -> Result<u64, Refusal> {
    if us > LONGEST_US {
        return Err(Refusal::new(format!("{what} of {}", units::time(us)), "connections would break")
            .instead(format!("at most {}", units::time(LONGEST_US)))
            .at(field));
    }
    Ok(us)
}

/// What the qdisc of one direction is set to. Notes say what was reckoned.
pub(super) fn qdisc(shape: &Shape, mtu: u32, notes: &mut Vec<String>) -> Result<QdiscSetup, Refusal> {
    if let Some(netem) = shape.netem.as_ref().filter(|n| **n != Netem::default()) {
        return delay_line(shape, netem, mtu, notes);
    }
    let Some(bps) = shape.rate_bps else {
        return Err(Refusal::new("a limit", "neither a rate nor a delay or loss is given")
            .instead("give a rate such as 10mbit")
            .at("rate"));
    };
    let rate_bps = rate(bps, mtu, notes)?;
    let burst_bytes = burst(shape.burst_bytes, rate_bps, 10, LEAST_BURST, mtu, notes)?;
    let per_second = u128::from(bytes_per_second(rate_bps));
    let limit = match shape.latency_us {
        Some(us) => per_second * u128::from(wait(us, "a latency", "latency")?) / 1_000_000 + u128::from(burst_bytes),
        None => (per_second / 10).max(u128::from(LEAST_LIMIT)).max(u128::from(burst_bytes)),
    };
    let limit_bytes = u64::try_from(limit).unwrap_or(u64::MAX).min(u64::from(u32::MAX));
    notes.push(format!(
        "at most {} wait, {} at this rate; what exceeds that is dropped",
        units::size(limit_bytes),
        milliseconds(limit_bytes, rate_bps)
    ));
    Ok(QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes })
}

fn milliseconds(bytes: u64, rate_bps: u64) -> String {
    format!("{} ms", u128::from(bytes) * 1000 / u128::from(bytes_per_second(rate_bps).max(1)))
}

/// netem holds the rate itself where there is delay or loss: one qdisc, replaced in place, one set of counters.
fn delay_line(shape: &Shape, asked: &Netem, mtu: u32, notes: &mut Vec<String>) -> Result<QdiscSetup, Refusal> {
    let refuse = |what: &str, why: &str, field| Refusal::new(what, why).at(field);
    let mut netem = asked.clone();
    wait(netem.delay_us, "a delay", "delay")?;
    wait(netem.jitter_us, "a jitter", "jitter")?;
    if netem.jitter_us > 0 && netem.delay_us == 0 {
        return Err(
            refuse("jitter", "it is a variation of a delay, and there is none", "jitter").instead("give a delay, too")
        );
    }
    if netem.reorder_percent > 0.0 && netem.delay_us == 0 {
        return Err(refuse("reordering", "packets get ahead only of those that are delayed", "reorder")
            .instead("give a delay, too"));
    }
    let shares =
        [("loss", netem.loss_percent), ("duplicate", netem.duplicate_percent), ("reorder", netem.reorder_percent)];
    for (field, share) in shares {
        if !(0.0..=100.0).contains(&share) {
            return Err(refuse(field, "a share is between 0% and 100%", field));
        }
    }
    if shape.burst_bytes.is_some() {
        return Err(refuse("a burst together with delay or loss", "netem has no bucket", "burst")
            .instead("leave the burst out"));
    }
    if let Some(bps) = shape.rate_bps.or((asked.rate_bps > 0).then_some(asked.rate_bps)) {
        netem.rate_bps = rate(bps, mtu, notes)?;
        notes.push("netem holds the rate itself".to_owned());
    }
    if netem.limit_packets == 0 {
        // All that is under way meanwhile has to fit, or the delay line drops it.
        let us = u128::from(shape.latency_us.map_or(Ok(100_000), |us| wait(us, "a latency", "latency"))?);
        let in_flight =
            u128::from(bytes_per_second(netem.rate_bps)) * (us + u128::from(netem.delay_us + netem.jitter_us));
        let packets = in_flight / 1_000_000 / (u128::from(mtu) + u128::from(FRAME)).max(1);
        netem.limit_packets = u32::try_from(packets.max(u128::from(LEAST_PACKETS))).unwrap_or(u32::MAX);
        notes.push(format!("up to {} packets are held", netem.limit_packets));
    }
    if netem.jitter_us > 0 && netem.rate_bps == 0 {
        notes.push("a packet that is delayed less overtakes others: jitter also reorders".to_owned());
    }
    if netem.loss_percent >= 100.0 {
        notes.push("a loss of 100% cuts this direction off".to_owned());
    }
    Ok(QdiscSetup::Netem(netem))
}

/// What a policer is set to.
pub(super) fn police(shape: &Shape, mtu: u32, notes: &mut Vec<String>) -> Result<TcAction, Refusal> {
    if shape.netem.as_ref().is_some_and(|n| *n != Netem::default()) {
        return Err(Refusal::new("a policer with delay or loss", "a policer has no queue, it can only drop")
            .instead("queue instead of policing")
            .at("police"));
    }
    let Some(bps) = shape.rate_bps else {
        return Err(Refusal::new("a policer", "no rate is given").instead("give a rate such as 10mbit").at("rate"));
    };
    if shape.latency_us.is_some() {
        return Err(Refusal::new("a policer with a latency", "nothing waits at a policer")
            .instead("leave it out")
            .at("latency"));
    }
    let rate_bps = rate(bps, mtu, notes)?;
    let burst_bytes = burst(shape.burst_bytes, rate_bps, 50, LEAST_POLICE_BURST, mtu, notes)?;
    notes.push("a policer drops what exceeds the rate; senders see loss, and TCP stays below the rate".to_owned());
    Ok(TcAction::Police { rate_bps, burst_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(rate_bps: u64) -> Shape {
        Shape { rate_bps: Some(rate_bps), ..Shape::default() }
    }

    fn tbf(shape: &Shape) -> (u64, u64, u64) {
        match qdisc(shape, 1500, &mut vec![]).expect("a setup") {
            QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes } => (rate_bps, burst_bytes, limit_bytes),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_bucket_fits_the_rate() {
        assert_eq!(tbf(&shape(1_000_000)), (1_000_000, 16384, 65536));
        assert_eq!(tbf(&shape(10_000_000)), (10_000_000, 16384, 125_000));
        assert_eq!(tbf(&shape(100_000_000)), (100_000_000, 125_000, 1_250_000));
        assert_eq!(tbf(&Shape { latency_us: Some(50_000), ..shape(10_000_000) }).2, 62_500 + 16384);
        let jumbo = qdisc(&shape(100_000_000), 65535, &mut vec![]).expect("a setup");
        assert!(matches!(jumbo, QdiscSetup::Tbf { burst_bytes: 125_000, .. }), "{jumbo:?}");
        let jumbo = qdisc(&shape(1_000_000), 65535, &mut vec![]).expect("a setup");
        assert!(matches!(jumbo, QdiscSetup::Tbf { burst_bytes: 65549, limit_bytes: 65549, .. }), "{jumbo:?}");
    }

    #[test]
    fn what_the_kernel_would_take_and_then_drop_everything_is_refused() {
        let why = |shape: &Shape| qdisc(shape, 1500, &mut vec![]).expect_err("refused").to_string();
        assert!(why(&shape(0)).contains("nothing would pass"));
        assert!(why(&shape(8000)).contains("least that works here is 13kbit"), "{}", why(&shape(8000)));
        assert!(why(&shape(u64::MAX)).contains("no network is that fast"));
        assert!(why(&Shape { burst_bytes: Some(1500), ..shape(1_000_000) }).contains("at least 1514b"));
        assert!(why(&Shape { burst_bytes: Some(1 << 40), ..shape(1_000_000) }).contains("at most"));
        assert!(why(&Shape::default()).contains("neither a rate"));
        let jitter = Netem { jitter_us: 5, ..Netem::default() };
        assert!(why(&Shape { netem: Some(jitter), ..Shape::default() }).contains("variation of a delay"));
        assert!(police(&Shape { latency_us: Some(1), ..shape(1_000_000) }, 1500, &mut vec![]).is_err());
    }

    #[test]
    fn netem_holds_the_rate_where_there_is_delay() {
        let delay = Netem { delay_us: 50_000, loss_percent: 1.0, ..Netem::default() };
        let asked = Shape { netem: Some(delay.clone()), ..shape(1_000_000_000) };
        let held = 125_000 * 150 / 1514;
        let wanted = Netem { rate_bps: 1_000_000_000, limit_packets: held, ..delay };
        assert_eq!(qdisc(&asked, 1500, &mut vec![]), Ok(QdiscSetup::Netem(wanted)));
    }

    proptest! {
        #[test]
        fn a_setup_holds_what_the_kernel_needs(
            rate in 12_112u64..=1_000_000_000_000, mtu in 68u32..=1500, latency in proptest::option::of(0u64..60_000_000),
        ) {
            let asked = Shape { latency_us: latency, ..shape(rate) };
            if let Ok(QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes }) = qdisc(&asked, mtu, &mut vec![]) {
                prop_assert!(rate_bps <= rate && rate - rate_bps < 8);
                prop_assert!(burst_bytes >= u64::from(mtu) + 14 && limit_bytes >= burst_bytes.min(u64::from(u32::MAX)));
                prop_assert!(burst_bytes <= u64::from(u32::MAX) && limit_bytes <= u64::from(u32::MAX));
                let ticks = burst_bytes as u128 * 1_000_000_000 / u128::from(rate_bps / 8) / 64;
                prop_assert!(ticks <= u128::from(u32::MAX));
                prop_assert!(burst_in_ticks(burst_bytes, rate_bps).abs_diff(burst_bytes) <= tick_bytes(rate_bps) + 1);
            } else {
                prop_assert!(false, "refused");
            }
        }
    }
}
