//! Ports: what is published, where it is bound, which path a connection takes, who answers, and what is in the way.
//!
//! - `published`: what the engine binds for containers, and what containers wanted and did not get
//! - `listening`: sockets inside containers and on the host
//! - `conflicts`: who else holds or wants the same host port

mod conflicts;
mod listening;
mod published;
#[cfg(test)]
mod tests;

use super::Wiring;
use crate::model::{ContainerId, Fact, Pid, ProcessRef, Proto, Snapshot};
use crate::text::Outside;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

/// Who can address a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// Bound to every interface of the host.
    AllInterfaces,
    /// Bound to one address.
    Address,
    /// Bound to loopback.
    Loopback,
    /// Listened on inside a container's own namespace, not published. What listens in the host's namespace (a process
    /// of the host, a container on the host's network) is classed by the address it is bound to instead.
    Unpublished,
}

/// Something else that holds or wants the same host port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// What it is, for people: `container api`, `host process nginx (pid 812)`.
    pub holder: Outside,
    /// Its process, when known.
    pub pid: Option<Pid>,
    /// Why this is a conflict.
    pub reason: String,
}

/// One row of the ports view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortRow {
    /// Stable key, see [`crate::model::Subject::Port`].
    pub key: Arc<str>,
    /// The container; none for a host process.
    pub container: Option<ContainerId>,
    /// Its name, or the host process's.
    pub name: Outside,
    /// Network whose address the container answers on.
    pub network: Option<Outside>,
    /// Transport.
    pub proto: Proto,
    /// Address bound on the host.
    pub host_ip: Option<IpAddr>,
    /// Port bound on the host.
    pub host_port: Option<u16>,
    /// Address of the container.
    pub container_ip: Option<IpAddr>,
    /// Port in the container.
    pub container_port: Option<u16>,
    /// Who can address it.
    pub exposure: Exposure,
    /// A DNAT rule leads to it: known true or false, or unknown because rules could not be read.
    pub dnat: Fact<bool>,
    /// That rule as text.
    pub dnat_rule: Option<String>,
    /// The docker-proxy that carries it; `Known(None)` when there is none.
    pub proxy_pid: Fact<Option<Pid>>,
    /// Who listens behind it; `Known(None)` when nobody does.
    pub listener: Fact<Option<ProcessRef>>,
    /// The address it listens on inside, when somebody does.
    pub listens_on: Option<IpAddr>,
    /// Listens on loopback inside, so that nothing published reaches it.
    pub listens_on_loopback_only: bool,
    /// Others in the way.
    pub conflicts: Vec<Conflict>,
    /// The container asked for it and does not run with it (`created` after a failed start, or the daemon discards it).
    pub is_wanted_only: bool,
    /// Other containers in the network namespace the port is listened on in.
    pub shared_with: Vec<ContainerId>,
}

/// All rows: published and bound on the host by containers first, then listening but unpublished, then host processes.
pub fn build(snapshot: &Snapshot, wiring: &Wiring) -> Vec<PortRow> {
    let mut bound = published::rows(snapshot, wiring);
    let heard = listening::rows(snapshot, wiring, &bound);
    bound.extend(heard.on_host_network);
    bound.sort_by(by_name);
    let mut rows = bound;
    let mut unpublished = heard.unpublished;
    unpublished.sort_by(by_name);
    rows.extend(unpublished);
    let mut host = heard.host_processes;
    host.sort_by_key(|r| (r.host_port, r.proto, r.host_ip));
    rows.extend(host);
    // An engine may list one binding twice, and several sockets on one address and port are one row.
    let mut seen = std::collections::BTreeSet::new();
    rows.retain(|r| seen.insert(r.key.clone()));
    conflicts::find(snapshot, &mut rows);
    rows
}

fn by_name(a: &PortRow, b: &PortRow) -> std::cmp::Ordering {
    let order = |r: &PortRow| (r.proto, r.host_port, r.container_port, r.host_ip);
    a.name.cmp(&b.name).then_with(|| order(a).cmp(&order(b))).then_with(|| a.key.cmp(&b.key))
}

/// Class of an address that something is bound to on the host; none stands for every address.
pub fn exposure_of(addr: Option<IpAddr>) -> Exposure {
    match addr.map(|a| a.to_canonical()) {
        None => Exposure::AllInterfaces,
        Some(a) if a.is_unspecified() => Exposure::AllInterfaces,
        Some(a) if a.is_loopback() => Exposure::Loopback,
        Some(_) => Exposure::Address,
    }
}

/// `container/proto/host-ip/host-port/container-port`, with `-` for what there is not.
fn key_of(holder: &str, proto: Proto, host: (Option<IpAddr>, Option<u16>), inside: &str) -> Arc<str> {
    let ip = host.0.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let port = host.1.map_or_else(|| "-".to_owned(), |port| port.to_string());
    Arc::from(format!("{holder}/{proto}/{ip}/{port}/{inside}"))
}

/// A row of which only the name and the transport are known yet.
fn blank(name: Outside, proto: Proto, key: Arc<str>) -> PortRow {
    PortRow {
        key,
        container: None,
        name,
        network: None,
        proto,
        host_ip: None,
        host_port: None,
        container_ip: None,
        container_port: None,
        exposure: Exposure::Unpublished,
        dnat: Fact::Known(false),
        dnat_rule: None,
        proxy_pid: Fact::Known(None),
        listener: Fact::Known(None),
        listens_on: None,
        listens_on_loopback_only: false,
        conflicts: Vec::new(),
        is_wanted_only: false,
        shared_with: Vec::new(),
    }
}
