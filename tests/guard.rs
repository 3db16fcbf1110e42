//! A change that could cut off the operator, made in the console on the lab: it counts down, is kept or taken back by a
//! key, and is taken back at its deadline whoever of the two is killed, the console or the guard. With both killed the
//! next one to look is told.

mod support {
    #[allow(dead_code)]
    pub mod lab;
    pub mod pty;
}

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::process::Output;
use std::time::Duration;
use support::lab::Lab;
use support::pty::{Console, bridgewatch, command, eventually};

/// Time that a look at the host, a change and its reading back may take on a busy machine.
const LONG: Duration = Duration::from_secs(40);

/// The console's window, and as much again for a busy machine.
const WINDOW: Duration = Duration::from_secs(60);

/// A container that the operator's SSH session comes from, as far as the console knows. It goes with this.
struct Victim {
    lab: Lab,
    name: &'static str,
    state: tempfile::TempDir,
    address: String,
}

impl Victim {
    fn new(name: &'static str) -> Self {
        let lab = Lab::shared();
        lab.docker(&["run", "-d", "--name", name, "bb:1", "sleep", "9000"]);
        let address = lab.docker(&["inspect", "-f", "{{.NetworkSettings.IPAddress}}", name]);
        Victim { lab, name, state: tempfile::tempdir().expect("a directory"), address }
    }

    /// The console, with the container in its list.
    fn console(&self) -> Console {
        let line = self.lab.line(bridgewatch());
        let line = line.iter().map(String::as_str).chain(["--filter", self.name]);
        let mut command = command(&line.collect::<Vec<_>>());
        command.env("XDG_STATE_HOME", self.state.path());
        command.env("SSH_CONNECTION", format!("{} 50000 192.0.2.10 22", self.address));
        let console = Console::start(command, (160, 40));
        // Its row, and its address, by which the plan knows what it carries.
        console.wait_within("the container", LONG, |screen, _| {
            screen.contains(self.name) && screen.contains(&self.address)
        });
        console
    }

    /// A console in which the container was paused, and that counts down.
    fn paused(&self) -> Console {
        let mut console = self.console();
        console.press("P");
        let plan = console.wait_within("the plan", LONG, |screen, _| screen.contains("this may cut you off"));
        assert!(plan.contains("it is taken back after 30 s unless you press Y"), "{plan}");
        // A key that comes before the plan is on the screen is refused, and says so.
        eventually("the change is made", LONG, || {
            console.press("y");
            console
                .wait_until("an answer", |s| s.contains("Under way") || s.contains("Result") || s.contains("not done"));
            (!console.screen().contains("Plan:")).then_some(())
        });
        console.wait_within("the countdown", LONG, |screen, _| {
            screen.contains("taken back in") && screen.contains("Y keeps it, U takes it back now")
        });
        assert!(self.is("paused"));
        console
    }

    fn is(&self, state: &str) -> bool {
        self.lab.docker(&["inspect", "-f", "{{.State.Status}}", self.name]) == state
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.lab.command(bridgewatch());
        command.args(arguments).env("XDG_STATE_HOME", self.state.path()).env_remove("SSH_CONNECTION");
        command.output().expect("the program runs")
    }

    /// The change of this test, as the journal tells it.
    fn entry(&self) -> Value {
        let output = self.run(&["journal", "--format", "json"]);
        assert!(output.status.success(), "{output:?}");
        let all = serde_json::from_slice::<Value>(&output.stdout).expect("JSON");
        let all = all.as_array().expect("an array");
        all.iter().find(|entry| entry["undoes"].is_null()).expect("an entry").clone()
    }

    fn becomes(&self, state: &str, within: Duration) {
        eventually(&format!("the journal says {state}"), within, || (self.entry()["state"] == state).then_some(()));
    }

    fn deadline(&self) -> jiff::Timestamp {
        self.entry()["confirm_by"].as_str().expect("a deadline").parse().expect("a time")
    }

    /// The guard that was put up last.
    fn guard(&self) -> Pid {
        let text = std::fs::read_to_string(self.state.path().join("bridgewatch/journal.jsonl")).expect("a journal");
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let last = lines.rev().find(|line| line["line"] == "guarded").expect("a guard");
        Pid::from_raw(last["pid"].as_i64().and_then(|pid| pid.try_into().ok()).expect("a pid"))
    }

    /// It runs again within a second of the deadline.
    fn assert_taken_back_in_time(&self, deadline: jiff::Timestamp) {
        eventually("it runs again", WINDOW, || self.is("running").then_some(()));
        let late = jiff::Timestamp::now().duration_since(deadline).as_secs_f64();
        assert!((-0.5..1.5).contains(&late), "taken back {late} s after the deadline");
        self.becomes("undone", LONG);
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.lab.command("docker").args(["rm", "-f", self.name]).output();
    }
}

/// True when there is no such process, or only what is left of one until its parent has looked.
fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
}

fn kill_now(pid: Pid) {
    kill(pid, Signal::SIGKILL).expect("it is there");
    eventually("it is gone", LONG, || is_gone(pid).then_some(()));
}

#[test]
#[ignore = "needs root and the lab"]
fn a_key_keeps_it() {
    let it = Victim::new("guard-keep");
    let mut console = it.paused();
    let guard = it.guard();
    console.press("Y");
    console.wait_until("the countdown is over", |screen| !screen.contains("taken back in"));
    it.becomes("done", LONG);
    // With its guard gone nothing is left that could take it back.
    eventually("the guard is gone", LONG, || is_gone(guard).then_some(()));
    assert!(it.is("paused"));
    console.quit();
}

#[test]
#[ignore = "needs root and the lab"]
fn a_key_takes_it_back_at_once() {
    let it = Victim::new("guard-back");
    let mut console = it.paused();
    let (guard, deadline) = (it.guard(), it.deadline());
    console.press("U");
    eventually("it runs again", LONG, || it.is("running").then_some(()));
    assert!(jiff::Timestamp::now() < deadline, "not by the guard");
    console.wait_until("the countdown is over", |screen| !screen.contains("taken back in"));
    it.becomes("undone", LONG);
    eventually("the guard is gone", LONG, || is_gone(guard).then_some(()));
    console.quit();
}

#[test]
#[ignore = "needs root and the lab"]
fn with_the_console_killed_the_guard_takes_it_back() {
    let it = Victim::new("guard-alone");
    let console = it.paused();
    let deadline = it.deadline();
    kill_now(Pid::from_raw(console.pid()));
    it.assert_taken_back_in_time(deadline);
}

#[test]
#[ignore = "needs root and the lab"]
fn with_the_guard_killed_the_console_puts_up_another() {
    let it = Victim::new("guard-again");
    let console = it.paused();
    let (deadline, first) = (it.deadline(), it.guard());
    kill_now(first);
    console.wait_for("had died and was put up again");
    assert_ne!(it.guard(), first);
    it.assert_taken_back_in_time(deadline);
    console.wait_until("the countdown is over", |screen| !screen.contains("taken back in"));
    console.quit();
}

#[test]
#[ignore = "needs root and the lab"]
fn with_both_killed_the_next_console_puts_up_another() {
    let it = Victim::new("guard-next");
    let console = it.paused();
    let (deadline, first) = (it.deadline(), it.guard());
    kill_now(Pid::from_raw(console.pid()));
    kill_now(first);
    let output = it.run(&["journal"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("waits to be confirmed, and its guard has died"), "{words}");
    let next = it.console();
    next.wait_for("had died and was put up again");
    it.assert_taken_back_in_time(deadline);
    next.quit();
}

#[test]
#[ignore = "needs root and the lab"]
fn with_both_killed_until_it_is_too_late_the_next_one_is_told() {
    let it = Victim::new("guard-none");
    let console = it.paused();
    let (deadline, guard) = (it.deadline(), it.guard());
    kill_now(Pid::from_raw(console.pid()));
    kill_now(guard);
    eventually("the deadline is past", WINDOW, || (jiff::Timestamp::now() > deadline).then_some(()));
    let output = it.run(&["journal"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.contains("was neither confirmed nor taken back"), "{words}");
    let next = it.console();
    next.wait_for("was neither confirmed nor taken back");
    assert!(it.is("paused"), "nobody takes back by itself what was left alone");
    next.quit();
    let output = it.run(&["undo", "--yes"]);
    assert!(output.status.success(), "{output:?}");
    assert!(it.is("running"));
    it.becomes("undone", LONG);
}
