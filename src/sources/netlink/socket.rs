//! One kept, blocking routing socket: a request goes out, its answer comes back whole or as an error.
//!
//! Blocking, because the kernel makes the answers while they are asked for: there is nothing to wait for. It sees to
//! the ways in which a dump can lie: an error code at its end, the flag that it was interrupted, answers to an older
//! request that had timed out, and senders that are not the kernel. It knows no object of the answers.

use super::NetlinkError;
use super::wire::{
    Message, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLM_F_DUMP_INTR, NLMSG_DONE, NLMSG_ERROR, NLMSGERR_ATTR_MSG, Request,
    aligned, attributes, i32_at, messages, text, u32_at,
};
use crate::text::clean_line;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::libc::{EAGAIN, EINTR, MSG_TRUNC};
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::TimeVal;
use std::io;

/// Deadline of each answer, seconds. The kernel answers within microseconds, unless it waits for the lock of all
/// network changes.
const DEADLINE_S: i64 = 2;
/// The kernel makes datagrams of at most 32 KiB in a dump.
const BUFFER: usize = 64 * 1024;
/// How often an interrupted dump is asked for again before it is used as it is.
const RETRIES: usize = 3;

/// Whether objects came or went while a dump was made, so that it may have one twice or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steadiness {
    Steady,
    Changing,
}

/// A routing socket in the namespace of the thread that opened it.
#[derive(Debug)]
pub(crate) struct RouteSocket {
    socket: Socket,
    seq: u32,
    buffer: Vec<u8>,
    /// The kernel checks requests strictly. Without it, it ignores the attribute that names another namespace, and
    /// answers for ours.
    pub strict: bool,
}

impl RouteSocket {
    /// Opens a socket for requests.
    pub fn open() -> Result<Self, NetlinkError> {
        let failed = |source: io::Error| NetlinkError::system("open a netlink routing socket", source);
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(failed)?;
        socket.bind_auto().map_err(failed)?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(DEADLINE_S, 0))
            .map_err(|errno| failed(errno.into()))?;
        let strict = socket.set_netlink_get_strict_chk(true).is_ok();
        // Words beside the code, and no echo of the request in front of them. An old kernel has neither.
        let _ = (socket.set_ext_ack(true), socket.set_cap_ack(true));
        Ok(RouteSocket { socket, seq: 0, buffer: Vec::with_capacity(BUFFER), strict })
    }

    /// Sends a dump request and hands each object to `each` until the end of the dump. Nothing is allocated.
    pub fn dump(
        &mut self,
        request: &mut Request,
        each: &mut dyn FnMut(&Message<'_>),
    ) -> Result<Steadiness, NetlinkError> {
        self.send(request)?;
        let mut steadiness = Steadiness::Steady;
        loop {
            self.receive(request.operation)?;
            for message in messages(&self.buffer).filter(|m| m.seq == self.seq) {
                if message.flags & NLM_F_DUMP_INTR != 0 {
                    steadiness = Steadiness::Changing;
                }
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR => return verdict(request.operation, &message).map(|()| steadiness),
                    _ => each(&message),
                }
            }
        }
    }

    /// Dumps into a list, again when the dump was interrupted. `parse` may add any number of objects per message.
    pub fn collect<T>(
        &mut self,
        request: &mut Request,
        mut parse: impl FnMut(&Message<'_>, &mut Vec<T>),
    ) -> Result<(Vec<T>, Steadiness), NetlinkError> {
        let mut found = Vec::new();
        for _ in 0..RETRIES {
            found.clear();
            if self.dump(request, &mut |message| parse(message, &mut found))? == Steadiness::Steady {
                return Ok((found, Steadiness::Steady));
            }
        }
        found.clear();
        let steadiness = self.dump(request, &mut |message| parse(message, &mut found))?;
        Ok((found, steadiness))
    }

    /// Sends a request for one object and gives what `parse` makes of it.
    pub fn ask<T>(
        &mut self,
        request: &mut Request,
        parse: impl Fn(&Message<'_>) -> Option<T>,
    ) -> Result<Option<T>, NetlinkError> {
        self.send(request)?;
        loop {
            self.receive(request.operation)?;
            if let Some(message) = messages(&self.buffer).find(|m| m.seq == self.seq) {
                return match message.kind {
                    NLMSG_ERROR => verdict(request.operation, &message).map(|()| None),
                    _ => Ok(parse(&message)),
                };
            }
        }
    }

    fn send(&mut self, request: &mut Request) -> Result<(), NetlinkError> {
        self.seq = self.seq.wrapping_add(1).max(1);
        let operation = request.operation;
        self.socket
            .send_to(request.numbered(self.seq), &SocketAddr::new(0, 0), 0)
            .map_err(|source| NetlinkError::system(operation, source))?;
        Ok(())
    }

    /// Fills the buffer with the next datagram of the kernel's.
    fn receive(&mut self, operation: &'static str) -> Result<(), NetlinkError> {
        loop {
            self.buffer.clear();
            match self.socket.recv_from(&mut self.buffer, MSG_TRUNC) {
                Ok((bytes, _)) if bytes > self.buffer.len() => return Err(NetlinkError::Cut { operation, bytes }),
                // Port 0 is the kernel; nobody else may answer.
                Ok((_, from)) if from.port_number() == 0 => return Ok(()),
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(EINTR) => {}
                Err(error) if error.raw_os_error() == Some(EAGAIN) => {
                    return Err(NetlinkError::Timeout { operation, seconds: DEADLINE_S.unsigned_abs() });
                }
                Err(source) => return Err(NetlinkError::system(operation, source)),
            }
        }
    }
}

/// Reads the code of an error or end message: zero or, in an end message of an old kernel, nothing at all is success.
fn verdict(operation: &'static str, message: &Message<'_>) -> Result<(), NetlinkError> {
    match i32_at(message.payload, 0) {
        Some(code) if code < 0 => {
            let source = io::Error::from_raw_os_error(code.saturating_neg());
            Err(NetlinkError::Refused { operation, source, words: words(message) })
        }
        _ => Ok(()),
    }
}

/// The words of an extended acknowledgement. They follow the code and, in an error message, the request: its header
/// alone when the message is capped, else the whole.
fn words(message: &Message<'_>) -> Option<String> {
    if message.flags & NLM_F_ACK_TLVS == 0 {
        return None;
    }
    let echoed = match message.kind {
        NLMSG_DONE => 0,
        _ if message.flags & NLM_F_CAPPED != 0 => 16,
        _ => aligned(u32_at(message.payload, 4)? as usize),
    };
    let (_, value) = attributes(message.payload.get(4 + echoed..)?).find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG)?;
    Some(clean_line(&text(value)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `struct nlmsgerr` and the value at the end of a dump both begin with a negative errno.
    #[test]
    fn a_dump_that_ends_in_a_code_is_an_error_and_not_an_empty_list() {
        let code = (-22i32).to_ne_bytes();
        let done = Message { kind: NLMSG_DONE, flags: 0, seq: 1, payload: &code };
        let error = verdict("list links", &done).expect_err("refused");
        assert_eq!(error.errno(), Some(22));
        assert!(error.to_string().starts_with("list links: Invalid argument"));
        assert!(verdict("x", &Message { payload: &[0; 4], ..done }).is_ok());
        assert!(verdict("x", &Message { payload: &[], ..done }).is_ok());
    }

    #[test]
    fn the_kernels_own_words_are_read_behind_the_code_and_the_echo() {
        let words = [&[17, 0, 1, 0][..], b"no such kind\0\0\0\0"].concat();
        let code = &(-2i32).to_ne_bytes()[..];
        let header = [&20u32.to_ne_bytes()[..], &[0; 12]].concat();
        let whole = [code, &header, &[0; 4], &words].concat();
        let capped = [code, &header, &words].concat();
        let ended = [code, &words].concat();
        let cases = [
            (NLMSG_ERROR, NLM_F_ACK_TLVS, whole),
            (NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED, capped),
            (NLMSG_DONE, NLM_F_ACK_TLVS, ended),
        ];
        for (kind, flags, payload) in cases {
            let error = verdict("add", &Message { kind, flags, seq: 1, payload: &payload }).expect_err("refused");
            assert_eq!(error.to_string(), "add: No such file or directory (os error 2) (no such kind)");
            let cut = Message { kind, flags, seq: 1, payload: &payload[..payload.len() - 14] };
            assert_eq!(verdict("add", &cut).expect_err("refused").words(), None);
        }
    }
}
