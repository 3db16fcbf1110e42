//! Running bridgewatch and the reference tools, and comparing while things move. It must not know what is compared.

use crate::lab::Lab;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_bridgewatch");

/// Runs bridgewatch inside the lab with the lab's engine.
pub fn bridgewatch(lab: &Lab, arguments: &[&str]) -> Output {
    let mut command = lab.command(PROGRAM);
    command.args(arguments).env("DOCKER_HOST", format!("unix://{}", lab.socket()));
    command.output().expect("starts")
}

/// What bridgewatch prints as JSON; it must end well and say nothing else.
pub fn document(lab: &Lab, arguments: &[&str]) -> Value {
    let out = bridgewatch(lab, arguments);
    let words = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && words.is_empty(), "{arguments:?}: {:?} {words}", out.status.code());
    parsed(&out.stdout)
}

/// Parses a tool's answer.
pub fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(bytes)))
}

/// What a command prints; none when it fails, as for a container that is gone.
pub fn said(command: &mut Command) -> Option<String> {
    let out = command.output().expect("starts");
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The rows of a JSON array.
pub fn rows(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

/// A text field; empty when it is null or missing.
pub fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Sorted texts of an array.
pub fn sorted(value: &Value) -> Vec<String> {
    let mut all: Vec<String> =
        value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(Into::into)).collect();
    all.sort();
    all
}

/// Inode of a namespace of a process.
pub fn inode(pid: i64, kind: &str) -> Option<u64> {
    inode_at(&format!("/proc/{pid}/ns/{kind}"))
}

/// Inode in the target of a link like `net:[4026531840]`, or of the file that a namespace is mounted on.
pub fn inode_at(path: &str) -> Option<u64> {
    match std::fs::read_link(path) {
        Ok(target) => target.to_str()?.split(['[', ']']).nth(1)?.parse().ok(),
        Err(_) => std::fs::metadata(path).ok().map(|m| std::os::unix::fs::MetadataExt::ino(&m)),
    }
}

/// What the engine's inspection says of all its containers, by id.
pub fn containers(lab: &Lab) -> BTreeMap<String, Value> {
    for _ in 0..10 {
        let ids = lab.docker(&["ps", "-aq", "--no-trunc"]);
        let mut command = Command::new("docker");
        command.args(["-H", &format!("unix://{}", lab.socket()), "inspect"]).args(ids.lines());
        // It fails when one of them goes meanwhile.
        if let Some(answer) = said(&mut command) {
            return rows(&parsed(answer.as_bytes())).iter().map(|c| (text(c, "Id").to_owned(), c.clone())).collect();
        }
    }
    panic!("containers go faster than they can be inspected");
}

/// The name of a container without the slash.
pub fn name(container: &Value) -> &str {
    text(container, "Name").trim_start_matches('/')
}

/// The main process of a container that runs; none for another.
pub fn pid(container: &Value) -> Option<i64> {
    container["State"]["Pid"].as_i64().filter(|pid| *pid > 0)
}

/// Differences, gathered so that one run shows them all.
#[derive(Default)]
pub struct Differences {
    found: Vec<String>,
    /// How many values were compared.
    pub compared: usize,
}

impl Differences {
    /// Compares a value.
    pub fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: T, theirs: T) {
        self.compared += 1;
        if ours != theirs {
            self.found.push(format!("{what}: {ours:?}, the tool says {theirs:?}"));
        }
    }

    /// Notes a difference unless `holds`.
    pub fn holds(&mut self, what: impl FnOnce() -> String, holds: bool) {
        self.compared += 1;
        if !holds {
            self.found.push(what());
        }
    }
}

/// Compares until there is no difference: what changes between the readings of two tools is no difference between the
/// tools. Fails with the last differences.
pub fn agree(mut compare: impl FnMut(&mut Differences)) {
    let mut last = Differences::default();
    for _ in 0..5 {
        last = Differences::default();
        compare(&mut last);
        if last.found.is_empty() {
            assert!(last.compared > 0, "nothing was compared");
            eprintln!("{} values compared", last.compared);
            return;
        }
    }
    panic!("{} differences in {} values:\n{}", last.found.len(), last.compared, last.found.join("\n"));
}

/// Waits for a condition.
pub fn eventually(what: &str, within: Duration, mut holds: impl FnMut() -> bool) -> Duration {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < within, "{what}: not within {within:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    begin.elapsed()
}

/// A container of a test's own, removed when dropped.
pub struct Own<'a>(pub &'a Lab, pub String);

impl<'a> Own<'a> {
    /// Runs one.
    pub fn run(lab: &'a Lab, label: &str, options: &[&str], command: &[&str]) -> Self {
        let name = format!("compare-{label}-{}", std::process::id());
        let mut arguments = vec!["run", "-d", "--name", &name];
        arguments.extend(options.iter().chain(&["bb:1"]).chain(command));
        lab.docker(&arguments);
        Own(lab, name)
    }
}

impl Drop for Own<'_> {
    fn drop(&mut self) {
        let host = format!("unix://{}", self.0.socket());
        // A test may have removed it itself.
        let _ = Command::new("docker").args(["-H", &host, "rm", "-f", &self.1]).output();
    }
}
