//! Where the hierarchies are mounted, and where in them a process is.

use crate::model::{CgroupVersion, Gap, GapKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    mount: PathBuf,
    /// Path within the hierarchy that is mounted there; not `/` inside a container.
    root: String,
}

/// The mounted hierarchies of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layout {
    /// By controller (`cpu`, `memory`, …) and by name (`name=systemd`).
    v1: BTreeMap<String, Hierarchy>,
    v2: Option<Hierarchy>,
}

/// Cgroup of a process in each hierarchy, by controller; the unified one under the empty key.
pub type CgroupPaths = BTreeMap<String, String>;

impl Layout {
    /// Reads `/proc/self/mountinfo`.
    ///
    /// # Errors
    /// The file can't be read, or no hierarchy is mounted.
    pub fn read(proc: &Path) -> Result<Self, Gap> {
        let path = proc.join("self/mountinfo");
        let text = std::fs::read(&path).map_err(|e| Gap::from_io("read", &path.to_string_lossy(), &e))?;
        let layout = Layout::parse(&String::from_utf8_lossy(&text));
        if layout.v1.is_empty() && layout.v2.is_none() {
            return Err(Gap::new(GapKind::Unsupported, "no control group hierarchy is mounted here")
                .lifted_by("mount /sys/fs/cgroup, or in a container pass -v /sys/fs/cgroup:/sys/fs/cgroup:ro"));
        }
        Ok(layout)
    }

    /// Reads the text of a mountinfo file (format: proc_pid_mountinfo(5)).
    pub fn parse(mountinfo: &str) -> Self {
        let mut layout = Layout::default();
        for line in mountinfo.lines() {
            let Some((left, right)) = line.split_once(" - ") else { continue };
            let mut left = left.split(' ').skip(3);
            let (Some(root), Some(mount)) = (left.next(), left.next()) else { continue };
            let mut right = right.splitn(3, ' ');
            let (Some(fstype), _, options) = (right.next(), right.next(), right.next().unwrap_or("")) else { continue };
            let hierarchy = || Hierarchy { mount: PathBuf::from(unescape(mount)), root: unescape(root) };
            match fstype {
                // The first mount wins: later ones are bind mounts of the same hierarchy.
                "cgroup2" if layout.v2.is_none() => layout.v2 = Some(hierarchy()),
                "cgroup" => {
                    for option in options.split(',').filter(|o| is_controller(o)) {
                        layout.v1.entry(option.to_owned()).or_insert_with(hierarchy);
                    }
                }
                _ => {}
            }
        }
        layout
    }

    /// Which version containers are under. Hybrid is version 1 with a unified hierarchy beside it.
    pub fn version(&self) -> CgroupVersion {
        let has_controllers = self.v1.keys().any(|name| !name.starts_with("name="));
        match (has_controllers, self.v2.is_some()) {
            (true, true) => CgroupVersion::Hybrid,
            (true, false) => CgroupVersion::V1,
            (false, _) => CgroupVersion::V2,
        }
    }

    /// Directory of a v1 controller for a path as `/proc/PID/cgroup` gives it.
    pub fn v1_dir(&self, controller: &str, path: &str) -> Option<PathBuf> {
        self.v1.get(controller).and_then(|h| h.dir(path))
    }

    /// Directory in the unified hierarchy.
    pub fn v2_dir(&self, path: &str) -> Option<PathBuf> {
        self.v2.as_ref().and_then(|h| h.dir(path))
    }

    /// The tree to walk for containers, with the key of its paths in [`CgroupPaths`]: the one every process of a
    /// container is in whatever its limits.
    pub fn walk_root(&self) -> Option<(&str, &Path)> {
        if self.version() == CgroupVersion::V2 {
            return self.v2.as_ref().map(|h| ("", h.mount.as_path()));
        }
        ["memory", "pids", "cpuacct", "cpu", "freezer", "devices"]
            .into_iter()
            .find_map(|c| self.v1.get(c).map(|h| (c, h.mount.as_path())))
    }

    /// Cgroups of a process.
    ///
    /// # Errors
    /// The process is gone or unreadable; or bridgewatch runs in a cgroup namespace from which the path is not seen.
    pub fn paths_of(&self, proc: &Path, pid: i32) -> Result<CgroupPaths, Gap> {
        let path = proc.join(format!("{pid}/cgroup"));
        let text = std::fs::read(&path).map_err(|e| Gap::from_io("read", &path.to_string_lossy(), &e))?;
        parse_proc_cgroup(&String::from_utf8_lossy(&text))
    }
}

impl Hierarchy {
    fn dir(&self, path: &str) -> Option<PathBuf> {
        let below = if self.root == "/" { path } else { path.strip_prefix(&self.root)? };
        // A component that climbs would leave the hierarchy.
        if below.split('/').any(|part| part == "..") {
            return None;
        }
        Some(self.mount.join(below.trim_start_matches('/')))
    }
}

/// Reads a `/proc/PID/cgroup` file (format: cgroups(7)).
///
/// # Errors
/// A path that begins with `/../` lies outside our cgroup namespace.
pub fn parse_proc_cgroup(text: &str) -> Result<CgroupPaths, Gap> {
    let mut paths = CgroupPaths::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        if path.starts_with("/..") {
            return Err(Gap::new(
                GapKind::NotLocal,
                format!("its cgroup {path} lies outside the cgroup namespace bridgewatch runs in"),
            )
            .lifted_by("run bridgewatch on the host, or its container with --cgroupns host"));
        }
        for controller in controllers.split(',') {
            paths.insert(controller.to_owned(), path.to_owned());
        }
    }
    Ok(paths)
}

fn is_controller(option: &str) -> bool {
    option.starts_with("name=")
        || matches!(
            option,
            "cpu" | "cpuacct" | "cpuset" | "memory" | "blkio" | "pids" | "devices" | "freezer" | "hugetlb" | "rdma"
        )
}

/// mountinfo writes space, tab, newline and backslash as octal escapes.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut n = 0;
    while n < bytes.len() {
        let code = bytes
            .get(n + 1..n + 4)
            .filter(|_| bytes[n] == b'\\')
            .and_then(|octal| std::str::from_utf8(octal).ok().and_then(|octal| u8::from_str_radix(octal, 8).ok()));
        match code {
            Some(byte) => {
                out.push(byte);
                n += 4;
            }
            None => {
                out.push(bytes[n]);
                n += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
30 24 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
31 24 0:28 / /sys/fs/cgroup/cpu\\040acct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 24 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
33 24 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
";

    #[test]
    fn k05_versions_are_told_apart() {
        let hybrid = Layout::parse(HYBRID);
        assert_eq!(hybrid.version(), CgroupVersion::Hybrid);
        assert_eq!(hybrid.v1_dir("cpuacct", "/docker/abc"), Some(PathBuf::from("/sys/fs/cgroup/cpu acct/docker/abc")));
        assert_eq!(hybrid.v2_dir("/docker/abc"), Some(PathBuf::from("/sys/fs/cgroup/unified/docker/abc")));
        assert_eq!(hybrid.walk_root().map(|(c, _)| c), Some("memory"));
        let v2 = Layout::parse("24 1 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
        assert_eq!(v2.version(), CgroupVersion::V2);
        assert_eq!(v2.walk_root().map(|(c, _)| c), Some(""));
        let named_only = Layout::parse(
            "33 24 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n24 1 0:25 / /sys/fs/cgroup/unified rw - cgroup2 c rw\n",
        );
        assert_eq!(named_only.version(), CgroupVersion::V2);
    }

    #[test]
    fn a_path_outside_our_cgroup_namespace_is_a_gap_not_a_guess() {
        let gap = parse_proc_cgroup("0::/../docker-abc.scope\n").expect_err("outside");
        assert_eq!(gap.kind, GapKind::NotLocal);
        let paths = parse_proc_cgroup("4:cpu,cpuacct:/docker/a\n1:name=systemd:/x:y\n0::/u\n").expect("paths");
        assert_eq!(paths["cpuacct"], "/docker/a");
        assert_eq!(paths["name=systemd"], "/x:y");
        assert_eq!(paths[""], "/u");
    }

    #[test]
    fn a_hierarchy_mounted_from_below_is_mapped_back() {
        let layout = Layout::parse("30 24 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
        assert_eq!(layout.v1_dir("memory", "/docker/abc/x"), Some(PathBuf::from("/sys/fs/cgroup/memory/x")));
        assert_eq!(layout.v1_dir("memory", "/docker/other"), None);
        assert_eq!(layout.v1_dir("memory", "/docker/abc/../../x"), None);
    }
}
