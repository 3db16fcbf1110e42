//! Finding containers in the cgroup tree, whoever made them.

use super::layout::Layout;
use std::fs;
use std::path::Path;

/// What the name of a cgroup directory says of its maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// The runtime it looks like: `docker`, `podman`, `cri-o`, `containerd`, `lxc`, `nspawn`.
    pub looks_like: &'static str,
    /// The id or name in it.
    pub id: String,
}

/// A container found in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its shape.
    pub shape: Shape,
    /// Path in the hierarchy that was walked, as `/proc/PID/cgroup` writes it.
    pub path: String,
    /// Its first process, below it if not in it; none when it is empty.
    pub pid: Option<i32>,
}

/// How deep the tree is walked. Kubernetes on systemd nests five deep; rootless user slices six.
const MAX_DEPTH: usize = 8;

/// A bound on the directories looked at, against trees made to be slow.
const MAX_DIRS: usize = 20_000;

/// Walks the tree that every container is in.
///
/// # Errors
/// The root of the tree can't be listed. Directories that vanish on the way are passed over.
pub fn discover(layout: &Layout) -> std::io::Result<Vec<Found>> {
    let Some((_, root)) = layout.walk_root() else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let mut budget = MAX_DIRS;
    fs::read_dir(root)?;
    walk(root, String::new(), "", 0, &mut budget, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(dir: &Path, path: String, parent: &str, depth: usize, budget: &mut usize, found: &mut Vec<Found>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let below = format!("{path}/{name}");
        match shape(parent, name) {
            Some(shape) => {
                let pid = first_process(&entry.path(), 0);
                found.push(Found { shape, path: below, pid });
            }
            None if depth < MAX_DEPTH => walk(&entry.path(), below, name, depth + 1, budget, found),
            None => {}
        }
    }
}

/// Shape of a directory from its name and its parent's.
///
/// The scopes are those of the systemd driver; the bare ids below `docker`, `libpod_parent` and `kubepods` those of
/// the cgroupfs driver.
fn shape(parent: &str, name: &str) -> Option<Shape> {
    let scoped = [
        ("docker-", "docker"),
        ("libpod-payload-", "podman"),
        ("libpod-", "podman"),
        ("crio-", "cri-o"),
        ("cri-containerd-", "containerd"),
        ("nerdctl-", "containerd"),
    ];
    let bare = name.strip_suffix(".scope").unwrap_or(name);
    for (prefix, looks_like) in scoped {
        // `libpod-conmon-…` and `crio-conmon-…` hold the monitor, not the container: what follows is no id.
        if let Some(id) = bare.strip_prefix(prefix).filter(|id| is_id(id)) {
            return Some(Shape { looks_like, id: id.to_owned() });
        }
    }
    if is_id(name) {
        let looks_like = match parent {
            "libpod_parent" | "libpod" => "podman",
            p if p.starts_with("pod") || p.starts_with("kubepods") => "containerd",
            "default" | "k8s.io" | "nerdctl" => "containerd",
            _ => "docker",
        };
        return Some(Shape { looks_like, id: name.to_owned() });
    }
    let named = |looks_like, id: &str| Some(Shape { looks_like, id: id.to_owned() });
    if let Some(id) = name.strip_prefix("lxc.payload.") {
        return named("lxc", id);
    }
    if parent == "lxc" && !name.starts_with("lxc.") {
        return named("lxc", name);
    }
    if let Some(id) = name.strip_prefix("machine-").and_then(|n| n.strip_suffix(".scope")) {
        return named("nspawn", id);
    }
    if let Some(id) = name.strip_prefix("systemd-nspawn@").and_then(|n| n.strip_suffix(".service")) {
        return named("nspawn", id);
    }
    None
}

/// Engines' ids: 64 hexadecimal digits.
fn is_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The first process of a container's cgroup as it is now.
pub fn first_process_of(layout: &Layout, found: &Found) -> Option<i32> {
    let (_, root) = layout.walk_root()?;
    first_process(&root.join(found.path.trim_start_matches('/')), 0)
}

fn first_process(dir: &Path, depth: usize) -> Option<i32> {
    let own = fs::read(dir.join("cgroup.procs")).ok().and_then(|bytes| {
        let line = bytes.split(|b| *b == b'\n').next()?;
        std::str::from_utf8(line).ok()?.parse().ok()
    });
    if own.is_some() || depth >= 3 {
        return own;
    }
    let children = fs::read_dir(dir).ok()?;
    children
        .flatten()
        .filter(|e| e.file_type().is_ok_and(|kind| kind.is_dir()))
        .find_map(|e| first_process(&e.path(), depth + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k05_shapes_of_every_driver() {
        let id = "0123456789abcdef".repeat(4);
        let like = |parent: &str, name: String| shape(parent, &name).map(|s| s.looks_like);
        assert_eq!(like("docker", id.clone()), Some("docker"));
        assert_eq!(like("system.slice", format!("docker-{id}.scope")), Some("docker"));
        assert_eq!(like("machine.slice", format!("libpod-{id}.scope")), Some("podman"));
        assert_eq!(like("machine.slice", format!("libpod-conmon-{id}.scope")), None);
        assert_eq!(like("kubepods-pod1.slice", format!("cri-containerd-{id}.scope")), Some("containerd"));
        assert_eq!(like("pod4f2a", id.clone()), Some("containerd"));
        assert_eq!(like("", "lxc.payload.web".into()), Some("lxc"));
        assert_eq!(like("machine.slice", "machine-deb\\x2d12.scope".into()), Some("nspawn"));
        assert_eq!(like("system.slice", "ssh.service".into()), None);
    }
}
