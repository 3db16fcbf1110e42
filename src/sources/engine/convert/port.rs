//! Ports and addresses as the engine writes them.

use super::super::json::Json;
use crate::model::{Cidr, Proto, PublishedPort};
use std::net::{IpAddr, Ipv4Addr};

/// `80/tcp`; a key without a transport is TCP.
pub(super) fn port_key(key: &str) -> Option<(u16, Proto)> {
    let (port, proto) = key.split_once('/').unwrap_or((key, "tcp"));
    Some((port.parse().ok()?, Proto::parse(proto)?))
}

/// An address to bind: empty is every IPv4 address, as the engine means it.
fn bind_address(text: &str) -> Option<IpAddr> {
    match text {
        "" => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        text => text.parse().ok(),
    }
}

/// `NetworkSettings.Ports` of an inspect, or `HostConfig.PortBindings`: a map of `80/tcp` to its bindings, null when the
/// port is only exposed. Sorted, each once.
pub(super) fn bindings(map: Json<'_>) -> Vec<PublishedPort> {
    let mut ports = Vec::new();
    for (key, bound) in map.fields() {
        let Some((container_port, proto)) = port_key(key) else { continue };
        let before = ports.len();
        for binding in bound.list() {
            let host_ip = bind_address(binding.at("HostIp").text());
            // 0 asks for any free port: none is taken yet.
            let host_port = binding.at("HostPort").text().parse().ok().filter(|port| *port != 0);
            ports.push(PublishedPort { proto, container_port, host_ip, host_port });
        }
        if ports.len() == before {
            ports.push(PublishedPort { proto, container_port, host_ip: None, host_port: None });
        }
    }
    tidy(ports)
}

/// `Ports` of the list: a row per binding, numbers as numbers.
pub(super) fn rows(list: Json<'_>) -> Vec<PublishedPort> {
    let port = |row: Json<'_>, key: &str| row.at(key).some_count().and_then(|port| u16::try_from(port).ok());
    let ports = list.list().filter_map(|row| {
        let host_port = port(row, "PublicPort").filter(|port| *port != 0);
        Some(PublishedPort {
            proto: Proto::parse(row.at("Type").text())?,
            container_port: port(row, "PrivatePort")?,
            host_ip: host_port.and_then(|_| bind_address(row.at("IP").text())),
            host_port,
        })
    });
    tidy(ports.collect())
}

fn tidy(mut ports: Vec<PublishedPort>) -> Vec<PublishedPort> {
    ports.sort();
    ports.dedup();
    ports
}

/// An address and a prefix in two fields (`IPAddress`, `IPPrefixLen`).
pub(super) fn cidr(address: Json<'_>, prefix: Json<'_>) -> Option<Cidr> {
    let addr: IpAddr = address.some_text()?.parse().ok()?;
    let widest = if addr.is_ipv4() { 32 } else { 128 };
    let prefix = u8::try_from(prefix.some_count()?).ok().filter(|prefix| *prefix <= widest)?;
    Some(Cidr { addr, prefix })
}

/// An address; empty and unreadable ones are none.
pub(super) fn address(text: Json<'_>) -> Option<IpAddr> {
    text.some_text()?.parse().ok()
}
