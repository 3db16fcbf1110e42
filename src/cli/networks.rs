//! `networks`: engine networks of every driver with their devices, pools and members, and kernel bridges that no
//! engine made.

use super::table::Table;
use super::{container_name, link_name, or_none, or_unknown};
use crate::analysis::nat::NatRules;
use crate::analysis::wiring::LinkKey;
use crate::analysis::{PoolUse, Report, rates, scope};
use crate::model::{Cidr, FdbEntry, Link, Network, Pool, Snapshot};
use crate::text::Outside;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A port of a bridge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortOfBridge {
    /// Its index.
    pub ifindex: u32,
    /// Its name.
    pub name: Outside,
    /// Its kind.
    pub kind: String,
    /// State of the port: `forwarding`, `disabled`, …; null when not known.
    pub state: Option<String>,
    /// Container it leads to; null for none or not known.
    pub container: Option<Outside>,
}

/// An entry of a forwarding database.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FdbDoc {
    /// Hardware address.
    pub mac: String,
    /// Name of the port; its index as text when it could not be read.
    pub port: Outside,
    /// VLAN.
    pub vlan: Option<u16>,
    /// `permanent`, `static`, `learned`, `extern-learn`.
    pub state: String,
}

/// A kernel device that carries a network, or a bridge of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceDoc {
    /// Its index.
    pub ifindex: u32,
    /// Its name.
    pub name: Outside,
    /// Its kind.
    pub kind: String,
    /// `up`, `down`, …
    pub operstate: String,
    /// Largest packet, bytes.
    pub mtu: u32,
    /// Hardware address.
    pub mac: String,
    /// Addresses with prefix.
    pub addresses: Vec<String>,
    /// Bridge id; null for what is no bridge.
    pub bridge_id: Option<String>,
    /// Spanning tree is on; null for what is no bridge.
    pub stp: Option<bool>,
    /// Ports filter by VLAN; null for what is no bridge.
    pub vlan_filtering: Option<bool>,
    /// Its ports.
    pub ports: Vec<PortOfBridge>,
}

/// One address pool.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolDoc {
    /// Subnet.
    pub subnet: Cidr,
    /// Range addresses are handed out from; null for the whole subnet.
    pub range: Option<Cidr>,
    /// Gateway.
    pub gateway: Option<IpAddr>,
    /// Addresses kept out, by name.
    pub reserved: BTreeMap<String, String>,
    /// How many addresses can be handed out.
    pub capacity: u128,
    /// How many are; null when not known.
    pub used: Option<u128>,
    /// What else has addresses of the subnet, in words.
    pub overlaps: Vec<Outside>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MemberDoc {
    /// Name as the network knows it.
    pub container: Outside,
    /// Id of the container, or the key of an endpoint without one.
    pub id: String,
    /// IPv4 address with prefix.
    pub ipv4: Option<Cidr>,
    /// IPv6 address with prefix.
    pub ipv6: Option<Cidr>,
    /// Hardware address.
    pub mac: Option<String>,
}

/// An engine network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetworkDoc {
    /// `engine-network`.
    pub kind: &'static str,
    /// Id.
    pub id: String,
    /// Name.
    pub name: Outside,
    /// Driver.
    pub driver: String,
    /// `local` or `swarm`.
    pub scope: String,
    /// Creation.
    pub created_at: Option<Timestamp>,
    /// No way out.
    pub internal: bool,
    /// Containers outside services may join.
    pub attachable: bool,
    /// Routing mesh of the swarm.
    pub ingress: bool,
    /// IPv6 is on.
    pub ipv6: bool,
    /// Largest packet: as asked for, else as the device has it, bytes; null when neither is known.
    pub mtu: Option<u32>,
    /// Members reach each other (bridge networks); null for other drivers.
    pub icc: Option<bool>,
    /// A rule rewrites sources of its subnets on the way out; null when rules could not be read, or there is no bridge.
    pub masquerade: Option<bool>,
    /// Rewriting as asked for; null for other drivers than bridge.
    pub masquerade_asked: Option<bool>,
    /// Device that carries it; null for drivers without one, and when it is missing.
    pub device: Option<DeviceDoc>,
    /// It should have a device here and has none; null when that can't be told.
    pub device_missing: Option<bool>,
    /// Address pools.
    pub pools: Vec<PoolDoc>,
    /// Members; null when not known.
    pub members: Option<Vec<MemberDoc>>,
    /// Driver options.
    pub options: BTreeMap<String, Outside>,
    /// Labels.
    pub labels: BTreeMap<String, Outside>,
}

/// A bridge that no engine made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BridgeDoc {
    /// `kernel-bridge`.
    pub kind: &'static str,
    /// The bridge itself.
    #[serde(flatten)]
    pub device: BridgeDevice,
    /// Its forwarding database, as far as it was read.
    pub fdb: Vec<FdbDoc>,
}

/// A bridge with the fields that `brctl show` has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BridgeDevice {
    /// Its name.
    pub name: Outside,
    /// Its index.
    pub ifindex: u32,
    /// Bridge id; null when not known.
    pub bridge_id: Option<String>,
    /// Id of the root of the spanning tree; null when not known.
    pub root_id: Option<String>,
    /// Spanning tree is on; null when not known.
    pub stp: Option<bool>,
    /// Ports filter by VLAN; null when not known.
    pub vlan_filtering: Option<bool>,
    /// `up`, `down`, …
    pub operstate: String,
    /// Largest packet, bytes.
    pub mtu: u32,
    /// Addresses with prefix.
    pub addresses: Vec<String>,
    /// Its ports.
    pub ports: Vec<PortOfBridge>,
}

/// An element of the document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Entry {
    /// An engine network.
    Network(Box<NetworkDoc>),
    /// A bridge that no engine made.
    Bridge(Box<BridgeDoc>),
}

/// The document: engine networks by name, then other bridges of our namespace.
pub fn document(snapshot: &Snapshot, report: &Report) -> Vec<Entry> {
    let nat = NatRules::new(&snapshot.firewall);
    let uplinks = rates::uplinks(snapshot);
    let names: Vec<&str> = uplinks.iter().map(|(_, l)| l.name.raw()).collect();
    let networks =
        snapshot.networks.iter().map(|n| Entry::Network(Box::new(network(snapshot, report, &nat, &names, n))));
    let ours = snapshot.our_netns().map(|netns| snapshot.links_in(netns)).unwrap_or_default();
    let is_engines = |l: &Link| {
        let id = report.wiring.network_of.get(&(l.netns, l.ifindex));
        id.is_some_and(|id| snapshot.networks.iter().any(|n| n.id == *id && n.driver == "bridge"))
    };
    let bridges = ours
        .iter()
        .filter(|l| l.kind == "bridge" && !is_engines(l))
        .map(|l| Entry::Bridge(Box::new(bridge(snapshot, report, l))));
    networks.chain(bridges).collect()
}

fn network(snapshot: &Snapshot, report: &Report, nat: &NatRules, uplinks: &[&str], network: &Network) -> NetworkDoc {
    let is_bridge = network.driver == "bridge";
    let at = report.wiring.device_of.get(&network.id);
    let link = at.and_then(|at| snapshot.link(at.0, at.1));
    let answers: Vec<Option<bool>> =
        network.pools.iter().map(|p| nat.masquerade(p.subnet, uplinks).known().map(Option::is_some)).collect();
    let masquerade = match answers.as_slice() {
        _ if !is_bridge || answers.is_empty() || scope::foreign_engine(snapshot).is_some() => None,
        all if all.contains(&Some(true)) => Some(true),
        all if all.contains(&None) => None,
        _ => Some(false),
    };
    let uses = report.pools.get(&network.id);
    let pool = |(n, pool): (usize, &Pool)| pool_doc(pool, uses.and_then(|u| u.get(n)));
    let asked = |option: &str, default: bool| is_bridge.then(|| network.flag(option).unwrap_or(default));
    NetworkDoc {
        kind: "engine-network",
        id: network.id.as_str().to_owned(),
        name: network.name.clone(),
        driver: network.driver.clone(),
        scope: network.scope.clone(),
        created_at: network.created_at,
        internal: network.internal,
        attachable: network.attachable,
        ingress: network.ingress,
        ipv6: network.ipv6,
        mtu: network.mtu().or(link.map(|l| l.mtu)),
        icc: asked("enable_icc", true),
        masquerade,
        masquerade_asked: asked("enable_ip_masquerade", true),
        device: link.map(|l| device(snapshot, report, l)),
        device_missing: report.wiring.lacks_device(snapshot, network),
        pools: network.pools.iter().enumerate().map(pool).collect(),
        members: network.members.known().map(|members| {
            let doc = |m: &crate::model::Member| MemberDoc {
                container: m.name.clone(),
                id: m.container.as_str().to_owned(),
                ipv4: m.ipv4,
                ipv6: m.ipv6,
                mac: m.mac.as_ref().map(ToString::to_string),
            };
            members.iter().map(doc).collect()
        }),
        options: network.options.clone(),
        labels: network.labels.clone(),
    }
}

fn pool_doc(pool: &Pool, of: Option<&PoolUse>) -> PoolDoc {
    PoolDoc {
        subnet: pool.subnet,
        range: pool.range,
        gateway: pool.gateway,
        reserved: pool.reserved.clone(),
        capacity: of.map_or(0, |u| u.capacity),
        used: of.and_then(|u| u.used.get()),
        overlaps: of.map(|u| u.overlaps.clone()).unwrap_or_default(),
    }
}

fn addresses(link: &Link) -> Vec<String> {
    link.addresses.iter().map(|a| a.cidr.to_string()).collect()
}

fn ports(snapshot: &Snapshot, report: &Report, at: LinkKey) -> Vec<PortOfBridge> {
    let keys = report.wiring.ports_of.get(&at).into_iter().flatten();
    keys.filter_map(|key| snapshot.link(key.0, key.1).map(|l| (key, l)))
        .map(|(key, link)| PortOfBridge {
            ifindex: link.ifindex.0,
            name: link.name.clone(),
            kind: link.kind.clone(),
            state: link.port.as_ref().map(|p| p.state.clone()),
            container: report.wiring.container_of(*key).map(|id| container_name(snapshot, id)),
        })
        .collect()
}

fn device(snapshot: &Snapshot, report: &Report, link: &Link) -> DeviceDoc {
    let bridge = link.bridge.as_ref();
    DeviceDoc {
        ifindex: link.ifindex.0,
        name: link.name.clone(),
        kind: link.kind.clone(),
        operstate: link.operstate.clone(),
        mtu: link.mtu,
        mac: link.mac.to_string(),
        addresses: addresses(link),
        bridge_id: bridge.map(|b| b.bridge_id.clone()),
        stp: bridge.map(|b| b.stp_state != 0),
        vlan_filtering: bridge.map(|b| b.vlan_filtering),
        ports: ports(snapshot, report, (link.netns, link.ifindex)),
    }
}

fn bridge(snapshot: &Snapshot, report: &Report, link: &Link) -> BridgeDoc {
    let settings = link.bridge.as_ref();
    let fdb = snapshot.fdb.iter().filter(|f| f.netns == link.netns && f.bridge == Some(link.ifindex));
    BridgeDoc {
        kind: "kernel-bridge",
        device: BridgeDevice {
            name: link.name.clone(),
            ifindex: link.ifindex.0,
            bridge_id: settings.map(|b| b.bridge_id.clone()),
            root_id: settings.map(|b| b.root_id.clone()),
            stp: settings.map(|b| b.stp_state != 0),
            vlan_filtering: settings.map(|b| b.vlan_filtering),
            operstate: link.operstate.clone(),
            mtu: link.mtu,
            addresses: addresses(link),
            ports: ports(snapshot, report, (link.netns, link.ifindex)),
        },
        fdb: fdb.map(|entry| fdb_doc(snapshot, entry)).collect(),
    }
}

fn fdb_doc(snapshot: &Snapshot, entry: &FdbEntry) -> FdbDoc {
    let port = link_name(snapshot, (entry.netns, entry.port)).unwrap_or_else(|| entry.port.to_string().into());
    FdbDoc { mac: entry.mac.to_string(), port, vlan: entry.vlan, state: entry.state.clone() }
}

/// The table for people.
pub fn table(entries: &[Entry]) -> Table {
    let mut table =
        Table::new(&["NAME", "DRIVER", "SUBNET", "USED>", "FREE>", "GATEWAY", "DEVICE", "MEMBERS>", "NAT", "NOTES"]);
    for entry in entries {
        match entry {
            Entry::Network(network) => network_row(&mut table, network),
            Entry::Bridge(bridge) => {
                let device = &bridge.device;
                let mut notes = vec!["no engine made it".to_owned()];
                notes.extend((device.stp == Some(true)).then(|| "stp".to_owned()));
                notes.extend(device.bridge_id.as_ref().map(|id| format!("id {id}")));
                table.row([
                    device.name.shown().into_owned(),
                    "(kernel)".to_owned(),
                    device.addresses.join(" "),
                    "-".to_owned(),
                    "-".to_owned(),
                    "-".to_owned(),
                    device.name.shown().into_owned(),
                    device.ports.len().to_string(),
                    "-".to_owned(),
                    notes.join(", "),
                ]);
            }
        }
    }
    table
}

fn network_row(table: &mut Table, network: &NetworkDoc) {
    let first = network.pools.first();
    let free = |p: &PoolDoc| or_unknown(p.used.map(|used| p.capacity.saturating_sub(used)));
    let device = match &network.device {
        Some(device) => device.name.shown().into_owned(),
        None if network.device_missing == Some(true) => "missing".to_owned(),
        None => "-".to_owned(),
    };
    let nat = match (network.driver.as_str(), network.masquerade) {
        ("bridge", Some(true)) => "yes".to_owned(),
        ("bridge", Some(false)) => "no".to_owned(),
        ("bridge", None) => super::UNKNOWN.to_owned(),
        _ => "-".to_owned(),
    };
    table.row([
        network.name.shown().into_owned(),
        network.driver.clone(),
        or_none(first.map(|p| p.subnet)),
        first.map_or_else(|| "-".to_owned(), |p| or_unknown(p.used)),
        first.map_or_else(|| "-".to_owned(), free),
        or_none(first.and_then(|p| p.gateway)),
        device,
        or_unknown(network.members.as_ref().map(Vec::len)),
        nat,
        notes(network),
    ]);
    for pool in network.pools.iter().skip(1) {
        let blank = String::new;
        table.row([
            blank(),
            blank(),
            pool.subnet.to_string(),
            or_unknown(pool.used),
            free(pool),
            or_none(pool.gateway),
        ]);
    }
}

fn notes(network: &NetworkDoc) -> String {
    let mut notes: Vec<String> = Vec::new();
    let words = [
        (network.internal, "internal"),
        (network.ipv6, "ipv6"),
        (network.attachable, "attachable"),
        (network.ingress, "ingress"),
        (network.icc == Some(false), "icc off"),
        (network.masquerade_asked == Some(false), "masquerade off"),
        (network.scope == "swarm", "swarm"),
    ];
    notes.extend(words.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
    if let Some(mtu) = network.mtu.filter(|mtu| *mtu != 1500) {
        notes.push(format!("mtu {mtu}"));
    }
    for overlap in network.pools.iter().flat_map(|p| &p.overlaps) {
        notes.push(format!("overlaps {}", overlap.shown()));
    }
    notes.join(", ")
}
