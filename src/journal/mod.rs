//! What was changed, on disk: an append-only journal and the limits that are wanted, both in the XDG state directory.

mod place;
pub mod wanted;

pub use place::{PlaceError, prepare, state_dir};
