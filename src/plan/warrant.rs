//! Who may ask for a change, as types: without a [`Warrant`] there are no hands and no permits.

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
/// let forged = bridgewatch::plan::Warrant(());
/// ```
#[derive(Debug)]
pub struct Warrant(());

impl Warrant {
    /// A permit for the console: each order to change something carries one.
    pub fn permit(&self) -> Permit {
        Permit(())
    }
}

/// A permit, made from a warrant and nowhere else. What asks for a change has to hold one, so a read-only console can't
/// even put the question.
///
/// ```compile_fail
/// let forged = bridgewatch::plan::Permit(());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit(());
