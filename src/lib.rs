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
//! - [`views`]: rows, cells and pages of every screen, as data
//! - [`widgets`]: drawing parts that know no container
//! - [`screen`]: the whole screen, composed of widgets from the state
//! - [`terminal`]: raw mode, input, signals, output, the loop
pub mod analysis;
pub mod app;
pub mod feed;
pub mod model;
pub mod screen;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod views;
pub mod widgets;
