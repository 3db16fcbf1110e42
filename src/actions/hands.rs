//! The writing handles, and the one way to get them.

use crate::plan::Warrant;

/// The writing handles. They are opened from a warrant, which is used up.
///
/// ```
/// use bridgewatch::actions::Hands;
/// use bridgewatch::plan::Mode;
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
    pub fn new(_warrant: Warrant) -> Self {
        Hands { _private: () }
    }
}
