//! bridgewatch: a terminal console for the networks and the security of the containers on a Linux host.
//!
//! The data runs down this list; `ARCHITECTURE.md` has the table of who may know whom.
//!
//! - [`text`]: outside text, cleaned in one place
//! - [`model`]: pure nouns, one [`model::Snapshot`] of the host
//! - [`sources`]: the impure readers that fill the model
//! - [`live`]: the running host as a feed of snapshots
//! - [`analysis`]: pure verbs, snapshots in, a report out
//! - [`plan`]: wishes become plans, as pure data
//! - [`actions`]: the hands that carry out plans; the only room that changes a host
//! - [`journal`]: what was changed, on disk, and the limits that are wanted
//! - [`recording`]: snapshots in a file
//! - [`feed`]: where snapshots come from, as the console sees it
//! - [`playback`]: a recording as such a feed
//! - [`theme`]: roles and their styles
//! - [`app`]: state and update of the console
//! - [`views`]: rows, cells and pages of every screen, as data
//! - [`widgets`]: drawing parts that know no container
//! - [`screen`]: the whole screen, composed of widgets from the state
//! - [`terminal`]: raw mode, input, signals, output, the loop
//! - [`cli`]: the command line and what its commands print
pub mod actions;
pub mod analysis;
pub mod app;
pub mod cli;
pub mod feed;
pub mod journal;
pub mod live;
pub mod model;
pub mod plan;
pub mod playback;
pub mod recording;
pub mod screen;
pub mod sources;
pub mod terminal;
pub mod text;
pub mod theme;
pub mod views;
pub mod widgets;
