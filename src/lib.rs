//! bridgewatch: a terminal console for the networks and the security of the containers on a Linux host.
//!
//! The data runs down this list; `ARCHITECTURE.md` has the table of who may know whom.
//!
//! - [`text`]: outside text, cleaned in one place
//! - [`model`]: pure nouns, one [`model::Snapshot`] of the host
//! - [`analysis`]: pure verbs, what follows from a snapshot
//! - [`cli`]: the subcommands' output
pub mod analysis;
pub mod cli;
pub mod model;
pub mod text;
