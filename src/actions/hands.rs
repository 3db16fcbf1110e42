//! The writing handles, and the one way to get them.

use super::ledger::Ledger;
use super::{Difference, Hand, HandError, Made, Moved};
use crate::journal::process;
use crate::plan::{Identity, Op, Warrant};
use std::path::Path;

/// The writing handles. They are opened from a warrant, which is used up.
///
/// ```
/// use bridgewatch::plan::Mode;
/// assert!(matches!(Mode::settle(true), Mode::ReadOnly), "--read-only gives no warrant, and without one no hands");
/// ```
///
/// ```compile_fail
/// let hands = bridgewatch::actions::Hands { engine: todo!(), kernel: todo!(), ledger: todo!() };
/// ```
pub struct Hands {
    engine: Box<dyn Hand>,
    kernel: Box<dyn Hand>,
    ledger: Ledger,
}

impl Hands {
    /// Opens the writing handles: the engine's, the kernel's, and that of the state directory.
    pub fn new(_warrant: Warrant, engine: Box<dyn Hand>, kernel: Box<dyn Hand>, state_dir: &Path) -> Self {
        Hands { engine, kernel, ledger: Ledger::new(state_dir) }
    }

    fn of(&mut self, op: &Op) -> &mut dyn Hand {
        match op {
            Op::Engine(_) => &mut *self.engine,
            Op::Kernel(_) => &mut *self.kernel,
            Op::Ledger(_) => &mut self.ledger,
        }
    }
}

impl Hand for Hands {
    fn check(&mut self, identity: &Identity) -> Result<(), Moved> {
        match identity {
            Identity::Boot { id } if *id == process::boot_id() => Ok(()),
            Identity::Boot { .. } => {
                Err(Moved { what: "the host".into(), now: "it was started anew, interfaces have other numbers".into() })
            }
            Identity::Engine { .. }
            | Identity::Container { .. }
            | Identity::ContainerExists { .. }
            | Identity::Network { .. }
            | Identity::NoNetwork { .. }
            | Identity::NoContainer { .. }
            | Identity::NoImage { .. }
            | Identity::Endpoint { .. } => self.engine.check(identity),
            Identity::Netns { .. } | Identity::Link { .. } | Identity::NoLink { .. } | Identity::Qdisc { .. } => {
                self.kernel.check(identity)
            }
        }
    }

    fn apply(&mut self, op: &Op) -> Result<Made, HandError> {
        self.of(op).apply(op)
    }

    fn read_back(&mut self, op: &Op, made: &Made) -> Result<(), Difference> {
        self.of(op).read_back(op, made)
    }
}
