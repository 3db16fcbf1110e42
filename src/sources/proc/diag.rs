//! Listening sockets of the calling thread's network namespace by sock_diag(7).
//!
//! `/proc/PID/net/tcp` walks the hash of all connections of the host, whichever namespace is asked for: 6 ms a file on
//! a machine with the usual 262 144 buckets. sock_diag walks the listeners only, and knows whether a socket takes IPv6
//! alone. Must not know how the thread came into its namespace.

use crate::model::{Fact, Gap, GapKind, Listener, NsInode, Proto};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_sock_diag::SockDiagMessage;
use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP, IPPROTO_UDP};
use netlink_packet_sock_diag::inet::nlas::Nla;
use netlink_packet_sock_diag::inet::{ExtensionFlags, InetRequest, InetResponse, SocketId, StateFlags};
use netlink_sys::protocols::NETLINK_SOCK_DIAG;
use netlink_sys::{Socket, SocketAddr};
use std::net::IpAddr;

/// Asks for all listeners: TCP sockets that listen and UDP sockets that are bound and not connected.
///
/// # Errors
/// When the kernel refuses or has no such module; the caller reads the files of procfs then.
pub(super) fn listeners(netns: NsInode) -> Result<Vec<Listener>, Gap> {
    let failed = |error: std::io::Error| Gap::from_io("ask", "the kernel for its sockets", &error);
    let mut socket = Socket::new(NETLINK_SOCK_DIAG).map_err(failed)?;
    socket.bind_auto().map_err(failed)?;
    // A dump goes on within each reading, so there is nothing to wait for.
    socket.set_non_blocking(true).map_err(failed)?;
    let mut found = Vec::new();
    for (proto, number, states) in
        [(Proto::Tcp, IPPROTO_TCP, StateFlags::LISTEN), (Proto::Udp, IPPROTO_UDP, StateFlags::CLOSE)]
    {
        for family in [AF_INET, AF_INET6] {
            let bytes = request(family, number, states.clone());
            socket.send_to(&bytes, &SocketAddr::new(0, 0), 0).map_err(failed)?;
            loop {
                let (bytes, _) = socket.recv_from_full().map_err(failed)?;
                if read_messages(&bytes, proto, netns, &mut found)? {
                    break;
                }
            }
        }
    }
    Ok(found)
}

fn request(family: u8, protocol: u8, states: StateFlags) -> Vec<u8> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let socket_id = if family == AF_INET { SocketId::new_v4() } else { SocketId::new_v6() };
    let request = InetRequest { family, protocol, extensions: ExtensionFlags::empty(), states, socket_id };
    let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    bytes
}

/// Reads one datagram; true when the dump is at its end.
fn read_messages(bytes: &[u8], proto: Proto, netns: NsInode, out: &mut Vec<Listener>) -> Result<bool, Gap> {
    let refused = |code: i32| {
        let error = std::io::Error::from_raw_os_error(code.saturating_neg());
        Gap::from_io("ask", "the kernel for its sockets", &error)
    };
    let bad = || Gap::new(GapKind::Unparsable, "ask the kernel for its sockets: the answer is not understood");
    let mut rest = bytes;
    while !rest.is_empty() {
        let message = NetlinkMessage::<SockDiagMessage>::deserialize(rest).map_err(|_| bad())?;
        match message.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                out.extend(listener(&response, proto, netns));
            }
            // A dump that failed ends like any other, with the error as its code.
            NetlinkPayload::Done(done) if done.code == 0 => return Ok(true),
            NetlinkPayload::Done(done) => return Err(refused(done.code)),
            NetlinkPayload::Error(error) => return Err(refused(error.raw_code())),
            _ => {}
        }
        let length = (message.header.length as usize).next_multiple_of(4);
        rest = rest.get(length.max(16)..).unwrap_or_default();
    }
    Ok(false)
}

fn listener(response: &InetResponse, proto: Proto, netns: NsInode) -> Option<Listener> {
    let header = &response.header;
    if !header.socket_id.destination_address.is_unspecified() || header.socket_id.destination_port != 0 {
        return None;
    }
    let v6_only = response.nlas.iter().find_map(|nla| if let Nla::SkV6Only(only) = nla { Some(*only) } else { None });
    let (addr, v6_only) = match header.socket_id.source_address {
        // A socket of family IPv6 bound to a mapped address takes that IPv4 address only.
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or((IpAddr::V6(v6), v6_only), |v4| (IpAddr::V4(v4), None)),
        v4 => (v4, None),
    };
    Some(Listener {
        netns,
        proto,
        addr,
        port: header.socket_id.source_port,
        v6_only,
        inode: u64::from(header.inode),
        uid: header.uid,
        owner: Fact::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn our_own_sockets_are_told_with_their_forms() {
        let netns = NsInode(1);
        let v4 = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let connected = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        connected.connect(udp.local_addr().expect("an address")).expect("connected");
        let seen = listeners(netns).expect("sock_diag");
        let has = |proto, addr: std::net::SocketAddr| {
            seen.iter().any(|l| l.proto == proto && l.addr == addr.ip() && l.port == addr.port() && l.inode > 0)
        };
        assert!(has(Proto::Tcp, v4.local_addr().expect("an address")));
        assert!(has(Proto::Udp, udp.local_addr().expect("an address")));
        assert!(!has(Proto::Udp, connected.local_addr().expect("an address")));
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), length in 16_u8..200) {
            let mut bytes = bytes;
            // A header that fits, so that the answer itself is looked at.
            if bytes.len() > 18 {
                bytes[..6].copy_from_slice(&[length, 0, 0, 0, 20, 0]);
                bytes[16] = 2;
            }
            let _ = read_messages(&bytes, Proto::Tcp, NsInode(1), &mut Vec::new());
        }
    }
}
