//! What a hand can do: check an identity, carry out one operation, and read back what it brought about.

use crate::model::{IfIndex, NetworkId};
use crate::plan::{Identity, Op};

/// A hand: the engine's, the kernel's, the ledger's, or one of a test.
///
/// Calls block; they run on the hands' own thread and have deadlines of their own.
pub trait Hand: Send {
    /// Whether what was shown still holds.
    ///
    /// # Errors
    /// [`Moved`] says what was shown and what is there now, or why that can't be told.
    fn check(&mut self, identity: &Identity) -> Result<(), Moved>;

    /// Carries out one operation, once; it is never repeated.
    ///
    /// # Errors
    /// [`HandError`]: whether nothing was changed, or nobody knows.
    fn apply(&mut self, op: &Op) -> Result<Made, HandError>;

    /// Reads from kernel or engine whether what the operation was to bring about holds now.
    ///
    /// # Errors
    /// [`Difference`] says what was wanted and what was found, or why it could not be read.
    fn read_back(&mut self, op: &Op, made: &Made) -> Result<(), Difference>;
}

/// What an operation made, to be filled into what takes it back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Made {
    /// It was so already, nothing had to be done (304 of the engine).
    pub already: bool,
    /// Network that was created.
    pub network: Option<NetworkId>,
    /// Interface that was created.
    pub link: Option<IfIndex>,
    /// What the engine or kernel had to say besides, in clean words: warnings, bytes freed.
    pub words: Vec<String>,
}

/// What was shown does not hold any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} has changed since you looked: {now}")]
pub struct Moved {
    /// What was shown: `container web`.
    pub what: String,
    /// What is there now: `it was restarted at 12:03:11`.
    pub now: String,
}

/// Why an operation did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandError {
    /// Refused: nothing was changed.
    #[error("{what}: {reason}{}", if .way_out.is_empty() { String::new() } else { format!("; {}", .way_out) })]
    Refused {
        /// What was asked.
        what: String,
        /// The engine's or kernel's own words, cleaned.
        reason: String,
        /// What would help; may be empty.
        way_out: String,
    },
    /// It was sent and no answer came: it may have happened. Only reading back can tell.
    #[error("{what}: no answer ({reason}); whether it happened is read back")]
    Unknown {
        /// What was asked.
        what: String,
        /// Why there is no answer.
        reason: String,
    },
    /// What takes something back found nothing to take back: it went by itself.
    #[error("{what}: it is gone already")]
    Gone {
        /// What was asked.
        what: String,
    },
}

/// What was found is not what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("wanted {wanted}, found {found}")]
pub struct Difference {
    /// What the operation was to bring about.
    pub wanted: String,
    /// What is there, or why it can't be read.
    pub found: String,
    /// It could not be read at all: nothing is known.
    pub is_unknown: bool,
}
