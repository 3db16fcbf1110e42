//! The command line: what can be asked, and what is printed.
//!
//! What is printed is pure: a snapshot and its report in, a table or a JSON document out. Each such file has a typed document (its field names are the contract with scripts) and a table for people. In JSON,
//! outside text is exact and what is not known is `null`; in tables it is cleaned and what is not known is `?`.

pub mod args;
pub mod audit;
pub mod change;
pub mod console;
pub mod docker_units;
pub mod doctor;
pub mod events;
pub mod json;
mod lessen;
pub mod limits;
pub mod links;
pub mod man;
pub mod networks;
pub mod ns;
pub mod ports;
mod record;
pub mod run;
pub mod snapshot;
pub mod source;
pub mod stats;
pub mod table;
pub mod template;
#[cfg(test)]
mod tests;
pub mod topology;

pub use run::{CommandError, code, run};

use crate::analysis::wiring::LinkKey;
use crate::model::{ContainerId, NetworkId, Snapshot};
use crate::text::Outside;

/// Name of a container, or its short id when it is not in the snapshot.
fn container_name(snapshot: &Snapshot, id: &ContainerId) -> Outside {
    snapshot.container(id).map_or_else(|| id.short().into(), |c| c.name.clone())
}

/// Name of a network, or its short id when it is not in the snapshot.
fn network_name(snapshot: &Snapshot, id: &NetworkId) -> Outside {
    snapshot.networks.iter().find(|n| n.id == *id).map_or_else(|| id.short().into(), |n| n.name.clone())
}

/// Name of an interface, when it could be read.
fn link_name(snapshot: &Snapshot, key: LinkKey) -> Option<Outside> {
    snapshot.link(key.0, key.1).map(|l| l.name.clone())
}

/// What stands in a table for what is not known.
const UNKNOWN: &str = "?";

/// Text of a fact that may be unknown.
fn or_unknown<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |v| v.to_string())
}

/// Text of something that need not be there.
fn or_none<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| v.to_string())
}
