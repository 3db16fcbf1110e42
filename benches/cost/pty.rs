//! A program in a pseudo-terminal of 200 columns and 50 rows, its bytes drained and read by a terminal emulator.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Rows and columns that everything is measured at.
pub const ROWS: u16 = 50;
/// See [`ROWS`].
pub const COLUMNS: u16 = 200;

/// A program that runs in a terminal.
pub struct Pty {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    bytes: Receiver<(Instant, Vec<u8>)>,
    /// What it has drawn.
    pub screen: vt100::Parser,
    /// When it was started.
    pub begin: Instant,
    /// Bytes it has written.
    pub written: u64,
    _master: Box<dyn MasterPty + Send>,
}

impl Pty {
    /// Starts a program.
    ///
    /// # Errors
    /// No terminal can be made, or the program can't be started.
    pub fn start(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<Self, String> {
        let say = |what: &'static str| move |e| format!("{what}: {e:#}");
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).map_err(say("open a pseudo-terminal"))?;
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        for (name, value) in environment {
            command.env(name, value);
        }
        let mut reader = pair.master.try_clone_reader().map_err(say("read the terminal"))?;
        let writer = pair.master.take_writer().map_err(say("write to the terminal"))?;
        let begin = Instant::now();
        let child = pair.slave.spawn_command(command).map_err(say("start the program"))?;
        drop(pair.slave);
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0u8; 64 * 1024];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if send.send((Instant::now(), buffer[..length].to_vec())).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(
            NonZeroU16::new(ROWS).ok_or("a terminal has rows")?,
            NonZeroU16::new(COLUMNS).ok_or("a terminal has columns")?,
            0,
        );
        Ok(Pty { child, writer, bytes, screen, begin, written: 0, _master: pair.master })
    }

    /// Its process.
    pub fn pid(&self) -> Option<i32> {
        self.child.process_id().and_then(|pid| i32::try_from(pid).ok())
    }

    /// Types keys.
    ///
    /// # Errors
    /// The program has closed its terminal.
    pub fn keys(&mut self, keys: &[u8]) -> Result<(), String> {
        self.writer.write_all(keys).and_then(|()| self.writer.flush()).map_err(|e| format!("type a key: {e}"))
    }

    /// The next bytes, with the moment they arrived; none when nothing comes within `time`.
    ///
    /// # Errors
    /// The program has ended.
    pub fn next(&mut self, time: Duration) -> Result<Option<Instant>, String> {
        match self.bytes.recv_timeout(time) {
            Ok((at, bytes)) => {
                self.written += bytes.len() as u64;
                self.screen.process(&bytes);
                Ok(Some(at))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                Err(format!("the program has ended; its last screen:\n{}", self.text()))
            }
        }
    }

    /// Draws for so long.
    ///
    /// # Errors
    /// The program has ended.
    pub fn drain(&mut self, time: Duration) -> Result<(), String> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.next(left)?;
        }
    }

    /// Draws until the screen fits; the moment of the bytes that made it fit.
    ///
    /// # Errors
    /// The program has ended, or it does not fit within `time`.
    pub fn until(&mut self, what: &str, time: Duration, fits: impl Fn(&str) -> bool) -> Result<Instant, String> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.next(left)? {
                Some(at) if fits(&self.text()) => return Ok(at),
                Some(_) => {}
                None => return Err(format!("no {what} within {time:?}; the screen:\n{}", self.text())),
            }
        }
    }

    /// The screen as text.
    pub fn text(&self) -> String {
        self.screen.screen().contents()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
