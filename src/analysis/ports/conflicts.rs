//! Who else holds or wants the same host port: containers against containers, and containers against the host.

use super::{Conflict, PortRow};
use crate::analysis::scope;
use crate::model::{Pid, Snapshot};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Fills in the conflicts of all rows.
pub(super) fn find(snapshot: &Snapshot, rows: &mut [PortRow]) {
    let mut by_port: BTreeMap<(crate::model::Proto, u16), Vec<usize>> = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        if let Some(port) = row.host_port {
            by_port.entry((row.proto, port)).or_default().push(n);
        }
    }
    let mut found: Vec<(usize, Conflict)> = Vec::new();
    for group in by_port.values().filter(|g| g.len() > 1) {
        for one in group {
            for other in group.iter().filter(|o| *o != one) {
                if let Some(conflict) = between(snapshot, &rows[*one], &rows[*other]) {
                    found.push((*one, conflict));
                }
            }
        }
    }
    for (n, conflict) in found {
        rows[n].conflicts.push(conflict);
    }
}

fn between(snapshot: &Snapshot, row: &PortRow, other: &PortRow) -> Option<Conflict> {
    let is_own = row.container.is_some() && row.container == other.container;
    let both_live_on_host = row.container.is_none() && other.container.is_none();
    // Two that only want a port are not in each other's way before one of them runs.
    if is_own || both_live_on_host || (row.is_wanted_only && other.is_wanted_only) || !overlap(snapshot, row, other) {
        return None;
    }
    let pid = pid_of(snapshot, other);
    let holder = match &other.container {
        Some(_) => format!("container {}", other.name.raw()),
        None => match pid {
            Some(pid) => format!("host process {} (pid {pid})", other.name.raw()),
            None => format!("host {}", other.name.raw()),
        },
    };
    let where_to = binding(other);
    let reason = match (row.is_wanted_only, other.is_wanted_only) {
        (true, _) => format!("it holds {where_to}"),
        (false, true) => format!("it asks for {where_to} and can't have it"),
        (false, false) => format!("it is bound to {where_to} as well"),
    };
    Some(Conflict { holder: holder.into(), pid, reason })
}

fn binding(row: &PortRow) -> String {
    let port = row.host_port.unwrap_or_default();
    match row.host_ip {
        Some(IpAddr::V6(ip)) => format!("{} [{ip}]:{port}", row.proto),
        Some(ip) => format!("{} {ip}:{port}", row.proto),
        None => format!("{} port {port} on every address", row.proto),
    }
}

/// The process in the way: the listener on the host, the proxy of a published port, else the container's own.
fn pid_of(snapshot: &Snapshot, row: &PortRow) -> Option<Pid> {
    let listener = row.listener.known().and_then(|l| l.as_ref()).map(|p| p.pid);
    match &row.container {
        None => listener,
        Some(id) => {
            let main = snapshot.container(id).and_then(|c| c.pid).filter(|_| !row.is_wanted_only);
            row.proxy_pid.get().flatten().or(main)
        }
    }
}

/// Whether two bindings of one port take some connection both. A published `::` is IPv6 only; a process that listens
/// on `::` takes IPv4 too unless its socket says otherwise.
fn overlap(snapshot: &Snapshot, a: &PortRow, b: &PortRow) -> bool {
    let range = |row: &PortRow| match row.host_ip.map(|ip| ip.to_canonical()) {
        None => Range { v4: Some(None), v6: Some(None) },
        Some(ip @ IpAddr::V4(_)) => Range { v4: Some(Some(ip).filter(|ip| !ip.is_unspecified())), v6: None },
        Some(ip) if ip.is_unspecified() => Range { v4: is_dual(snapshot, row).then_some(None), v6: Some(None) },
        Some(ip) => Range { v4: None, v6: Some(Some(ip)) },
    };
    let (a, b) = (range(a), range(b));
    share(a.v4, b.v4) || share(a.v6, b.v6)
}

/// True for a row that stands for a socket on the host itself (not a published binding) that takes both families.
fn is_dual(snapshot: &Snapshot, row: &PortRow) -> bool {
    let is_socket = row.container_ip.is_none() && row.listens_on.is_some() && row.listens_on == row.host_ip;
    let on_host = snapshot.sockets.iter().filter(|s| scope::is_host_netns(snapshot, s.netns));
    let mut same = on_host
        .flat_map(|s| s.listeners.known().into_iter().flatten())
        .filter(|l| l.proto == row.proto && Some(l.port) == row.host_port && Some(l.addr) == row.host_ip);
    is_socket && !same.any(|l| l.v6_only == Some(true))
}

/// Addresses of each family that are taken: none, every one (`Some(None)`), or one.
struct Range {
    v4: Option<Option<IpAddr>>,
    v6: Option<Option<IpAddr>>,
}

fn share(a: Option<Option<IpAddr>>, b: Option<Option<IpAddr>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.is_none() || b.is_none() || a == b,
        _ => false,
    }
}
