//! The proof that changing is allowed, and what it opens.

use super::access::Granted;

/// What the command line settled for the whole run.
#[derive(Debug)]
pub enum Mode {
    /// Nothing can be changed.
    ReadOnly,
    /// Changes may be planned and, when confirmed, applied.
    Operate(Warrant),
}

impl Mode {
    /// The one place where a warrant is made: `read_only` is the flag as it was parsed.
    pub fn settle(read_only: bool) -> Self {
        if read_only { Mode::ReadOnly } else { Mode::Operate(Warrant(())) }
    }

    /// True when nothing can be changed.
    pub fn is_read_only(&self) -> bool {
        matches!(self, Mode::ReadOnly)
    }
}

/// Proof that the run was started without `--read-only`. Its field is private: it can't be made elsewhere.
///
/// ```compile_fail
/// let forged = bridgewatch::actions::Warrant(());
/// ```
#[derive(Debug)]
pub struct Warrant(());

/// The writing handles. They are opened from a warrant, which is used up.
///
/// ```
/// use bridgewatch::actions::{Hands, Mode};
/// match Mode::settle(true) {
///     Mode::ReadOnly => {}
///     Mode::Operate(warrant) => {
///         let _hands = Hands::new(warrant);
///         unreachable!("--read-only gives no warrant");
///     }
/// }
/// ```
///
/// ```compile_fail
/// let hands = bridgewatch::actions::Hands { _private: () };
/// ```
#[derive(Debug)]
pub struct Hands {
    _private: (),
}

impl Hands {
    /// Opens the writing handles.
    pub fn new(Warrant(()): Warrant) -> Self {
        Hands { _private: () }
    }

    /// A permit for one effect.
    pub fn permit(&self) -> Granted {
        Granted(())
    }
}
