//! The container engine: its endpoint, a reading client, answers turned into the model, a watcher that follows its
//! events, and log streams.
//!
//! This room must not know the kernel, the views or how often the screen is drawn. Nothing in it can change an engine:
//! [`client::EngineReader`] has reading verbs only and never hands out the connection behind it.

pub mod client;
pub mod convert;
pub mod endpoint;
pub mod error;
pub mod happening;
mod json;
pub mod logs;
pub mod split;
pub mod watch;

pub use client::{EngineReader, RawSubject, escape, segment};
pub use endpoint::{EndpointError, EngineTarget, TlsFiles, Transport, resolve};
pub use error::{EngineError, first_sentence};
pub use logs::{LogBatch, LogLine, LogRequest, LogStream, Stream};
pub use watch::{EngineState, EngineUpdate, Nudge, watch};
