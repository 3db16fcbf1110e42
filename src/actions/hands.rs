//! The writing handles, and the one way to get them.

use super::engine::EngineHand;
use super::kernel::KernelHand;
use super::ledger::Ledger;
use super::{Difference, Hand, HandError, Made, Moved};
use crate::journal::process;
use crate::plan::{Identity, Op, Warrant};
use crate::sources::engine;
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
    /// Opens the writing handles: the engine's at the endpoint that is asked for, the kernel's, and that of the state
    /// directory. A handle that can't be had refuses what is asked of it, with the reason.
    pub fn open(warrant: Warrant, host: Option<&str>, context: Option<&str>, state_dir: &Path) -> Self {
        let kernel = KernelHand::open(&warrant).map_err(|e| e.to_string());
        let engine = engine::resolve(host, context).map_err(|e| e.to_string());
        let engine = engine.and_then(|target| EngineHand::connect(&target, &warrant).map_err(|e| e.to_string()));
        Hands { engine: or_missing(engine), kernel: or_missing(kernel), ledger: Ledger::new(state_dir) }
    }

    fn of(&mut self, op: &Op) -> &mut dyn Hand {
        match op {
            Op::Engine(_) => &mut *self.engine,
            Op::Kernel(_) => &mut *self.kernel,
            Op::Ledger(_) => &mut self.ledger,
        }
    }
}

fn or_missing(hand: Result<impl Hand + 'static, String>) -> Box<dyn Hand> {
    match hand {
        Ok(hand) => Box::new(hand),
        Err(why) => Box::new(Missing { why }),
    }
}

/// A hand that could not be had.
struct Missing {
    why: String,
}

impl Hand for Missing {
    fn check(&mut self, _: &Identity) -> Result<(), Moved> {
        Err(Moved { what: "what was shown".into(), now: format!("it can't be looked at: {}", self.why) })
    }

    fn apply(&mut self, op: &Op) -> Result<Made, HandError> {
        Err(HandError::Refused { what: op.words(), reason: self.why.clone(), way_out: String::new() })
    }

    fn read_back(&mut self, op: &Op, _: &Made) -> Result<(), Difference> {
        Err(Difference { wanted: op.words(), found: self.why.clone(), is_unknown: true })
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
