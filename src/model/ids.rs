//! Identities. Each is a type of its own, so that an inode is never taken for an interface index.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A container: the engine's 64 hexadecimal digits, or `cgroup:<path>` for one that no engine owns up to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContainerId(pub Arc<str>);

/// An engine network: 64 hexadecimal digits (overlay ids are shorter).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NetworkId(pub Arc<str>);

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// The whole id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// The first twelve characters, as the engine's command line shows it.
            pub fn short(&self) -> &str {
                match self.0.char_indices().nth(12) {
                    Some((end, _)) if !self.0.contains(':') => &self.0[..end],
                    _ => &self.0,
                }
            }
        }
        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                $name(Arc::from(id))
            }
        }
        impl From<String> for $name {
            fn from(id: String) -> Self {
                $name(Arc::from(id))
            }
        }
    };
}
text_id!(ContainerId);
text_id!(NetworkId);

/// Inode number of a namespace in nsfs: the kernel's identity of the namespace while it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NsInode(pub u64);

/// Interface index, unique within one network namespace at one time. The kernel reuses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IfIndex(pub u32);

/// Process id as seen from bridgewatch's pid namespace. The kernel reuses it: pair it with a start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pid(pub i32);

impl std::fmt::Display for NsInode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::fmt::Display for IfIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl std::fmt::Display for Pid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a row, an event or a finding is about; also how a selection travels from one view to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Subject {
    /// The host itself.
    Host,
    /// The engine's daemon.
    Daemon,
    /// A container.
    Container {
        /// Its id.
        id: ContainerId,
    },
    /// A compose project: a group of containers.
    Project {
        /// Its name.
        name: crate::text::Outside,
    },
    /// An engine network.
    Network {
        /// Its id.
        id: NetworkId,
    },
    /// An interface in one network namespace.
    Link {
        /// The namespace it is in.
        netns: NsInode,
        /// Its index there.
        ifindex: IfIndex,
    },
    /// A network namespace.
    Netns {
        /// Its inode.
        inode: NsInode,
    },
    /// A published or listened-on port.
    Port {
        /// A stable key of the row: `container/proto/host-ip/host-port/container-port`.
        key: Arc<str>,
    },
    /// A finding of a check on some subject.
    Finding {
        /// The key of the finding, see `analysis::checks`.
        key: Arc<str>,
    },
    /// An event in the timeline.
    Event {
        /// Its sequence number in this run.
        seq: u64,
    },
    /// A change in the journal.
    Change {
        /// Id of its entry.
        id: Arc<str>,
    },
    /// A heading of a view under which rows fold; not a thing of the host.
    Group {
        /// A stable key within its view.
        key: Arc<str>,
    },
}
