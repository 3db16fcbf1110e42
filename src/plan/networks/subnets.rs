//! Which subnets are free on the host, and which addresses on a network.

use super::pools::{Taken, number};
use crate::analysis::{addressing, scope};
use crate::model::{Cidr, NetworkId};
use crate::plan::Ground;
use std::net::{IpAddr, Ipv6Addr};

/// Private blocks that are looked through when the engine's own stock is used up.
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// A subnet that something has, and who: a network, a route, an interface, the operator's own connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupied {
    /// The subnet.
    pub subnet: Cidr,
    /// Who has it, in words: `network n1`, `route 10.8.0.0/24 by tun0`.
    pub by: String,
}

/// What no new network with routes of its own may overlap.
pub fn occupied(ground: &Ground<'_>) -> Vec<Occupied> {
    let mut out = pools(ground);
    let snapshot = ground.snapshot;
    let Some(ours) = snapshot.our_netns().filter(|ours| scope::engine_netns(snapshot).is_none_or(|ns| ns == *ours))
    else {
        return out;
    };
    let name = |index| match snapshot.link(ours, index) {
        Some(link) => link.name.shown().into_owned(),
        None => format!("interface {index}"),
    };
    for link in snapshot.links_in(ours) {
        for address in link.addresses.iter().filter(|a| a.scope != "link" && link.kind != "loopback") {
            out.push(Occupied { subnet: address.cidr, by: format!("{} ({})", link.name.shown(), address.cidr) });
        }
    }
    for route in snapshot.routes.iter().filter(|r| r.netns == ours && !r.dst.is_default() && !is_local(&r.dst)) {
        let by = route.oif.map_or(String::new(), |oif| format!(" by {}", name(oif)));
        out.push(Occupied { subnet: route.dst, by: format!("the route to {}{by}", route.dst) });
    }
    out.extend(operator(ground));
    out
}

/// Addresses that the operator's own connection needs: a subnet that holds one would lead it astray.
fn operator(ground: &Ground<'_>) -> impl Iterator<Item = Occupied> {
    let host = |address: IpAddr| Cidr { addr: address, prefix: if address.is_ipv4() { 32 } else { 128 } };
    let ssh = ground.session.ssh.iter().map(move |ssh| Occupied {
        subnet: host(ssh.client),
        by: format!("your SSH session, which comes from {}", ssh.client),
    });
    let engine = ground.session.engine_address.into_iter().map(move |address| Occupied {
        subnet: host(address),
        by: format!("the engine, which is reached at {address}"),
    });
    ssh.chain(engine)
}

/// Pools of the engine's networks, which no two may share.
pub(super) fn pools(ground: &Ground<'_>) -> Vec<Occupied> {
    let local = ground.snapshot.networks.iter().filter(|network| network.scope != "swarm");
    local
        .flat_map(|network| {
            let by = format!("network {}", network.name.shown());
            network.pools.iter().map(move |pool| Occupied { subnet: pool.subnet, by: by.clone() })
        })
        .collect()
}

/// Link-local and multicast routes are on every interface.
fn is_local(dst: &Cidr) -> bool {
    match dst.network() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local() || v4.is_multicast(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unicast_link_local() || v6.is_multicast(),
    }
}

/// A subnet with this prefix length that overlaps nothing on the host: no network, route or address, nor the
/// operator's own connection. Up to 32 it is IPv4, from the engine's stock in its order, then from the private blocks;
/// above it is a unique local IPv6 one.
pub fn propose_subnet(ground: &Ground<'_>, prefix: u8) -> Option<Cidr> {
    let taken: Vec<Cidr> = occupied(ground).into_iter().map(|o| o.subnet).collect();
    if prefix > 32 {
        return (prefix <= 126).then(|| first_free(unique_local(ground), prefix.max(48), &taken)).flatten();
    }
    if !(8..=30).contains(&prefix) {
        return None;
    }
    let stock = addressing::default_pools(ground.snapshot).into_iter().map(|pool| pool.base);
    let private = PRIVATE.iter().filter_map(|text| text.parse().ok());
    let v4 = stock.chain(private).filter(|base: &Cidr| base.addr.is_ipv4() && base.prefix <= prefix);
    v4.into_iter().find_map(|base| first_free(base, prefix, &taken))
}

/// The first subnet of `base` that overlaps none of `taken`.
fn first_free(base: Cidr, prefix: u8, taken: &[Cidr]) -> Option<Cidr> {
    let (bits, is_v4) = if base.addr.is_ipv4() { (32u32, true) } else { (128, false) };
    let step = 1u128.checked_shl(bits.checked_sub(u32::from(prefix))?)?;
    let start = number(base.network());
    let end = start.checked_add(base.size().checked_sub(1)?)?;
    let mut at = start;
    while at <= end {
        let addr = if is_v4 { IpAddr::V4(u32::try_from(at).ok()?.into()) } else { IpAddr::V6(at.into()) };
        let subnet = Cidr { addr, prefix };
        // Past whatever is in the way at once, however many subnets that are.
        match taken.iter().find(|other| other.overlaps(&subnet)) {
            None => return Some(subnet),
            Some(other) => {
                let past = number(other.network()).checked_add(other.size())?;
                at = past.max(at.checked_add(step)?).div_ceil(step).checked_mul(step)?;
            }
        }
    }
    None
}

/// The /48 of this host in `fd00::/8`: it need not be random, but be another on every host (RFC 4193, section 3.2.2).
fn unique_local(ground: &Ground<'_>) -> Cidr {
    let host = &ground.snapshot.host;
    let engine = host.engine.known().map(|engine| engine.id.as_str()).unwrap_or_default();
    // FNV-1a, 64 bits.
    let hash = engine
        .bytes()
        .chain(host.name.raw().bytes())
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let id = u128::from((hash ^ (hash >> 40)) & 0xff_ffff_ffff);
    Cidr { addr: IpAddr::V6(Ipv6Addr::from((0xfdu128 << 120) | (id << 80))), prefix: 48 }
}

/// The first free address of a network, IPv4 or IPv6: not the gateway's, not kept out, not taken by a member nor asked
/// for by a container that does not run. None when the network has no such subnet or no free address.
pub fn free_address(ground: &Ground<'_>, network: &NetworkId, is_v6: bool) -> Option<IpAddr> {
    let network = ground.snapshot.networks.iter().find(|n| n.id == *network)?;
    let taken = Taken::on(ground, network);
    network.pools.iter().filter(|pool| pool.subnet.addr.is_ipv6() == is_v6).find_map(|pool| taken.free(pool))
}
