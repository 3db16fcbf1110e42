//! Changes from the command line on a terminal, on the lab: the plan is shown, the question asked, and only the answer
//! that fits does it; a shell in a container is a terminal like any other.

mod support {
    #[allow(dead_code)]
    pub mod lab;
    pub mod pty;
}

use std::time::Duration;
use support::lab::Lab;
use support::pty::{Console, bridgewatch, command};

/// Time that a look at the host, a change and its reading back may take on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// A container of the test's own; it goes with this.
struct Victim {
    lab: Lab,
    name: &'static str,
    state: tempfile::TempDir,
}

impl Victim {
    fn new(name: &'static str, line: &[&str]) -> Self {
        let lab = Lab::shared();
        lab.docker(&[&["run", "-d", "--network", "none", "--name", name], line].concat());
        Victim { lab, name, state: tempfile::tempdir().expect("a directory") }
    }

    fn run(&self, arguments: &[&str]) -> Console {
        let line = self.lab.line(bridgewatch());
        let mut command =
            command(&line.iter().map(String::as_str).chain(arguments.iter().copied()).collect::<Vec<_>>());
        command.env("XDG_STATE_HOME", self.state.path());
        Console::start(command, (100, 40))
    }

    fn is(&self, state: &str) -> bool {
        let (name, state) = (format!("name=^{}$", self.name), format!("status={state}"));
        !self.lab.docker(&["ps", "-aq", "--filter", &name, "--filter", &state]).is_empty()
    }

    /// Asks for a change, waits for the question, answers it, and gives the exit code and the last screen.
    fn answer(&self, arguments: &[&str], question: &str, answer: &str) -> (u32, String) {
        let mut console = self.run(arguments);
        console.wait_within(question, LONG, |screen, _| screen.contains(question));
        console.send(format!("{answer}\r").as_bytes());
        let code = console.wait_end(LONG).exit_code();
        (code, console.screen())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.lab.command("docker").args(["rm", "-f", self.name]).output();
    }
}

#[test]
#[ignore = "needs root and the lab"]
fn a_change_is_done_on_yes_and_on_nothing_else() {
    let it = Victim::new("answers-plain", &["bb:1", "sleep", "9000"]);
    for other in ["n", "", "yess", "Y n"] {
        let (code, screen) = it.answer(&["container", "pause", it.name], "Do it? [y/N]", other);
        assert_eq!(code, 5, "{other:?}:\n{screen}");
        assert!(screen.contains("not confirmed, nothing was done"), "{screen}");
        assert!(it.is("running"));
    }
    let (code, screen) = it.answer(&["container", "pause", it.name], "Do it? [y/N]", "y");
    assert_eq!(code, 0, "{screen}");
    // Shown beforehand, told afterwards.
    assert!(screen.contains("docker pause") && screen.contains("done"), "{screen}");
    assert!(it.is("paused"));
    let (code, screen) = it.answer(&["undo"], "Do it? [y/N]", "yes");
    assert_eq!(code, 0, "{screen}");
    assert!(it.is("running"));
}

#[test]
#[ignore = "needs root and the lab"]
fn what_destroys_wants_the_name_typed() {
    let it = Victim::new("answers-grave", &["bb:1", "sleep", "9000"]);
    let line = ["container", "rm", "--force", it.name];
    for other in ["y", "yes", "answers", ""] {
        let (code, screen) = it.answer(&line, "Type answers-grave", other);
        assert_eq!(code, 5, "{other:?}:\n{screen}");
        assert!(it.is("running"));
    }
    let (code, screen) = it.answer(&line, "Type answers-grave", it.name);
    assert_eq!(code, 0, "{screen}");
    assert!(!it.is("running"));
}

#[test]
#[ignore = "needs root and the lab"]
fn ctrl_c_at_the_question_does_nothing() {
    let it = Victim::new("answers-stop", &["bb:1", "sleep", "9000"]);
    let mut console = it.run(&["container", "stop", it.name]);
    console.wait_within("the question", LONG, |screen, _| screen.contains("Do it? [y/N]"));
    console.press("ctrl+c");
    assert_ne!(console.wait_end(LONG).exit_code(), 0);
    assert!(it.is("running"));
}

#[test]
#[ignore = "needs root and the lab"]
fn a_shell_has_a_terminal_of_the_right_size_and_gives_its_exit_code() {
    let it = Victim::new("answers-shell", &["bb:1", "sleep", "9000"]);
    let mut console = it.run(&["container", "exec", it.name]);
    console.wait_within("a prompt", LONG, |screen, _| screen.contains("# "));
    console.send(b"stty size; tty\r");
    console.wait_within("its size", LONG, |screen, _| screen.contains("40 100") && screen.contains("/dev/pts/"));
    console.resize((90, 30));
    console.send(b"while [ \"$(stty size)\" != '30 90' ]; do sleep 0.1; done; echo resized\r");
    console.wait_within("the new size", LONG, |screen, _| screen.lines().any(|line| line.trim() == "resized"));
    console.send(b"exit 7\r");
    assert_eq!(console.wait_end(LONG).exit_code(), 7);
}

#[test]
#[ignore = "needs root and the lab"]
fn attach_tells_how_to_leave_and_leaving_ends_nothing() {
    let it = Victim::new("answers-attach", &["-it", "bb:1", "sh"]);
    let mut console = it.run(&["container", "attach", it.name]);
    console.wait_within("the keys that leave", LONG, |screen, _| screen.contains("Ctrl-P Ctrl-Q"));
    console.send(b"echo at$((6*7))\r");
    console.wait_within("the main process", LONG, |screen, _| screen.contains("at42"));
    console.send(b"\x10\x11");
    assert_eq!(console.wait_end(LONG).exit_code(), 0);
    assert!(it.is("running"));
}
