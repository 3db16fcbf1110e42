//! The counters of all interfaces of our namespace, read at every refresh: the busiest path of the program.
//!
//! One `RTM_GETSTATS` dump that asks for the 64-bit counters only, parsed in place: no allocation per interface and
//! about a microsecond each, where a dump of whole interfaces costs twenty. It knows no history and makes no rates:
//! counters that stand, wrap or go back are handed on as they are.

use super::NetlinkError;
use super::socket::{RouteSocket, Steadiness};
use super::wire::{Message, RTM_GETLINK, RTM_GETSTATS, RTM_NEWLINK, RTM_NEWSTATS, Request, attributes, u32_at, u64_at};
use crate::model::{IfIndex, LinkCounters};
use nix::libc::{EINVAL, EOPNOTSUPP};

/// `IFLA_STATS_LINK_64`, and bit 0 of the filter asks for it.
const STATS_LINK_64: u16 = 1;
/// `IFLA_STATS64` of an `RTM_NEWLINK`.
const LINK_STATS64: u16 = 23;
/// Length of `struct if_stats_msg`: family, padding, ifindex (4), filter (8).
const STATS_HEADER: usize = 12;
/// Length of `struct ifinfomsg`.
const LINK_HEADER: usize = 16;
/// Interrupted dumps are read again this often: an interface that is missing for one refresh is a gap in its history.
const ATTEMPTS: usize = 3;

/// Reads the counters of all interfaces through one kept socket.
#[derive(Debug)]
pub struct LinkStatsReader {
    socket: RouteSocket,
    request: Request,
    whole_links: bool,
}

impl LinkStatsReader {
    /// Opens the socket, in the network namespace of the calling thread, which it keeps for its life.
    ///
    /// # Errors
    /// When no routing socket can be opened.
    pub fn open() -> Result<Self, NetlinkError> {
        Ok(LinkStatsReader { socket: RouteSocket::open()?, request: stats_request(), whole_links: false })
    }

    /// Reads all counters into `out`, which is emptied first; in the order of the kernel, which is that of the index
    /// on recent ones. Blocks for the time the kernel takes to answer, at most two seconds.
    ///
    /// # Errors
    /// When the kernel refuses or does not answer. `out` then holds nothing that may be used.
    pub fn read(&mut self, out: &mut Vec<(IfIndex, LinkCounters)>) -> Result<(), NetlinkError> {
        match self.attempt(out) {
            // Kernels before 4.7 and some sandboxes know no RTM_GETSTATS: whole interfaces carry the counters too.
            Err(error) if !self.whole_links && matches!(error.errno(), Some(EOPNOTSUPP | EINVAL)) => {
                self.whole_links = true;
                self.request = Request::dump("read the counters of interfaces", RTM_GETLINK, &[0; LINK_HEADER]);
                self.attempt(out)
            }
            other => other,
        }
    }

    fn attempt(&mut self, out: &mut Vec<(IfIndex, LinkCounters)>) -> Result<(), NetlinkError> {
        for _ in 0..ATTEMPTS {
            out.clear();
            let steadiness = self.socket.dump(&mut self.request, &mut |message| out.extend(parse_counters(message)))?;
            if steadiness == Steadiness::Steady {
                break;
            }
        }
        Ok(())
    }
}

fn stats_request() -> Request {
    let mut header = [0; STATS_HEADER];
    header[8..].copy_from_slice(&1u32.to_ne_bytes());
    Request::dump("read the counters of interfaces", RTM_GETSTATS, &header)
}

/// The counters of an `RTM_NEWSTATS` or `RTM_NEWLINK`; none for any other message or one without counters.
fn parse_counters(message: &Message<'_>) -> Option<(IfIndex, LinkCounters)> {
    let (header, attribute) = match message.kind {
        RTM_NEWSTATS => (STATS_HEADER, STATS_LINK_64),
        RTM_NEWLINK => (LINK_HEADER, LINK_STATS64),
        _ => return None,
    };
    let ifindex = IfIndex(u32_at(message.payload, 4)?);
    let (_, value) = attributes(message.payload.get(header..)?).find(|(kind, _)| *kind == attribute)?;
    Some((ifindex, counters(value)?))
}

/// The first eight fields of `struct rtnl_link_stats64` (`include/uapi/linux/if_link.h`), each a u64: rx and tx
/// packets, rx and tx bytes, rx and tx errors, rx and tx dropped. Later fields differ from kernel to kernel.
fn counters(value: &[u8]) -> Option<LinkCounters> {
    let field = |n: usize| u64_at(value, n * 8);
    Some(LinkCounters {
        rx_packets: field(0)?,
        tx_packets: field(1)?,
        rx_bytes: field(2)?,
        tx_bytes: field(3)?,
        rx_errors: field(4)?,
        tx_errors: field(5)?,
        rx_dropped: field(6)?,
        tx_dropped: field(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::wire::messages;
    use super::*;
    use proptest::prelude::*;

    /// A namespace with 21 devices, as the kernel sent it; the numbers are those of `ip -s -j link` beside it.
    const DUMP: &[u8] = include_bytes!("captured/stats.bin");

    #[test]
    fn a_captured_dump_gives_the_counters_of_each_interface() {
        let found: Vec<_> = messages(DUMP).filter_map(|m| parse_counters(&m)).collect();
        let indexes: Vec<u32> = found.iter().map(|(n, _)| n.0).collect();
        assert_eq!(indexes, (1..=21).collect::<Vec<_>>());
        let veth =
            LinkCounters { rx_bytes: 516, rx_packets: 6, tx_bytes: 620, tx_packets: 8, ..LinkCounters::default() };
        assert_eq!(found[1].1, veth);
        assert_eq!(found[2].1, LinkCounters { tx_dropped: 2, ..LinkCounters::default() });
        assert_eq!(found[3].1, LinkCounters { tx_bytes: 140, tx_packets: 2, ..LinkCounters::default() });
    }

    /// K16: what the kernel counts is handed on, up to the last bit.
    #[test]
    fn k16_counters_are_not_narrowed() {
        let mut bytes = DUMP.to_vec();
        // The first value of the first message: behind its headers and the attribute's.
        bytes[16 + STATS_HEADER + 4..][..64].fill(0xff);
        let (_, counters) = messages(&bytes).find_map(|m| parse_counters(&m)).expect("the first");
        assert_eq!((counters.rx_packets, counters.tx_dropped), (u64::MAX, u64::MAX));
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400), stats: bool) {
            let kind = if stats { RTM_NEWSTATS } else { RTM_NEWLINK };
            let _ = parse_counters(&Message { kind, flags: 0, seq: 0, payload: &bytes });
        }

        #[test]
        fn a_cut_dump_gives_a_prefix(cut in 0..DUMP.len()) {
            let whole: Vec<_> = messages(DUMP).filter_map(|m| parse_counters(&m)).collect();
            let part: Vec<_> = messages(&DUMP[..cut]).filter_map(|m| parse_counters(&m)).collect();
            prop_assert!(whole.starts_with(&part));
        }
    }
}
