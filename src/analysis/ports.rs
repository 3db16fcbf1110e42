//! Ports: what is published, where it is bound, which path a connection takes, who answers, and what is in the way.

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
    /// Listened on inside a container's namespace (or by a host process), not published.
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
}

/// All rows: published first, then listening but unpublished, then host processes.
pub fn build(_snapshot: &Snapshot, _wiring: &Wiring) -> Vec<PortRow> {
    Vec::new()
}
