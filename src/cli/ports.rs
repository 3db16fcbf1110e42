//! `ports`: what is published and listened on, by which path, and who answers.

use super::table::Table;
use super::{container_name, or_none};
use crate::analysis::{Exposure, PortRow, Report};
use crate::model::{Fact, ProcessRef, Proto, Snapshot};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Something else that holds or wants the port.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictDoc {
    /// Who.
    pub holder: Outside,
    /// Its process; null when not known.
    pub pid: Option<i32>,
    /// Why it is one.
    pub reason: String,
}

/// One port. What is not known is null, with the reason under `unknown`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortDoc {
    /// Name of the container; null for a process of the host.
    pub container: Option<Outside>,
    /// Network whose address it answers on; `host` on the host's network; null when not known.
    pub network: Option<Outside>,
    /// `tcp`, `udp`, `sctp`.
    pub proto: Proto,
    /// Address bound on the host; null when not published, or when every address was asked for.
    pub host_ip: Option<IpAddr>,
    /// Port bound on the host; null when not published.
    pub host_port: Option<u16>,
    /// Address of the container.
    pub container_ip: Option<IpAddr>,
    /// Port in the container.
    pub container_port: Option<u16>,
    /// `all-interfaces`, `address`, `loopback`, `unpublished`.
    pub exposure: Exposure,
    /// A DNAT rule leads to it; null when not known.
    pub dnat: Option<bool>,
    /// The docker-proxy that carries it; null for none or not known.
    pub proxy_pid: Option<i32>,
    /// Who listens behind it; null for nobody or not known.
    pub listener: Option<ProcessRef>,
    /// Address listened on, in the namespace of the listener.
    pub listens_on: Option<IpAddr>,
    /// It listens on loopback inside only, so that nothing published reaches it.
    pub loopback_only: bool,
    /// The DNAT rule.
    pub dnat_rule: Option<String>,
    /// It is asked for and not there.
    pub wanted_only: bool,
    /// Others in the way.
    pub conflicts: Vec<ConflictDoc>,
    /// Other containers in the namespace it is listened on in.
    pub shared_with: Vec<Outside>,
    /// Field name to reason, for what is not known.
    pub unknown: BTreeMap<&'static str, String>,
}

/// The document, in the order of the view.
pub fn document(snapshot: &Snapshot, report: &Report) -> Vec<PortDoc> {
    report.ports.iter().map(|row| port(snapshot, row)).collect()
}

fn port(snapshot: &Snapshot, row: &PortRow) -> PortDoc {
    let mut unknown = BTreeMap::new();
    let mut note = |field, why: Option<&std::sync::Arc<crate::model::Gap>>| {
        if let Some(gap) = why {
            unknown.insert(field, gap.reason.clone());
        }
    };
    note("dnat", row.dnat.why());
    note("proxy_pid", row.proxy_pid.why());
    note("listener", row.listener.why());
    PortDoc {
        container: row.container.as_ref().map(|_| row.name.clone()),
        network: row.network.clone(),
        proto: row.proto,
        host_ip: row.host_ip,
        host_port: row.host_port,
        container_ip: row.container_ip,
        container_port: row.container_port,
        exposure: row.exposure,
        dnat: row.dnat.get(),
        proxy_pid: row.proxy_pid.get().flatten().map(|p| p.0),
        listener: row.listener.known().cloned().flatten(),
        listens_on: row.listens_on,
        loopback_only: row.listens_on_loopback_only,
        dnat_rule: row.dnat_rule.clone(),
        wanted_only: row.is_wanted_only,
        conflicts: row
            .conflicts
            .iter()
            .map(|c| ConflictDoc { holder: c.holder.clone(), pid: c.pid.map(|p| p.0), reason: c.reason.clone() })
            .collect(),
        shared_with: row.shared_with.iter().map(|id| container_name(snapshot, id)).collect(),
        unknown,
    }
}

/// `address:port`, `[v6]:port`, `*:port` for every address.
fn binding(ip: Option<IpAddr>, port: Option<u16>) -> String {
    let port = or_none(port);
    match ip {
        Some(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
        Some(ip) => format!("{ip}:{port}"),
        None => format!("*:{port}"),
    }
}

/// The table for people.
pub fn table(report: &Report) -> Table {
    let mut table =
        Table::new(&["NAME", "NETWORK", "PROTO", "HOST", "CONTAINER", "EXPOSURE", "PATH", "LISTENER", "NOTES"]);
    for row in report.ports.iter() {
        let is_bound = row.host_port.is_some() || row.is_wanted_only;
        table.row([
            row.name.shown().into_owned(),
            or_none(row.network.as_ref().map(Outside::shown)),
            row.proto.to_string(),
            if is_bound { binding(row.host_ip, row.host_port) } else { "-".to_owned() },
            match (row.container_ip, row.container_port) {
                (ip, Some(port)) => binding(ip, Some(port)),
                _ => "-".to_owned(),
            },
            exposure(row.exposure).to_owned(),
            path(row),
            listener(row),
            notes(row),
        ]);
    }
    table
}

fn exposure(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::AllInterfaces => "all-interfaces",
        Exposure::Address => "address",
        Exposure::Loopback => "loopback",
        Exposure::Unpublished => "unpublished",
    }
}

/// The path of a connection from outside: rule, proxy, both, or the process itself.
fn path(row: &PortRow) -> String {
    if row.is_wanted_only || row.host_port.is_none() {
        return "-".to_owned();
    }
    if row.container_ip.is_none() && row.listens_on == row.host_ip {
        return "direct".to_owned();
    }
    let dnat = match &row.dnat {
        Fact::Known(true) => Some("dnat".to_owned()),
        Fact::Known(false) => None,
        Fact::Unknown { .. } => Some("dnat?".to_owned()),
    };
    let proxy = match &row.proxy_pid {
        Fact::Known(Some(pid)) => Some(format!("proxy {pid}")),
        Fact::Known(None) => None,
        Fact::Unknown { .. } => Some("proxy?".to_owned()),
    };
    let parts: Vec<String> = dnat.into_iter().chain(proxy).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(" + ") }
}

fn listener(row: &PortRow) -> String {
    match &row.listener {
        _ if row.is_wanted_only => "-".to_owned(),
        Fact::Known(Some(process)) => format!("{} {}", process.process.shown(), process.pid),
        Fact::Known(None) => "nobody".to_owned(),
        Fact::Unknown { .. } => super::UNKNOWN.to_owned(),
    }
}

fn notes(row: &PortRow) -> String {
    let mut notes = Vec::new();
    if row.is_wanted_only {
        notes.push("wanted, not bound".to_owned());
    }
    if row.listens_on_loopback_only && row.container.is_some() {
        notes.push("loopback inside only".to_owned());
    }
    notes.extend(row.conflicts.iter().map(|c| format!("conflict: {}: {}", c.holder.shown(), c.reason)));
    notes.join("; ")
}
