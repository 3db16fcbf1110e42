//! bridgewatch: a terminal console for the networks and the security of the containers on a Linux host.
//!
//! The data runs down this list; `ARCHITECTURE.md` has the table of who may know whom.
//!
//! - [`text`]: outside text, cleaned in one place
//! - [`model`]: pure nouns, one [`model::Snapshot`] of the host
//! - [`sources`]: impure readers that fill the model
pub mod model;
pub mod sources;
pub mod text;
