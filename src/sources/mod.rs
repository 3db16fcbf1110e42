//! Impure readers: they turn what the kernel and the engine answer into the nouns of [`crate::model`].
//!
//! This room must not know what is done with the facts: no analysis, no view, no terminal.

pub mod firewall;
pub mod proc;
