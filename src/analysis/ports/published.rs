//! Ports that the engine binds on the host for containers, and ports that containers asked for and did not get.

use super::listening::{self, Heard};
use super::{PortRow, blank, exposure_of, key_of};
use crate::analysis::nat::{Dnat, NatRules};
use crate::analysis::{Wiring, scope};
use crate::model::{Container, Endpoint, Fact, Pid, Proxy, PublishedPort, Snapshot, State};
use std::net::{IpAddr, Ipv4Addr};

/// Rows of all containers.
pub(super) fn rows(snapshot: &Snapshot, wiring: &Wiring) -> Vec<PortRow> {
    let nat = NatRules::new(&snapshot.firewall);
    let mut rows = Vec::new();
    for container in snapshot.containers.iter() {
        if scope::is_alive(snapshot, container) {
            let bound = container.ports.iter().filter(|p| p.host_port.is_some() || p.host_ip.is_some());
            rows.extend(bound.map(|port| row(snapshot, wiring, &nat, container, port)));
        }
        rows.extend(wanted(snapshot, container));
    }
    rows
}

fn row(snapshot: &Snapshot, wiring: &Wiring, nat: &NatRules, container: &Container, port: &PublishedPort) -> PortRow {
    let proxy = proxy(snapshot, port);
    let carried_to = proxy.known().copied().flatten().map(|p| p.container_ip);
    let dnat = dnat(snapshot, nat, container, port);
    let led_to = dnat.known().and_then(|d| d.as_ref()).and_then(|d| d.to);
    let endpoint = endpoint(container, led_to.or(carried_to));
    let wants_v6 = port.host_ip.is_some_and(|ip| ip.is_ipv6());
    let container_ip = carried_to.or(led_to).or_else(|| endpoint.and_then(|e| address(e, wants_v6)));
    let heard = match scope::netns_of(snapshot, container) {
        Some(netns) => listening::answering(snapshot, netns, port.proto, port.container_port, container_ip),
        None => Heard::unseen(snapshot, &container.id),
    };
    let inside = port.container_port.to_string();
    let key = key_of(container.id.as_str(), port.proto, (port.host_ip, port.host_port), &inside);
    PortRow {
        container: Some(container.id.clone()),
        network: endpoint.map(|e| e.network.clone()),
        host_ip: port.host_ip,
        host_port: port.host_port,
        container_ip,
        container_port: Some(port.container_port),
        // Without a host port the engine only opens the container's own address to the outside (routed mode).
        exposure: if port.host_port.is_some() { exposure_of(port.host_ip) } else { super::Exposure::Address },
        dnat: dnat.map(Option::is_some),
        dnat_rule: dnat.known().cloned().flatten().map(|d| d.rule),
        proxy_pid: proxy.map(|p: &Option<&Proxy>| p.map(|p| p.pid)) as Fact<Option<Pid>>,
        listener: heard.listener,
        listens_on: heard.on,
        listens_on_loopback_only: heard.loopback_only,
        shared_with: wiring.neighbours(snapshot, &container.id).into_iter().cloned().collect(),
        ..blank(container.name.clone(), port.proto, key)
    }
}

/// The proxy process that listens for a binding.
fn proxy<'a>(snapshot: &'a Snapshot, port: &PublishedPort) -> Fact<Option<&'a Proxy>> {
    let daemon = match &snapshot.host.daemon {
        Fact::Known(daemon) => daemon,
        Fact::Unknown { unknown } => return Fact::Unknown { unknown: unknown.clone() },
    };
    match &daemon.proxies {
        Fact::Unknown { unknown } => Fact::Unknown { unknown: unknown.clone() },
        Fact::Known(proxies) => Fact::Known(proxies.iter().find(|p| carries(p, port))),
    }
}

/// True when this proxy listens for this binding.
fn carries(proxy: &Proxy, port: &PublishedPort) -> bool {
    let same_ip = port.host_ip.is_none_or(|ip| ip.to_canonical() == proxy.host_ip.to_canonical());
    proxy.proto == port.proto
        && same_ip
        && Some(proxy.host_port) == port.host_port
        && proxy.container_port == port.container_port
}

fn dnat(snapshot: &Snapshot, nat: &NatRules, container: &Container, port: &PublishedPort) -> Fact<Option<Dnat>> {
    let Some(host_port) = port.host_port else { return Fact::Known(None) };
    if let Some((kind, reason)) = scope::foreign_engine(snapshot) {
        return Fact::unknown(kind, reason);
    }
    let host_ip = port.host_ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let mut targets: Vec<IpAddr> = addresses(container).collect();
    targets.retain(|a| a.is_ipv6() == host_ip.is_ipv6());
    if targets.is_empty() && container.endpoints.iter().any(|e| e.ipv4.is_some() || e.ipv6.is_some()) {
        // All its addresses are known and none is of this family: no rule of the family can lead to it.
        return Fact::Known(None);
    }
    nat.dnat(port.proto, (host_ip, host_port), &targets, port.container_port)
}

fn addresses(container: &Container) -> impl Iterator<Item = IpAddr> + '_ {
    container.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().map(|c| c.addr)
}

/// The endpoint a binding leads to: that with the address the rule or the proxy names, or the only one.
fn endpoint(container: &Container, to: Option<IpAddr>) -> Option<&Endpoint> {
    let has = |e: &&Endpoint| [e.ipv4, e.ipv6].into_iter().flatten().any(|c| Some(c.addr) == to);
    let only = if let [only] = container.endpoints.as_slice() { Some(only) } else { None };
    container.endpoints.iter().find(has).or(only)
}

fn address(endpoint: &Endpoint, wants_v6: bool) -> Option<IpAddr> {
    let (v4, v6) = (endpoint.ipv4.map(|c| c.addr), endpoint.ipv6.map(|c| c.addr));
    if wants_v6 { v6.or(v4) } else { v4.or(v6) }
}

/// Ports asked for and not there: of a container that never ran or failed to start over a port, or that the engine
/// discards (`host`, `container:` and internal networks).
fn wanted(snapshot: &Snapshot, container: &Container) -> Vec<PortRow> {
    let Some(config) = container.config.known() else { return Vec::new() };
    let failed_on_port = is_port_error(container.error.raw());
    let asks = match container.state {
        State::Created => true,
        State::Exited | State::Dead | State::Restarting => failed_on_port,
        _ => scope::is_alive(snapshot, container),
    };
    if !asks {
        return Vec::new();
    }
    let is_bound = |wanted: &&PublishedPort| {
        let same = |p: &&PublishedPort| (p.proto, p.container_port) == (wanted.proto, wanted.container_port);
        container.ports.iter().filter(same).any(|p| p.host_port.is_some() || p.host_ip.is_some())
    };
    let alive = scope::is_alive(snapshot, container);
    let missing = config.port_bindings.iter().filter(|p| !(alive && is_bound(p)));
    let rows = missing.map(|port| {
        let host_port = port.host_port.filter(|p| *p != 0);
        let inside = port.container_port.to_string();
        let key = key_of(container.id.as_str(), port.proto, (port.host_ip, host_port), &inside);
        PortRow {
            container: Some(container.id.clone()),
            network: container.endpoints.first().map(|e| e.network.clone()),
            host_ip: port.host_ip,
            host_port,
            container_port: Some(port.container_port),
            exposure: exposure_of(port.host_ip),
            is_wanted_only: true,
            ..blank(container.name.clone(), port.proto, key)
        }
    });
    rows.collect()
}

/// Whether the engine's words for a failed start are about a port that is taken.
pub fn is_port_error(error: &str) -> bool {
    let error = error.to_lowercase();
    ["port is already allocated", "address already in use", "ports are not available"].iter().any(|w| error.contains(w))
}
