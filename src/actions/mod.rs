//! The only room that may ever change a host: it carries out plans with hands.
//!
//! Nothing outside this room can write: sources have reading verbs only. What writes needs [`Hands`], hands need a
//! [`crate::plan::Warrant`], and a warrant is made in one place: from a command line without `--read-only`. In read-only
//! mode the part that can change anything is therefore never constructed; this is a matter of types, not of an `if`
//! that could be forgotten.

mod engine;
mod executor;
mod guard;
mod hand;
mod hands;
mod kernel;
mod ledger;
mod shell;
mod who;
mod worker;

pub use engine::EngineHand;
pub use executor::{Manner, PutUpGuard, carry_out, take_back};
pub use guard::{GuardCommand, stand_guard};
pub use hand::{Difference, Hand, HandError, Made, Moved};
pub use hands::Hands;
pub use kernel::KernelHand;
pub use shell::{ShellEnd, ShellError, ShellIo, run_shell, run_shell_here};
pub use who::who;
pub use worker::{Desk, Told, Worker, at_start};
