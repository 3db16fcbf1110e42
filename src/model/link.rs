//! Interfaces, bridges, forwarding databases, routes and network namespaces as the kernel shows them.

use super::{Cidr, Fact, IfIndex, Mac, NsInode, Pid};
use crate::text::Outside;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// An address on an interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkAddress {
    /// Address with prefix.
    pub cidr: Cidr,
    /// `global`, `link`, `host`, `site`.
    pub scope: String,
    /// IPv4 label; empty for IPv6.
    pub label: Outside,
}

/// The other end of a veth pair, or the parent of a macvlan, ipvlan or vlan (`IFLA_LINK`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its index in its namespace.
    pub ifindex: IfIndex,
    /// The namespace it is in; unknown when the kernel gives an id that nobody here maps to an inode.
    pub netns: Fact<NsInode>,
}

/// Bridge settings (`IFLA_BR_*`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Bridge {
    /// Bridge id, `8000.0242ac110001`.
    pub bridge_id: String,
    /// Id of the root of the spanning tree.
    pub root_id: String,
    /// Spanning tree: 0 off, 1 kernel, 2 user space.
    pub stp_state: u32,
    /// Ports filter by VLAN.
    pub vlan_filtering: bool,
    /// Default VLAN of ports.
    pub default_pvid: Option<u16>,
    /// Multicast snooping.
    pub mcast_snooping: bool,
    /// Bridged IPv4 goes through iptables, on this bridge's own switch.
    pub nf_call_iptables: bool,
    /// Bridged IPv6 goes through ip6tables, on this bridge's own switch.
    pub nf_call_ip6tables: bool,
    /// Ageing time of learnt entries, in centiseconds.
    pub ageing_cs: u32,
}

/// Settings of a bridge port (`IFLA_BRPORT_*`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BridgePort {
    /// `disabled`, `listening`, `learning`, `forwarding`, `blocking`.
    pub state: String,
    /// Path cost.
    pub cost: u32,
    /// Isolated from other isolated ports.
    pub isolated: bool,
    /// Frames may go back out of the port they came in.
    pub hairpin: bool,
    /// Learns addresses.
    pub learning: bool,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The namespace it is in.
    pub netns: NsInode,
    /// Its index there.
    pub ifindex: IfIndex,
    /// Name, at most 15 bytes.
    pub name: Outside,
    /// Alias set by an administrator.
    pub alias: Option<Outside>,
    /// Kind word of rtnetlink: `veth`, `bridge`, `vxlan`, `macvlan`, `ipvlan`, `vlan`, `tun`, `wireguard`, `dummy`,
    /// `bond`, `openvswitch`, `ifb`, …; `loopback` and `ether` for devices without one.
    pub kind: String,
    /// Hardware address.
    pub mac: Mac,
    /// Largest packet, bytes.
    pub mtu: u32,
    /// `up`, `down`, `lowerlayerdown`, `unknown`, `dormant`, `notpresent`, `testing`.
    pub operstate: String,
    /// `IFF_UP`.
    pub is_up: bool,
    /// `IFF_PROMISC`, set by an administrator.
    pub is_promisc: bool,
    /// `IFLA_PROMISCUITY`: how many users asked for promiscuous mode; a bridge port has 1.
    pub promiscuity: u32,
    /// Index of the bridge or bond it is a port of, in the same namespace.
    pub master: Option<IfIndex>,
    /// Peer or parent.
    pub peer: Option<Peer>,
    /// Addresses.
    pub addresses: Vec<LinkAddress>,
    /// Bridge settings, of a bridge.
    pub bridge: Option<Bridge>,
    /// Port settings, of a bridge port.
    pub port: Option<BridgePort>,
    /// More of its kind, in words: `vni`, `remote`, `mode`, `vlan`, `group`, …
    pub details: BTreeMap<String, String>,
}

/// Counters of an interface since it exists, from its own side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkCounters {
    /// Received bytes.
    pub rx_bytes: u64,
    /// Sent bytes.
    pub tx_bytes: u64,
    /// Received packets.
    pub rx_packets: u64,
    /// Sent packets.
    pub tx_packets: u64,
    /// Receive errors.
    pub rx_errors: u64,
    /// Send errors.
    pub tx_errors: u64,
    /// Received packets dropped.
    pub rx_dropped: u64,
    /// Packets dropped instead of sent.
    pub tx_dropped: u64,
}

/// Counters with the interface they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkSample {
    /// Namespace of the interface.
    pub netns: NsInode,
    /// Its index there.
    pub ifindex: IfIndex,
    /// The counters.
    #[serde(flatten)]
    pub counters: LinkCounters,
}

/// An entry of a bridge's forwarding database (or of a vxlan's).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdbEntry {
    /// Namespace of the bridge.
    pub netns: NsInode,
    /// The bridge; none for an entry of a device without one.
    pub bridge: Option<IfIndex>,
    /// The port.
    pub port: IfIndex,
    /// Hardware address.
    pub mac: Mac,
    /// VLAN.
    pub vlan: Option<u16>,
    /// Remote end, of a vxlan.
    pub dst: Option<IpAddr>,
    /// `permanent`, `static`, `learned`, `extern-learn`.
    pub state: String,
}

/// A route of the main tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Namespace of the route.
    pub netns: NsInode,
    /// Destination; `0.0.0.0/0` or `::/0` for a default route.
    pub dst: Cidr,
    /// Next hop.
    pub gateway: Option<IpAddr>,
    /// Outgoing interface.
    pub oif: Option<IfIndex>,
    /// Preferred source address.
    pub source: Option<IpAddr>,
    /// Metric; lower wins.
    pub metric: u32,
    /// Table number; 254 is main.
    pub table: u32,
    /// `kernel`, `boot`, `static`, `dhcp`, `ra`, …
    pub protocol: String,
    /// `unicast`, `blackhole`, `unreachable`, …
    pub kind: String,
}

/// A network namespace of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Netns {
    /// Identity.
    pub inode: NsInode,
    /// Id by which our own namespace knows it; none when never assigned.
    pub nsid: Option<i32>,
    /// Names: `/run/netns/…`, `/run/docker/netns/…` or other nsfs mounts, with their paths.
    pub names: Vec<Outside>,
    /// True for the namespace bridgewatch itself runs in.
    pub is_ours: bool,
    /// True for the namespace of process 1.
    pub is_init: bool,
    /// True for the engine daemon's namespace; none when not known.
    pub is_engine: Option<bool>,
    /// Processes seen in it, at most 64; unknown when none was seen and some hide their namespace from us.
    pub processes: Fact<Vec<Pid>>,
    /// How many processes there are; unknown when some hide their namespace from us.
    pub process_count: Fact<u32>,
    /// Owning user namespace.
    pub user_ns: Fact<NsInode>,
    /// Why its links could not be read, if so.
    pub links_gap: Option<std::sync::Arc<super::Gap>>,
}
