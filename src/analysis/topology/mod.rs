//! The picture: uplink → NAT → bridge → veth ⇄ container interface, as a tree of rows.
//!
//! Roots are the uplinks; below them stands what leaves by them. Then bridges that lead nowhere by themselves,
//! networks without a device here, and headings for what has no interface of its own or another kind of device.

mod draw;
#[cfg(test)]
mod tests;

use super::Wiring;
use super::wiring::LinkKey;
use crate::model::{ContainerId, NetworkId, Snapshot, Subject};
use crate::text::Outside;
use serde::Serialize;

/// What a row of the picture is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Node {
    /// An interface of the host that leads outside.
    Uplink {
        /// The interface.
        link: LinkKey,
    },
    /// A bridge (or another master) with its network, if an engine made it.
    Bridge {
        /// The interface.
        link: LinkKey,
        /// Its network.
        network: Option<NetworkId>,
        /// Sources of its subnets are rewritten on the way out (`Some(true)`), are not, or can't be told.
        nat: Option<bool>,
    },
    /// A network without a bridge: macvlan, ipvlan, overlay, host, none; or a bridge network whose device is missing.
    Network {
        /// The network.
        network: NetworkId,
        /// It should have a device on this host and has none.
        device_missing: bool,
    },
    /// One interface of one container, with its host end.
    Attachment {
        /// The container whose sandbox it is.
        container: ContainerId,
        /// Host end (veth), if any.
        outer: Option<LinkKey>,
        /// Interface inside, if its namespace could be read.
        inner: Option<LinkKey>,
    },
    /// A container that has no interface of its own here: host network, none, or joined to another's namespace.
    Guest {
        /// The container.
        container: ContainerId,
        /// `host`, `none`, `joined`, or `unknown` when nothing tells.
        how: &'static str,
    },
    /// A port of a bridge that leads to no container that is known: another namespace, a tap, a physical port.
    Port {
        /// The interface.
        link: LinkKey,
    },
    /// A heading of ours (`host namespace`, `no network`, `not attached`).
    Heading {
        /// The words.
        title: &'static str,
    },
}

/// A row of the tree with its depth; children follow their parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// 0 for roots.
    pub depth: u8,
    /// What it is.
    pub node: Node,
    /// What it stands for, for following the selection into other views.
    pub subject: Option<Subject>,
    /// A name for people.
    pub name: Outside,
    /// Addresses, as text.
    pub addresses: Vec<String>,
    /// Words of ours and of closed vocabularies that belong to the row: `default via 192.0.2.1`, `internal`, `down`,
    /// `masquerade off`, `device missing`.
    pub notes: Vec<String>,
}

/// The whole picture, in drawing order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Topology {
    /// Rows.
    pub branches: Vec<Branch>,
}

impl Topology {
    /// Draws a snapshot.
    pub fn build(snapshot: &Snapshot, wiring: &Wiring) -> Self {
        draw::picture(snapshot, wiring)
    }
}
