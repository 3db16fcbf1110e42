//! Listening sockets and the proxies of published ports.

use super::{Fact, NsInode, Pid, Proto};
use crate::text::Outside;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A process named with a socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRef {
    /// Process id on the host.
    pub pid: Pid,
    /// `comm`.
    pub process: Outside,
}

/// A listening TCP socket, or an unconnected bound UDP one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// Namespace of the socket.
    pub netns: NsInode,
    /// Transport.
    pub proto: Proto,
    /// Bound address; `::` also takes IPv4 unless `v6_only`.
    pub addr: IpAddr,
    /// Port.
    pub port: u16,
    /// For `::`: takes IPv6 only; none when not known.
    pub v6_only: Option<bool>,
    /// Inode of the socket.
    pub inode: u64,
    /// User who made it.
    pub uid: u32,
    /// The process that holds it: found by the inode among the descriptors of processes. `Known(None)` when all
    /// candidates were read and none holds it.
    pub owner: Fact<Option<ProcessRef>>,
}

/// A `docker-proxy` (or rootlesskit, pasta) process that carries a published port in user space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proxy {
    /// Process id on the host.
    pub pid: Pid,
    /// Its parent, the engine's daemon.
    pub ppid: Pid,
    /// Transport.
    pub proto: Proto,
    /// Address it listens on.
    pub host_ip: IpAddr,
    /// Port it listens on.
    pub host_port: u16,
    /// Address it connects to.
    pub container_ip: IpAddr,
    /// Port it connects to.
    pub container_port: u16,
}

/// Open packet or raw sockets are told apart by listeners; this counts them per namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketScan {
    /// Namespace that was read.
    pub netns: NsInode,
    /// Its listeners, or why they could not be read.
    pub listeners: Fact<Vec<Listener>>,
}
