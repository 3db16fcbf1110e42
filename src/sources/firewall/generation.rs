//! The generation id of nf_tables: one small question that tells whether the rules changed since they were read.
//!
//! Format: kernel `uapi/linux/netfilter/nf_tables.h` (NFT_MSG_GETGEN, NFTA_GEN_ID), nfnetlink header of 4 bytes.
//! iptables on ip_tables (legacy) has no such number. Must not know rules.

use crate::model::{Fact, Gap, GapKind};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket, SocketAddr};

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFT_MSG_NEWGEN: u16 = 15;
const NFT_MSG_GETGEN: u16 = 16;
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const NFTA_GEN_ID: u16 = 1;
/// Netlink header and nfnetlink header.
const HEADER: usize = 16;
const REQUEST: usize = 20;
/// Answers to earlier questions that are passed over before giving up.
const MAX_ANSWERS: usize = 8;

/// A kept socket that asks for the generation id of the network namespace it was opened in.
#[derive(Debug, Default)]
pub struct GenerationProbe {
    socket: Option<Socket>,
    sequence: u32,
}

impl GenerationProbe {
    /// A probe; the socket is opened at the first question, on the thread that asks it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The generation id now. Takes some 50 µs and never waits: the kernel answers within the request.
    pub fn current(&mut self) -> Fact<u32> {
        match self.ask() {
            Ok(generation) => Fact::Known(generation),
            Err(gap) => {
                // What is left in a socket after a failure is not known.
                self.socket = None;
                Fact::gap(gap)
            }
        }
    }

    fn ask(&mut self) -> Result<u32, Gap> {
        let failed = |operation: &str, error: &std::io::Error| {
            let gap = Gap::from_io(operation, "the generation of nf_tables", error);
            if gap.kind == GapKind::Permission { gap.lifted_by(super::lift()) } else { gap }
        };
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence;
        let socket = match &mut self.socket {
            Some(socket) => socket,
            none => none.insert(open().map_err(|error| failed("open a socket for", &error))?),
        };
        socket.send_to(&request(sequence), &SocketAddr::new(0, 0), 0).map_err(|error| failed("ask for", &error))?;
        for _ in 0..MAX_ANSWERS {
            let mut buffer: Vec<u8> = Vec::with_capacity(4096);
            socket.recv(&mut buffer, 0).map_err(|error| failed("read", &error))?;
            match parse(&buffer, sequence) {
                Answer::Generation(generation) => return Ok(generation),
                Answer::Error(errno) => return Err(failed("ask for", &std::io::Error::from_raw_os_error(errno))),
                Answer::Other => {}
            }
        }
        Err(Gap::new(GapKind::Unparsable, "read the generation of nf_tables: no answer was understood"))
    }
}

fn open() -> std::io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.set_non_blocking(true)?;
    Ok(socket)
}

fn request(sequence: u32) -> [u8; REQUEST] {
    let mut message = [0; REQUEST];
    message[0..4].copy_from_slice(&(REQUEST as u32).to_ne_bytes());
    message[4..6].copy_from_slice(&(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN).to_ne_bytes());
    message[6..8].copy_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    message[8..12].copy_from_slice(&sequence.to_ne_bytes());
    message
}

#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Generation(u32),
    Error(i32),
    Other,
}

/// Reads the first message of an answer; attributes start after both headers, each padded to four bytes.
fn parse(bytes: &[u8], sequence: u32) -> Answer {
    let u16_at = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_ne_bytes([b[0], b[1]]));
    let u32_at = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
    let (Some(length), Some(kind)) = (u32_at(0), u16_at(4)) else { return Answer::Other };
    if u32_at(8) != Some(sequence) {
        return Answer::Other;
    }
    if kind == NLMSG_ERROR {
        let errno = u32_at(HEADER).map_or(0, |code| (code as i32).saturating_neg());
        return if errno > 0 { Answer::Error(errno) } else { Answer::Other };
    }
    if kind != NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN {
        return Answer::Other;
    }
    let end = bytes.len().min(length as usize);
    let mut at = REQUEST;
    while at + 4 <= end {
        let (Some(size), Some(attribute)) = (u16_at(at), u16_at(at + 2)) else { return Answer::Other };
        let value = bytes.get(at + 4..at + 8).filter(|_| size >= 8 && at + 8 <= end);
        if attribute & 0x3fff == NFTA_GEN_ID
            && let Some(value) = value
        {
            return Answer::Generation(u32::from_be_bytes([value[0], value[1], value[2], value[3]]));
        }
        at += usize::from(size.max(4)).next_multiple_of(4);
    }
    Answer::Other
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An answer as the kernel gives it: the id, then the pid and name of who changed it.
    fn answer(sequence: u32) -> Vec<u8> {
        let mut bytes = vec![0; REQUEST];
        bytes[4..6].copy_from_slice(&0x0a0f_u16.to_ne_bytes());
        bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        for (kind, value) in [(2_u16, 4711_u32), (1, 42)] {
            bytes.extend(8_u16.to_ne_bytes().into_iter().chain(kind.to_ne_bytes()).chain(value.to_be_bytes()));
        }
        let length = bytes.len() as u32;
        bytes[0..4].copy_from_slice(&length.to_ne_bytes());
        bytes
    }

    #[test]
    fn the_id_is_found_among_the_attributes_of_the_right_answer() {
        assert_eq!(parse(&answer(7), 7), Answer::Generation(42));
        assert_eq!(parse(&answer(6), 7), Answer::Other);
        let mut refused = answer(7);
        refused[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
        refused[16..20].copy_from_slice(&(-1_i32).to_ne_bytes());
        assert_eq!(parse(&refused, 7), Answer::Error(1));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), cut in 0_usize..40) {
            let _ = parse(&bytes, 0);
            let whole = answer(7);
            let _ = parse(&whole[..cut.min(whole.len())], 7);
        }
    }
}
