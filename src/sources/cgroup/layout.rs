//! Where in the mounted hierarchies a container's counters are.
//!
//! What is mounted where, and which cgroup a process is in, is read by [`crate::sources::proc`]; here it is asked by
//! controller.

use crate::model::{CgroupVersion, Fact, Gap, GapKind, Pid};
use crate::sources::proc::{CgroupMount, CgroupMounts, ProcRoot, locate, process_cgroups};
use std::path::{Path, PathBuf};

/// The mounted hierarchies of this machine, of which there is at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    mounts: CgroupMounts,
    version: CgroupVersion,
}

/// Cgroup of a process in each hierarchy, by controller; the unified one under the empty key.
pub type CgroupPaths = crate::model::Cgroups;

impl Layout {
    /// Reads what is mounted.
    ///
    /// # Errors
    /// The mount table can't be read, or no hierarchy is mounted.
    pub fn read(root: &ProcRoot) -> Result<Self, Gap> {
        Layout::of(CgroupMounts::read(root)?)
    }

    /// The layout of a mount table.
    ///
    /// # Errors
    /// No hierarchy is mounted.
    pub fn of(mounts: CgroupMounts) -> Result<Self, Gap> {
        match mounts.version() {
            Fact::Known(version) => Ok(Layout { mounts, version }),
            Fact::Unknown { unknown } => Err((*unknown).clone()),
        }
    }

    /// Which version containers are under. Hybrid is version 1 with a unified hierarchy beside it.
    pub fn version(&self) -> CgroupVersion {
        self.version
    }

    fn v1(&self, controller: &str) -> Option<&CgroupMount> {
        self.mounts.v1.iter().find(|mount| mount.controllers.iter().any(|word| word == controller))
    }

    /// Directory of a v1 controller for a path as `/proc/PID/cgroup` gives it.
    pub fn v1_dir(&self, controller: &str, path: &str) -> Option<PathBuf> {
        locate(self.v1(controller)?, path).ok()
    }

    /// Directory in the unified hierarchy.
    pub fn v2_dir(&self, path: &str) -> Option<PathBuf> {
        locate(self.mounts.unified.as_ref()?, path).ok()
    }

    /// The tree to walk for containers, with the key of its paths in [`CgroupPaths`]: the one every process of a
    /// container is in whatever its limits.
    pub fn walk_root(&self) -> Option<(&str, &Path)> {
        if self.version == CgroupVersion::V2 {
            return self.mounts.unified.as_ref().map(|mount| ("", mount.directory.as_path()));
        }
        ["memory", "pids", "cpuacct", "cpu", "freezer", "devices"]
            .into_iter()
            .find_map(|controller| self.v1(controller).map(|mount| (controller, mount.directory.as_path())))
    }

    /// Cgroups of a process.
    ///
    /// # Errors
    /// The process is gone or unreadable; or bridgewatch runs in a cgroup namespace from which the path is not seen.
    pub fn paths_of(&self, root: &ProcRoot, pid: Pid) -> Result<CgroupPaths, Gap> {
        let paths = process_cgroups(root, pid)?;
        match paths.values().find(|path| path.starts_with("/..")) {
            None => Ok(paths),
            Some(path) => Err(Gap::new(
                GapKind::NotLocal,
                format!("its cgroup {path} lies outside the cgroup namespace bridgewatch runs in"),
            )
            .lifted_by("run bridgewatch on the host, or its container with --cgroupns host")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::parse_mountinfo;

    fn layout(mountinfo: &str) -> Layout {
        let rows = parse_mountinfo(mountinfo.as_bytes()).0;
        Layout::of(CgroupMounts::from_rows(&rows, &ProcRoot::default())).expect("a hierarchy")
    }

    const HYBRID: &str = "\
30 24 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
31 24 0:28 / /sys/fs/cgroup/cpu\\040acct rw,relatime - cgroup cgroup rw,cpu,cpuacct
32 24 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
33 24 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
";

    #[test]
    fn k05_versions_are_told_apart() {
        let hybrid = layout(HYBRID);
        assert_eq!(hybrid.version(), CgroupVersion::Hybrid);
        assert_eq!(hybrid.v1_dir("cpuacct", "/docker/abc"), Some(PathBuf::from("/sys/fs/cgroup/cpu acct/docker/abc")));
        assert_eq!(hybrid.v2_dir("/docker/abc"), Some(PathBuf::from("/sys/fs/cgroup/unified/docker/abc")));
        assert_eq!(hybrid.walk_root().map(|(c, _)| c), Some("memory"));
        let v2 = layout("24 1 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n");
        assert_eq!(v2.version(), CgroupVersion::V2);
        assert_eq!(v2.walk_root().map(|(c, _)| c), Some(""));
    }

    #[test]
    fn a_hierarchy_mounted_from_below_is_mapped_back() {
        let layout = layout("30 24 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
        assert_eq!(layout.v1_dir("memory", "/docker/abc/x"), Some(PathBuf::from("/sys/fs/cgroup/memory/x")));
        assert_eq!(layout.v1_dir("memory", "/docker/other"), None);
        assert_eq!(layout.v1_dir("memory", "/docker/abc/../../x"), None);
    }

    #[test]
    fn nothing_mounted_is_a_gap() {
        let rows = parse_mountinfo(b"24 1 0:25 / / rw - ext4 /dev/vda rw\n").0;
        assert!(Layout::of(CgroupMounts::from_rows(&rows, &ProcRoot::default())).is_err());
    }
}
