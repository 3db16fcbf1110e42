//! The hub's clock: wakes it once when something is due.
//!
//! A runtime's own timer takes three wakes for a sleep of a second: one to arm it, one where its wheel turns from
//! seconds to milliseconds, and the one that was wanted. At five containers that is a fifth of the whole cost of a
//! refresh; a timer of the kernel's takes one. It knows nothing of what is due.

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;

/// See the module.
#[derive(Debug)]
pub struct Beat {
    /// None where the kernel gives no such timer: the runtime's is used then.
    timer: Option<AsyncFd<Timer>>,
    armed: Option<Instant>,
}

/// The timer, as the runtime wants its descriptors.
#[derive(Debug)]
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

#[allow(
    deprecated,
    reason = "the other way in is unsafe; a timer is one descriptor for its whole life, which is all it asks"
)]
fn registered(timer: Timer) -> std::io::Result<AsyncFd<Timer>> {
    AsyncFd::new(timer)
}

impl Beat {
    /// Makes the timer. Must run in a tokio runtime with I/O and time enabled.
    pub fn new() -> Self {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).ok().map(Timer);
        Beat { timer: timer.and_then(|timer| registered(timer).ok()), armed: None }
    }

    /// Waits until `at`. May be dropped and asked again at any time, with the same moment or another.
    pub async fn reached(&mut self, at: Instant) {
        let Some(timer) = &self.timer else {
            return tokio::time::sleep_until(at.into()).await;
        };
        if self.armed != Some(at) {
            // A time of zero would disarm it.
            let left = at.saturating_duration_since(Instant::now()).max(Duration::from_nanos(1));
            let once = Expiration::OneShot(TimeSpec::from_duration(left));
            if timer.get_ref().0.set(once, TimerSetTimeFlags::empty()).is_err() {
                return tokio::time::sleep_until(at.into()).await;
            }
            self.armed = Some(at);
        }
        loop {
            let Ok(mut guard) = timer.readable().await else {
                // The runtime shuts down.
                return std::future::pending().await;
            };
            let read = guard.try_io(|timer| timer.get_ref().0.wait().map_err(std::io::Error::from));
            // Readiness may be left over from a moment that was given up: then there is nothing to read, and it waits on.
            if read.is_ok() {
                self.armed = None;
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test);
    }

    #[test]
    fn it_is_never_early_and_takes_moments_that_are_past() {
        run(async {
            let mut beat = Beat::new();
            let at = Instant::now() + Duration::from_millis(20);
            beat.reached(at).await;
            assert!(Instant::now() >= at);
            beat.reached(at).await;
            beat.reached(Instant::now()).await;
        });
    }

    #[test]
    fn a_moment_that_was_given_up_does_not_count_for_the_next() {
        run(async {
            let mut beat = Beat::new();
            let soon = Instant::now() + Duration::from_millis(200);
            assert!(tokio::time::timeout(Duration::ZERO, beat.reached(soon)).await.is_err());
            // It expires unheard; the readiness it leaves behind is not the next one's.
            std::thread::sleep(Duration::from_millis(250));
            tokio::task::yield_now().await;
            let later = Instant::now() + Duration::from_millis(30);
            beat.reached(later).await;
            assert!(Instant::now() >= later);
        });
    }
}
