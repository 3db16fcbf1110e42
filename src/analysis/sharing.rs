//! Namespaces: which a container has of its own, which are the host's, and which it shares with whom.

use crate::model::{ContainerId, Fact, NsInode, NsKind, Snapshot};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeMap;

/// One namespace of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Its inode.
    pub inode: Fact<NsInode>,
    /// It is the host's (process 1's, or for the network: the engine's).
    pub is_host: Option<bool>,
    /// Other containers in it.
    pub with: Vec<ContainerId>,
}

/// A row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharingRow {
    /// The container.
    pub container: ContainerId,
    /// Its name.
    pub name: Outside,
    /// By kind.
    pub namespaces: BTreeMap<NsKind, Share>,
}

/// Containers × kinds of namespace, in order of container names.
pub fn build(_snapshot: &Snapshot) -> Vec<SharingRow> {
    Vec::new()
}
