//! The console in a real terminal: what it does to it, and how it gives it back. No root, no engine.
//!
//! Each test starts this very test program again inside a pseudo-terminal, where the ignored test at the end runs the
//! console on a feed that says nothing.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);
const LEAVES_ALTERNATE_SCREEN: &str = "\u{1b}[?1049l";

struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Box<dyn Write + Send>>,
    output: Receiver<Vec<u8>>,
    seen: String,
}

/// Starts the console; what it is told to do in `BRIDGEWATCH_TEST` is at the end of this file.
fn start(size: (u16, u16), env: &[(&str, &str)]) -> Console {
    let mut console = start_unread(size, env);
    console.read();
    console
}

fn start_unread(size: (u16, u16), env: &[(&str, &str)]) -> Console {
    let size = PtySize { rows: size.1, cols: size.0, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this program"));
    command.args(["--exact", "the_console_itself", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env_remove("NO_COLOR");
    for (name, value) in env {
        command.env(name, value);
    }
    let child = pair.slave.spawn_command(command).expect("the console starts");
    drop(pair.slave);
    let keys = pair.master.take_writer().expect("a writer");
    Console { child, master: Some(pair.master), keys: Some(keys), output: channel().1, seen: String::new() }
}

impl Console {
    /// Begins to read the terminal.
    fn read(&mut self) {
        let mut reader = self.master.as_ref().expect("open terminal").try_clone_reader().expect("a reader");
        let (sender, output) = channel();
        self.output = output;
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
    }

    fn press(&mut self, keys: &str) {
        let writer = self.keys.as_mut().expect("open terminal");
        writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// Reads until the text stands in the output.
    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            match self.output.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(why) => panic!("no {text:?} ({why:?}) in {:?}", self.seen),
            }
        }
    }

    fn read_rest(&mut self) {
        loop {
            match self.output.recv_timeout(Duration::from_secs(5)) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout) => return,
            }
        }
    }

    /// The exit code, when it ends within a time.
    fn ends_within(&mut self, time: Duration) -> Option<u32> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return Some(status.exit_code());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        None
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().expect("running")).expect("a pid")
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid()), signal).expect("signal sent");
    }

    /// Bytes it has written so far (`wchar` of `/proc/PID/io`).
    fn written(&self) -> u64 {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.pid())).expect("readable");
        io.lines().find_map(|l| l.strip_prefix("wchar: ")?.parse().ok()).expect("wchar")
    }

    fn assert_given_back(&mut self) {
        self.read_rest();
        for undone in ["\u{1b}[?2004l", "\u{1b}[?1000l", "\u{1b}[?25h", LEAVES_ALTERNATE_SCREEN] {
            assert!(self.seen.contains(undone), "{undone:?} is missing in {:?}", self.seen);
        }
        let after = self.seen.rsplit(LEAVES_ALTERNATE_SCREEN).next().unwrap_or("");
        assert!(!after.contains("\u{1b}["), "frames after the end: {after:?}");
    }
}

#[test]
fn t03_every_way_out_gives_the_terminal_back() {
    use nix::sys::signal::Signal;
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGQUIT, 131), (Signal::SIGHUP, 129)]
    {
        let mut console = start((80, 24), &[]);
        console.wait_for("reading the host");
        console.signal(signal);
        assert_eq!(console.ends_within(PATIENCE), Some(code), "{signal}");
        console.assert_given_back();
    }
    for key in ["q", "\u{3}"] {
        let mut console = start((80, 24), &[]);
        console.wait_for("reading the host");
        console.press(key);
        assert_eq!(console.ends_within(PATIENCE), Some(0));
        console.assert_given_back();
    }
}

#[test]
fn t05_a_terminal_that_is_gone_ends_the_console_without_a_signal() {
    let mut console = start_unread((80, 24), &[("BRIDGEWATCH_TEST", "deaf to SIGHUP")]);
    let until = Instant::now() + PATIENCE;
    while console.written() < 200 {
        assert!(Instant::now() < until, "nothing was drawn");
        std::thread::sleep(Duration::from_millis(5));
    }
    console.keys = None;
    console.master = None;
    assert!(console.ends_within(Duration::from_secs(2)).is_some(), "still there after 2 s");
}

#[test]
fn t09_a_terminal_that_does_not_read_can_be_left_and_is_given_back() {
    let mut console = start_unread((200, 60), &[("BRIDGEWATCH_TEST", "talks without end")]);
    // The terminal is full when the console, which has ever more to say, writes no more.
    let until = Instant::now() + PATIENCE;
    let mut before = 0;
    loop {
        let now = console.written();
        if now > 8000 && now == before {
            break;
        }
        before = now;
        assert!(Instant::now() < until, "it never stopped writing: {now} bytes");
        std::thread::sleep(Duration::from_millis(250));
    }
    console.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(console.ends_within(Duration::from_secs(2)), Some(143));
    console.read();
    console.assert_given_back();
}

#[test]
fn t14_a_paste_that_never_ends_does_not_deafen() {
    let mut console = start((80, 24), &[]);
    console.wait_for("reading the host");
    console.press("\u{1b}[200~qqqqqq");
    console.wait_for("6 pasted bytes ignored");
    console.press("q");
    assert_eq!(console.ends_within(PATIENCE), Some(0));
}

#[test]
fn t18_a_part_that_panics_does_not_end_the_console() {
    let mut console = start((160, 24), &[("BRIDGEWATCH_TEST", "a part panics")]);
    console.wait_for("was given up");
    console.press("q");
    assert_eq!(console.ends_within(PATIENCE), Some(0));
    console.assert_given_back();
    assert!(!console.seen.contains("\u{1b}]0;"), "the panic's text was not cleaned: {:?}", console.seen);
}

#[test]
fn t12_t17_what_is_no_terminal_is_refused_in_a_sentence() {
    let mut console = start((80, 24), &[("TERM", "dumb")]);
    console.wait_for("TERM=dumb");
    assert_eq!(console.ends_within(PATIENCE), Some(2));
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "the_console_itself", "--ignored", "--nocapture"])
        .env("TERM", "xterm")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not a terminal"));
}

#[test]
#[ignore = "started in a terminal by the other tests"]
fn the_console_itself() {
    use bridgewatch::terminal::{Msg, Setup, run};
    let (sender, receiver) = channel();
    let (asks, _questions) = tokio::sync::mpsc::unbounded_channel();
    let words = sender.clone();
    match std::env::var("BRIDGEWATCH_TEST").unwrap_or_default().as_str() {
        "a part panics" => drop(std::thread::spawn(move || {
            // Once the console is there, it answers.
            std::thread::sleep(Duration::from_millis(500));
            panic!("\u{1b}]0;title\u{7} broke");
        })),
        "talks without end" => drop(std::thread::spawn(move || {
            let mut n = 0u64;
            while words.send(Msg::Say(format!("{n:x} ").repeat(30), false)).is_ok() {
                n += 1;
                std::thread::sleep(Duration::from_millis(1));
            }
        })),
        "deaf to SIGHUP" => {
            let deaf = nix::sys::signal::SigSet::from(nix::sys::signal::Signal::SIGHUP);
            deaf.thread_block().expect("blocked");
        }
        _ => {}
    }
    let feed = bridgewatch::feed::Feed { asks, is_recording: false, label: "live".to_owned() };
    let face = bridgewatch::theme::detect(|name| std::env::var(name).ok());
    let setup = Setup { options: Default::default(), theme: "auto".to_owned(), face };
    match run(setup, feed, (sender, receiver)) {
        Ok(code) => std::process::exit(code.into()),
        Err(error) => {
            eprintln!("bridgewatch: {error}");
            std::process::exit(error.exit_code().into());
        }
    }
}
