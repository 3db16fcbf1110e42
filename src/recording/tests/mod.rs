//! What a recording promises: what was written comes back, whatever happens to the file.

mod playing;
mod reading;
pub(crate) mod story;
mod writing;
