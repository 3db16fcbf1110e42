//! Classes of classful qdiscs.

use super::super::wire::u32_at;
use super::stats::sample;
use super::units::{rate_at, ticks_to_bytes};
use super::{TcMessage, attribute};
use crate::model::{NsInode, QdiscSample, TcClass, TcHandle};

/// A class and its counters from the payload of an `RTM_NEWTCLASS`; none when it is not one. `netns` is what it is
/// filed under.
pub fn parse_class(netns: NsInode, payload: &[u8]) -> Option<(TcClass, Option<QdiscSample>)> {
    let message = TcMessage::read(payload)?;
    let mut class = TcClass {
        netns,
        ifindex: message.ifindex,
        name: message.name(),
        handle: message.handle,
        parent: message.parent,
        leaf: (message.info != 0).then_some(TcHandle(message.info)),
        rate_bps: None,
        ceil_bps: None,
        burst_bytes: None,
        ceil_burst_bytes: None,
        priority: None,
    };
    match class.name.as_str() {
        "htb" => htb(&mut class, message.options.unwrap_or_default()),
        "hfsc" => hfsc(&mut class, message.options.unwrap_or_default()),
        _ => None,
    };
    Some((class, sample(netns, &message)))
}

/// `TCA_HTB_PARMS` is `struct tc_htb_opt`: rate and ceiling of 12 bytes each, u32 buffer and its like for the ceiling
/// (both ticks), quantum, level, priority. An inner class has no priority of its own.
fn htb(class: &mut TcClass, options: &[u8]) -> Option<()> {
    const PARMS: u16 = 1;
    const RATE64: u16 = 6;
    const CEIL64: u16 = 7;
    let parms = attribute(options, PARMS)?;
    let rate = rate_at(parms, 0, attribute(options, RATE64))?;
    let ceil = rate_at(parms, 12, attribute(options, CEIL64))?;
    (class.rate_bps, class.ceil_bps) = (Some(rate.saturating_mul(8)), Some(ceil.saturating_mul(8)));
    class.burst_bytes = Some(ticks_to_bytes(u32_at(parms, 24)?, rate));
    class.ceil_burst_bytes = Some(ticks_to_bytes(u32_at(parms, 28)?, ceil));
    class.priority = u32_at(parms, 40).filter(|_| u32_at(parms, 36) == Some(0));
    Some(())
}

/// Service curves (`struct tc_service_curve`: u32 first slope, length, second slope; bytes per second).
fn hfsc(class: &mut TcClass, options: &[u8]) -> Option<()> {
    const FAIR_SHARE: u16 = 2;
    const UPPER_LIMIT: u16 = 3;
    let slope = |kind| Some(u64::from(u32_at(attribute(options, kind)?, 8)?) * 8).filter(|bps| *bps > 0);
    (class.rate_bps, class.ceil_bps) = (slope(FAIR_SHARE), slope(UPPER_LIMIT));
    Some(())
}
