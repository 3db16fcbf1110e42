//! The lab around the measurements: up with so many containers, inside, and down without a trace.

use crate::Wishes;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "bwbench";

/// Path of the lab's state, as its script lays it out.
pub fn state() -> PathBuf {
    PathBuf::from(format!("/tmp/bridgewatch-lab-{NAME}"))
}

/// Address of its engine.
pub fn engine() -> String {
    format!("unix://{}/docker.sock", state().display())
}

/// Runs all counts, each in a lab of its own size.
pub fn run(wishes: &Wishes, arguments: &[String]) -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("needs root: it starts an engine and enters its network namespace".into());
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/lab");
    let mut failed = Vec::new();
    let mut counts = wishes.counts.clone();
    // Growing, so that one lab is filled up instead of three being made.
    counts.sort_unstable();
    for count in counts {
        lab(&script, &["up", NAME, "--bare", "--count", &count.to_string()])?;
        if let Err(reason) = measure(count, arguments) {
            failed.push(format!("{count} containers: {reason}"));
        }
    }
    if !wishes.keep {
        lab(&script, &["down", NAME])?;
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}

fn lab(script: &Path, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(script).args(arguments).status().map_err(|e| format!("run {}: {e}", script.display()))?;
    if status.success() { Ok(()) } else { Err(format!("lab {}: {status}", arguments.join(" "))) }
}

/// Measures in the lab's network namespace and in mounts of our own, where other engines' containers can be hidden.
fn measure(count: usize, arguments: &[String]) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|e| format!("find the bench's own file: {e}"))?;
    let mut kept = Vec::new();
    let mut rest = arguments.iter();
    while let Some(word) = rest.next() {
        if word == "--count" {
            rest.next();
        } else {
            kept.push(word.clone());
        }
    }
    let status = Command::new("nsenter")
        .arg(format!("--net=/run/netns/{NAME}"))
        .args(["unshare", "--mount", "--"])
        .arg(own)
        .args(["--inside", "--count", &count.to_string()])
        .args(kept)
        .env("DOCKER_HOST", engine())
        .env("TERM", "xterm-256color")
        .env_remove("DOCKER_CONTEXT")
        .env_remove("NO_COLOR")
        .status()
        .map_err(|e| format!("run nsenter: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("the measurements ended with {status}")) }
}
