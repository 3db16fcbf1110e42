//! The notifications of the routing socket, reduced to what has to be read again.
//!
//! A notification is never taken for the state itself: what it says may be old by the time it is read, and some are
//! lost under load. It only names what a pass of the survey shall look at. With `CAP_NET_BROADCAST` the socket also
//! hears of every namespace that has an id here, without a socket in any of them.

use super::NetlinkError;
use super::survey::Scope;
use super::wire::{
    AF_BRIDGE, Message, RTM_DELADDR, RTM_DELLINK, RTM_DELNSID, RTM_DELQDISC, RTM_DELROUTE, RTM_DELTCLASS,
    RTM_DELTFILTER, RTM_NEWADDR, RTM_NEWLINK, RTM_NEWNSID, RTM_NEWQDISC, RTM_NEWROUTE, RTM_NEWTCLASS, RTM_NEWTFILTER,
    messages, u32_at,
};
use crate::model::IfIndex;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, NetlinkAddr, recvmsg, setsockopt, sockopt};
use rtnetlink::MulticastGroup;
use std::io::{self, IoSliceMut};
use std::os::fd::AsRawFd;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Room for the notifications of some seconds of heavy change (about 2 KiB each), so that a loaded host loses none.
const KERNEL_BUFFER: usize = 8 << 20;
/// Notifications are of some kilobytes at most.
const BUFFER: usize = 64 * 1024;
/// `SOL_NETLINK` of `include/linux/socket.h`.
const SOL_NETLINK: i32 = 270;
/// `NETLINK_LISTEN_ALL_NSID` of `include/uapi/linux/netlink.h`, as the type of a control message.
const LISTEN_ALL_NSID: i32 = 8;

const GROUPS: [MulticastGroup; 7] = [
    MulticastGroup::Link,
    MulticastGroup::Ipv4Ifaddr,
    MulticastGroup::Ipv6Ifaddr,
    MulticastGroup::Ipv4Route,
    MulticastGroup::Ipv6Route,
    MulticastGroup::Nsid,
    MulticastGroup::Tc,
];

/// A socket that hears of changes.
#[derive(Debug)]
pub(super) struct Monitor {
    socket: AsyncFd<Socket>,
    buffer: Vec<u8>,
}

impl Monitor {
    /// Opens the socket; from then on the kernel queues what changes. Must run in a tokio runtime.
    ///
    /// # Errors
    /// When it can't be opened or the groups can't be joined.
    pub fn open() -> Result<Self, NetlinkError> {
        Self::with_kernel_buffer(KERNEL_BUFFER)
    }

    fn with_kernel_buffer(bytes: usize) -> Result<Self, NetlinkError> {
        let failed = |source: io::Error| NetlinkError::system("listen for network changes", source);
        let mut socket = Socket::new(NETLINK_ROUTE).map_err(failed)?;
        socket.set_non_blocking(true).map_err(failed)?;
        // The second is capped by net.core.rmem_max, the first needs CAP_NET_ADMIN. Less room only means more resyncs.
        if setsockopt(&socket, sockopt::RcvBufForce, &bytes).is_err() {
            let _ = setsockopt(&socket, sockopt::RcvBuf, &bytes);
        }
        // Without the right to it, changes in other namespaces are seen by those of their peers here.
        let _ = socket.set_listen_all_namespaces(true);
        let groups = GROUPS.iter().fold(0, |groups, group| groups | 1 << (*group as u32 - 1));
        socket.bind(&SocketAddr::new(0, groups)).map_err(failed)?;
        let socket = registered(socket).map_err(failed)?;
        Ok(Monitor { socket, buffer: vec![0; BUFFER] })
    }

    /// Waits until something changed that the survey reads, and says what. Can be dropped at any time without loss of
    /// what was queued.
    pub async fn heard(&mut self) -> Scope {
        loop {
            let mut heard = None;
            match self.socket.readable().await {
                Ok(mut guard) => guard.clear_ready(),
                // The runtime shuts down; nothing will be heard any more.
                Err(_) => std::future::pending::<()>().await,
            }
            while let Some((length, nsid)) = self.receive(&mut heard) {
                for message in messages(&self.buffer[..length]) {
                    note(&message, nsid, &mut heard);
                }
            }
            if let Some(scope) = heard {
                return scope;
            }
        }
    }

    /// The length of the next datagram in the buffer and the id of the namespace it is from; none when there is no
    /// more for now.
    fn receive(&mut self, heard: &mut Option<Scope>) -> Option<(usize, Option<i32>)> {
        let mut control = nix::cmsg_space!([i32; 4]);
        loop {
            let mut parts = [IoSliceMut::new(&mut self.buffer)];
            let flags = MsgFlags::MSG_DONTWAIT;
            match recvmsg::<NetlinkAddr>(self.socket.as_raw_fd(), &mut parts, Some(&mut control), flags) {
                Ok(message) if message.address.is_some_and(|from| from.pid() != 0) => {}
                Ok(message) => {
                    let nsid = message.cmsgs().ok().and_then(|mut all| all.find_map(nsid_of));
                    return Some((message.bytes, nsid));
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return None,
                Err(Errno::ENOBUFS) => overrun(heard),
                Err(_) => {
                    overrun(heard);
                    return None;
                }
            }
        }
    }
}

#[allow(
    deprecated,
    reason = "the other way in is unsafe; a netlink socket is one descriptor for its whole life, which is all it asks"
)]
fn registered(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    AsyncFd::with_interest(socket, Interest::READABLE)
}

fn nsid_of(control: ControlMessageOwned) -> Option<i32> {
    match control {
        ControlMessageOwned::Unknown(c)
            if (c.cmsg_header.cmsg_level, c.cmsg_header.cmsg_type) == (SOL_NETLINK, LISTEN_ALL_NSID) =>
        {
            super::wire::i32_at(&c.data_bytes, 0).filter(|id| *id >= 0)
        }
        _ => None,
    }
}

/// Notifications were lost: nobody knows what changed, so everything is read again.
fn overrun(heard: &mut Option<Scope>) {
    let scope = heard.get_or_insert_default();
    scope.everything = true;
    scope.resync = true;
}

/// Notes what a notification from the namespace `nsid` (none is ours) means for the next pass.
fn note(message: &Message<'_>, nsid: Option<i32>, heard: &mut Option<Scope>) {
    match message.kind {
        RTM_NEWNSID | RTM_DELNSID if nsid.is_none() => heard.get_or_insert_default().rediscover = true,
        RTM_NEWLINK | RTM_DELLINK | RTM_NEWADDR | RTM_DELADDR => {
            let scope = heard.get_or_insert_default();
            scope.namespaces.extend(nsid);
            // Of family bridge it says that a port left its bridge, not that the device is gone.
            let is_gone = message.kind == RTM_DELLINK && message.payload.first().is_some_and(|f| *f != AF_BRIDGE);
            if let Some(ifindex) = u32_at(message.payload, 4).filter(|_| is_gone) {
                scope.deleted.insert((nsid, IfIndex(ifindex)));
            }
        }
        // Routes of other namespaces are not part of the picture.
        RTM_NEWROUTE | RTM_DELROUTE if nsid.is_none() => {
            heard.get_or_insert_default();
        }
        // Traffic control neither.
        RTM_NEWQDISC | RTM_DELQDISC | RTM_NEWTCLASS | RTM_DELTCLASS | RTM_NEWTFILTER | RTM_DELTFILTER
            if nsid.is_none() =>
        {
            heard.get_or_insert_default();
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(kind: u16, family: u8, ifindex: u32, nsid: Option<i32>) -> Option<Scope> {
        let mut payload = [0; 16];
        payload[0] = family;
        payload[4..8].copy_from_slice(&ifindex.to_ne_bytes());
        let mut heard = None;
        note(&Message { kind, flags: 0, seq: 0, payload: &payload }, nsid, &mut heard);
        heard
    }

    #[test]
    fn a_port_that_leaves_its_bridge_is_not_a_deleted_device() {
        assert!(noted(RTM_DELLINK, AF_BRIDGE, 4, None).expect("a change").deleted.is_empty());
        assert!(noted(RTM_DELLINK, 0, 4, None).expect("a change").deleted.contains(&(None, IfIndex(4))));
    }

    #[test]
    fn changes_name_the_namespace_they_are_in() {
        let scope = noted(RTM_NEWADDR, 2, 4, Some(3)).expect("a change");
        assert_eq!(scope.namespaces.into_iter().collect::<Vec<_>>(), [3]);
        assert!(noted(RTM_NEWLINK, 0, 4, None).expect("a change").namespaces.is_empty());
        assert_eq!(noted(RTM_NEWROUTE, 2, 4, Some(3)), None);
        assert_eq!(noted(RTM_NEWROUTE, 2, 4, None), Some(Scope::default()));
        assert!(noted(RTM_DELNSID, 0, 0, None).expect("a change").rediscover);
        assert_eq!(noted(999, 0, 0, None), None);
        assert_eq!(noted(RTM_DELQDISC, 0, 4, None), Some(Scope::default()));
        assert_eq!(noted(RTM_NEWTFILTER, 0, 4, Some(3)), None);
    }

    /// A receive buffer of next to nothing, and nobody who reads: the kernel drops notifications and says so once.
    #[test]
    #[ignore = "needs root"]
    fn k10_lost_notifications_are_a_resync_and_not_an_end() {
        let on_its_own_host = std::thread::spawn(|| {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).expect("a network namespace of its own");
            let ip = |arguments: &str| {
                let status = std::process::Command::new("ip").args(arguments.split(' ')).status().expect("starts");
                assert!(status.success(), "ip {arguments}");
            };
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let mut monitor = Monitor::with_kernel_buffer(4096).expect("listens");
                for _ in 0..20 {
                    ip("link add v0 type veth peer name v1");
                    ip("link del v0");
                }
                let scope = monitor.heard().await;
                assert!(scope.resync && scope.everything, "{scope:?}");
                // It goes on hearing.
                ip("link add v0 type veth peer name v1");
                let scope = monitor.heard().await;
                assert!(!scope.resync, "{scope:?}");
            });
        });
        on_its_own_host.join().expect("passes");
    }
}
