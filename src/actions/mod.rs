//! The only room that may ever change a host: it carries out plans with hands.
//!
//! Nothing outside this room can write: sources have reading verbs only. What writes needs [`Hands`], hands need a
//! [`crate::plan::Warrant`], and a warrant is made in one place: from a command line without `--read-only`. In read-only
//! mode the part that can change anything is therefore never constructed; this is a matter of types, not of an `if`
//! that could be forgotten.

pub mod engine;
mod hand;
mod hands;

pub use hand::{Difference, Hand, HandError, Made, Moved};
pub use hands::Hands;
