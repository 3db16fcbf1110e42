//! The only room that may ever change a host. Today it holds the seam and no action.
//!
//! Nothing outside this room can write: sources have reading verbs only. What writes will need [`Hands`], hands need a
//! [`Warrant`], and a warrant is made in one place: from a command line without `--read-only`. In read-only mode the
//! part that can change anything is therefore never constructed; this is a matter of types, not of an `if` that could
//! be forgotten.

mod access;
mod hands;

pub use access::{Access, Granted, Operator, ReadOnly};
pub use hands::{Hands, Mode, Warrant};
