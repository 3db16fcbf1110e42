//! Bytes between the operator and the engine, both ways at once.

use super::keyboard::Leaving;
use super::screen::Screen;
use super::{ShellError, ShellIo};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::cell::RefCell;
use std::io;
use std::os::fd::BorrowedFd;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::Receiver;

/// Bytes read at once.
const CHUNK: usize = 16 << 10;
/// Bytes kept of the beginning of the output: the engine writes there why a command could not be started.
const HEAD: usize = 2048;

/// What has gone through.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) leaving: RefCell<Leaving>,
    pub(super) screen: RefCell<Screen>,
    pub(super) head: RefCell<Vec<u8>>,
}

/// Keys to the engine, until the operator leaves; the end of the keys is told to it.
pub(super) async fn keys_in(
    keys: &mut Receiver<Vec<u8>>,
    mut to: impl AsyncWrite + Unpin,
    has_terminal: bool,
    seen: &Seen,
) {
    while let Some(mut chunk) = keys.recv().await {
        if has_terminal {
            chunk = seen.leaving.borrow_mut().pass(&chunk);
        }
        let is_sent = to.write_all(&chunk).await.is_ok() && to.flush().await.is_ok();
        if seen.leaving.borrow().is_asked {
            return;
        }
        if !is_sent {
            break;
        }
    }
    // An error shows on the other side, too: there the end is told.
    let _ = to.shutdown().await;
    std::future::pending().await
}

/// Output of a terminal as it is, until its end.
pub(super) async fn terminal_out(
    mut from: impl AsyncRead + Unpin,
    io: &ShellIo<'_>,
    seen: &Seen,
) -> Result<(), ShellError> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = from.read(&mut chunk).await.map_err(|error| ShellError::Lost(error.to_string()))?;
        if n == 0 {
            return Ok(());
        }
        note_head(seen, &chunk[..n]);
        seen.screen.borrow_mut().see(&chunk[..n]);
        write_all(io.output, &chunk[..n])?;
    }
}

/// Framed output of a process without a terminal, until its end.
pub(super) async fn frames_out(
    mut from: impl AsyncRead + Unpin,
    io: &ShellIo<'_>,
    seen: &Seen,
) -> Result<(), ShellError> {
    let lost = |error: io::Error| ShellError::Lost(error.to_string());
    let mut chunk = vec![0; CHUNK];
    loop {
        let mut head = [0; 8];
        match from.read_exact(&mut head).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(lost(error)),
        }
        let to = if head[0] == 2 { io.errors } else { io.output };
        // What the frame claims is never kept, only passed on.
        let mut left = u32::from_be_bytes([head[4], head[5], head[6], head[7]]) as usize;
        while left > 0 {
            let n = from.read(&mut chunk[..left.min(CHUNK)]).await.map_err(lost)?;
            if n == 0 {
                return Err(ShellError::Lost("the stream ended within a frame".into()));
            }
            note_head(seen, &chunk[..n]);
            write_all(to, &chunk[..n])?;
            left -= n;
        }
    }
}

fn note_head(seen: &Seen, bytes: &[u8]) {
    let mut head = seen.head.borrow_mut();
    let room = HEAD - head.len();
    head.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Writes all, also to an output in non-blocking mode.
pub(super) fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(to, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let mut fds = [PollFd::new(to, PollFlags::POLLOUT)];
                match poll(&mut fds, PollTimeout::NONE) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
