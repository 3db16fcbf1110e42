//! bridgewatch: a terminal console for the networks and the security of the containers on a Linux host.
//!
//! The data runs down this list; `ARCHITECTURE.md` has the table of who may know whom.
//!
//! - [`text`]: outside text, cleaned in one place
//! - [`model`]: pure nouns, one [`model::Snapshot`] of the host
//! - [`analysis`]: pure verbs, snapshots in, a report out
//! - [`feed`]: where snapshots come from, as the console sees it
//! - [`theme`]: roles and their styles
//! - [`app`]: state and update of the console
//! - [`cli`]: what the subcommands print
//! - [`views`]: rows, cells and pages of every screen, as data
pub mod analysis;
pub mod app;
pub mod cli;
pub mod feed;
pub mod model;
pub mod text;
pub mod theme;
pub mod views;
