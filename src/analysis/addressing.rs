//! Address pools: how full they are, what they overlap with, and what is left over on the host.

use super::Wiring;
use crate::model::{Cidr, Fact, NetworkId, Snapshot, Subject};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// `bridge without network`, `network without bridge`, `veth without peer container`, `stale endpoint`, …
    pub what: &'static str,
    /// Why it is thought stale, with the evidence.
    pub reason: String,
}

/// Pools by network.
pub fn pools(_snapshot: &Snapshot, _wiring: &Wiring) -> BTreeMap<NetworkId, Vec<PoolUse>> {
    BTreeMap::new()
}

/// Leftovers of the host.
pub fn leftovers(_snapshot: &Snapshot, _wiring: &Wiring) -> Vec<Leftover> {
    Vec::new()
}
