//! Counters of a qdisc or class (`TCA_STATS2`).

use super::super::wire::{u32_at, u64_at};
use super::{TcMessage, attribute};
use crate::model::{NsInode, QdiscSample};

/// `TCA_STATS_BASIC`: u64 bytes, u32 packets.
const BASIC: u16 = 1;
/// `TCA_STATS_QUEUE`: u32 queued packets, backlog, drops, requeues, overlimits.
const QUEUE: u16 = 3;
/// `TCA_STATS_PKT64`, which newer kernels add where the packets do not fit.
const PACKETS_64: u16 = 8;

/// The counters of a message; none when it carries none.
pub(super) fn sample(netns: NsInode, message: &TcMessage<'_>) -> Option<QdiscSample> {
    let stats = message.stats?;
    let basic = attribute(stats, BASIC)?;
    let queue = attribute(stats, QUEUE);
    let queue_at = |at| queue.and_then(|queue| u32_at(queue, at)).map(u64::from).unwrap_or_default();
    let wide = attribute(stats, PACKETS_64).and_then(|value| u64_at(value, 0));
    Some(QdiscSample {
        netns,
        ifindex: message.ifindex,
        handle: message.handle,
        parent: message.parent,
        bytes: u64_at(basic, 0)?,
        packets: wide.or_else(|| u32_at(basic, 8).map(u64::from))?,
        queued: queue_at(0),
        backlog_bytes: queue_at(4),
        drops: queue_at(8),
        overlimits: queue_at(16),
    })
}
