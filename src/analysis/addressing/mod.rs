//! Address pools: how full they are, what they overlap with, and what is left over on the host.
//!
//! - `pools`: use and overlaps of each network's subnets
//! - `defaults`: the engine's stock of subnets for networks without one of their own
//! - `leftovers`: bridges without networks, links without containers, dead endpoints

mod defaults;
mod leftovers;
mod pools;
#[cfg(test)]
mod tests;

use super::Wiring;
use crate::model::{Cidr, Fact, NetworkId, Snapshot, Subject};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeMap;

pub use defaults::{DefaultPool, default_pools};

/// Use of one pool of one network.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolUse {
    /// The subnet.
    pub subnet: Cidr,
    /// Addresses that can be handed out: the range or subnet less network, broadcast, gateway and reserved ones.
    pub capacity: u128,
    /// Addresses handed out to members; unknown when members are.
    pub used: Fact<u128>,
    /// Routes of the host, addresses or other networks that this subnet overlaps with, in words.
    pub overlaps: Vec<Outside>,
}

/// Something left over, with the reason why it is thought so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// What.
    pub subject: Subject,
    /// Its name.
    pub name: Outside,
    /// `bridge without network`, `network without bridge`, `veth without container`, `port down`, `stale proxy`,
    /// `stale endpoint`, `namespace without container`, `rule without target`.
    pub what: &'static str,
    /// Why it is thought stale, with the evidence.
    pub reason: String,
}

/// Pools by network.
pub fn pools(snapshot: &Snapshot, wiring: &Wiring) -> BTreeMap<NetworkId, Vec<PoolUse>> {
    let all = snapshot.networks.iter().filter(|n| !n.pools.is_empty());
    all.map(|network| (network.id.clone(), pools::of_network(snapshot, wiring, network))).collect()
}

/// Leftovers of the host.
pub fn leftovers(snapshot: &Snapshot, wiring: &Wiring) -> Vec<Leftover> {
    leftovers::find(snapshot, wiring)
}
