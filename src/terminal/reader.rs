//! The thread that reads the terminal. It notices at once when the terminal is gone, and never spins.

use super::Msg;
use super::decode::{Decoder, Input};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use std::sync::mpsc::Sender;
use std::time::Duration;

/// After this silence a lone escape byte is the key Escape.
const ESCAPE: Duration = Duration::from_millis(30);
/// After this silence a paste without an end has ended.
const PASTE: Duration = Duration::from_millis(700);

/// Reads standard input on a thread of its own.
///
/// # Errors
/// When the thread can't be started.
pub fn start(inbox: Sender<Msg>) -> std::io::Result<()> {
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let why = read_all(&inbox);
        let _ = inbox.send(Msg::Gone(why));
    })?;
    Ok(())
}

fn read_all(inbox: &Sender<Msg>) -> &'static str {
    let stdin = std::io::stdin();
    let mut decoder = Decoder::default();
    let mut buffer = vec![0u8; 16 << 10];
    let mut inputs: Vec<Input> = Vec::new();
    loop {
        let wait = match (decoder.is_waiting(), decoder.in_paste()) {
            (false, _) => PollTimeout::NONE,
            (true, false) => PollTimeout::try_from(ESCAPE).unwrap_or(PollTimeout::ZERO),
            (true, true) => PollTimeout::try_from(PASTE).unwrap_or(PollTimeout::ZERO),
        };
        let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, wait) {
            Ok(0) => decoder.silence(&mut inputs),
            Err(Errno::EINTR) => continue,
            Err(_) => return "the terminal can't be polled",
            Ok(_) => {
                let events = fds[0].revents().unwrap_or(PollFlags::empty());
                if events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL) {
                    return "the terminal was closed";
                }
                match nix::unistd::read(stdin.as_fd(), &mut buffer) {
                    Ok(0) => return "the terminal has ended",
                    Ok(n) => decoder.push(&buffer[..n], &mut inputs),
                    Err(Errno::EINTR | Errno::EAGAIN) => {}
                    Err(_) => return "the terminal can't be read",
                }
            }
        }
        for input in inputs.drain(..) {
            if inbox.send(Msg::Input(input)).is_err() {
                return "nobody listens";
            }
        }
    }
}
