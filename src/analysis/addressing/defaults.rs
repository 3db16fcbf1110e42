//! The engine's stock of subnets for networks that do not ask for one: how many are left, and what takes them.

use crate::analysis::scope;
use crate::model::{Cidr, Fact, Snapshot};
use serde::Serialize;

/// Docker's stock when daemon.json sets none, (base, size of each subnet); source: moby `libnetwork/ipamutils`.
const DOCKER: [(&str, u8); 7] = [
    ("172.17.0.0/16", 16),
    ("172.18.0.0/16", 16),
    ("172.19.0.0/16", 16),
    ("172.20.0.0/14", 16),
    ("172.24.0.0/14", 16),
    ("172.28.0.0/14", 16),
    ("192.168.0.0/16", 20),
];

/// Use of one base of the engine's default address pools.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DefaultPool {
    /// The base that subnets are cut from.
    pub base: Cidr,
    /// Prefix length of each subnet.
    pub size: u8,
    /// How many subnets there are.
    pub capacity: u128,
    /// How many of them networks have.
    pub used: u128,
    /// How many more can't be given because a route of the host overlaps with them; unknown when the engine's routes
    /// are not those of this host.
    pub blocked: Fact<u128>,
    /// True when this is the engine's built-in stock, not one that was configured.
    pub is_builtin: bool,
}

impl DefaultPool {
    /// Subnets left, as far as is known.
    pub fn free(&self) -> u128 {
        self.capacity.saturating_sub(self.used + self.blocked.get().unwrap_or(0))
    }
}

/// The stock of the engine, in its order; empty when the engine is not known, or is one whose stock is not known.
pub fn default_pools(snapshot: &Snapshot) -> Vec<DefaultPool> {
    let Some(engine) = snapshot.host.engine.known() else { return Vec::new() };
    let configured: Vec<(Cidr, u8)> = engine
        .address_pools
        .iter()
        .filter_map(|(base, size)| Some((base.parse().ok()?, u8::try_from(*size).ok()?)))
        .collect();
    let is_builtin = configured.is_empty();
    let stock = match (is_builtin, engine.product.to_lowercase().contains("podman")) {
        (false, _) => configured,
        (true, true) => return Vec::new(),
        (true, false) => DOCKER.iter().filter_map(|(base, size)| Some((base.parse().ok()?, *size))).collect(),
    };
    let stock = stock.into_iter().filter(|(base, size)| base.prefix <= *size);
    stock.map(|(base, size)| use_of(snapshot, base, size, is_builtin)).collect()
}

fn use_of(snapshot: &Snapshot, base: Cidr, size: u8, is_builtin: bool) -> DefaultPool {
    let networks = snapshot.networks.iter().filter(|n| n.scope != "swarm");
    let taken: Vec<Cidr> = networks.flat_map(|n| n.pools.iter().map(|p| p.subnet)).collect();
    let used = covered(base, size, &taken);
    let is_here = scope::engine_netns(snapshot).is_some() && scope::engine_netns(snapshot) == snapshot.our_netns();
    let blocked = if is_here {
        let routes = snapshot.routes.iter().filter(|r| !r.dst.is_default() && r.kind == "unicast").map(|r| r.dst);
        Fact::Known(covered(base, size, &taken.iter().copied().chain(routes).collect::<Vec<_>>()) - used)
    } else {
        let reason = "the engine is not in the network namespace whose routes are read";
        Fact::unknown(crate::model::GapKind::NotLocal, reason)
    };
    let capacity = 1u128.checked_shl(u32::from(size - base.prefix)).unwrap_or(u128::MAX);
    DefaultPool { base, size, capacity, used, blocked, is_builtin }
}

/// How many subnets of `size` within `base` overlap with any of `taken`.
fn covered(base: Cidr, size: u8, taken: &[Cidr]) -> u128 {
    let bits = if base.addr.is_ipv4() { 32 } else { 128 };
    let number = |addr: std::net::IpAddr| match addr {
        std::net::IpAddr::V4(a) => u128::from(u32::from(a)),
        std::net::IpAddr::V6(a) => u128::from(a),
    };
    let step = u32::from(bits - size.min(bits));
    let index = |n: u128| n.checked_shr(step).unwrap_or(0);
    // The last address of a prefix; `::/0` ends with the last there is.
    let last = |c: &Cidr| number(c.network()).saturating_add(c.size().saturating_sub(1));
    let mut spans: Vec<(u128, u128)> = taken
        .iter()
        .filter(|c| c.overlaps(&base))
        .map(|c| {
            let from = number(c.network()).max(number(base.network()));
            (index(from), index(last(c).min(last(&base))))
        })
        .collect();
    spans.sort_unstable();
    let mut count = 0u128;
    let mut next = 0u128;
    for (from, to) in spans {
        let from = from.max(next);
        if from <= to {
            count = count.saturating_add(to - from).saturating_add(1);
            next = to.saturating_add(1);
        }
    }
    count
}
