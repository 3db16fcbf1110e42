//! The recording that is built in: a lab host that shows every feature, for machines without an engine.

use super::{Player, Reader, RecordingError};

static DEMO: &[u8] = include_bytes!("../../recordings/demo.bwr");

/// Opens the embedded recording.
///
/// # Errors
/// Only when the embedded bytes are not a recording of this version, which a test rules out.
pub fn open() -> Result<Reader, RecordingError> {
    Reader::from_bytes(DEMO, "the demo")
}

/// A player of the embedded recording that never ends.
///
/// # Errors
/// As [`open`].
pub fn player() -> Result<Player<Reader>, RecordingError> {
    Ok(Player::new(open()?).looping(true))
}
