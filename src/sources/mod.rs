//! Impure readers: they turn what the kernel and the engine answer into the nouns of [`crate::model`].
//!
//! Each room reads one thing. None writes, and none knows what is done with the facts: no analysis, no view, no
//! terminal.

pub mod cgroup;
pub mod engine;
pub mod firewall;
pub mod netlink;
pub mod proc;
