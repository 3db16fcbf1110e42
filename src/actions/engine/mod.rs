//! The hand that changes containers and networks by way of the engine.
//!
//! Reading stays with [`crate::sources::engine`], whose client can't write; what writes is [`client`], one request at a
//! time, each sent once.

pub(in crate::actions) mod call;
mod check;
pub(in crate::actions) mod client;
mod connection;
mod hand;
mod read_back;
mod told;

pub use hand::EngineHand;
