//! Operations in the words of the tool that an operator would have typed: shown in a plan, copied, pasted into a shell.

mod engine;
mod kernel;
mod quote;

pub(super) use engine::policy_word;
pub use quote::quote;

use super::op::{LedgerOp, Op};

impl Op {
    /// One line that a shell takes as it stands and a terminal can show.
    pub fn words(&self) -> String {
        match self {
            Op::Engine(op) => engine::words(op),
            Op::Kernel(op) => kernel::words(op),
            Op::Ledger(op) => ledger(op),
        }
    }
}

/// No tool writes the state file; a comment of the shell says what happens to it.
fn ledger(op: &LedgerOp) -> String {
    match op {
        LedgerOp::Keep { wanted } => format!("# the state file keeps the limit of {}", wanted.name.shown()),
        LedgerOp::Forget { container, .. } => {
            format!("# the state file keeps no limit of {}", container.name.shown())
        }
    }
}
