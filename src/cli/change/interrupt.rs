//! Ctrl+C while a change is made: no further step is begun, and what was begun is finished, read back and written down.

use nix::sys::signal::{SigSet, Signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What an interrupt does at the time.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    is_acting: Arc<AtomicBool>,
    is_the_end: Arc<AtomicBool>,
    cancel: Arc<AtomicBool>,
}

impl Interrupt {
    /// Takes SIGINT, SIGTERM and SIGHUP for the process; to be called before any other thread is made. Before a change
    /// is made they end it, as they do anyway.
    pub fn catch() -> Self {
        let interrupt = Interrupt::default();
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            signals.add(signal);
        }
        let seen = interrupt.clone();
        if signals.thread_block().is_ok() {
            let wait = move || {
                while let Ok(signal) = signals.wait() {
                    if !seen.is_acting.load(Ordering::SeqCst) {
                        seen.end(signal);
                    }
                    seen.cancel.store(true, Ordering::SeqCst);
                }
            };
            let _ = std::thread::Builder::new().name("bw-signals".into()).spawn(wait);
        }
        interrupt
    }

    /// From now on an interrupt cancels what is being done.
    pub fn acting(&self) -> &AtomicBool {
        self.is_acting.store(true, Ordering::SeqCst);
        &self.cancel
    }

    /// Nothing is being done: an interrupt ends the process again, at once when it came meanwhile.
    pub fn idle(&self) {
        self.is_acting.store(false, Ordering::SeqCst);
        if self.cancel.load(Ordering::SeqCst) {
            self.end(Signal::SIGINT);
        }
    }

    /// An interrupt is the end that is waited for, not a failure: the exit code is 0, as a service manager wants it.
    pub fn is_the_end(&self) {
        self.is_the_end.store(true, Ordering::SeqCst);
    }

    fn end(&self, signal: Signal) -> ! {
        std::process::exit(if self.is_the_end.load(Ordering::SeqCst) { 0 } else { 128 + signal as i32 })
    }
}
