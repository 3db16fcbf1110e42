//! bridgewatch: a terminal console for the networks and the security of the containers on a Linux host.
//!
//! The data runs down this list; `ARCHITECTURE.md` has the table of who may know whom.
//!
//! - [`text`]: outside text, cleaned in one place
//! - [`model`]: pure nouns, one [`model::Snapshot`] of the host
//! - [`recording`]: snapshots in a file and back: record, replay, demo
pub mod model;
pub mod recording;
pub mod text;
