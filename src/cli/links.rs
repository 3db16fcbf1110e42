//! `links`: every interface of every namespace that could be read, with its other end, bridge, network and container.

use super::table::Table;
use super::{container_name, link_name, network_name, or_none, or_unknown};
use crate::analysis::Report;
use crate::analysis::wiring::LinkKey;
use crate::model::{Link, LinkCounters, Snapshot};
use crate::text::Outside;
use serde::Serialize;

/// The other end of a veth pair, or the parent of a macvlan, ipvlan or vlan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeerDoc {
    /// Its index in its namespace.
    pub ifindex: u32,
    /// Its name; null when its namespace could not be read.
    pub name: Option<Outside>,
    /// Inode of its namespace; null when not known.
    pub netns: Option<u64>,
    /// Name of the container whose namespace that is; null for none or not known.
    pub container: Option<Outside>,
}

/// One interface. Counters are from its own side, since it exists; null when they could not be read. For an interface
/// inside a container the traffic is what its host end counted, with received and sent exchanged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkDoc {
    /// Index in its namespace.
    pub ifindex: u32,
    /// Name.
    pub name: Outside,
    /// Kind word of rtnetlink; `loopback` and `ether` for devices without one.
    pub kind: String,
    /// Inode of its namespace.
    pub netns: u64,
    /// Name of the container whose namespace that is; null for the host's and others.
    pub container: Option<Outside>,
    /// The other end or the parent; null when there is none.
    pub peer: Option<PeerDoc>,
    /// Name of the bridge that it, or its host end, is a port of.
    pub bridge: Option<Outside>,
    /// Name of the engine network it belongs to.
    pub network: Option<Outside>,
    /// Hardware address; null without one.
    pub mac: Option<String>,
    /// Addresses with prefix.
    pub addresses: Vec<String>,
    /// Largest packet, bytes.
    pub mtu: u32,
    /// `up`, `down`, `lowerlayerdown`, `unknown`, `dormant`, `notpresent`, `testing`.
    pub operstate: String,
    /// Received bytes.
    pub rx_bytes: Option<u64>,
    /// Sent bytes.
    pub tx_bytes: Option<u64>,
    /// Received packets.
    pub rx_packets: Option<u64>,
    /// Sent packets.
    pub tx_packets: Option<u64>,
    /// Receive errors.
    pub rx_errors: Option<u64>,
    /// Send errors.
    pub tx_errors: Option<u64>,
    /// Received packets dropped.
    pub rx_dropped: Option<u64>,
    /// Packets dropped instead of sent.
    pub tx_dropped: Option<u64>,
}

/// The document: interfaces by (namespace, index), our own namespace first.
pub fn document(snapshot: &Snapshot, report: &Report) -> Vec<LinkDoc> {
    let ours = snapshot.our_netns();
    let mut links: Vec<&Link> = snapshot.links.iter().collect();
    links.sort_by_key(|l| (Some(l.netns) != ours, l.netns, l.ifindex));
    links.into_iter().map(|link| row(snapshot, report, link)).collect()
}

fn row(snapshot: &Snapshot, report: &Report, link: &Link) -> LinkDoc {
    let wiring = &report.wiring;
    let key: LinkKey = (link.netns, link.ifindex);
    let attachment = wiring.attachment(key);
    let counters = snapshot.link_sample(link.netns, link.ifindex).map(|s| s.counters);
    let traffic = counters.or_else(|| mirrored(snapshot, report, key));
    let owner = |netns| wiring.owner_of(snapshot, netns).map(|id| container_name(snapshot, id));
    let master = link.master.map(|m| (link.netns, m));
    let bridge = master.or_else(|| attachment.and_then(|a| a.bridge));
    let network = match wiring.network_of.get(&key).filter(|_| link.kind == "bridge") {
        Some(id) => Some(id),
        None => attachment.and_then(|a| a.network.as_ref()).or_else(|| master.and_then(|m| wiring.network_of.get(&m))),
    };
    LinkDoc {
        ifindex: link.ifindex.0,
        name: link.name.clone(),
        kind: link.kind.clone(),
        netns: link.netns.0,
        container: owner(link.netns),
        peer: peer(snapshot, report, link),
        bridge: bridge.and_then(|b| link_name(snapshot, b)),
        network: network.map(|id| network_name(snapshot, id)),
        mac: Some(link.mac.to_string()).filter(|m| !m.is_empty()),
        addresses: link.addresses.iter().map(|a| a.cidr.to_string()).collect(),
        mtu: link.mtu,
        operstate: link.operstate.clone(),
        rx_bytes: traffic.map(|c| c.rx_bytes),
        tx_bytes: traffic.map(|c| c.tx_bytes),
        rx_packets: traffic.map(|c| c.rx_packets),
        tx_packets: traffic.map(|c| c.tx_packets),
        rx_errors: counters.map(|c| c.rx_errors),
        tx_errors: counters.map(|c| c.tx_errors),
        rx_dropped: counters.map(|c| c.rx_dropped),
        tx_dropped: counters.map(|c| c.tx_dropped),
    }
}

/// What an inner end of a pair received its outer end sent, and the other way round. Errors and drops have no such
/// counterpart.
fn mirrored(snapshot: &Snapshot, report: &Report, key: LinkKey) -> Option<LinkCounters> {
    let attachment = report.wiring.attachment(key).filter(|a| a.link == key)?;
    let outer = attachment.outer.filter(|outer| report.wiring.attachment(*outer) == Some(attachment))?;
    let seen = snapshot.link_sample(outer.0, outer.1)?.counters;
    Some(LinkCounters {
        rx_bytes: seen.tx_bytes,
        tx_bytes: seen.rx_bytes,
        rx_packets: seen.tx_packets,
        tx_packets: seen.rx_packets,
        ..LinkCounters::default()
    })
}

fn peer(snapshot: &Snapshot, report: &Report, link: &Link) -> Option<PeerDoc> {
    let wiring = &report.wiring;
    let key: LinkKey = (link.netns, link.ifindex);
    let seen = link.peer.as_ref();
    let attachment = wiring.attachment(key);
    // From the host end the other end is the interface inside; from inside it is the host end.
    let joined = match attachment {
        Some(a) if a.link == key => a.outer,
        Some(a) if a.outer == Some(key) && a.link.0 != crate::analysis::wiring::UNSEEN_NETNS => Some(a.link),
        _ => None,
    };
    let at = seen.and_then(|p| Some((p.netns.get()?, p.ifindex))).or(joined);
    let concluded = || attachment.filter(|a| a.outer == Some(key)).and_then(|a| a.containers.first());
    let owner = at.and_then(|(netns, _)| wiring.owner_of(snapshot, netns)).or_else(concluded);
    let ifindex = at.map(|(_, index)| index).or(seen.map(|p| p.ifindex))?;
    Some(PeerDoc {
        ifindex: ifindex.0,
        name: at.and_then(|at| link_name(snapshot, at)),
        netns: at.map(|(netns, _)| netns.0),
        container: owner.map(|id| container_name(snapshot, id)),
    })
}

/// The table for people.
pub fn table(rows: &[LinkDoc]) -> Table {
    let mut table = Table::new(&[
        "IF>",
        "NAME",
        "KIND",
        "NETNS>",
        "CONTAINER",
        "PEER",
        "OF",
        "BRIDGE",
        "NETWORK",
        "ADDRESSES",
        "MTU>",
        "STATE",
        "RX>",
        "TX>",
    ]);
    let shown = |text: &Option<Outside>| or_none(text.as_ref().map(Outside::shown));
    for row in rows {
        let peer = row.peer.as_ref();
        let size = |bytes: Option<u64>| or_unknown(bytes.map(super::docker_units::human_size));
        table.row([
            row.ifindex.to_string(),
            row.name.shown().into_owned(),
            row.kind.clone(),
            row.netns.to_string(),
            shown(&row.container),
            or_none(peer.map(|p| match &p.name {
                Some(name) => format!("{}@{}", name.shown(), p.ifindex),
                None => format!("?@{}", p.ifindex),
            })),
            or_none(peer.and_then(|p| p.container.as_ref()).map(Outside::shown)),
            shown(&row.bridge),
            shown(&row.network),
            row.addresses.join(" "),
            row.mtu.to_string(),
            row.operstate.clone(),
            size(row.rx_bytes),
            size(row.tx_bytes),
        ]);
    }
    table
}
