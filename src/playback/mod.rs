//! A recording as a feed: the same updates as from a live host, at the pace the operator wants.

mod replay;

pub use replay::Replay;

use crate::feed::{Ask, Update};
use crate::recording::{Player, Reader, RecordingError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Plays `reader` into `sink` on a thread of its own until [`Ask::Quit`] or nobody listens.
///
/// # Errors
/// The thread can't be started, or the recording holds no snapshot.
pub fn start(
    reader: Reader,
    looping: bool,
    sink: Arc<dyn Fn(Update) -> bool + Send + Sync>,
) -> Result<UnboundedSender<Ask>, RecordingError> {
    if reader.is_empty() {
        return Err(RecordingError::Empty);
    }
    let (ask, asks) = unbounded_channel();
    let replay = Replay::new(Player::new(reader).looping(looping));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let io = |source| RecordingError::Io { operation: "play", path: "the recording".into(), source };
    let runtime = runtime.map_err(io)?;
    std::thread::Builder::new()
        .name("bw-player".into())
        .spawn(move || runtime.block_on(play(replay, asks, |update| sink(update))))
        .map_err(io)?;
    Ok(ask)
}

/// Longest sleep: pauses and ends are woken by questions, not by time.
const REST: Duration = Duration::from_secs(3600);

async fn play(mut replay: Replay, mut asks: UnboundedReceiver<Ask>, sink: impl Fn(Update) -> bool) {
    let begin = Instant::now();
    loop {
        let now_ns = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if !replay.wake(now_ns).into_iter().all(&sink) {
            return;
        }
        // A millisecond past the due time, so that the frame is due for certain.
        let wait = replay.due_in().map_or(REST, |due| due + Duration::from_millis(1));
        let Ok(ask) = tokio::time::timeout(wait, asks.recv()).await else { continue };
        let Some(ask) = ask.filter(|ask| *ask != Ask::Quit) else { return };
        // Time up to the key belongs to what was before it.
        let now_ns = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if !replay.wake(now_ns).into_iter().chain(replay.answer(ask)).all(&sink) {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
