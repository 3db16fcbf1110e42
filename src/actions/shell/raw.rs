//! The operator's terminal in raw mode for a while.

use nix::sys::termios::{self, SetArg, Termios};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// Raw mode; dropping it, also by a panic, gives the modes back as they were found.
pub(super) struct Raw {
    terminal: OwnedFd,
    found: Termios,
}

impl Raw {
    /// Makes `terminal` raw.
    pub(super) fn enter(terminal: BorrowedFd<'_>) -> io::Result<Self> {
        let terminal = terminal.try_clone_to_owned()?;
        let found = termios::tcgetattr(&terminal)?;
        let mut raw = found.clone();
        termios::cfmakeraw(&mut raw);
        termios::tcsetattr(&terminal, SetArg::TCSANOW, &raw)?;
        Ok(Raw { terminal, found })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Not TCSADRAIN: that would wait for a reader that may have stopped.
        let _ = termios::tcsetattr(&self.terminal, SetArg::TCSANOW, &self.found);
    }
}
