//! Framing of netlink: messages in a datagram, attributes in a message, and the bytes of a request.
//!
//! The parsers here are total: whatever the bytes are, they end and never panic; what does not fit is left out.
//! They are written by hand, because the typed parsers of the crates drop a whole device when one attribute is new
//! to them, and cost ten times as much. They know no interface and no namespace.
//!
//! Formats: `include/uapi/linux/netlink.h` (`nlmsghdr`, `nlattr`), all in the byte order of the machine.

/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;
/// Bits of an attribute's type that are its type (the rest are `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`).
const TYPE_MASK: u16 = 0x3fff;

pub(crate) const NLMSG_ERROR: u16 = 2;
pub(crate) const NLMSG_DONE: u16 = 3;
pub(crate) const NLM_F_REQUEST: u16 = 0x01;
pub(crate) const NLM_F_DUMP_INTR: u16 = 0x10;
pub(crate) const NLM_F_CAPPED: u16 = 0x100;
pub(crate) const NLM_F_ACK_TLVS: u16 = 0x200;
pub(crate) const NLMSGERR_ATTR_MSG: u16 = 1;
pub(crate) const NLM_F_DUMP: u16 = 0x300;

// Types of `include/uapi/linux/rtnetlink.h`. Those that read and those that tell; none that writes.
pub(crate) const RTM_NEWLINK: u16 = 16;
pub(crate) const RTM_DELLINK: u16 = 17;
pub(crate) const RTM_GETLINK: u16 = 18;
pub(crate) const RTM_NEWADDR: u16 = 20;
pub(crate) const RTM_DELADDR: u16 = 21;
pub(crate) const RTM_GETADDR: u16 = 22;
pub(crate) const RTM_NEWROUTE: u16 = 24;
pub(crate) const RTM_DELROUTE: u16 = 25;
pub(crate) const RTM_GETROUTE: u16 = 26;
pub(crate) const RTM_NEWNEIGH: u16 = 28;
pub(crate) const RTM_GETNEIGH: u16 = 30;
pub(crate) const RTM_NEWQDISC: u16 = 36;
pub(crate) const RTM_DELQDISC: u16 = 37;
pub(crate) const RTM_GETQDISC: u16 = 38;
pub(crate) const RTM_NEWTCLASS: u16 = 40;
pub(crate) const RTM_DELTCLASS: u16 = 41;
pub(crate) const RTM_GETTCLASS: u16 = 42;
pub(crate) const RTM_NEWTFILTER: u16 = 44;
pub(crate) const RTM_DELTFILTER: u16 = 45;
pub(crate) const RTM_GETTFILTER: u16 = 46;
pub(crate) const RTM_NEWNSID: u16 = 88;
pub(crate) const RTM_DELNSID: u16 = 89;
pub(crate) const RTM_GETNSID: u16 = 90;
pub(crate) const RTM_NEWSTATS: u16 = 92;
pub(crate) const RTM_GETSTATS: u16 = 94;

pub(crate) const AF_INET: u8 = 2;
pub(crate) const AF_BRIDGE: u8 = 7;
pub(crate) const AF_INET6: u8 = 10;

/// One message of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    pub kind: u16,
    pub flags: u16,
    pub seq: u32,
    pub payload: &'a [u8],
}

/// Walks the messages of a datagram; a header whose length can't be right ends the walk.
pub(crate) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = u32_at(bytes, 0)? as usize;
        let payload = bytes.get(HEADER..length)?;
        let message = Message { kind: u16_at(bytes, 4)?, flags: u16_at(bytes, 6)?, seq: u32_at(bytes, 8)?, payload };
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some(message)
    })
}

/// Walks the attributes of a message or of a nest: (type, value). A length that can't be right ends the walk.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let value = bytes.get(4..length)?;
        let kind = u16_at(bytes, 2)? & TYPE_MASK;
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

pub(crate) fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_ne_bytes)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_ne_bytes)
}

pub(crate) fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    array_at(bytes, at).map(i32::from_ne_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_ne_bytes)
}

/// A number in network byte order, as ports and tunnel keys have it.
pub(crate) fn be16(bytes: &[u8]) -> Option<u16> {
    array_at(bytes, 0).map(u16::from_be_bytes)
}

/// A number in network byte order.
pub(crate) fn be32(bytes: &[u8]) -> Option<u32> {
    array_at(bytes, 0).map(u32::from_be_bytes)
}

/// An address of four or sixteen bytes.
pub(crate) fn ip(bytes: &[u8]) -> Option<std::net::IpAddr> {
    match bytes.len() {
        4 => array_at::<4>(bytes, 0).map(std::net::IpAddr::from),
        16 => array_at::<16>(bytes, 0).map(std::net::IpAddr::from),
        _ => None,
    }
}

/// A string up to its NUL; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
}

/// The bytes of one request; kept and sent again with a new sequence number.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    /// What it asks for, in words, for error messages.
    pub operation: &'static str,
}

impl Request {
    /// A request for all objects of a type, with the fixed header that this type has.
    pub fn dump(operation: &'static str, kind: u16, header: &[u8]) -> Self {
        Self::new(operation, kind, NLM_F_REQUEST | NLM_F_DUMP, header)
    }

    /// A request for one object.
    pub fn one(operation: &'static str, kind: u16, header: &[u8]) -> Self {
        Self::new(operation, kind, NLM_F_REQUEST, header)
    }

    /// A request with flags of its own, [`NLM_F_REQUEST`] among them.
    pub fn new(operation: &'static str, kind: u16, flags: u16, header: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&flags.to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(header);
        bytes.resize(aligned(bytes.len()), 0);
        Request { bytes, operation }.measured()
    }

    /// Adds an attribute.
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(aligned(self.bytes.len()), 0);
        self.measured()
    }

    fn measured(mut self) -> Self {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_ne_bytes());
        self
    }

    /// The bytes with this sequence number in them.
    pub fn numbered(&mut self, seq: u32) -> &[u8] {
        self.bytes[8..12].copy_from_slice(&seq.to_ne_bytes());
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_walked_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for message in messages(&bytes).take(1000) {
                for (_, value) in attributes(message.payload).take(1000) {
                    let _ = (text(value), ip(value), be16(value), be32(value));
                }
            }
            let _ = attributes(&bytes).count();
        }
    }

    #[test]
    fn a_request_reads_back_as_a_message() {
        let mut request = Request::dump("x", RTM_GETLINK, &[0; 16]).with(29, &8u32.to_ne_bytes()).with(3, b"eth0\0");
        let bytes = request.numbered(7).to_vec();
        let message = messages(&bytes).next().expect("one message");
        assert_eq!((message.kind, message.flags, message.seq), (RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 7));
        let found: Vec<_> = attributes(&message.payload[16..]).collect();
        assert_eq!(found, vec![(29, &8u32.to_ne_bytes()[..]), (3, &b"eth0\0"[..])]);
        assert_eq!(messages(&bytes).count(), 1);
    }
}
