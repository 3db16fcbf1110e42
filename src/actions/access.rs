//! Who may ask for a change, as a type parameter of what asks.

use std::convert::Infallible;
use std::fmt::Debug;

/// Access of a console to its host. An effect that changes something carries a permit of its access: in a read-only
/// console no value of that type exists, so the effect can't be built.
pub trait Access: Debug + 'static {
    /// What an effect that changes something has to carry.
    type Permit: Debug + Clone;
}

/// Looks only.
#[derive(Debug)]
pub enum ReadOnly {}

impl Access for ReadOnly {
    type Permit = Infallible;
}

/// May change the host, through plans that are shown first.
#[derive(Debug)]
pub enum Operator {}

impl Access for Operator {
    type Permit = Granted;
}

/// A permit. It is made with [`super::Hands`] and nowhere else.
#[derive(Debug, Clone)]
pub struct Granted(pub(super) ());
