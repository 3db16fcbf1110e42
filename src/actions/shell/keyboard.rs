//! Keys on their way in. They are read by a thread that takes none once the terminal inside is over: what is typed
//! then is for the console or the shell outside.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::JoinHandle;
use tokio::sync::mpsc::{Receiver, channel};

/// Chunks that wait to be sent.
const WAITING: usize = 16;

/// The thread, and what it has read.
pub(super) struct Keyboard {
    pub(super) keys: Receiver<Vec<u8>>,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Keyboard {
    /// Begins to read.
    pub(super) fn open(input: BorrowedFd<'_>) -> io::Result<Self> {
        let input = input.try_clone_to_owned()?;
        let (stopped, stop) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let (send, keys) = channel(WAITING);
        let thread = std::thread::Builder::new().name("bw-shell-keys".into()).spawn(move || {
            let mut chunk = [0; 4096];
            while ready(&input, &stopped) {
                match nix::unistd::read(&input, &mut chunk) {
                    // The end of a pipe, or a terminal that went away.
                    Ok(0) | Err(Errno::EIO) => return,
                    Ok(n) => {
                        if send.blocking_send(chunk[..n].to_vec()).is_err() {
                            return;
                        }
                    }
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    Err(_) => return,
                }
            }
        })?;
        Ok(Keyboard { keys, stop: Some(stop), thread: Some(thread) })
    }
}

/// Waits until there are keys; false when it is over.
fn ready(input: &OwnedFd, stopped: &OwnedFd) -> bool {
    loop {
        let mut fds = [PollFd::new(stopped.as_fd(), PollFlags::POLLIN), PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            Err(_) => return false,
            Ok(_) => return fds[0].revents().is_none_or(|events| events.is_empty()),
        }
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // Closing either end wakes the thread, whether it waits for keys or for room.
        self.stop.take();
        self.keys.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Keeps back the keys that leave (Ctrl-P Ctrl-Q). The engine could act on them itself, but 20.10 then takes the process
/// for ended, which goes on.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    is_half: bool,
    /// Both were typed.
    pub(super) is_asked: bool,
}

impl Leaving {
    /// The keys to be sent: a Ctrl-P waits for the key after it.
    pub(super) fn pass(&mut self, keys: &[u8]) -> Vec<u8> {
        const CTRL_P: u8 = 0x10;
        const CTRL_Q: u8 = 0x11;
        let mut out = Vec::with_capacity(keys.len() + 1);
        for key in keys {
            match (std::mem::take(&mut self.is_half), *key) {
                (true, CTRL_Q) => {
                    self.is_asked = true;
                    break;
                }
                (was_half, key) => {
                    out.extend(was_half.then_some(CTRL_P));
                    self.is_half = key == CTRL_P;
                    out.extend((key != CTRL_P).then_some(key));
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_both_keys_leave_and_all_others_pass() {
        let mut leaving = Leaving::default();
        assert_eq!(leaving.pass(b"ls\x10"), b"ls");
        assert_eq!(leaving.pass(b"x"), b"\x10x");
        assert_eq!(leaving.pass(b"\x10\x10\x11y"), b"\x10");
        assert!(leaving.is_asked);
        let mut leaving = Leaving::default();
        assert_eq!(leaving.pass(b"\x11\x10"), b"\x11");
        assert_eq!(leaving.pass(b"\x11"), b"");
        assert!(leaving.is_asked);
    }
}
