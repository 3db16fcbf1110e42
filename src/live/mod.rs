//! The running host as a feed: every source on its own, merged into snapshots that share what did not change.

mod containers;
mod timeline;
