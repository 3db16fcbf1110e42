//! Traffic control as the kernel tells it: qdiscs, classes and filters with their counters, and which parts of it this
//! kernel has.
//!
//! The parsers are total functions of bytes, for dumps and for the reading back of a change alike ([`parse_qdisc`],
//! [`parse_class`], [`parse_filter`]); [`TcReader`] asks through a kept socket. Formats:
//! `include/uapi/linux/rtnetlink.h`, `pkt_sched.h`, `pkt_cls.h` and `gen_stats.h`, in the byte order of the machine.
//! What is not modelled is told in the words of tc. Nothing here writes.

mod action;
mod class;
mod filter;
mod parts;
mod qdisc;
mod reader;
mod stats;
mod units;

pub use class::parse_class;
pub use filter::parse_filter;
pub use parts::{PARTS, PartsRoot};
pub use qdisc::parse_qdisc;
pub(super) use reader::read;
pub use reader::{TcReader, TcReading, with_classes};
pub use units::{TICK_NS, ticks_to_bytes};

use super::wire::{attributes, u32_at};
use crate::model::{IfIndex, TcHandle};

/// Length of `struct tcmsg`.
const HEADER: usize = 20;
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_STATS2: u16 = 7;
const TCA_CHAIN: u16 = 11;

/// The fixed header of every message of traffic control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TcMessage<'a> {
    ifindex: IfIndex,
    handle: TcHandle,
    parent: TcHandle,
    /// Of a filter its preference and protocol, of a qdisc its references, of a class its leaf qdisc.
    info: u32,
    kind: &'a [u8],
    options: Option<&'a [u8]>,
    stats: Option<&'a [u8]>,
    chain: Option<u32>,
}

impl<'a> TcMessage<'a> {
    /// Reads the payload of a message; none when it is no `struct tcmsg` with a kind.
    fn read(payload: &'a [u8]) -> Option<Self> {
        let mut message = TcMessage {
            ifindex: IfIndex(u32_at(payload, 4)?),
            handle: TcHandle(u32_at(payload, 8)?),
            parent: TcHandle(u32_at(payload, 12)?),
            info: u32_at(payload, 16)?,
            kind: &[],
            options: None,
            stats: None,
            chain: None,
        };
        for (attribute, value) in attributes(payload.get(HEADER..)?) {
            match attribute {
                TCA_KIND => message.kind = value,
                TCA_OPTIONS => message.options = Some(value),
                TCA_STATS2 => message.stats = Some(value),
                TCA_CHAIN => message.chain = u32_at(value, 0),
                _ => {}
            }
        }
        (!message.kind.is_empty()).then_some(message)
    }

    /// The kind word; it is the kernel's, never chosen by a container.
    fn name(&self) -> String {
        super::wire::text(self.kind).into_owned()
    }
}

/// The first attribute of a type in a nest.
fn attribute(nest: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(nest).find(|(kind, _)| *kind == wanted).map(|(_, value)| value)
}

#[cfg(test)]
mod tests;
