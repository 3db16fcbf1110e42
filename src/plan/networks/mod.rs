//! Plans for networks: made, removed, joined, left.

mod connect;
mod create;
mod disconnect;
mod options;
mod pools;
mod remove;
mod stale;
pub mod subnets;
#[cfg(test)]
mod tests;

pub use subnets::{free_address, propose_subnet};

pub(super) use connect::plan as connect;
pub(super) use create::plan as create;
pub(super) use disconnect::plan as disconnect;
pub(super) use remove::{plan as remove, remove_row};
pub(super) use stale::plan as drop_stale;

use super::draft::{Draft, shown};
use super::op::{ContainerRef, EngineOp, NetworkRef};
use super::wish::{EndpointSpec, NetworkSpec, PoolSpec};
use super::{Identity, Refusal};
use crate::analysis::scope;
use crate::model::{Container, Endpoint, Network, NetworkMode};

/// What the engine makes itself and lets nobody touch.
const PREDEFINED: [&str; 4] = ["bridge", "host", "none", "ingress"];

/// The engine makes it itself.
pub(super) fn is_predefined(network: &Network) -> bool {
    PREDEFINED.contains(&network.name.raw()) || network.ingress || ["host", "null"].contains(&network.driver.as_str())
}

/// A container, running or not, is on a network.
pub(super) fn is_on(container: &Container, network: &Network) -> bool {
    endpoint_on(container, network).is_some()
}

/// Why a container can't join or leave networks at all, with the way out.
fn unfit_mode(container: &Container) -> Option<(String, &'static str)> {
    match &container.network_mode {
        NetworkMode::Host => Some(("it has the host's network".into(), "make it anew with a network of its own")),
        NetworkMode::Container(other) => {
            let why = format!("it shares the network of container {}", other.short());
            Some((why, "connect or disconnect that one"))
        }
        NetworkMode::Networks | NetworkMode::None | NetworkMode::Unknown => None,
    }
}

/// The endpoint of a container on a network.
fn endpoint_on<'a>(container: &'a Container, network: &Network) -> Option<&'a Endpoint> {
    container.endpoints.iter().find(|endpoint| scope::is_on(endpoint, network))
}

/// How a container is to join again to be as it was: addresses, aliases, links, hardware address.
fn spec_of(container: &Container, endpoint: &Endpoint, takes_mac: bool) -> EndpointSpec {
    let asked: Vec<std::net::IpAddr> = endpoint
        .requested
        .iter()
        .flat_map(|text| text.split(", "))
        .filter_map(|text| text.parse().ok())
        .filter(|a| !is_link_local(a))
        .collect();
    let asked4 = asked.iter().copied().find(|address| address.is_ipv4());
    let asked6 = asked.iter().copied().find(|address| address.is_ipv6());
    // The engine adds the short id by itself.
    let is_own = |alias: &str| alias == container.id.short();
    let texts = |list: &[crate::text::Outside]| -> Vec<String> { list.iter().map(|t| t.raw().to_owned()).collect() };
    EndpointSpec {
        ipv4: asked4.or(endpoint.ipv4.map(|cidr| cidr.addr)),
        ipv6: asked6.or(endpoint.ipv6.map(|cidr| cidr.addr)),
        mac: endpoint.mac.clone().filter(|mac| mac.0.len() == 6 && takes_mac),
        aliases: texts(&endpoint.aliases).into_iter().filter(|alias| !is_own(alias)).collect(),
        links: texts(&endpoint.links),
        gateway_priority: endpoint.gateway_priority.filter(|priority| *priority != 0),
        any_address_will_do: asked.is_empty(),
    }
}

/// The hardware address that the engine would not come to by itself: up to 27 it makes one of the IPv4 address, and
/// before API 1.44 one that was asked for belongs to the container.
fn lost_mac<'a>(ground: &super::Ground<'_>, endpoint: &'a Endpoint) -> Option<&'a crate::model::Mac> {
    let mac = endpoint.mac.as_ref().filter(|mac| mac.0.len() == 6)?;
    let by_address = |address| match address {
        std::net::IpAddr::V4(v4) => mac.0[..2] == [0x02, 0x42] && mac.0[2..] == v4.octets(),
        std::net::IpAddr::V6(_) => false,
    };
    let engine = ground.snapshot.host.engine.known()?;
    let derives = super::draft::version(&engine.version)? < (28, 0);
    let is_derived = endpoint.ipv4.is_some_and(|cidr| by_address(cidr.addr));
    (super::draft::api(ground)? >= (1, 44) && !(derives && is_derived)).then_some(mac)
}

fn is_link_local(address: &std::net::IpAddr) -> bool {
    match address {
        std::net::IpAddr::V4(v4) => v4.is_link_local(),
        std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// What makes a network like this one.
fn network_spec(network: &Network) -> NetworkSpec {
    let pools = network.pools.iter().map(|pool| PoolSpec {
        subnet: pool.subnet,
        gateway: pool.gateway,
        range: pool.range,
        reserved: pool
            .reserved
            .iter()
            .filter_map(|(name, address)| Some((name.clone(), address.split('/').next()?.parse().ok()?)))
            .collect(),
    });
    let texts = |map: &std::collections::BTreeMap<String, crate::text::Outside>| {
        map.iter().map(|(key, value)| (key.clone(), value.raw().to_owned())).collect()
    };
    NetworkSpec {
        name: network.name.raw().to_owned(),
        driver: network.driver.clone(),
        pools: pools.collect(),
        internal: network.internal,
        attachable: network.attachable,
        ipv6: network.ipv6,
        options: texts(&network.options),
        labels: texts(&network.labels),
        members: Vec::new(),
    }
}

/// A step that takes a container off a network; undo puts it back as `undo_network`.
fn leave(
    draft: &mut Draft<'_>,
    row: usize,
    container: &Container,
    network: &Network,
    force: bool,
    undo_network: NetworkRef,
) -> Result<(), Refusal> {
    let what = format!("disconnect {} from {}", shown(container), network.name.shown());
    let Some(endpoint) = endpoint_on(container, network) else {
        return Err(Refusal::new(what, "it is not on that network"));
    };
    let takes_mac = super::draft::api(draft.ground).is_some() && super::draft::no_mac(draft.ground).is_none();
    if let Some(mac) = lost_mac(draft.ground, endpoint).filter(|_| !takes_mac) {
        draft.note(format!("{} is {mac} there; connected again it gets another hardware address", shown(container)));
    }
    let endpoint = spec_of(container, endpoint, takes_mac);
    let container_ref = super::draft::container_ref(container);
    draft.same_run(container);
    draft.identity(Identity::Endpoint {
        container: container.id.clone(),
        network: network.id.clone(),
        connected: true,
    });
    let op =
        EngineOp::Disconnect { network: super::draft::network_ref(network), container: container_ref.clone(), force };
    let undo = EngineOp::Connect { network: undo_network, container: container_ref, endpoint };
    draft.step(row, op, vec![undo]);
    Ok(())
}

/// An endpoint by the name that its network lists.
fn named(member: &crate::model::Member) -> ContainerRef {
    ContainerRef { id: member.container.clone(), name: member.name.clone() }
}
