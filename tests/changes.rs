//! Commands that change something, without an engine and without rights: what they refuse, with which words and codes,
//! and that they leave nothing behind.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program with a state directory of its own and an engine that does not exist.
fn run(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewatch"));
    command.args(arguments).env("DOCKER_HOST", "unix:///nonexistent/bridgewatch-test.sock");
    command.env("XDG_STATE_HOME", home).stdin(std::process::Stdio::null());
    command.output().expect("the program runs")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_change_is_refused_in_read_only_mode_before_anything_is_looked_at() {
    let home = tempfile::tempdir().expect("a directory");
    for line in [
        "container stop web --yes",
        "container update web --memory 64m --yes",
        "network create n --yes",
        "network rm n --dry-run",
        "network plumb web --bridge br0 --address 10.0.0.2/24 --yes",
        "limit set web --down 10mbit --yes",
        "limit clear web --yes",
        "limit --keep",
        "container exec web true",
        "container attach web",
        "undo --yes",
        "confirm",
    ] {
        let arguments: Vec<&str> = ["--read-only"].into_iter().chain(line.split(' ')).collect();
        let output = run(home.path(), &arguments);
        assert_eq!(output.status.code(), Some(5), "{line}: {output:?}");
        assert!(words(&output).contains("--read-only"), "{line}: {}", words(&output));
    }
    assert_eq!(home.path().read_dir().expect("there").count(), 0, "nothing was written");
}

#[test]
fn wrong_words_are_usage_and_say_what_would_do() {
    let home = tempfile::tempdir().expect("a directory");
    for (line, word) in [
        ("limit set web --down 10M", "10m"),
        ("limit set web", "--down"),
        ("limit set", "required"),
        ("container update web", "--memory"),
        ("container update web --restart sometimes", "unless-stopped"),
        ("container stop web --confirm-within 1", "5"),
        ("network create n --subnet 10.0.0.0", "prefix"),
    ] {
        let output = run(home.path(), &line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2), "{line}: {output:?}");
        assert!(words(&output).to_lowercase().contains(word), "{line}: {}", words(&output));
    }
}

#[test]
fn an_empty_journal_is_one_and_a_damaged_place_is_named() {
    let home = tempfile::tempdir().expect("a directory");
    let output = run(home.path(), &["journal", "--format", "json"]);
    assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stdout)), (Some(0), "[]\n"));
    assert_eq!(run(home.path(), &["journal", "nothing"]).status.code(), Some(5));
    assert_eq!(run(home.path(), &["confirm"]).status.code(), Some(5));
    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("made");
    std::os::unix::fs::symlink(&elsewhere, home.path().join("bridgewatch")).expect("planted");
    std::fs::write(elsewhere.join("journal.jsonl"), "").expect("written");
    let output = run(home.path(), &["journal"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(words(&output).contains("symbolic link"), "{}", words(&output));
}

#[test]
fn a_guard_without_an_entry_says_so_and_ends() {
    let home = tempfile::tempdir().expect("a directory");
    let state = home.path().join("bridgewatch");
    let state = state.to_str().expect("a path");
    let output = run(home.path(), &["guard", "--state", state, "20261128-211530-7f3a"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("no entry 20261128-211530-7f3a"), "{said}");
}
