//! State and update: what the console is doing. No drawing, no I/O, no async.

mod scene;

pub use scene::{Prefs, Scene};
