//! Where the control groups are mounted, which directory is a process's, and who is in it.
//!
//! Paths are read from the process, never built from an id: the drivers and runtimes lay them out differently.
//! Must not know counters (they are another source) or limits.

use super::ProcRoot;
use super::files::{kernel_gap, process_gap, read_head};
use super::mountinfo::parse_mountinfo;
use super::process::lossy;
use crate::model::{CgroupVersion, Cgroups, ContainerId, Fact, Gap, GapKind, MountInfo, Pid};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Deepest tree below a container's cgroup that is walked, and most directories in it.
const MAX_DEPTH: usize = 16;
const MAX_DIRECTORIES: usize = 4096;
/// Mount tables of hosts with thousands of containers are large.
pub(super) const MOUNTINFO_BYTES: usize = 8 << 20;

/// One mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CgroupMount {
    /// The directory.
    pub directory: PathBuf,
    /// Which cgroup is mounted there; not `/` inside containers without a cgroup namespace.
    pub root: String,
    /// Controllers of a v1 hierarchy (`memory`, `cpu`, `name=systemd`); empty for the unified one.
    pub controllers: Vec<String>,
}

/// All mounted hierarchies of this process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CgroupMounts {
    /// Version 1.
    pub v1: Vec<CgroupMount>,
    /// The unified hierarchy.
    pub unified: Option<CgroupMount>,
}

impl CgroupMounts {
    /// Reads `/proc/self/mountinfo`.
    ///
    /// # Errors
    /// When that file can't be read.
    pub fn read(root: &ProcRoot) -> Result<Self, Gap> {
        let path = root.proc.join("self/mountinfo");
        let bytes = read_head(&path, MOUNTINFO_BYTES).map_err(|error| process_gap(&path, &error))?;
        Ok(Self::from_rows(&parse_mountinfo(&bytes).0, root))
    }

    /// Picks the hierarchies out of a mount table. The first mount of a hierarchy counts.
    pub fn from_rows(rows: &[MountInfo], root: &ProcRoot) -> Self {
        let mut mounts = CgroupMounts::default();
        for row in rows {
            let mount = |controllers| CgroupMount {
                directory: under_root(row.mount_point.raw(), root),
                root: row.root.raw().to_owned(),
                controllers,
            };
            match row.fstype.as_str() {
                "cgroup2" if mounts.unified.is_none() => mounts.unified = Some(mount(Vec::new())),
                "cgroup" => {
                    let words = row.super_options.split(',');
                    let is_option =
                        |word: &&str| !matches!(*word, "rw" | "ro" | "xattr" | "clone_children" | "noprefix");
                    let controllers: Vec<String> = words.filter(is_option).map(str::to_owned).collect();
                    if !mounts.v1.iter().any(|known| known.controllers == controllers) {
                        mounts.v1.push(mount(controllers));
                    }
                }
                _ => {}
            }
        }
        mounts
    }

    /// The layout of this host.
    pub fn version(&self) -> Fact<CgroupVersion> {
        let has_controllers =
            self.v1.iter().flat_map(|mount| &mount.controllers).any(|word| !word.starts_with("name="));
        match (has_controllers, &self.unified) {
            (true, Some(_)) => Fact::Known(CgroupVersion::Hybrid),
            (true, None) => Fact::Known(CgroupVersion::V1),
            (false, Some(_)) => Fact::Known(CgroupVersion::V2),
            (false, None) => {
                Fact::gap(Gap::new(GapKind::Unsupported, "no control group hierarchy is mounted here").lifted_by(
                    "enter a namespace with `nsenter --net=…` rather than `ip netns exec`, which hides them",
                ))
            }
        }
    }

    /// The mount that carries a controller, and the key of its path in [`process_cgroups`].
    pub(super) fn controller(&self, name: &str) -> Option<(&CgroupMount, &str)> {
        let v1 = self.v1.iter().find_map(|mount| {
            let key = mount.controllers.iter().find(|word| *word == name)?;
            Some((mount, key.as_str()))
        });
        v1.or_else(|| self.unified.as_ref().map(|mount| (mount, "")))
    }

    /// The directory of a container in the hierarchy that lists its processes.
    fn directory_of_processes(&self, cgroups: &Cgroups, id: &ContainerId) -> Result<PathBuf, Gap> {
        let mut failure = Gap::new(GapKind::Unsupported, "no control group hierarchy that lists processes is mounted");
        for name in ["pids", "name=systemd", ""] {
            let found = match name {
                "" => self.unified.as_ref().map(|mount| (mount, "")),
                _ => self.controller(name).filter(|(_, key)| !key.is_empty()),
            };
            let Some((mount, key)) = found else { continue };
            let Some(path) = cgroups.get(key) else { continue };
            match locate(mount, container_part(path, id)) {
                Ok(directory) => return Ok(directory),
                Err(gap) => failure = gap,
            }
        }
        Err(failure)
    }
}

/// Mount points under `/sys` are looked up under the root's `sys`.
fn under_root(mount_point: &str, root: &ProcRoot) -> PathBuf {
    match mount_point.strip_prefix("/sys/") {
        Some(rest) => root.sys.join(rest),
        None => PathBuf::from(mount_point),
    }
}

/// The directory of a cgroup path in a mounted hierarchy.
///
/// # Errors
/// The path lies outside of what is mounted.
pub fn locate(mount: &CgroupMount, path: &str) -> Result<PathBuf, Gap> {
    let outside = || {
        Gap::new(
            GapKind::Unsupported,
            format!("cgroup {path} lies outside of what is mounted at {}", mount.directory.display()),
        )
        .lifted_by("run bridgewatch in the host's cgroup namespace")
    };
    if path.split('/').any(|part| part == "..") {
        return Err(outside());
    }
    let inner = if mount.root == "/" {
        path
    } else {
        path.strip_prefix(mount.root.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .ok_or_else(outside)?
    };
    Ok(mount.directory.join(inner.trim_start_matches('/')))
}

/// The cgroup of the container itself, when the process was moved further down (systemd or an engine inside of it).
pub(super) fn container_part<'a>(path: &'a str, id: &ContainerId) -> &'a str {
    if let Some(own) = id.as_str().strip_prefix("cgroup:") {
        return if path.starts_with(own) { &path[..own.len()] } else { path };
    }
    let Some(at) = path.find(id.as_str()).filter(|_| id.as_str().len() >= 12) else { return path };
    let end = path[at..].find('/').map_or(path.len(), |slash| at + slash);
    &path[..end]
}

/// `/proc/PID/cgroup`: path by controller, the unified one under the empty key.
///
/// # Errors
/// The process is gone or unreadable.
pub fn process_cgroups(root: &ProcRoot, pid: Pid) -> Result<Cgroups, Gap> {
    let path = root.of(pid, "cgroup");
    let bytes = read_head(&path, 64 * 1024).map_err(|error| process_gap(&path, &error))?;
    let cgroups = parse_cgroups(&bytes);
    if cgroups.is_empty() {
        return Err(Gap::new(GapKind::Gone, format!("read {}: empty", path.display())));
    }
    Ok(cgroups)
}

fn parse_cgroups(bytes: &[u8]) -> Cgroups {
    let mut cgroups = BTreeMap::new();
    for line in bytes.split(|b| *b == b'\n') {
        let line = lossy(line);
        let mut fields = line.raw().splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        for controller in controllers.split(',') {
            cgroups.insert(controller.into(), path.into());
        }
    }
    cgroups
}

/// The processes of a container: those of its cgroup and of all below, ascending. This includes what was started in
/// it by `exec`.
///
/// # Errors
/// When the cgroup is not visible from here or is gone.
pub fn members(mounts: &CgroupMounts, cgroups: &Cgroups, id: &ContainerId) -> Result<Vec<Pid>, Gap> {
    let top = mounts.directory_of_processes(cgroups, id)?;
    let mut pids = BTreeSet::new();
    let mut directories = vec![(top, 0)];
    let mut seen = 0;
    while let Some((directory, depth)) = directories.pop() {
        seen += 1;
        read_members(&directory, depth == 0, &mut pids)?;
        if depth == MAX_DEPTH || seen == MAX_DIRECTORIES {
            return Err(Gap::new(
                GapKind::Unsupported,
                format!("{}: too deep or too many cgroups", directory.display()),
            ));
        }
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        let below = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        directories.extend(below.map(|entry| (entry.path(), depth + 1)));
    }
    if pids.remove(&Pid(0)) {
        return Err(Gap::new(GapKind::Unsupported, "the cgroup holds processes outside of our pid namespace")
            .lifted_by("run bridgewatch in the host's pid namespace"));
    }
    Ok(pids.into_iter().collect())
}

fn read_members(directory: &Path, is_top: bool, pids: &mut BTreeSet<Pid>) -> Result<(), Gap> {
    let path = directory.join("cgroup.procs");
    match std::fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            pids.extend(text.lines().filter_map(|line| line.trim().parse().ok().map(Pid)));
            Ok(())
        }
        // EOPNOTSUPP (95): a threaded cgroup, its processes are listed further up. ENOENT and ENODEV below the top:
        // it was removed while we walked.
        Err(error) if error.raw_os_error() == Some(95) => Ok(()),
        Err(error) => {
            let mut gap = kernel_gap(&path, &error);
            if error.kind() == std::io::ErrorKind::NotFound || gap.kind == GapKind::Gone {
                gap.kind = GapKind::Gone;
                return if is_top { Err(gap) } else { Ok(()) };
            }
            Err(gap)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    const HYBRID: &str = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        39 31 0:36 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
        40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    fn id() -> ContainerId {
        "0123456789abcdef".into()
    }

    #[test]
    fn the_layout_is_told_by_the_mounts() {
        let of = |text: &str| {
            CgroupMounts::from_rows(&parse_mountinfo(text.as_bytes()).0, &ProcRoot::default()).version().get()
        };
        assert_eq!(of(HYBRID), Some(CgroupVersion::Hybrid));
        assert_eq!(of(&HYBRID.lines().take(3).collect::<Vec<_>>().join("\n")), Some(CgroupVersion::V1));
        assert_eq!(of("41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"), Some(CgroupVersion::V2));
        // The systemd hierarchy alone carries no controller.
        let named = HYBRID.lines().skip(2).collect::<Vec<_>>().join("\n");
        assert_eq!(of(&named), Some(CgroupVersion::V2));
        assert_eq!(of(""), None);
    }

    #[test]
    fn processes_below_the_container_are_its_own() {
        let host = Fixture::new();
        let base = "sys/fs/cgroup/pids/docker/0123456789abcdef";
        host.file("proc/self/mountinfo", HYBRID)
            .file("proc/9/cgroup", "8:pids:/docker/0123456789abcdef/init.scope\n0::/x\n")
            .file(&format!("{base}/cgroup.procs"), "7\n")
            .file(&format!("{base}/init.scope/cgroup.procs"), "9\n")
            .file(&format!("{base}/a/b/cgroup.procs"), "8\n")
            .file(&format!("{base}/a/cgroup.procs"), "");
        let mounts = CgroupMounts::read(&host.root()).expect("mounts");
        let cgroups = process_cgroups(&host.root(), Pid(9)).expect("cgroups");
        assert_eq!(members(&mounts, &cgroups, &id()).expect("members"), [Pid(7), Pid(8), Pid(9)]);
        let gone = members(&mounts, &BTreeMap::from([("pids".into(), "/docker/other".into())]), &id());
        assert_eq!(gone.expect_err("gone").kind, GapKind::Gone);
    }

    #[test]
    fn k05_another_cgroup_namespace_is_a_gap_not_a_guess() {
        let mount = CgroupMount { directory: "/m".into(), root: "/".into(), controllers: vec![] };
        assert!(locate(&mount, "/../docker/x").is_err());
        let inner = CgroupMount { root: "/docker/abc".into(), ..mount };
        assert_eq!(locate(&inner, "/docker/abc/child").expect("inside"), PathBuf::from("/m/child"));
        assert_eq!(locate(&inner, "/docker/abc").expect("inside"), PathBuf::from("/m"));
        assert!(locate(&inner, "/docker/abcdef").is_err());
    }

    #[test]
    fn processes_of_another_pid_namespace_are_a_gap() {
        let host = Fixture::new();
        host.file("proc/self/mountinfo", HYBRID).file("sys/fs/cgroup/pids/x/cgroup.procs", "0\n0\n7\n");
        let mounts = CgroupMounts::read(&host.root()).expect("mounts");
        let cgroups = BTreeMap::from([("pids".into(), "/x".into())]);
        assert!(members(&mounts, &cgroups, &id()).is_err());
    }

    #[test]
    fn the_container_is_found_in_the_shapes_of_all_drivers() {
        assert_eq!(container_part("/docker/0123456789abcdef/init.scope", &id()), "/docker/0123456789abcdef");
        let scope = "/system.slice/docker-0123456789abcdef.scope";
        assert_eq!(container_part(&format!("{scope}/a"), &id()), scope);
        assert_eq!(container_part("/user.slice", &id()), "/user.slice");
        assert_eq!(container_part("/lxc/a/b", &"cgroup:/lxc/a".into()), "/lxc/a");
    }
}
