//! What was changed, on disk: an append-only journal and the limits that are wanted, both in the XDG state directory.
//!
//! A change is written down before it is done, and each step of it before and after: whatever dies in between, the next
//! reader knows what may stand. Where nothing can be written down, nothing is changed.

mod line;
mod place;
pub mod process;
mod read;
#[cfg(test)]
mod tests;
pub mod wanted;
mod write;

pub use place::{PlaceError, prepare, state_dir};
pub use read::Reading;
pub use write::{End, Journal, JournalError, Watch, path, read};
