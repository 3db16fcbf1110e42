//! A recording as a feed: the console asks it what it would ask a live host, and can't tell the difference but by the
//! label. Pure: it has no clock and no thread.

use crate::feed::{Ask, LogBatch, LogLine, LogQuery, Playback, Update};
use crate::model::{ContainerId, Subject};
use crate::recording::{Detail, Player, Reader, Transport};
use crate::text::Outside;
use jiff::Timestamp;
use std::time::Duration;

/// A log that is being followed.
#[derive(Debug)]
struct Following {
    request: u64,
    container: ContainerId,
    /// Lines up to this time were sent.
    sent_until: Duration,
}

/// Answers a console from a recording.
#[derive(Debug)]
pub struct Replay {
    player: Player<Reader>,
    following: Option<Following>,
    told: Option<Playback>,
    /// Jumps of the player that were told.
    cuts: u64,
}

impl Replay {
    /// A feed of what the player plays.
    pub fn new(player: Player<Reader>) -> Self {
        let cuts = player.cuts();
        Replay { player, following: None, told: None, cuts }
    }

    /// What is new at `now_ns` of the caller's steady clock.
    pub fn wake(&mut self, now_ns: u64) -> Vec<Update> {
        let mut updates = Vec::new();
        let frame = self.player.tick(now_ns);
        if self.cuts != self.player.cuts() {
            self.cuts = self.player.cuts();
            updates.push(Update::Jump);
        }
        if let Some(snapshot) = frame {
            updates.push(Update::Snapshot(snapshot));
            updates.extend(self.new_lines().map(Update::Logs));
        }
        let playback = self.playback();
        if self.told.as_ref() != Some(&playback) {
            self.told = Some(playback.clone());
            updates.push(Update::Playback(playback));
        }
        updates
    }

    /// Answers a question at once, or takes a wish that the next [`Replay::wake`] shows. Wishes that make sense only
    /// for a live host are left without answer.
    pub fn answer(&mut self, ask: Ask) -> Vec<Update> {
        match ask {
            Ask::Logs(request, container, query) => return vec![Update::Logs(self.log(request, container, &query))],
            Ask::Raw(subject) => {
                let answer = self.raw(&subject);
                return vec![Update::Raw(subject, answer)];
            }
            Ask::StopLogs => self.following = None,
            Ask::TogglePlay => self.player.toggle(),
            Ask::Step(by) => self.player.step(by.into()),
            Ask::Seek(by_secs) => self.player.skip(by_secs),
            Ask::SeekTo(thousandths) => self.player.jump(self.player.duration() * thousandths.min(1_000) / 1_000),
            Ask::Speed(percent) => self.player.set_speed(f64::from(percent) / 100.0),
            Ask::Refresh | Ask::Interest(_) | Ask::DiskUse | Ask::Record(_) | Ask::Quit => {}
        }
        Vec::new()
    }

    /// Time until [`Replay::wake`] has something new; none while time stands.
    pub fn due_in(&self) -> Option<Duration> {
        self.player.due_in_ns().map(Duration::from_nanos)
    }

    fn playback(&mut self) -> Playback {
        let frame = self.player.index().unwrap_or(0);
        let problem = self.player.problem().map(str::to_owned);
        let (is_playing, speed) = (self.player.transport() == Transport::Playing, self.player.speed());
        let reader = self.player.frames();
        let frames = reader.len();
        let time = |index| reader.taken_at(index).unwrap_or(Timestamp::UNIX_EPOCH);
        Playback {
            is_playing,
            speed_percent: (speed * 100.0).round() as u32,
            frame,
            frames,
            from: time(0),
            at: time(frame),
            to: time(frames.saturating_sub(1)),
            damage: problem.or_else(|| reader.ending().complaint()),
        }
    }

    /// The log as it was at this time, and from now on what came later.
    fn log(&mut self, request: u64, container: ContainerId, query: &LogQuery) -> LogBatch {
        let until = self.player.position();
        let details = self.player.frames().details(&container, Detail::LOGS, None..Some(until));
        let mut lines: Vec<LogLine> = details.iter().flat_map(Detail::log_lines).collect();
        if let Some(since) = query.since {
            lines.retain(|line| line.at.is_none_or(|at| at >= since));
        }
        let skipped = lines.len().saturating_sub(query.tail as usize);
        lines.drain(..skipped);
        self.following = None;
        let any = !self.player.frames().details(&container, Detail::LOGS, None..None).is_empty();
        let ended = match (any, query.follow) {
            (false, _) => Some("the recording holds no log of this container".to_owned()),
            (true, false) => Some(String::new()),
            (true, true) => {
                self.following = Some(Following { request, container: container.clone(), sent_until: until });
                None
            }
        };
        LogBatch { request, container, lines, skipped: skipped as u64, ended }
    }

    /// Lines of the followed log that came with the frames played since.
    fn new_lines(&mut self) -> Option<LogBatch> {
        let now = self.player.position();
        let following = self.following.as_mut()?;
        let sent_until = std::mem::replace(&mut following.sent_until, now);
        let (request, container) = (following.request, following.container.clone());
        let mut lines = Vec::new();
        if now < sent_until {
            let text = Outside::from("the recording went back");
            lines.push(LogLine { at: None, is_stderr: false, text, is_mark: true });
        } else {
            let details = self.player.frames().details(&container, Detail::LOGS, Some(sent_until)..Some(now));
            lines.extend(details.iter().flat_map(Detail::log_lines));
        }
        (!lines.is_empty()).then_some(LogBatch { request, container, lines, skipped: 0, ended: None })
    }

    fn raw(&mut self, subject: &Subject) -> Result<Outside, String> {
        let missing = || "the recording does not hold the engine's answer about this".to_owned();
        let Subject::Container { id } = subject else { return Err(missing()) };
        let position = self.player.position();
        match self.player.frames().detail(id, Detail::INSPECT, position) {
            Ok(Some(detail)) => Ok(detail.text),
            Ok(None) => Err(missing()),
            Err(error) => Err(error.to_string()),
        }
    }
}
