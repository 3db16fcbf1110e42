//! Which engine objects the operator's own connection goes through.

use super::{Ground, SshSession};
use crate::model::{Container, Network};
use std::net::IpAddr;

/// Why a change of this container's run or networks may cut off the operator.
pub(super) fn through_container(ground: &Ground<'_>, container: &Container) -> Option<String> {
    if !super::draft::is_running(container) {
        return None;
    }
    let has = |address: IpAddr| {
        container.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().any(|cidr| cidr.addr == address)
    };
    let publishes = |address: IpAddr, port: u16| {
        container
            .ports
            .iter()
            .any(|p| p.host_port == Some(port) && p.host_ip.is_some_and(|ip| ip.is_unspecified() || ip == address))
    };
    let name = container.name.shown();
    if let Some(SshSession { client, server, port }) = ground.session.ssh {
        if has(client) {
            return Some(format!("your SSH session comes from {client}, which is {name}"));
        }
        if has(server) || publishes(server, port) {
            return Some(format!("your SSH session to {server} port {port} goes through {name}"));
        }
    }
    let engine = ground.session.engine_address?;
    has(engine).then(|| format!("the engine is reached at {engine}, which is {name}"))
}

/// Why a change of this network may cut off the operator.
pub(super) fn through_network(ground: &Ground<'_>, network: &Network) -> Option<String> {
    let holds = |address: IpAddr| network.pools.iter().any(|pool| pool.subnet.contains(address));
    let name = network.name.shown();
    let ssh = ground.session.ssh.iter().flat_map(|ssh| [ssh.client, ssh.server]).find(|address| holds(*address));
    if let Some(address) = ssh {
        return Some(format!("your SSH session uses {address}, which is on {name}"));
    }
    let engine = ground.session.engine_address.filter(|address| holds(*address))?;
    Some(format!("the engine is reached at {engine}, which is on {name}"))
}
