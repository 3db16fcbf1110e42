//! Resolvers: the questions that several checks ask, answered in one way.
//!
//! Each is a function over plain model values. None reads anything; what is not in the snapshot is unknown.

pub mod caps;
pub mod conf;
pub mod dnat;
pub mod flags;
pub mod links;
pub mod mounts;
pub mod ports;
pub mod reach;
pub mod segments;
pub mod user;
pub mod walk;
