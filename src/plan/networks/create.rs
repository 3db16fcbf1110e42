//! A new network, and who joins it.

use super::PREDEFINED;
use super::connect::{check_container, check_endpoint, join};
use super::pools::{Taken, is_edge};
use super::subnets::{Occupied, occupied, pools};
use super::{options, propose_subnet};
use crate::model::{Cidr, Fact, Network, NetworkId, Pool};
use crate::plan::draft::{Draft, api, shown};
use crate::plan::op::{EngineOp, NetworkRef};
use crate::plan::wish::{NetworkSpec, PoolSpec};
use crate::plan::{Ground, Identity, Plan, Refusal, Wish};
use crate::text::clean_line;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Makes the network of `wish`.
pub(in crate::plan) fn plan(ground: &Ground<'_>, wish: &NetworkSpec) -> Result<Plan, Refusal> {
    let title = format!("create network {}", clean_line(&wish.name));
    let mut draft = Draft::new(ground, &title, Some(Wish::CreateNetwork(wish.clone())))?;
    let mut spec = wish.clone();
    if spec.driver.is_empty() {
        spec.driver = "bridge".into();
    }
    if spec.pools.iter().any(|pool| pool.subnet.addr.is_ipv6()) && !spec.ipv6 {
        spec.ipv6 = true;
        draft.note("it has an IPv6 subnet: IPv6 is switched on");
    }
    name(ground, &spec, &title)?;
    driver(ground, &spec, &title)?;
    families(ground, &spec, &title)?;
    for (n, pool) in spec.pools.iter().enumerate() {
        check_pool(ground, &spec, pool, &spec.pools[..n], &title)?;
    }
    options::check(&mut draft, &spec, &title)?;
    let members = std::mem::take(&mut spec.members);
    let row = draft.row(spec.name.clone());
    draft.identity(Identity::NoNetwork { name: spec.name.clone() });
    let made = NetworkRef { id: None, name: spec.name.as_str().into() };
    let undo = vec![EngineOp::RemoveNetwork { network: made.clone() }];
    draft.step(row, EngineOp::CreateNetwork { spec: spec.clone() }, undo);
    draft.change();
    if spec.pools.is_empty() && !["host", "null"].contains(&spec.driver.as_str()) {
        draft.note("the engine chooses the subnet; such a network gives no address on request");
    }
    if spec.internal {
        draft.note("it is internal: its members reach each other and nothing else");
    }
    let network = imagined(&spec);
    let mut taken = Taken::by_pools(&network.pools);
    for joining in &members {
        let container = draft.container(&joining.container)?;
        let what = format!("connect {} to {}", shown(container), clean_line(&spec.name));
        check_container(container, &what)?;
        check_endpoint(ground, &network, container, &joining.endpoint, &what)?;
        taken.take(&network.pools, &joining.endpoint, &shown(container), &what)?;
        draft.same_run(container);
        join(&mut draft, row, container, made.clone(), &joining.endpoint);
        draft.affects(format!("{} joins it", shown(container)));
    }
    draft.finish()
}

/// The network as it will be, for what is checked against networks.
fn imagined(spec: &NetworkSpec) -> Network {
    let pool = |pool: &PoolSpec| Pool {
        subnet: pool.subnet,
        range: pool.range,
        gateway: pool.gateway.or_else(|| first(&pool.subnet)),
        reserved: pool.reserved.iter().map(|(name, address)| (name.clone(), address.to_string())).collect(),
    };
    Network {
        id: NetworkId::from(""),
        name: spec.name.as_str().into(),
        driver: spec.driver.clone(),
        scope: "local".into(),
        created_at: None,
        internal: spec.internal,
        attachable: spec.attachable,
        ingress: false,
        ipv6: spec.ipv6,
        pools: spec.pools.iter().map(pool).collect(),
        options: BTreeMap::new(),
        labels: BTreeMap::new(),
        members: Fact::Known(Vec::new()),
    }
}

/// The address that the engine gives the gateway when none is asked for.
fn first(subnet: &Cidr) -> Option<IpAddr> {
    match subnet.network() {
        IpAddr::V4(v4) => u32::from(v4).checked_add(1).map(|n| IpAddr::V4(n.into())),
        IpAddr::V6(v6) => u128::from(v6).checked_add(1).map(|n| IpAddr::V6(n.into())),
    }
}

fn name(ground: &Ground<'_>, spec: &NetworkSpec, what: &str) -> Result<(), Refusal> {
    let mut bytes = spec.name.bytes();
    let is_name = bytes.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if !is_name {
        let way_out = "letters, digits, _ . and -, the first a letter or digit";
        return Err(Refusal::new(what, "that is no name for a network").instead(way_out).at("name"));
    }
    if PREDEFINED.contains(&spec.name.as_str()) || spec.name == "default" {
        return Err(Refusal::new(what, "the engine keeps that name for itself").instead("choose another").at("name"));
    }
    if let Some(other) = ground.snapshot.networks.iter().find(|n| n.name == spec.name.as_str()) {
        let why = format!("there is a network of that name already ({}, {})", other.driver, other.id.short());
        return Err(Refusal::new(what, why).instead("choose another name, or connect to that one").at("name"));
    }
    Ok(())
}

fn driver(ground: &Ground<'_>, spec: &NetworkSpec, what: &str) -> Result<(), Refusal> {
    let refuse = |why: String, way_out: &str| Err(Refusal::new(what, why).instead(way_out).at("driver"));
    let shown = clean_line(&spec.driver);
    if ["host", "null"].contains(&spec.driver.as_str()) {
        return refuse(format!("an engine has one network of driver {shown}, and has it already"), "another driver");
    }
    let Some(engine) = ground.snapshot.host.engine.known() else { return Ok(()) };
    let plain = |name: &str| name.strip_suffix(":latest").unwrap_or(name).to_owned();
    let known: Vec<String> = engine.network_drivers.iter().map(|name| plain(name)).collect();
    if !known.is_empty() && !known.contains(&plain(&spec.driver)) {
        let makes = known.iter().filter(|name| !["host", "null"].contains(&name.as_str()));
        let way_out = format!("this engine has {}", makes.cloned().collect::<Vec<_>>().join(", "));
        return refuse(format!("the engine has no driver {shown}"), &way_out);
    }
    if spec.driver == "overlay" && engine.swarm_state != "active" {
        return refuse(
            "an overlay needs a swarm, and this engine is in none".into(),
            "docker swarm init, or driver bridge",
        );
    }
    Ok(())
}

fn families(ground: &Ground<'_>, spec: &NetworkSpec, what: &str) -> Result<(), Refusal> {
    let v6 = spec.pools.iter().filter(|pool| pool.subnet.addr.is_ipv6()).count();
    let v4 = spec.pools.len() - v6;
    if spec.driver == "bridge" && (v4 > 1 || v6 > 1) {
        return Err(Refusal::new(what, "a bridge has one IPv4 and one IPv6 subnet").at("subnet"));
    }
    // From Docker 27 on the engine has IPv6 subnets of its own to give.
    if spec.ipv6 && v6 == 0 && api(ground).is_some_and(|api| api < (1, 46)) {
        let free = propose_subnet(ground, 64).map_or(String::new(), |subnet| format!("{subnet} is free"));
        return Err(Refusal::new(what, "this engine has no IPv6 subnets to give").instead(free).at("subnet"));
    }
    Ok(())
}

fn check_pool(
    ground: &Ground<'_>,
    spec: &NetworkSpec,
    pool: &PoolSpec,
    before: &[PoolSpec],
    what: &str,
) -> Result<(), Refusal> {
    let refuse = |field, why: String, way_out: String| Err(Refusal::new(what, why).instead(way_out).at(field));
    let subnet = pool.subnet;
    if subnet.network() != subnet.addr {
        let right = Cidr { addr: subnet.network(), prefix: subnet.prefix };
        return refuse("subnet", format!("{subnet} is an address in a subnet"), format!("the subnet is {right}"));
    }
    let most = if subnet.addr.is_ipv4() { 30 } else { 126 };
    if subnet.prefix > most || subnet.is_default() {
        return refuse("subnet", format!("{subnet} has no room for a network"), format!("a prefix from 8 to {most}"));
    }
    if is_unusable(subnet) {
        return refuse(
            "subnet",
            format!("{subnet} holds addresses that no container can have"),
            "a private one".into(),
        );
    }
    let free = || propose_subnet(ground, subnet.prefix).map_or(String::new(), |free| format!("{free} is free"));
    if let Some(other) = before.iter().find(|other| other.subnet.overlaps(&subnet)) {
        return refuse("subnet", format!("{subnet} overlaps {} of the same network", other.subnet), free());
    }
    // Networks on a parent are on its subnet: they overlap its route on purpose.
    let others = if matches!(spec.driver.as_str(), "macvlan" | "ipvlan") { pools(ground) } else { occupied(ground) };
    if let Some(Occupied { subnet: other, by }) = others.iter().find(|other| other.subnet.overlaps(&subnet)) {
        let of = if by.contains(&other.to_string()) { String::new() } else { format!(" ({other})") };
        return refuse("subnet", format!("{subnet} overlaps {by}{of}"), free());
    }
    let gateway = pool.gateway.or_else(|| first(&subnet));
    if let Some(gateway) = pool.gateway {
        if !subnet.contains(gateway) {
            let way_out = first(&subnet).map_or(String::new(), |first| format!("{first}, for example"));
            return refuse("gateway", format!("{gateway} is not in {subnet}"), way_out);
        }
        if is_edge(&subnet, gateway) {
            return refuse("gateway", format!("{gateway} is no address of an interface in {subnet}"), String::new());
        }
    }
    if let Some(range) = pool.range
        && !(subnet.contains(range.addr) && range.prefix >= subnet.prefix)
    {
        return refuse("ip-range", format!("{range} is not within {subnet}"), String::new());
    }
    let mut kept: Vec<IpAddr> = gateway.into_iter().collect();
    for (name, address) in &pool.reserved {
        let name = clean_line(name);
        if !subnet.contains(*address) {
            return refuse("aux-address", format!("{name}={address} is not in {subnet}"), String::new());
        }
        if kept.contains(address) {
            return refuse("aux-address", format!("{name}={address} is the gateway or kept already"), String::new());
        }
        kept.push(*address);
    }
    Ok(())
}

/// Loopback, link-local, multicast, "this network".
fn is_unusable(subnet: Cidr) -> bool {
    let blocks: &[&str] = match subnet.addr {
        IpAddr::V4(_) => &["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"],
        IpAddr::V6(_) => &["::/127", "ff00::/8", "fe80::/10"],
    };
    blocks.iter().filter_map(|text| text.parse().ok()).any(|block: Cidr| block.overlaps(&subnet))
}
