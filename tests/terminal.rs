//! The console on a terminal, as a whole program: the terminal is always given back, whatever ends it; any size, any
//! input, any environment. It runs the built-in recording, so that nothing but a terminal is needed.

mod support {
    pub mod pty;
}

use std::time::Duration;
use support::pty::{Console, PATIENCE, bridgewatch, children, command, cpu_ticks, eventually};

/// The demo, once its first screen is there.
fn demo(size: (u16, u16)) -> Console {
    let console = Console::start(command(&[bridgewatch(), "demo"]), size);
    console.wait_for("Containers");
    console
}

/// The demo, its recording paused: nothing changes by itself any more.
fn paused(size: (u16, u16)) -> Console {
    let mut console = demo(size);
    console.press(" ");
    console.wait_for("‖");
    console
}

fn signal(pid: i32, signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal).expect("it is there");
}

/// The terminal is as it was found: usual screen, a cursor, no bracketed paste, no mouse reports, cooked.
fn assert_given_back(console: &Console) {
    assert_eq!(console.modes(), (false, false, false), "alternate screen, hidden cursor, bracketed paste");
    assert!(console.is_cooked(), "the line is still raw");
    let raw = console.raw();
    let last = |what: &[u8]| raw.windows(what.len()).rposition(|w| w == what);
    for mode in ["1000", "1006"] {
        let (on, off) = (format!("\x1b[?{mode}h"), format!("\x1b[?{mode}l"));
        assert!(last(on.as_bytes()) < last(off.as_bytes()), "mouse reports ({mode}) are left on");
    }
}

#[test]
fn quit_gives_the_terminal_back() {
    for key in ["q", "ctrl+c"] {
        let mut console = demo((80, 24));
        assert_eq!(console.modes(), (true, true, true));
        assert!(!console.is_cooked());
        console.press(key);
        assert_eq!(console.wait_end(PATIENCE).exit_code(), 0, "{key}");
        assert_given_back(&console);
    }
}

#[test]
fn t03_t04_a_signal_ends_it_and_the_exit_code_tells_which() {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (number, code) in [(SIGHUP, 129), (SIGINT, 130), (SIGQUIT, 131), (SIGTERM, 143)] {
        let mut console = demo((80, 24));
        signal(console.pid(), number);
        assert_eq!(console.wait_end(PATIENCE).exit_code(), code, "{number}");
        assert_given_back(&console);
    }
}

#[test]
fn t18_a_panic_gives_the_terminal_back_before_it_says_what_failed() {
    let mut line = command(&[bridgewatch(), "demo"]);
    line.env("BRIDGEWATCH_TEST_PANIC", "draw");
    let mut console = Console::start(line, (80, 24));
    assert_eq!(console.wait_end(PATIENCE).exit_code(), 101);
    assert_given_back(&console);
    let text = console.screen();
    assert!(text.contains("internal error: a rehearsed failure in draw"), "{text}");
    let raw = String::from_utf8_lossy(&console.raw()).into_owned();
    assert!(raw.rfind("\x1b[?1049l") < raw.rfind("internal error"), "said where it can be read");
}

#[test]
fn t18_a_collector_that_panics_is_a_message_and_the_console_goes_on() {
    let mut line = command(&[bridgewatch(), "demo"]);
    line.env("BRIDGEWATCH_TEST_PANIC", "collector");
    let mut console = Console::start(line, (120, 40));
    console.wait_for("was given up (collector)");
    console.press("5");
    console.wait_for("INTERFACE");
    console.quit();
}

#[test]
fn t06_it_suspends_to_the_shell_and_comes_back_at_the_new_size() {
    let mut console = Console::start(command(&["bash", "--norc", "--noprofile", "-i"]), (80, 24));
    console.send(b"PS1='ready> '\r");
    console.wait_for("ready> ");
    console.send(format!("{} demo\r", bridgewatch()).as_bytes());
    console.wait_for("Containers");
    console.press("ctrl+z");
    console.wait_for("Stopped");
    // The shell switches its bracketed paste on with its prompt.
    console.wait_until("the prompt after it", |screen| {
        screen.lines().rfind(|l| !l.trim().is_empty()).is_some_and(|l| l.trim_end() == "ready>")
    });
    assert_eq!(console.modes(), (false, false, true), "the shell's own screen, with its own bracketed paste");
    console.resize((100, 30));
    console.send(b"fg\r");
    console.wait_until("all of it, at the new size", |screen| {
        screen.contains("Containers") && screen.lines().nth(29).is_some_and(|l| l.contains("quit"))
    });
    // From outside, too: `kill -TSTP`.
    let pid = *children(console.pid()).first().expect("the shell's child");
    signal(pid, nix::sys::signal::Signal::SIGTSTP);
    console.wait_alternate(false);
    console.wait_for("Stopped");
    console.send(b"fg\r");
    console.wait_alternate(true);
    console.wait_for("Containers");
    console.press("q");
    console.wait_alternate(false);
    console.send(b"exit\r");
    console.wait_end(PATIENCE);
}

#[test]
fn t05_a_closed_terminal_without_a_signal_ends_it_soon_and_quietly() {
    // In a session of its own no hang-up reaches it; the shell that waits for it is deaf to its own.
    let script = "trap '' HUP; setsid \"$0\" demo; exit 7";
    let mut console = Console::start(command(&["sh", "-c", script, bridgewatch()]), (80, 24));
    console.wait_for("Containers");
    let shell = console.pid();
    let pid = *children(shell).first().expect("the shell's child");
    console.close();
    let before = cpu_ticks(pid).unwrap_or(0);
    let mut after = before;
    eventually("the process is gone", Duration::from_secs(2), || match cpu_ticks(pid) {
        Some(ticks) => {
            after = ticks;
            None
        }
        None => Some(()),
    });
    assert!(after - before < 100, "{} ticks of CPU after the terminal was closed", after - before);
}

#[test]
fn t01_any_size_is_survived_and_the_picture_comes_back() {
    let mut console = demo((80, 24));
    for size in [(1, 1), (2, 1), (1, 30), (500, 200), (10, 3), (200, 60), (39, 9), (3, 500), (65_535, 2), (80, 24)] {
        console.resize(size);
    }
    console.wait_until("the picture", |screen| {
        screen.contains("Containers") && screen.lines().last().is_some_and(|l| l.contains("quit"))
    });
    for n in 0..300u16 {
        console.resize((20 + n % 150, 5 + n % 50));
    }
    console.resize((120, 40));
    console.wait_until("the picture at the last size", |screen| {
        screen.lines().nth(39).is_some_and(|l| l.contains("quit")) && screen.contains("Containers")
    });
    console.resize((1, 1));
    console.press("q");
    assert_eq!(console.wait_end(PATIENCE).exit_code(), 0, "it can be quit at 1×1");
    assert_given_back(&console);
}

#[test]
fn t01_an_open_dialog_outlives_a_change_of_size() {
    let mut console = paused((80, 24));
    console.press("f");
    console.type_name("web");
    console.wait_for("> web");
    console.resize((10, 3));
    console.resize((120, 40));
    console.wait_for_all(&["Find a container", "> web"]);
    console.quit();
}

#[test]
fn t12_a_dumb_terminal_is_refused_in_a_sentence() {
    let mut line = command(&[bridgewatch(), "demo"]);
    line.env("TERM", "dumb");
    let mut console = Console::start(line, (80, 24));
    assert_eq!(console.wait_end(PATIENCE).exit_code(), 2);
    assert!(console.screen().contains("TERM=dumb"), "{}", console.screen());
    assert!(!console.raw().contains(&0x1b), "no escape sequence reaches it");
}

#[test]
fn t12_other_terminals_are_taken() {
    for term in ["xterm", "screen", "tmux-256color", "linux", "xterm-ghostty", "nobody-knows-me"] {
        let mut line = command(&[bridgewatch(), "demo"]);
        line.env("TERM", term);
        let console = Console::start(line, (80, 24));
        console.wait_for("Containers");
        console.quit();
    }
}

/// Parameters of the colour and style sequences that were written.
fn styles(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).into_owned();
    text.split("\x1b[")
        .skip(1)
        .filter_map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
            (rest.as_bytes()[end] == b'm').then(|| rest[..end].to_owned())
        })
        .collect()
}

fn is_colour(parameter: &str) -> bool {
    let n: u32 = parameter.parse().unwrap_or(0);
    (30..=39).contains(&n) || (40..=49).contains(&n) || (90..=107).contains(&n)
}

#[test]
fn t13_no_color_means_none_and_loses_nothing() {
    let mut line = command(&[bridgewatch(), "demo"]);
    line.env("NO_COLOR", "1");
    let mut console = Console::start(line, (120, 40));
    console.wait_for("Containers");
    for view in ["2", "3", "4", "5", "7", "8", "0"] {
        console.press(view);
        console.press("?");
        console.wait_for("Help");
        console.press("?");
        console.wait_until("the help closed", |screen| !screen.contains("┌ Help"));
    }
    let styles = styles(&console.raw());
    assert!(!styles.is_empty(), "bold and reverse are not colours");
    let coloured: Vec<_> = styles.iter().filter(|s| s.split(';').any(is_colour)).collect();
    assert!(coloured.is_empty(), "{coloured:?}");
    console.quit();
    let coloured = demo((120, 40));
    assert!(self::styles(&coloured.raw()).iter().any(|s| s.split(';').any(is_colour)), "or this proves nothing");
}

#[test]
fn t11_without_utf_8_all_is_ascii() {
    for (name, value) in [("LANG", "C"), ("LC_ALL", "POSIX"), ("LANG", "de_DE.ISO-8859-1")] {
        let mut line = command(&[bridgewatch(), "demo"]);
        line.env(name, value);
        let mut console = Console::start(line, (120, 40));
        console.wait_for("Containers");
        for view in ["2", "3", "4", "5", "7", "8", "0", "1"] {
            console.press(view);
        }
        console.wait_until("the first view again", |screen| screen.contains("NAME") && screen.contains("CPU%"));
        let raw = console.raw();
        let at = raw.iter().position(|b| !b.is_ascii());
        assert!(
            at.is_none(),
            "{name}={value}: {:?}",
            at.map(|n| String::from_utf8_lossy(&raw[n..(n + 60).min(raw.len())]))
        );
        console.quit();
    }
}

#[test]
fn t17_without_a_terminal_it_says_so_at_once() {
    use std::process::{Command, Stdio};
    let out = Command::new(bridgewatch()).arg("demo").stdin(Stdio::null()).output().expect("it starts");
    assert_eq!(out.status.code(), Some(2));
    assert!(out.stdout.is_empty());
    assert!(String::from_utf8_lossy(&out.stderr).contains("standard input is not a terminal"));
    for (redirect, words) in [("</dev/null", "standard input"), ("| cat", "standard output")] {
        let script = format!("\"$0\" demo {redirect}; echo over");
        let console = Console::start(command(&["sh", "-c", &script, bridgewatch()]), (100, 24));
        let text = console.wait_for("over");
        assert!(text.contains(&format!("{words} is not a terminal")), "{text}");
        assert!(!console.raw().contains(&0x1b), "no escape sequence");
    }
}

#[test]
fn t09_a_terminal_that_does_not_read_stops_nothing_and_gets_the_newest_picture() {
    let mut console = demo((200, 60));
    console.stall(true);
    // Far more pictures than a terminal holds.
    for _ in 0..100 {
        for view in ["2", "8", "3", "1"] {
            console.press(view);
        }
    }
    console.press("5");
    let before = console.written();
    console.stall(false);
    console.wait_for("INTERFACE");
    assert!(console.written() - before < 400_000, "a queue of old frames: {} bytes", console.written() - before);
    console.stall(true);
    for _ in 0..100 {
        for view in ["2", "8", "3", "1"] {
            console.press(view);
        }
    }
    signal(console.pid(), nix::sys::signal::Signal::SIGTERM);
    assert_eq!(console.wait_end(Duration::from_secs(5)).exit_code(), 143, "it ends though nobody reads");
}

#[test]
fn t14_a_paste_is_not_a_row_of_commands() {
    let mut console = paused((120, 40));
    console.send(b"\x1b[200~q2q3qqq:q\x03\x1b[201~");
    console.wait_for("pasted bytes ignored");
    console.press("/");
    console.send(b"\x1b[200~we\nb\x07\x1b[201~");
    console.wait_for("filter: we b");
    console.press("esc");
    // One that never ends, and 10 MB of it.
    console.send(b"\x1b[200~");
    for _ in 0..160 {
        console.send(&[b'q'; 65_536]);
    }
    console.wait_for("pasted bytes ignored");
    console.press("5");
    console.wait_for("INTERFACE");
    console.quit();
}

#[test]
fn t15_t16_garbage_is_no_command_and_does_no_harm() {
    let mut console = paused((120, 40));
    let garbage: &[&[u8]] = &[
        b"\x1b[<0;0;0M\x1b[<0;65535;65535M\x1b[<0;1;1m\x1b[<64;500;500M\x1b[<-1;-5;-5M\x1b[<99999999999;1;1M",
        b"\x1b[M   \x1b[M\xff\xff\xff",
        b"\x1b[?62;1;4c\x1b[12;40R\x1b]11;rgb:ffff/ffff/ffff\x07\x1bP>|XTerm(367)\x1b\\\x1b[I\x1b[O",
        b"\xc3\x28\xe6\xbc\xf0\x9f\xff\xfe\x80",
        b"\x1b\x1b\x1b[\x1b[;;;;;;;;;;;;;;;;;;;;;;;\x1b[9999999999999~\x1bO\x1b[1;99A",
    ];
    for bytes in garbage {
        for _ in 0..50 {
            console.send(bytes);
        }
    }
    // A lone escape is given time to be one.
    console.wait_quiet(Duration::from_millis(300));
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    // Random bytes may well press keys: those that end, stop or record are left out.
    let bytes: Vec<u8> = std::iter::repeat_with(&mut noise)
        .filter(|b| !matches!(b, 3 | 26 | b'q' | b'w' | b'\r' | b'\n' | b':' | b'm'))
        .take(100_000)
        .collect();
    for piece in bytes.chunks(997) {
        console.send(piece);
    }
    console.wait_quiet(Duration::from_millis(500));
    console.quit();
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    for view in ["1", "3", "8"] {
        let mut console = paused((200, 50));
        console.press(view);
        let before = console.wait_quiet(Duration::from_millis(700));
        let after = console.wait_quiet(Duration::from_secs(2));
        assert_eq!(before, after, "view {view}");
        console.quit();
    }
}

#[test]
fn no_engine_is_a_state_with_a_face() {
    let mut line = command(&[bridgewatch()]);
    line.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let mut console = Console::start(line, (120, 40));
    console.wait_for_all(&["engine", "/nonexistent/docker.sock"]);
    for (key, title) in [("2", "Networks"), ("3", "Topology"), ("4", "Ports"), ("5", "Traffic"), ("7", "Namespaces")] {
        console.press(key);
        console.wait_for(&format!("┌ {title}"));
    }
    console.quit();
}

#[test]
fn a_wrong_command_line_is_told_by_the_exit_code() {
    for (line, code) in [
        (vec!["--no-such-thing"], 2),
        (vec!["replay", "/nonexistent/file"], 1),
        (vec!["--config", "/nonexistent/config.toml", "demo"], 2),
    ] {
        let mut words = vec![bridgewatch()];
        words.extend(&line);
        let mut console = Console::start(command(&words), (80, 24));
        assert_eq!(console.wait_end(PATIENCE).exit_code(), code, "{line:?}: {}", console.screen());
        assert!(!console.raw().windows(8).any(|w| w == b"\x1b[?1049h"), "the screen was left alone");
    }
}
