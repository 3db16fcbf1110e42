//! A recording as a feed: the same updates as from a live host, at the pace the operator wants.

use crate::feed::{Ask, LogBatch, LogLine, Playback, Update};
use crate::model::Subject;
use crate::recording::{Detail, Player, Reader, RecordingError};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Plays `reader` into `sink` on a thread of its own until [`Ask::Quit`] or nobody listens.
///
/// # Errors
/// The thread can't be started, or the recording holds no moment.
pub fn start(
    reader: Reader,
    looping: bool,
    sink: Arc<dyn Fn(Update) -> bool + Send + Sync>,
) -> Result<UnboundedSender<Ask>, RecordingError> {
    let (ask, asks) = unbounded_channel();
    let facts = Facts::of(&reader);
    let player = Player::new(reader).looping(looping);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let io = |source| RecordingError::Io { operation: "play", path: "the recording".into(), source };
    let runtime = runtime.map_err(io)?;
    std::thread::Builder::new()
        .name("bw-player".into())
        .spawn(move || runtime.block_on(play(player, facts, asks, sink)))
        .map_err(io)?;
    Ok(ask)
}

/// What does not change while it plays.
struct Facts {
    frames: usize,
    from: jiff::Timestamp,
    to: jiff::Timestamp,
    damage: Option<String>,
}

impl Facts {
    fn of(reader: &Reader) -> Self {
        let time = |index| reader.taken_at(index).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        Facts {
            frames: reader.len(),
            from: time(0),
            to: time(reader.len().saturating_sub(1)),
            damage: reader.ending().complaint(),
        }
    }
}

/// Longest sleep: pauses and ends are woken by questions, not by time.
const REST: Duration = Duration::from_secs(3600);

async fn play(
    mut player: Player<Reader>,
    facts: Facts,
    mut asks: UnboundedReceiver<Ask>,
    sink: Arc<dyn Fn(Update) -> bool + Send + Sync>,
) {
    let begin = Instant::now();
    let mut cuts = player.cuts();
    let mut told: Option<Playback> = None;
    loop {
        let now_ns = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let frame = player.tick(now_ns);
        if player.cuts() != cuts {
            cuts = player.cuts();
            if !sink(Update::Jump) {
                return;
            }
        }
        if frame.is_some_and(|snapshot| !sink(Update::Snapshot(snapshot))) {
            return;
        }
        let state = state(&mut player, &facts);
        if told.as_ref() != Some(&state) {
            if !sink(Update::Playback(state.clone())) {
                return;
            }
            told = Some(state);
        }
        // A millisecond past the due time, so that the frame is due for certain.
        let wait = player.due_in_ns().map_or(REST, |ns| Duration::from_nanos(ns) + Duration::from_millis(1));
        tokio::select! {
            ask = asks.recv() => match ask {
                None | Some(Ask::Quit) => return,
                Some(ask) => {
                    // Time up to the key belongs to what was before it.
                    let now_ns = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX);
                    if player.tick(now_ns).is_some_and(|snapshot| !sink(Update::Snapshot(snapshot))) {
                        return;
                    }
                    answer(&mut player, ask, &sink);
                }
            },
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn state(player: &mut Player<Reader>, facts: &Facts) -> Playback {
    let frame = player.index().unwrap_or(0);
    let at = player.frames().taken_at(frame).unwrap_or(facts.from);
    Playback {
        is_playing: player.transport() == crate::recording::Transport::Playing,
        speed_percent: (player.speed() * 100.0).round() as u32,
        frame,
        frames: facts.frames,
        from: facts.from,
        at,
        to: facts.to,
        damage: player.problem().map(str::to_owned).or_else(|| facts.damage.clone()),
    }
}

fn answer(player: &mut Player<Reader>, ask: Ask, sink: &Arc<dyn Fn(Update) -> bool + Send + Sync>) {
    match ask {
        Ask::TogglePlay => player.toggle(),
        Ask::Step(by) => player.step(i64::from(by)),
        Ask::Seek(seconds) => player.skip(seconds),
        Ask::SeekTo(thousandths) => {
            let whole = player.duration();
            player.jump(whole * thousandths.min(1000) / 1000);
        }
        Ask::Speed(percent) => player.set_speed(f64::from(percent) / 100.0),
        Ask::Logs(request, container, _) => {
            let position = player.position();
            let detail = player.frames().detail(&container, Detail::LOGS, position);
            let (lines, ended) = match detail {
                Ok(Some(detail)) => (lines(&detail), "this is what was recorded of the log".to_owned()),
                Ok(None) => (Vec::new(), "the recording holds no log of this container".to_owned()),
                Err(error) => (Vec::new(), error.to_string()),
            };
            sink(Update::Logs(LogBatch { request, container, lines, skipped: 0, ended: Some(ended) }));
        }
        Ask::Raw(subject) => {
            let position = player.position();
            let missing = || Err("the recording does not hold the engine's raw answer".to_owned());
            let raw = match &subject {
                Subject::Container { id } => match player.frames().detail(id, Detail::INSPECT, position) {
                    Ok(Some(detail)) => Ok(detail.text),
                    Ok(None) => missing(),
                    Err(error) => Err(error.to_string()),
                },
                _ => missing(),
            };
            sink(Update::Raw(subject, raw));
        }
        Ask::Refresh | Ask::Interest(_) | Ask::StopLogs | Ask::Record(_) | Ask::Quit => {}
    }
}

/// A recorded log is a line each, with the engine's time before the first blank where there is one.
fn lines(detail: &Detail) -> Vec<LogLine> {
    detail
        .text
        .raw()
        .lines()
        .map(|line| {
            let timed = line.split_once(' ').and_then(|(at, rest)| Some((at.parse().ok()?, rest)));
            let (at, text) = timed.map_or((None, line), |(at, rest)| (Some(at), rest));
            LogLine { at, is_stderr: false, text: text.into(), is_mark: false }
        })
        .collect()
}
