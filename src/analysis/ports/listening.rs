//! Listening sockets: who answers behind a port, what listens inside containers without being published, and what
//! listens on the host itself.

use super::{PortRow, blank, exposure_of, key_of};
use crate::analysis::{Wiring, scope};
use crate::model::{ContainerId, Fact, GapKind, Listener, NsInode, Pid, ProcessRef, Proto, Snapshot, SocketScan};
use crate::text::Outside;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// The engine's resolver listens on this address in namespaces of containers; its sockets are the daemon's.
const ENGINE_DNS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));

/// Programs that hold host ports on behalf of published ones.
const CARRIERS: [&str; 7] =
    ["docker-proxy", "rootlesskit", "rootlessport", "pasta", "pasta.avx2", "slirp4netns", "conmon"];

/// Who answers on a port inside.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) listener: Fact<Option<ProcessRef>>,
    pub(super) on: Option<IpAddr>,
    pub(super) loopback_only: bool,
}

impl Heard {
    /// The namespace itself is not known.
    pub(super) fn unseen(snapshot: &Snapshot, id: &ContainerId) -> Self {
        let namespace = snapshot.kernel_of(id).and_then(|k| k.namespaces.get(&crate::model::NsKind::Net));
        let listener = match namespace.and_then(|f| f.why()) {
            Some(gap) => Fact::Unknown { unknown: gap.clone() },
            None => Fact::unknown(GapKind::NotYet, "the network namespace of the container is not known"),
        };
        Heard { listener, on: None, loopback_only: false }
    }
}

/// Rows made of listening sockets.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Of containers on the host's network.
    pub(super) on_host_network: Vec<PortRow>,
    /// Inside containers' own namespaces.
    pub(super) unpublished: Vec<PortRow>,
    /// Of processes of the host.
    pub(super) host_processes: Vec<PortRow>,
}

fn scan(snapshot: &Snapshot, netns: NsInode) -> Option<&SocketScan> {
    snapshot.sockets.iter().find(|s| s.netns == netns)
}

/// Who takes connections to `port` at `target` (any but loopback, when not known) in a namespace.
pub(super) fn answering(snapshot: &Snapshot, netns: NsInode, proto: Proto, port: u16, target: Option<IpAddr>) -> Heard {
    let blank = Heard { listener: Fact::Known(None), on: None, loopback_only: false };
    let listeners = match scan(snapshot, netns).map(|s| &s.listeners) {
        Some(Fact::Known(listeners)) => listeners,
        Some(Fact::Unknown { unknown }) => {
            return Heard { listener: Fact::Unknown { unknown: unknown.clone() }, ..blank };
        }
        None => {
            let reason = format!("listening sockets of network namespace {netns} have not been read");
            return Heard { listener: Fact::unknown(GapKind::NotYet, reason), ..blank };
        }
    };
    let here: Vec<&Listener> = listeners
        .iter()
        .filter(|l| l.proto == proto && l.port == port && l.addr.to_canonical() != ENGINE_DNS)
        .collect();
    let found = here.iter().find(|l| target.is_some_and(|t| l.addr.to_canonical() == t));
    let found = found.or_else(|| here.iter().find(|l| takes(l, target)));
    let loopback = || here.iter().find(|l| l.addr.to_canonical().is_loopback());
    match found.map(|l| (l, false)).or_else(|| loopback().map(|l| (l, true))) {
        Some((listener, loopback_only)) => {
            Heard { listener: holder(listener), on: Some(listener.addr.to_canonical()), loopback_only }
        }
        None => blank,
    }
}

/// Whether a socket takes connections to an address (or, when that is not known, to any but loopback).
fn takes(listener: &Listener, target: Option<IpAddr>) -> bool {
    let bound = listener.addr.to_canonical();
    match target {
        None => !bound.is_loopback(),
        Some(target) if bound.is_unspecified() => {
            bound.is_ipv4() == target.is_ipv4() || (bound.is_ipv6() && listener.v6_only != Some(true))
        }
        Some(target) => bound == target,
    }
}

/// The process behind a socket. A socket without a process that could be found is not "nobody": somebody listens.
fn holder(listener: &Listener) -> Fact<Option<ProcessRef>> {
    match &listener.owner {
        Fact::Known(Some(process)) => Fact::Known(Some(process.clone())),
        Fact::Known(None) => Fact::unknown(
            GapKind::Gone,
            format!("socket {} of uid {} listens, no process was seen to hold it", listener.inode, listener.uid),
        ),
        Fact::Unknown { unknown } => Fact::Unknown { unknown: unknown.clone() },
    }
}

fn pid_of(listener: &Listener) -> Option<Pid> {
    listener.owner.known()?.as_ref().map(|p| p.pid)
}

/// Rows of all listeners that no published row stands for.
pub(super) fn rows(snapshot: &Snapshot, wiring: &Wiring, published: &[PortRow]) -> Rows {
    let processes = containers_by_pid(snapshot);
    let mut rows = Rows::default();
    for scan in snapshot.sockets.iter() {
        let Some(listeners) = scan.listeners.known() else { continue };
        if scope::is_host_netns(snapshot, scan.netns) {
            for listener in listeners {
                on_host(snapshot, wiring, published, &processes, listener, &mut rows);
            }
        } else if let Some(group) = wiring.by_netns.get(&scan.netns) {
            let inside = listeners.iter().filter(|l| l.addr.to_canonical() != ENGINE_DNS);
            rows.unpublished.extend(inside.filter_map(|l| unpublished(snapshot, published, &processes, group, l)));
        }
    }
    rows
}

fn containers_by_pid(snapshot: &Snapshot) -> BTreeMap<Pid, &ContainerId> {
    let mut map = BTreeMap::new();
    for (id, facts) in snapshot.kernel.iter() {
        map.insert(facts.pid, id);
        for process in facts.processes.known().into_iter().flatten() {
            map.insert(process.pid, id);
        }
    }
    map
}

fn unpublished(
    snapshot: &Snapshot,
    published: &[PortRow],
    processes: &BTreeMap<Pid, &ContainerId>,
    group: &[ContainerId],
    listener: &Listener,
) -> Option<PortRow> {
    let is_published = |r: &&PortRow| {
        let inside = (r.proto, r.container_port) == (listener.proto, Some(listener.port));
        inside && !r.is_wanted_only && r.container.as_ref().is_some_and(|c| group.contains(c))
    };
    if published.iter().any(|r| is_published(&r)) {
        return None;
    }
    let by_process = pid_of(listener).and_then(|pid| processes.get(&pid)).filter(|id| group.contains(id));
    let id = by_process.copied().or_else(|| group.first())?;
    let container = snapshot.container(id)?;
    // The addresses of a sandbox are its owner's, whoever of the group listens.
    let owner = group.first().and_then(|id| snapshot.container(id)).unwrap_or(container);
    let bound = listener.addr.to_canonical();
    let is_on = |e: &&crate::model::Endpoint| {
        let mut own = [e.ipv4, e.ipv6].into_iter().flatten();
        if bound.is_unspecified() { owner.endpoints.len() == 1 } else { own.any(|c| c.addr == bound) }
    };
    let endpoint = owner.endpoints.iter().find(is_on);
    let address =
        endpoint.and_then(|e| if bound.is_unspecified() { e.ipv4.or(e.ipv6).map(|c| c.addr) } else { Some(bound) });
    let key = key_of(id.as_str(), listener.proto, (None, None), &format!("{}@{bound}", listener.port));
    Some(PortRow {
        container: Some(id.clone()),
        network: endpoint.map(|e| e.network.clone()),
        container_ip: address,
        container_port: Some(listener.port),
        listener: holder(listener),
        listens_on: Some(bound),
        listens_on_loopback_only: bound.is_loopback(),
        shared_with: group.iter().filter(|other| *other != id).cloned().collect(),
        ..blank(container.name.clone(), listener.proto, key)
    })
}

fn on_host(
    snapshot: &Snapshot,
    wiring: &Wiring,
    published: &[PortRow],
    processes: &BTreeMap<Pid, &ContainerId>,
    listener: &Listener,
    rows: &mut Rows,
) {
    if is_carrier(snapshot, published, listener) {
        return;
    }
    let bound = listener.addr.to_canonical();
    let host = (Some(bound), Some(listener.port));
    let made = |holder: &str, name: Outside| PortRow {
        host_ip: Some(bound),
        host_port: Some(listener.port),
        exposure: exposure_of(Some(bound)),
        listener: self::holder(listener),
        listens_on: Some(bound),
        listens_on_loopback_only: bound.is_loopback(),
        ..blank(name, listener.proto, key_of(holder, listener.proto, host, "-"))
    };
    let owner = pid_of(listener).and_then(|pid| processes.get(&pid)).and_then(|id| snapshot.container(id));
    if let Some(container) = owner {
        rows.on_host_network.push(PortRow {
            container: Some(container.id.clone()),
            network: Some("host".into()),
            container_port: Some(listener.port),
            shared_with: wiring.neighbours(snapshot, &container.id).into_iter().cloned().collect(),
            ..made(container.id.as_str(), container.name.clone())
        });
        return;
    }
    let name = match &listener.owner {
        Fact::Known(Some(process)) => process.process.clone(),
        _ => format!("process of uid {}", listener.uid).into(),
    };
    let netns = listener.netns;
    let label = if snapshot.our_netns() == Some(netns) { "host".to_owned() } else { format!("host@{netns}") };
    rows.host_processes.push(made(&label, name));
}

/// True when a socket on the host only stands in for a published port: the engine's proxy, or the daemon's or a
/// rootless network's socket for it. Without the right to see its process, the same address and port is enough.
fn is_carrier(snapshot: &Snapshot, published: &[PortRow], listener: &Listener) -> bool {
    let daemon = snapshot.host.daemon.known();
    let pid = pid_of(listener);
    let proxies = daemon.and_then(|d| d.proxies.known());
    if pid.is_some() && proxies.is_some_and(|list| list.iter().any(|p| Some(p.pid) == pid)) {
        return true;
    }
    let stands_for = published.iter().filter(|r| !r.is_wanted_only).any(|r| {
        let bound = listener.addr.to_canonical();
        let same =
            r.host_ip.is_none_or(|ip| ip.to_canonical() == bound || (ip.is_unspecified() && bound.is_unspecified()));
        r.proto == listener.proto && r.host_port == Some(listener.port) && same
    });
    match listener.owner.known() {
        Some(Some(process)) => {
            process.process == "docker-proxy"
                || (stands_for
                    && (CARRIERS.iter().any(|c| process.process == *c) || daemon.is_some_and(|d| d.pid == pid)))
        }
        _ => stands_for,
    }
}
