//! The lab's engine: its processes, its containers, and the containers of others on the same machine.

use bridgewatch::sources::cgroup::{Layout, discover};
use bridgewatch::sources::proc::ProcRoot;
use std::collections::BTreeSet;
use std::process::Command;

/// Daemon, containerd and shims: every process with the lab's state directory in its arguments, but our own.
pub fn processes() -> Vec<i32> {
    let state = crate::lab::state().display().to_string();
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<i32>().ok()) else { continue };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<_> = line.split(|b| *b == 0).map(String::from_utf8_lossy).collect();
        let program = words.first().and_then(|w| w.rsplit('/').next().map(str::to_owned)).unwrap_or_default();
        let is_engine =
            ["dockerd", "containerd", "containerd-shim-runc-v2", "docker-proxy"].contains(&program.as_str());
        if is_engine && words.iter().any(|w| w.contains(&state)) {
            pids.push(pid);
        }
    }
    pids
}

/// Ids of the engine's containers.
///
/// # Errors
/// The engine's command line can't be run or says no.
pub fn ids() -> Result<BTreeSet<String>, String> {
    let output =
        Command::new("docker").args(["ps", "-q", "--no-trunc"]).output().map_err(|e| format!("run docker ps: {e}"))?;
    if !output.status.success() {
        return Err(format!("docker ps: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Lays an empty file system over the cgroup of every container that is not this engine's, in mounts that are ours
/// alone. Otherwise a machine with another engine on it would be measured with that one's containers.
///
/// # Errors
/// The cgroup tree can't be read, or `mount` fails.
pub fn hide_others(own: &BTreeSet<String>) -> Result<usize, String> {
    let layout = Layout::read(&ProcRoot::default()).map_err(|gap| gap.reason)?;
    let (_, root) = layout.walk_root().ok_or("no cgroup hierarchy is mounted")?;
    let root = root.to_owned();
    let mut hidden = 0;
    for found in discover(&layout).map_err(|e| format!("walk the cgroup tree: {e}"))? {
        if own.contains(&found.shape.id) {
            continue;
        }
        let dir = root.join(found.path.trim_start_matches('/'));
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4k", "none"])
            .arg(&dir)
            .status()
            .map_err(|e| format!("run mount: {e}"))?;
        // One that has ended in the meantime needs no hiding.
        hidden += usize::from(status.success());
    }
    Ok(hidden)
}

/// Containers with processes that anybody on this machine would find now.
pub fn found() -> usize {
    let Ok(layout) = Layout::read(&ProcRoot::default()) else { return 0 };
    discover(&layout).map_or(0, |all| all.iter().filter(|f| f.pid.is_some()).count())
}
