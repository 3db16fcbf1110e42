//! The terminal itself: its modes taken and given back, bytes written without ever waiting for a reader that stopped.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{self, FlushArg, SetArg, Termios};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Alternate screen, bracketed paste, no cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l";
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";
/// Cancels a sequence that was cut, ends a synchronised update, and undoes [`ENTER`] and the mouse.
const LEAVE: &[u8] = b"\x18\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";

/// How long giving the terminal back may wait for it to take the bytes.
const PATIENCE: Duration = Duration::from_millis(300);

/// What must be undone, reachable from the panic hook. None while the terminal is as it was found.
static FOUND: Mutex<Option<Termios>> = Mutex::new(None);

fn found() -> MutexGuard<'static, Option<Termios>> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The terminal has its reader no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

/// The output side. Writing never blocks.
#[derive(Debug, Clone)]
pub struct Output {
    file: Arc<File>,
    /// It is a description of our own in non-blocking mode.
    own: bool,
    /// The terminal was given back: rests of frames must not follow, whichever thread still has them.
    closed: Arc<Mutex<bool>>,
}

impl Output {
    /// Opens the terminal behind standard output anew, so that non-blocking mode is ours alone and not also the
    /// shell's. Where that is refused (another user's terminal, after `su`) standard output itself is used, and polled
    /// before every short write.
    pub fn open() -> io::Result<Self> {
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY | nix::libc::O_CLOEXEC;
        let own = OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/1");
        match own {
            Ok(file) => Ok(Output { file: Arc::new(file), own: true, closed: Arc::default() }),
            Err(_) => {
                let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
                Ok(Output { file: Arc::new(file), own: false, closed: Arc::default() })
            }
        }
    }

    /// Writes as much of a frame as the terminal takes now; gives the bytes taken. After the terminal was given back
    /// all bytes count as taken.
    pub fn write_frame(&self, bytes: &[u8]) -> Result<usize, Gone> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if *closed { Ok(bytes.len()) } else { self.write_now(bytes) }
    }

    fn set_closed(&self, closed: bool) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = closed;
    }

    fn write_now(&self, bytes: &[u8]) -> Result<usize, Gone> {
        let mut taken = 0;
        while taken < bytes.len() {
            // A borrowed description blocks when more is written than there is room for: small pieces, each asked for.
            let piece = if self.own { &bytes[taken..] } else { &bytes[taken..bytes.len().min(taken + 512)] };
            if !self.own && !self.takes(Duration::ZERO)? {
                break;
            }
            match nix::unistd::write(&*self.file, piece) {
                Ok(0) | Err(Errno::EAGAIN) => break,
                Ok(n) => taken += n,
                Err(Errno::EINTR) => {}
                Err(_) => return Err(Gone),
            }
        }
        Ok(taken)
    }

    /// Waits until the terminal takes bytes. False when it does not within the time.
    pub fn takes(&self, within: Duration) -> Result<bool, Gone> {
        let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLOUT)];
        let timeout = PollTimeout::try_from(within).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(0) | Err(Errno::EINTR) => Ok(false),
            Ok(_) => {
                let events = fds[0].revents().unwrap_or(PollFlags::empty());
                if events.intersects(PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL) {
                    return Err(Gone);
                }
                Ok(events.contains(PollFlags::POLLOUT))
            }
            Err(_) => Err(Gone),
        }
    }

    /// Writes all bytes, or gives up when the terminal does not take them in time.
    fn write_within(&self, mut bytes: &[u8], patience: Duration) -> bool {
        let until = Instant::now() + patience;
        loop {
            match self.write_now(bytes) {
                Ok(taken) => bytes = &bytes[taken..],
                Err(Gone) => return false,
            }
            if bytes.is_empty() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.takes(left).is_err() {
                return false;
            }
        }
    }

    /// Takes the terminal: raw mode, alternate screen. What it was is kept for [`leave`].
    pub fn enter(&self, mouse: bool) -> io::Result<()> {
        let now = termios::tcgetattr(io::stdin())?;
        let mut raw = now.clone();
        termios::cfmakeraw(&mut raw);
        // While suspended, a shell may have changed its modes: those are the ones to give back.
        *found() = Some(now);
        self.set_closed(false);
        termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &raw)?;
        self.write_within(ENTER, PATIENCE);
        self.set_mouse(mouse);
        Ok(())
    }

    /// Turns mouse reports on or off.
    pub fn set_mouse(&self, on: bool) {
        self.write_within(if on { MOUSE_ON } else { MOUSE_OFF }, PATIENCE);
    }

    /// Gives the terminal back as it was found. Does nothing when it was not taken. `stuck` says that a frame was cut
    /// because the terminal did not read: what still waits is thrown away, so that there is room for this.
    pub fn leave(&self, stuck: bool) {
        let Some(modes) = found().take() else { return };
        self.set_closed(true);
        if stuck {
            let _ = termios::tcflush(io::stdin(), FlushArg::TCOFLUSH);
        }
        if !self.write_within(LEAVE, PATIENCE) {
            let _ = termios::tcflush(io::stdin(), FlushArg::TCOFLUSH);
            self.write_within(LEAVE, PATIENCE);
        }
        // Not TCSADRAIN: that would wait for a reader that may have stopped.
        let _ = termios::tcsetattr(io::stdin(), SetArg::TCSANOW, &modes);
    }
}

/// Columns and lines of the terminal. Bounded: a terminal that claims 65,535 columns must not cost gigabytes. Asks the
/// kernel only, and starts no program.
pub fn size() -> (u16, u16) {
    let asked = crossterm::terminal::window_size().ok().map(|s| (s.columns, s.rows));
    let (columns, lines) = asked.filter(|(c, r)| *c > 0 && *r > 0).unwrap_or((80, 24));
    (columns.min(1000), lines.min(400))
}
