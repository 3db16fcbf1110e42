//! The transport of a replay: play, pause, step, jump, speed. Pure time arithmetic; it has no clock of its own and
//! knows neither files nor screens.

use super::{Reader, RecordingError};
use crate::model::Snapshot;
use std::sync::Arc;
use std::time::Duration;

/// Speeds that [`Player::faster`] and [`Player::slower`] step through.
pub const SPEEDS: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// A row of snapshots in time.
pub trait Frames {
    /// How many there are.
    fn count(&self) -> usize;
    /// Time of one since the first, nanoseconds, rising from one to the next.
    fn position_ns(&self, index: usize) -> u64;
    /// One of them.
    ///
    /// # Errors
    /// When it can't be read.
    fn frame(&mut self, index: usize) -> Result<Arc<Snapshot>, RecordingError>;
}

impl Frames for Reader {
    fn count(&self) -> usize {
        self.len()
    }
    fn position_ns(&self, index: usize) -> u64 {
        Reader::position_ns(self, index)
    }
    fn frame(&mut self, index: usize) -> Result<Arc<Snapshot>, RecordingError> {
        Reader::frame(self, index)
    }
}

/// Whether time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// It runs.
    Playing,
    /// It stands.
    Paused,
    /// It stands at the end.
    Ended,
}

/// Plays frames. Ask it with [`Player::tick`] for what is to be shown.
#[derive(Debug)]
pub struct Player<F> {
    frames: F,
    transport: Transport,
    speed: f64,
    position_ns: u64,
    last_tick_ns: Option<u64>,
    /// The frame handed out last.
    shown: Option<usize>,
    looping: bool,
    cuts: u64,
    problem: Option<String>,
}

impl<F: Frames> Player<F> {
    /// A player at the first frame, playing.
    pub fn new(frames: F) -> Self {
        Player {
            frames,
            transport: Transport::Playing,
            speed: 1.0,
            position_ns: 0,
            last_tick_ns: None,
            shown: None,
            looping: false,
            cuts: 0,
            problem: None,
        }
    }

    /// Starts again from the beginning when the end is reached.
    pub fn looping(mut self, looping: bool) -> Self {
        self.looping = looping;
        self
    }

    /// Moves time to `now_ns` of the caller's steady clock and answers the snapshot to show, when it is another one
    /// than before.
    pub fn tick(&mut self, now_ns: u64) -> Option<Arc<Snapshot>> {
        let passed_ns = self.last_tick_ns.map_or(0, |last| now_ns.saturating_sub(last));
        self.last_tick_ns = Some(now_ns);
        if self.transport == Transport::Playing {
            self.advance(passed_ns);
        }
        let index = self.index()?;
        (self.shown != Some(index)).then(|| self.show(index)).flatten()
    }

    fn advance(&mut self, passed_ns: u64) {
        let end_ns = self.end_ns();
        self.position_ns = self.position_ns.saturating_add((passed_ns as f64 * self.speed) as u64);
        if self.position_ns < end_ns {
            return;
        }
        // The last frame is shown before the first one comes again.
        let last_shown = self.shown.is_some_and(|shown| shown + 1 >= self.frames.count());
        if !self.looping {
            self.position_ns = end_ns;
            self.transport = Transport::Ended;
        } else if last_shown && end_ns > 0 {
            self.position_ns = 0;
        } else {
            self.position_ns = end_ns;
        }
    }

    /// Reads a frame; a damaged one leaves what is shown, with the problem told.
    fn show(&mut self, index: usize) -> Option<Arc<Snapshot>> {
        let in_order = self.shown.is_none_or(|shown| shown < index);
        if !in_order {
            self.cuts += 1;
        }
        self.shown = Some(index);
        match self.frames.frame(index) {
            Ok(snapshot) => {
                self.problem = None;
                Some(snapshot)
            }
            Err(error) => {
                self.problem = Some(format!("frame {}: {error}", index + 1));
                None
            }
        }
    }

    /// Plays on; from the beginning when it had ended.
    pub fn play(&mut self) {
        if self.transport == Transport::Ended {
            self.position_ns = 0;
        }
        self.transport = Transport::Playing;
    }

    /// Stands still.
    pub fn pause(&mut self) {
        if self.transport == Transport::Playing {
            self.transport = Transport::Paused;
        }
    }

    /// Pauses when playing, else plays.
    pub fn toggle(&mut self) {
        match self.transport {
            Transport::Playing => self.pause(),
            Transport::Paused | Transport::Ended => self.play(),
        }
    }

    /// Stands still `by` frames further on or back.
    pub fn step(&mut self, by: i64) {
        let Some(index) = self.index() else { return };
        let by = isize::try_from(by).unwrap_or(0);
        let to = index.saturating_add_signed(by).min(self.frames.count() - 1);
        self.transport = Transport::Paused;
        self.position_ns = self.frames.position_ns(to);
    }

    /// Goes to a time since the first frame; beyond the end is the end.
    pub fn jump(&mut self, to: Duration) {
        let to_ns = u64::try_from(to.as_nanos()).unwrap_or(u64::MAX);
        self.position_ns = to_ns.min(self.end_ns());
        if self.transport == Transport::Ended {
            self.transport = Transport::Paused;
        }
        // Rates over the gap would be averages over time nobody saw.
        self.cuts += 1;
    }

    /// Goes on or back by a time.
    pub fn skip(&mut self, by_secs: i64) {
        let by_ns = by_secs.saturating_mul(1_000_000_000);
        self.jump(Duration::from_nanos(self.position_ns.saturating_add_signed(by_ns)));
    }

    /// Sets the speed, within 0.25 and 64 times.
    pub fn set_speed(&mut self, speed: f64) {
        let speed = if speed.is_finite() { speed } else { 1.0 };
        self.speed = speed.clamp(SPEEDS[0], SPEEDS[SPEEDS.len() - 1]);
    }

    /// The next higher speed.
    pub fn faster(&mut self) {
        let next = SPEEDS.iter().copied().find(|speed| *speed > self.speed);
        self.set_speed(next.unwrap_or(self.speed));
    }

    /// The next lower speed.
    pub fn slower(&mut self) {
        let next = SPEEDS.iter().copied().rfind(|speed| *speed < self.speed);
        self.set_speed(next.unwrap_or(self.speed));
    }

    /// Whether time runs.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// Times the speed of life.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Time since the first frame.
    pub fn position(&self) -> Duration {
        Duration::from_nanos(self.position_ns)
    }

    /// Time from the first to the last frame.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.end_ns())
    }

    /// Number of the frame for this time, from 0; none in an empty recording.
    pub fn index(&self) -> Option<usize> {
        let count = self.frames.count();
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.frames.position_ns(middle) <= self.position_ns {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (count > 0).then(|| low.saturating_sub(1))
    }

    /// Rises with every jump and step back: what was derived from earlier snapshots (rates, history) is then void.
    pub fn cuts(&self) -> u64 {
        self.cuts
    }

    /// Why the frame for this time is not the one shown.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// Wakes the loop: nanoseconds of the caller's clock until the next frame is due; none while time stands.
    pub fn due_in_ns(&self) -> Option<u64> {
        if self.transport != Transport::Playing {
            return None;
        }
        let next = self.index()? + 1;
        let at_ns = if next < self.frames.count() { self.frames.position_ns(next) } else { self.end_ns() };
        Some((at_ns.saturating_sub(self.position_ns) as f64 / self.speed) as u64)
    }

    /// The frames.
    pub fn frames(&mut self) -> &mut F {
        &mut self.frames
    }

    fn end_ns(&self) -> u64 {
        self.frames.count().checked_sub(1).map_or(0, |last| self.frames.position_ns(last))
    }
}
