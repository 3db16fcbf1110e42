//! `snapshot`: one document with everything known: the model as it is, and what follows from it.

use super::{ns, ports, topology};
use crate::analysis::addressing::{DefaultPool, default_pools};
use crate::analysis::{Leftover, PoolUse, Report};
use crate::model::{NetworkId, Snapshot};
use serde::Serialize;
use std::collections::BTreeMap;

/// The document. The fields of [`Snapshot`] stand at the top level under their own names.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// The model: `schema_version`, `taken_at`, `host`, `sources`, `containers`, `networks`, `netns`, `links`, ….
    #[serde(flatten)]
    pub snapshot: &'a Snapshot,
    /// As in `ports`.
    pub ports: Vec<ports::PortDoc>,
    /// As in `topology`.
    pub topology: Vec<topology::NodeDoc>,
    /// As in `ns`.
    pub sharing: Vec<ns::NsDoc>,
    /// Address pools by network id.
    pub pools: &'a BTreeMap<NetworkId, Vec<PoolUse>>,
    /// The engine's stock of subnets.
    pub default_pools: Vec<DefaultPool>,
    /// What is left over on the host.
    pub leftovers: &'a [Leftover],
    /// Findings of the security checks, as in `audit`.
    pub findings: serde_json::Value,
}

/// Makes the document; `findings` is what `audit` gives for the same snapshot.
pub fn document<'a>(snapshot: &'a Snapshot, report: &'a Report, findings: serde_json::Value) -> Document<'a> {
    Document {
        snapshot,
        ports: ports::document(snapshot, report),
        topology: topology::document(snapshot, report),
        sharing: ns::document(snapshot, report),
        pools: &report.pools,
        default_pools: default_pools(snapshot),
        leftovers: &report.leftovers,
        findings,
    }
}
