//! The real program in a pseudo terminal of its own: keys in, screen out. Nothing here waits for a time to pass; it
//! waits for what should be seen, with a deadline, and shows the screen when that does not come.
#![allow(dead_code)]

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Long enough for a debug build on a loaded machine; a test that passes never waits for it.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// What came out of the terminal so far.
struct Seen {
    screen: vt100::Parser,
    raw: Vec<u8>,
    /// Nobody reads: the terminal fills up.
    stalled: bool,
    ended: bool,
}

/// A program in a terminal.
pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    reader: Option<JoinHandle<()>>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    size: (u16, u16),
    /// Key presses so far; a name that is typed counts as one.
    pub keys: usize,
}

/// The program under test.
pub fn bridgewatch() -> &'static str {
    env!("CARGO_BIN_EXE_bridgewatch")
}

/// A command line for [`Console::start`], in an environment that is the same everywhere: UTF-8, 256 colours, no
/// settings of whoever runs the tests, times in UTC.
pub fn command(line: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(line[0]);
    command.args(&line[1..]);
    for name in ["NO_COLOR", "COLORTERM", "LC_ALL", "LC_CTYPE", "COLORFGBG", "TMUX", "STY", "BASH_ENV", "ENV"] {
        command.env_remove(name);
    }
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("TZ", "UTC")] {
        command.env(name, value);
    }
    command.env("HOME", "/nonexistent");
    command.env("XDG_CONFIG_HOME", "/nonexistent");
    command.env("XDG_STATE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/state"));
    command.cwd(env!("CARGO_TARGET_TMPDIR"));
    command
}

impl Console {
    /// Starts a command in a terminal of so many columns and lines.
    pub fn start(command: CommandBuilder, size: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).expect("a pseudo terminal");
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let screen = vt100::Parser::new(whole(size.1), whole(size.0), 0);
        let seen = Seen { screen, raw: Vec::new(), stalled: false, ended: false };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let theirs = seen.clone();
        let reader = Some(std::thread::spawn(move || read_all(reader, &theirs)));
        Console { child, master: Some(pair.master), writer: Some(writer), reader, seen, size, keys: 0 }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Process id of the command.
    pub fn pid(&self) -> i32 {
        self.child.process_id().expect("it was started") as i32
    }

    /// The rows of the screen as text.
    pub fn screen(&self) -> String {
        contents(&self.seen(), self.size)
    }

    /// Where a text begins on the screen: row and column.
    pub fn find(&self, text: &str) -> Option<(u16, u16)> {
        let screen = self.screen();
        let (row, line) = screen.lines().enumerate().find(|(_, line)| line.contains(text))?;
        let column = line[..line.find(text)?].chars().count();
        Some((row as u16, column as u16))
    }

    /// How a cell looks: colours, bold, reverse.
    pub fn style(&self, row: u16, column: u16) -> String {
        let seen = self.seen();
        let cell = seen.screen.screen().cell(row, column);
        cell.map_or(String::new(), |c| {
            format!("{:?} {:?} {} {} {}", c.fgcolor(), c.bgcolor(), c.bold(), c.inverse(), c.underline())
        })
    }

    /// Everything that was written to the terminal so far.
    pub fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// Bytes written to the terminal so far.
    pub fn written(&self) -> usize {
        self.seen().raw.len()
    }

    /// What the terminal itself is in: alternate screen, hidden cursor, bracketed paste.
    pub fn modes(&self) -> (bool, bool, bool) {
        let seen = self.seen();
        let screen = seen.screen.screen();
        (screen.alternate_screen(), screen.hide_cursor(), screen.bracketed_paste())
    }

    /// Waits until something holds of the screen and the bytes. The screen is shown when it does not within `within`.
    pub fn wait_within(&self, what: &str, within: Duration, holds: impl Fn(&str, &[u8]) -> bool) -> String {
        let until = Instant::now() + within;
        let mut seen = self.seen();
        loop {
            let text = contents(&seen, self.size);
            if holds(&text, &seen.raw) {
                return text;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain for {what}; {} keys pressed; the screen:\n{text}", self.keys);
            assert!(!seen.ended, "the program ended before {what}; the screen:\n{text}");
            seen = self.seen.1.wait_timeout(seen, left).expect("the reader does not panic").0;
        }
    }

    /// Waits until the screen has a text.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_within(&format!("{text:?}"), PATIENCE, |screen, _| screen.contains(text))
    }

    /// Waits until something holds of the screen.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        self.wait_within(what, PATIENCE, |screen, _| holds(screen))
    }

    /// Waits until the screen has all of these.
    pub fn wait_for_all(&self, parts: &[&str]) -> String {
        let missing = |screen: &str| parts.iter().filter(|p| !screen.contains(**p)).count();
        self.wait_within(&format!("{parts:?}"), PATIENCE, |screen, _| missing(screen) == 0)
    }

    /// Waits until the program has taken the alternate screen, or left it.
    pub fn wait_alternate(&self, taken: bool) {
        eventually(&format!("alternate screen {taken}; the screen:\n{}", self.screen()), PATIENCE, || {
            (self.modes().0 == taken).then_some(())
        });
    }

    /// Waits until nothing was written for so long; gives how many bytes there are.
    pub fn wait_quiet(&self, silence: Duration) -> usize {
        let until = Instant::now() + PATIENCE;
        let mut seen = self.seen();
        loop {
            let before = seen.raw.len();
            let (next, waited) = self.seen.1.wait_timeout(seen, silence).expect("the reader does not panic");
            seen = next;
            if waited.timed_out() && seen.raw.len() == before {
                return before;
            }
            assert!(Instant::now() < until, "it writes on and on:\n{}", contents(&seen, self.size));
        }
    }

    /// Bytes as the terminal would send them.
    pub fn send(&mut self, bytes: &[u8]) {
        let writer = self.writer.as_mut().expect("the terminal is open");
        // A terminal nobody reads may refuse; that is for the test to see on the screen.
        let _ = writer.write_all(bytes);
        let _ = writer.flush();
    }

    /// Presses one key: `enter`, `esc`, `tab`, `up`, `down`, `pgdn`, `ctrl+z`, or a character.
    pub fn press(&mut self, key: &str) {
        self.keys += 1;
        let bytes = match key {
            "enter" => b"\r".to_vec(),
            "esc" => b"\x1b".to_vec(),
            "tab" => b"\t".to_vec(),
            "space" => b" ".to_vec(),
            "up" => b"\x1b[A".to_vec(),
            "down" => b"\x1b[B".to_vec(),
            "pgdn" => b"\x1b[6~".to_vec(),
            "end" => b"\x1b[F".to_vec(),
            _ => match key.strip_prefix("ctrl+") {
                Some(letter) => vec![letter.as_bytes()[0] & 0x1f],
                None => key.as_bytes().to_vec(),
            },
        };
        self.send(&bytes);
    }

    /// Types a name: one key press by the rules of the journeys.
    pub fn type_name(&mut self, name: &str) {
        self.keys += 1;
        self.send(name.as_bytes());
    }

    /// Changes the size of the terminal.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.size = size;
        // The screen changes with the terminal, before the program can draw for the new size.
        self.seen().screen.screen_mut().set_size(whole(size.1), whole(size.0));
        self.master.as_ref().expect("the terminal is open").resize(pty_size(size)).expect("it can be resized");
    }

    /// Stops or goes on reading what the program writes.
    pub fn stall(&self, stalled: bool) {
        self.seen().stalled = stalled;
        self.seen.1.notify_all();
    }

    /// Closes the terminal under the program, which must still draw: the last thing it writes wakes the thread that
    /// reads, whose handle on the terminal has to go as well.
    pub fn close(&mut self) {
        self.seen().ended = true;
        self.seen.1.notify_all();
        self.send(b"?");
        self.reader.take().expect("it is closed once").join().expect("the reader does not panic");
        self.writer = None;
        self.master = None;
    }

    /// The modes of the line as the kernel has them: whether it is in its usual (cooked, echoing) state.
    pub fn is_cooked(&self) -> bool {
        let modes = self.master.as_ref().expect("the terminal is open").get_termios().expect("modes");
        let flags = format!("{:?}", modes.local_flags);
        ["ICANON", "ECHO", "ISIG"].iter().all(|flag| flags.split([' ', '|', '(', ')']).any(|f| f == *flag))
    }

    /// Waits for the end of the program.
    pub fn wait_end(&mut self, within: Duration) -> ExitStatus {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is our child") {
                self.drain(until);
                return status;
            }
            assert!(Instant::now() < until, "it did not end within {within:?}:\n{}", self.screen());
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// What the program wrote last may still be on its way.
    fn drain(&self, until: Instant) {
        let mut seen = self.seen();
        while !seen.ended && !seen.stalled && Instant::now() < until {
            seen = self.seen.1.wait_timeout(seen, Duration::from_millis(100)).expect("the reader does not panic").0;
        }
    }

    /// Quits by the key and waits for the end.
    pub fn quit(mut self) {
        self.send(b"\x03");
        assert_eq!(self.wait_end(PATIENCE).exit_code(), 0, "quit by ctrl+c");
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn whole(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells.max(1)).expect("at least one")
}

fn pty_size((columns, lines): (u16, u16)) -> PtySize {
    PtySize { rows: lines, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn contents(seen: &Seen, (columns, _): (u16, u16)) -> String {
    let rows: Vec<String> = seen.screen.screen().rows(0, columns).collect();
    rows.join("\n")
}

fn read_all(mut reader: Box<dyn Read + Send>, seen: &(Mutex<Seen>, Condvar)) {
    let mut buffer = [0u8; 8192];
    loop {
        {
            let mut state = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
            while state.stalled && !state.ended {
                state = seen.1.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.ended {
                return;
            }
        }
        // A read ends with an error when the last process has closed the other side.
        let got = reader.read(&mut buffer).unwrap_or(0);
        let mut state = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        match got {
            0 => state.ended = true,
            n => {
                state.raw.extend_from_slice(&buffer[..n]);
                state.screen.process(&buffer[..n]);
            }
        }
        seen.1.notify_all();
    }
}

/// CPU time a process has used, in clock ticks; None when it is gone.
pub fn cpu_ticks(pid: i32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after = text.rsplit_once(") ")?.1;
    let fields: Vec<&str> = after.split(' ').collect();
    if fields.first() == Some(&"Z") {
        return None;
    }
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

/// Process ids of the children of a process.
pub fn children(pid: i32) -> Vec<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|n| n.parse().ok()).collect()
}

/// Asks until there is an answer, with a deadline.
pub fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + within;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "not within {within:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(10));
    }
}
