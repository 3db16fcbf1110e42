//! The thread that reads the terminal. It notices at once when the terminal is gone, and never spins. It can be told to
//! stand aside, so that a program inside a container has the keys.

use super::Msg;
use super::decode::{Decoder, Input};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// After this silence a lone escape byte is the key Escape.
const ESCAPE: Duration = Duration::from_millis(30);
/// After this silence a paste without an end has ended.
const PASTE: Duration = Duration::from_millis(700);

/// The console's end of the thread.
#[derive(Debug)]
pub(super) struct Reader {
    reads: Arc<AtomicU64>,
    /// A byte written here lets the thread stand aside, another one go on.
    bell: File,
    aside: Receiver<()>,
}

impl Reader {
    /// Number of the last reading: keys of this one and those before were typed by now.
    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::Acquire)
    }

    /// Lets the thread read no more, and waits until it does not. False when it is gone.
    pub(super) fn stand_aside(&mut self) -> bool {
        self.bell.write_all(&[0]).is_ok() && self.aside.recv().is_ok()
    }

    /// Lets the thread go on.
    pub(super) fn go_on(&mut self) {
        // Nobody at the other end means that the terminal is gone, which the inbox has been told.
        let _ = self.bell.write_all(&[1]);
    }
}

/// Reads standard input on a thread of its own.
///
/// # Errors
/// When the thread can't be started.
pub(super) fn start(inbox: Sender<Msg>) -> std::io::Result<Reader> {
    let (ear, bell) = pipe2(OFlag::O_CLOEXEC)?;
    let (tell, aside) = channel();
    let reads = Arc::new(AtomicU64::new(0));
    let count = reads.clone();
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let why = read_all(&inbox, &count, ear, &tell);
        let _ = inbox.send(Msg::Gone(why));
    })?;
    Ok(Reader { reads, bell: File::from(bell), aside })
}

fn read_all(inbox: &Sender<Msg>, reads: &AtomicU64, ear: OwnedFd, aside: &Sender<()>) -> &'static str {
    let stdin = std::io::stdin();
    let mut ear = File::from(ear);
    let mut decoder = Decoder::default();
    let mut buffer = vec![0u8; 16 << 10];
    let mut inputs: Vec<Input> = Vec::new();
    loop {
        let wait = match (decoder.is_waiting(), decoder.in_paste()) {
            (false, _) => PollTimeout::NONE,
            (true, false) => PollTimeout::try_from(ESCAPE).unwrap_or(PollTimeout::ZERO),
            (true, true) => PollTimeout::try_from(PASTE).unwrap_or(PollTimeout::ZERO),
        };
        let mut fds = [PollFd::new(ear.as_fd(), PollFlags::POLLIN), PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        let ready = poll(&mut fds, wait);
        let events = |n: usize| fds[n].revents().unwrap_or(PollFlags::empty());
        let (rung, events) = (!events(0).is_empty(), events(1));
        match ready {
            Ok(0) => decoder.silence(&mut inputs),
            Err(Errno::EINTR) => continue,
            Err(_) => return "the terminal can't be polled",
            Ok(_) if rung => {
                if !stand_aside(&mut ear, aside) {
                    return "nobody listens";
                }
                // What was begun before belongs to no key of now.
                decoder = Decoder::default();
                continue;
            }
            Ok(_) => {
                if events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL) {
                    return "the terminal was closed";
                }
                match nix::unistd::read(stdin.as_fd(), &mut buffer) {
                    Ok(0) => return "the terminal has ended",
                    Ok(n) => {
                        reads.fetch_add(1, Ordering::AcqRel);
                        decoder.push(&buffer[..n], &mut inputs);
                    }
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    Err(_) => return "the terminal can't be read",
                }
            }
        }
        let reading = reads.load(Ordering::Acquire);
        for input in inputs.drain(..) {
            if inbox.send(Msg::Input(input, reading)).is_err() {
                return "nobody listens";
            }
        }
    }
}

/// Says that nothing is read, and waits for the word to go on. False when the console is gone.
fn stand_aside(ear: &mut File, aside: &Sender<()>) -> bool {
    let mut word = [0];
    ear.read_exact(&mut word).is_ok() && aside.send(()).is_ok() && ear.read_exact(&mut word).is_ok()
}
