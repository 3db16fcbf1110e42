//! An interface for a container in mode none, and its removal: what people do by hand with `ip link add … type veth`.
//!
//! The pair is made with its other end in the container's namespace under its final name, so nothing of it is ever seen
//! half-way in ours. Everything goes with the pair: taking it back is deleting the host's end.

use super::limits::draft::{Draft, here, made};
use super::limits::expect_container;
use super::{Ground, Identity, KernelOp, LinkRef, NewLink, Place, Plan, PlumbWish, Refusal, Risk, RouteRef, Wish};
use crate::analysis::scope;
use crate::model::{Cidr, Container, ContainerId, IfIndex, Link, Mark, NetworkMode, NsInode, PLUMB_PREFIX, Snapshot};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name of an interface, bytes.
const NAME_BYTES: usize = 15;

/// Plans an interface for a container without one.
///
/// # Errors
/// [`Refusal`] when the container can't have one, or name, address, gateway or bridge do not fit.
pub fn plan_plumb(ground: &Ground<'_>, wish: &PlumbWish) -> Result<Plan, Refusal> {
    let snapshot = ground.snapshot;
    let what = format!("plumb {}", label(snapshot, &wish.container));
    let refuse = |why: String| Refusal::new(what.clone(), why);
    let ours = snapshot.our_netns().ok_or_else(|| {
        refuse("the network namespace that bridgewatch runs in is not known".into()).instead("run as root")
    })?;
    let (container, netns) = candidate(ground, ours, &wish.container, &refuse)?;
    let pid = container
        .pid
        .ok_or_else(|| refuse("its main process is not known".into()).instead("look at the list again"))?;
    let bridge = snapshot.link(ours, wish.bridge).filter(|l| l.kind == "bridge").ok_or_else(|| {
        refuse("that bridge is not among our interfaces".into()).instead("choose a bridge of the list").at("bridge")
    })?;
    let inside = inside_name(snapshot, netns, wish.inside.as_deref(), &refuse)?;
    check_address(ground, bridge, &wish.address, &refuse)?;
    check_gateway(wish, &refuse)?;
    let mtu = wish.mtu.unwrap_or(bridge.mtu);
    if !(68..=65535).contains(&mtu) || wish.address.addr.is_ipv6() && mtu < 1280 {
        let least = if wish.address.addr.is_ipv6() { 1280 } else { 68 };
        return Err(refuse(format!("an MTU of {mtu} is not possible")).instead(format!("{least} to 65535")).at("mtu"));
    }

    let mut draft = Draft { rows: vec![container.name.shown().into_owned()], ..Draft::default() };
    draft.expect_boot(ground);
    expect_container(&mut draft, container, ours, ground);
    draft.expect_link(bridge);
    let name = free_name(snapshot, ours, container);
    draft.expect(Identity::NoLink { name: name.clone() });
    let outside = made(ours, None, &name);
    let peer = made(netns, Some(pid), &inside);
    let alias = Mark::Plumb { netns, owner: container.id.short().to_owned() }.to_string();
    let new = NewLink::Veth { peer: peer.name.clone(), peer_place: Place { netns, by: Some(pid) } };
    let add = KernelOp::AddLink { link: outside.clone(), new, alias, mtu: Some(mtu), mac: None };
    let pair = draft.kernel(add, vec![KernelOp::DeleteLink { link: outside.clone() }]);
    draft.within(pair, KernelOp::SetMaster { link: outside.clone(), master: Some(here(bridge)) });
    draft.within(pair, KernelOp::SetUp { link: outside, up: true });
    draft.within(pair, KernelOp::AddAddress { link: peer.clone(), address: wish.address });
    draft.within(pair, KernelOp::SetUp { link: peer.clone(), up: true });
    if let Some(gateway) = wish.gateway {
        draft.within(pair, KernelOp::AddRoute { route: default_route(gateway, peer) });
    }
    let (who, port) = (container.name.shown(), bridge.name.shown());
    draft
        .affects
        .push(format!("{who} gets {inside} with {} as a port of {port}: it can reach what is there", wish.address));
    draft.note("the engine does not know of this interface: it goes when the container stops, and ports can't be published on it");
    if wish.gateway.is_none() {
        draft.note("without a gateway it reaches only its own subnet");
    }
    if !bridge.is_up {
        draft.note(format!("{port} is down: nothing passes until it is up"));
    }
    Ok(draft.finish(format!("plumb {who} into {port} as {inside} {}", wish.address), Some(Wish::Plumb(wish.clone()))))
}

/// Plans the removal of a plumbed interface.
///
/// # Errors
/// [`Refusal`] when the interface is not one that bridgewatch plumbed for this container.
pub fn plan_unplumb(ground: &Ground<'_>, container: &ContainerId, host_end: IfIndex) -> Result<Plan, Refusal> {
    let snapshot = ground.snapshot;
    let what = format!("unplumb {}", label(snapshot, container));
    let refuse = |why: String| Refusal::new(what.clone(), why);
    let ours = snapshot.our_netns().ok_or_else(|| {
        refuse("the network namespace that bridgewatch runs in is not known".into()).instead("run as root")
    })?;
    let link = snapshot
        .link(ours, host_end)
        .ok_or_else(|| refuse("that interface is gone".into()).instead("look at the list again"))?;
    let Some(Mark::Plumb { netns, owner }) = link.alias.as_ref().and_then(|alias| Mark::read(alias.raw())) else {
        return Err(refuse(format!("{} was not plumbed by bridgewatch", link.name.shown()))
            .instead("disconnect the container from its network instead"));
    };
    if owner != container.short() {
        let other = snapshot.containers.iter().find(|c| c.id.short() == owner);
        let other = other.map_or_else(|| owner.clone(), |c| c.name.shown().into_owned());
        return Err(refuse(format!("{} is of {other}", link.name.shown())));
    }
    let mut draft = Draft { rows: vec![label(snapshot, container)], ..Draft::default() };
    draft.expect_boot(ground);
    draft.expect_link(link);
    let undo = put_back(ground, ours, link, netns, container);
    let can_be_undone = !undo.is_empty();
    draft.kernel(KernelOp::DeleteLink { link: here(link) }, undo);
    let inner = inner_end(snapshot, link, netns);
    let name = inner.map_or_else(|| "its interface".into(), |l| l.name.shown());
    draft.affects.push(format!("{} loses {name}; its connections through it break", label(snapshot, container)));
    let mut plan = draft.finish(format!("unplumb {} ({})", label(snapshot, container), link.name.shown()), None);
    plan.wish = Some(Wish::Unplumb { container: container.clone(), host_end });
    plan.risk = Risk::Change;
    if !can_be_undone {
        plan.lasting.push("it can't be put back: what it looks like inside is not known".to_owned());
        plan.steps[0].lasting = plan.lasting.first().cloned();
    }
    Ok(plan)
}

fn label(snapshot: &Snapshot, id: &ContainerId) -> String {
    snapshot.container(id).map_or_else(|| id.short().to_owned(), |c| c.name.shown().into_owned())
}

/// The container, when it runs and has a namespace of its own without interfaces of the engine's.
fn candidate<'a>(
    ground: &Ground<'a>,
    ours: NsInode,
    id: &ContainerId,
    refuse: &dyn Fn(String) -> Refusal,
) -> Result<(&'a Container, NsInode), Refusal> {
    let container =
        ground.snapshot.container(id).ok_or_else(|| refuse("it is gone".into()).instead("look at the list again"))?;
    if !scope::is_alive(ground.snapshot, container) {
        let why = format!("it is not running ({}), so it has no network namespace", container.state.as_str());
        return Err(refuse(why).instead("start it first"));
    }
    match &container.network_mode {
        NetworkMode::Host => return Err(refuse("it uses the host's own interfaces (network mode host)".into())),
        NetworkMode::Container(other) => {
            let owner = label(ground.snapshot, other);
            return Err(refuse(format!("it shares the interfaces of {owner}")).instead(format!("plumb {owner}")));
        }
        NetworkMode::Networks => {
            return Err(refuse("the engine gives it its interfaces".into()).instead("connect it to a network"));
        }
        NetworkMode::None | NetworkMode::Unknown => {}
    }
    let netns = scope::netns_of(ground.snapshot, container)
        .ok_or_else(|| refuse("its network namespace can't be read".into()).instead("run as root"))?;
    if netns == ours || scope::is_host_netns(ground.snapshot, netns) {
        return Err(refuse("it is in the host's network namespace".into()));
    }
    Ok((container, netns))
}

/// The name inside: as asked for, or `eth0`, or the first that is free.
fn inside_name(
    snapshot: &Snapshot,
    netns: NsInode,
    asked: Option<&str>,
    refuse: &dyn Fn(String) -> Refusal,
) -> Result<String, Refusal> {
    let taken = |name: &str| snapshot.links_in(netns).iter().any(|l| l.name == *name);
    let free = || (0..=snapshot.links_in(netns).len()).map(|n| format!("eth{n}")).find(|name| !taken(name));
    let Some(name) = asked.filter(|name| !name.is_empty()) else {
        return free().ok_or_else(|| refuse("no name is free".into()).at("inside"));
    };
    let shown = crate::text::clean_line(name);
    let wrong = |why: String| Err(refuse(why).instead("for example eth0").at("inside"));
    if name.len() > NAME_BYTES {
        return wrong(format!("the name {shown} has {} bytes, {NAME_BYTES} at most are possible", name.len()));
    }
    if matches!(name, "." | "..")
        || name.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '/' | ':' | '%'))
    {
        return wrong(format!("{shown} is no name of an interface"));
    }
    if taken(name) {
        let way_out = free().map(|name| format!("{name} is free")).unwrap_or_default();
        return Err(refuse(format!("it has an interface {shown} already")).instead(way_out).at("inside"));
    }
    Ok(name.to_owned())
}

/// The address has to be in a subnet of the bridge, a host's, and nobody's that is known.
fn check_address(
    ground: &Ground<'_>,
    bridge: &Link,
    address: &Cidr,
    refuse: &dyn Fn(String) -> Refusal,
) -> Result<(), Refusal> {
    let name = bridge.name.shown();
    let subnets: Vec<Cidr> = bridge.addresses.iter().filter(|a| a.scope != "link").map(|a| a.cidr).collect();
    let network = ground.report.wiring.network_of.get(&(bridge.netns, bridge.ifindex));
    let network = network.and_then(|id| ground.snapshot.networks.iter().find(|n| n.id == *id));
    let pools: Vec<Cidr> = network.iter().flat_map(|n| n.pools.iter().map(|p| p.subnet)).collect();
    let all: Vec<Cidr> = subnets.iter().chain(&pools).copied().collect();
    let (ip, prefix) = (address.addr, address.prefix);
    let Some(subnet) = all.iter().find(|s| s.contains(ip)) else {
        if all.is_empty() {
            // A bridge without addresses is a plain switch: any subnet will do.
            return host_part(address, refuse).and_then(|()| check_taken(ground, bridge, ip, None, refuse));
        }
        let list: Vec<String> = all.iter().map(|s| format!("{}/{}", s.network(), s.prefix)).collect();
        return Err(refuse(format!("{ip} is in no subnet of {name}"))
            .instead(format!("an address of {}", list.join(" or ")))
            .at("address"));
    };
    if prefix != subnet.prefix {
        return Err(refuse(format!(
            "the prefix /{prefix} is not that of the subnet {}/{}",
            subnet.network(),
            subnet.prefix
        ))
        .instead(format!("{ip}/{}", subnet.prefix))
        .at("address"));
    }
    host_part(address, refuse)?;
    check_taken(ground, bridge, ip, Some(*subnet), refuse)
}

fn host_part(address: &Cidr, refuse: &dyn Fn(String) -> Refusal) -> Result<(), Refusal> {
    let ip = address.addr;
    let why = match ip {
        IpAddr::V4(v4) if v4.is_multicast() || v4.is_loopback() || v4.is_unspecified() => {
            Some("is no address of a host")
        }
        IpAddr::V6(v6) if v6.is_multicast() || v6.is_loopback() || v6.is_unspecified() => {
            Some("is no address of a host")
        }
        IpAddr::V4(_) if address.prefix <= 30 && address.network() == ip => Some("is the subnet itself"),
        IpAddr::V4(_) if address.prefix <= 30 && last(address) == ip => Some("is the broadcast address of the subnet"),
        _ => None,
    };
    match why {
        Some(why) => Err(refuse(format!("{ip} {why}")).instead("an address within the subnet").at("address")),
        None => Ok(()),
    }
}

fn last(subnet: &Cidr) -> IpAddr {
    match subnet.network() {
        IpAddr::V4(a) => {
            let hosts = u32::MAX.checked_shr(u32::from(subnet.prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(a) | hosts))
        }
        IpAddr::V6(a) => {
            let hosts = u128::MAX.checked_shr(u32::from(subnet.prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(a) | hosts))
        }
    }
}

/// Who has this address on the bridge: the bridge itself, members of its network, anything plugged into it.
fn holder(ground: &Ground<'_>, bridge: &Link, ip: IpAddr) -> Option<String> {
    let (snapshot, wiring) = (ground.snapshot, &ground.report.wiring);
    if let Some(link) = snapshot.links_in(bridge.netns).iter().find(|l| l.addresses.iter().any(|a| a.cidr.addr == ip)) {
        return Some(link.name.shown().into_owned());
    }
    let key = (bridge.netns, bridge.ifindex);
    let network = wiring.network_of.get(&key).and_then(|id| snapshot.networks.iter().find(|n| n.id == *id));
    let members = network.and_then(|n| n.members.known()).into_iter().flatten();
    let is_it = |cidr: &Option<Cidr>| cidr.is_some_and(|c| c.addr == ip);
    if let Some(member) = members.into_iter().find(|m| is_it(&m.ipv4) || is_it(&m.ipv6)) {
        return Some(member.name.shown().into_owned());
    }
    if network.is_some_and(|n| n.pools.iter().any(|p| p.gateway == Some(ip))) {
        return Some("the gateway".to_owned());
    }
    let plugged = wiring.attachments.iter().filter(|a| a.bridge == Some(key));
    let inner = plugged.filter_map(|a| Some((a, snapshot.link(a.link.0, a.link.1)?)));
    let (attachment, link) = { inner }.find(|(_, l)| l.addresses.iter().any(|a| a.cidr.addr == ip))?;
    Some(attachment.containers.first().map_or_else(|| link.name.shown().into_owned(), |id| label(snapshot, id)))
}

fn check_taken(
    ground: &Ground<'_>,
    bridge: &Link,
    ip: IpAddr,
    subnet: Option<Cidr>,
    refuse: &dyn Fn(String) -> Refusal,
) -> Result<(), Refusal> {
    let Some(holder) = holder(ground, bridge, ip) else { return Ok(()) };
    let free = subnet.and_then(|subnet| next_free(ground, bridge, subnet, ip));
    let way_out = free.map(|free| format!("{free} is free, as far as is known here")).unwrap_or_default();
    Err(refuse(format!("{ip} is taken by {holder}")).instead(way_out).at("address"))
}

/// The next address of the subnet after `ip` that nobody has.
fn next_free(ground: &Ground<'_>, bridge: &Link, subnet: Cidr, ip: IpAddr) -> Option<IpAddr> {
    let after = |n: u32| match ip {
        IpAddr::V4(a) => u32::from(a).checked_add(n).map(|n| IpAddr::V4(n.into())),
        IpAddr::V6(a) => u128::from(a).checked_add(n.into()).map(|n| IpAddr::V6(n.into())),
    };
    (1..1024).filter_map(after).find(|ip| {
        let fits = subnet.contains(*ip) && (subnet.addr.is_ipv6() || *ip != last(&subnet));
        fits && holder(ground, bridge, *ip).is_none()
    })
}

fn check_gateway(wish: &PlumbWish, refuse: &dyn Fn(String) -> Refusal) -> Result<(), Refusal> {
    let Some(gateway) = wish.gateway else { return Ok(()) };
    if gateway == wish.address.addr {
        return Err(refuse(format!("{gateway} is the address itself"))
            .instead("the bridge's address is a gateway")
            .at("gateway"));
    }
    if !wish.address.contains(gateway) {
        let subnet = Cidr { addr: wish.address.network(), ..wish.address };
        return Err(refuse(format!("the gateway {gateway} is outside of {subnet}"))
            .instead("a gateway within the subnet, or none")
            .at("gateway"));
    }
    Ok(())
}

fn default_route(gateway: IpAddr, link: LinkRef) -> RouteRef {
    let any = if gateway.is_ipv6() { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
    RouteRef { dst: Cidr { addr: any, prefix: 0 }, gateway: Some(gateway), link }
}

/// A name for the host's end: of the container's id, and a letter when that is taken.
fn free_name(snapshot: &Snapshot, ours: NsInode, container: &Container) -> String {
    let taken = |name: &str| snapshot.links_in(ours).iter().any(|l| l.name == *name);
    let id: String = container.id.short().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let plain = format!("{PLUMB_PREFIX}{id}");
    let others = ('a'..='z').map(|letter| format!("{plain}{letter}"));
    std::iter::once(plain.clone()).chain(others).find(|name| !taken(name)).unwrap_or(plain)
}

fn inner_end<'a>(snapshot: &'a Snapshot, link: &Link, netns: NsInode) -> Option<&'a Link> {
    snapshot.link(netns, link.peer.as_ref()?.ifindex)
}

/// What makes the interface again as it is now; empty when the container or its end can't be seen.
fn put_back(ground: &Ground<'_>, ours: NsInode, link: &Link, netns: NsInode, id: &ContainerId) -> Vec<KernelOp> {
    let snapshot = ground.snapshot;
    let (Some(inner), Some(pid)) = (inner_end(snapshot, link, netns), snapshot.container(id).and_then(|c| c.pid))
    else {
        return vec![];
    };
    let outside = made(ours, None, link.name.raw());
    let peer = made(netns, Some(pid), inner.name.raw());
    let new = NewLink::Veth { peer: peer.name.clone(), peer_place: peer.place.clone() };
    let alias = link.alias.as_ref().map(|a| a.raw().to_owned()).unwrap_or_default();
    let mut ops = vec![KernelOp::AddLink { link: outside.clone(), new, alias, mtu: Some(link.mtu), mac: None }];
    if let Some(bridge) = link.master.and_then(|master| snapshot.link(ours, master)) {
        ops.push(KernelOp::SetMaster { link: outside.clone(), master: Some(here(bridge)) });
    }
    ops.push(KernelOp::SetUp { link: outside, up: link.is_up });
    let addresses = inner.addresses.iter().filter(|a| a.scope != "link");
    ops.extend(addresses.map(|a| KernelOp::AddAddress { link: peer.clone(), address: a.cidr }));
    ops.push(KernelOp::SetUp { link: peer.clone(), up: inner.is_up });
    let routes = snapshot.kernel_of(id).and_then(|k| k.routes.known()).into_iter().flatten();
    let defaults = routes.filter(|r| r.dst.is_default() && r.oif == Some(inner.ifindex)).filter_map(|r| r.gateway);
    ops.extend(defaults.map(|gateway| KernelOp::AddRoute { route: default_route(gateway, peer.clone()) }));
    ops
}
