//! A recording as a running feed: the thread that serves a console from a [`Replay`].

use crate::feed::{Ask, Update};
use crate::recording::{Player, Reader, RecordingError, Replay, run};
use std::sync::Arc;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Plays `reader` into `sink` on a thread of its own until [`Ask::Quit`] or nobody listens.
///
/// # Errors
/// The thread can't be started.
pub fn start(
    reader: Reader,
    looping: bool,
    sink: Arc<dyn Fn(Update) -> bool + Send + Sync>,
) -> Result<UnboundedSender<Ask>, RecordingError> {
    let (ask, asks) = unbounded_channel();
    let io = |source| RecordingError::Io { operation: "play", path: "the recording".into(), source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(io)?;
    let feed = Replay::new(Player::new(reader).looping(looping));
    std::thread::Builder::new()
        .name("bw-player".into())
        .spawn(move || runtime.block_on(run(feed, asks, |update| sink(update))))
        .map_err(io)?;
    Ok(ask)
}
