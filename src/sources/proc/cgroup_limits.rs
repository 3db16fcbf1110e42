//! Limits of a cgroup and of all above it: the smallest one on the way to the root is the one that holds.
//!
//! Files: kernel documents cgroup-v1 (memory, pids, sched-bwc, cpusets) and cgroup-v2. Must not know containers.

use super::Depth;
use super::cgroup_paths::{CgroupMount, CgroupMounts, locate};
use super::files::{kernel_gap, read_text};
use crate::model::{CgroupLimits, Cgroups, Fact, Gap, GapKind};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// From here on a v1 memory limit means none: the kernel writes the largest page-aligned value.
const V1_NO_LIMIT: u64 = 0x7fff_ffff_ffff_0000;

/// Reads the limits that hold for a process in `cgroups`. A quick reading takes those that a first screen shows
/// usage against; every file of every level costs some 10 µs.
pub(super) fn limits(mounts: &CgroupMounts, cgroups: &Cgroups, depth: Depth) -> CgroupLimits {
    let memory = Way::of(mounts, cgroups, "memory");
    let limits = CgroupLimits {
        memory: fact(memory.and_then(|way| way.smallest(way.pick("memory.limit_in_bytes", "memory.max"), bytes))),
        pids: fact(Way::of(mounts, cgroups, "pids").and_then(|way| way.smallest("pids.max", count))),
        ..CgroupLimits::default()
    };
    if depth == Depth::Quick {
        return limits;
    }
    let cpu = Way::of(mounts, cgroups, "cpu");
    CgroupLimits {
        cpu: fact(cpu.as_ref().map_err(Gap::clone).and_then(quota)),
        cpuset: fact(Way::of(mounts, cgroups, "cpuset").and_then(|way| cpuset(&way))),
        weight: fact(cpu.and_then(|way| way.own(&[way.pick("cpu.shares", "cpu.weight")], |text| text.parse().ok()))),
        ..limits
    }
}

fn fact<T>(result: Result<T, Gap>) -> Fact<T> {
    result.map_or_else(Fact::gap, Fact::Known)
}

/// The way from a cgroup to the root of its hierarchy.
struct Way {
    is_v1: bool,
    /// Directory and cgroup path of each level, the own one first.
    levels: Vec<(PathBuf, String)>,
}

impl Way {
    fn of(mounts: &CgroupMounts, cgroups: &Cgroups, controller: &str) -> Result<Way, Gap> {
        let none = || Gap::new(GapKind::Unsupported, format!("no hierarchy with controller {controller} is mounted"));
        let (mount, key) = mounts.controller(controller).ok_or_else(none)?;
        let path = cgroups.get(key).ok_or_else(none)?;
        Ok(Way { is_v1: !key.is_empty(), levels: levels(mount, path)? })
    }

    fn pick(&self, v1: &'static str, v2: &'static str) -> &'static str {
        if self.is_v1 { v1 } else { v2 }
    }

    /// The smallest value of a file on the way up, with the path that has it. Levels without the file (the root, or
    /// a v2 cgroup whose parent does not delegate the controller) do not limit.
    fn smallest(&self, file: &str, parse: fn(&str) -> Option<Option<u64>>) -> Result<Option<(u64, String)>, Gap> {
        let mut best: Option<(u64, String)> = None;
        self.each(file, |text, path| {
            let value = parse(text)?;
            if let Some(value) = value.filter(|value| best.as_ref().is_none_or(|(least, _)| value < least)) {
                best = Some((value, path.to_owned()));
            }
            Some(())
        })?;
        Ok(best)
    }

    /// Hands the content of a file at each level that has it to `take`, which refuses what it does not understand.
    fn each(&self, file: &str, mut take: impl FnMut(&str, &str) -> Option<()>) -> Result<(), Gap> {
        let mut found = false;
        for (directory, path) in &self.levels {
            let Some(text) = read_optional(&directory.join(file))? else { continue };
            found = true;
            take(text.trim(), path).ok_or_else(|| unparsable(&directory.join(file)))?;
        }
        if found || self.controller_is_idle(file) {
            return Ok(());
        }
        let leaf = self.levels.first().map(|(directory, _)| directory.join(file)).unwrap_or_default();
        let leaf_is_there = leaf.parent().is_some_and(Path::is_dir);
        let kind = if leaf_is_there { GapKind::Unsupported } else { GapKind::Gone };
        Err(Gap::new(kind, format!("read {}: no such file there or above", leaf.display())))
    }

    /// A v2 controller that the root offers and nobody on the way switched on limits nothing.
    fn controller_is_idle(&self, file: &str) -> bool {
        let Some((root, _)) = self.levels.last().filter(|_| !self.is_v1) else { return false };
        let leaf_is_there = self.levels.first().is_some_and(|(leaf, _)| leaf.is_dir());
        let name = file.split('.').next().unwrap_or_default();
        let offered = read_text(&root.join("cgroup.controllers"), 4096).unwrap_or_default();
        leaf_is_there && offered.split_ascii_whitespace().any(|word| word == name)
    }

    /// The own value of the first of several files that is there.
    fn own<T>(&self, files: &[&str], parse: impl Fn(&str) -> Option<T>) -> Result<T, Gap> {
        for (directory, _) in &self.levels {
            for file in files {
                let path = directory.join(file);
                if let Some(text) = read_optional(&path)? {
                    return parse(text.trim()).ok_or_else(|| unparsable(&path));
                }
            }
            if !directory.is_dir() {
                return Err(Gap::new(GapKind::Gone, format!("read {}: the cgroup is gone", directory.display())));
            }
        }
        Err(Gap::new(GapKind::Unsupported, format!("no file {} in the cgroup or above", files.join(" or "))))
    }
}

fn levels(mount: &CgroupMount, path: &str) -> Result<Vec<(PathBuf, String)>, Gap> {
    let mut levels = Vec::new();
    let mut path = path.trim_end_matches('/');
    loop {
        match locate(mount, if path.is_empty() { "/" } else { path }) {
            Ok(directory) => levels.push((directory, if path.is_empty() { "/".to_owned() } else { path.to_owned() })),
            // Above the root of the mount nothing can be seen; at the first step that is the answer.
            Err(gap) if levels.is_empty() => return Err(gap),
            Err(_) => break,
        }
        let Some(slash) = path.rfind('/') else { break };
        path = &path[..slash];
    }
    Ok(levels)
}

fn read_optional(path: &Path) -> Result<Option<String>, Gap> {
    match read_text(path, 4096) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(kernel_gap(path, &error)),
    }
}

fn unparsable(path: &Path) -> Gap {
    Gap::new(GapKind::Unparsable, format!("read {}: not understood", path.display()))
}

fn bytes(text: &str) -> Option<Option<u64>> {
    match text {
        "max" | "-1" => Some(None),
        _ => text.parse().ok().map(|value| Some(value).filter(|value| *value < V1_NO_LIMIT)),
    }
}

fn count(text: &str) -> Option<Option<u64>> {
    if text == "max" { Some(None) } else { text.parse().ok().map(Some) }
}

/// The tightest quota on the way up, by quota ÷ period.
fn quota(way: &Way) -> Result<Option<(u64, u64)>, Gap> {
    let mut pairs: Vec<(u64, u64)> = Vec::new();
    if way.is_v1 {
        let mut periods = BTreeMap::new();
        way.each("cpu.cfs_period_us", |text, path| {
            periods.insert(path.to_owned(), text.parse::<u64>().ok()?);
            Some(())
        })?;
        way.each("cpu.cfs_quota_us", |text, path| {
            let quota: i64 = text.parse().ok()?;
            // −1 is none.
            pairs.extend(u64::try_from(quota).ok().and_then(|quota| Some((quota, *periods.get(path)?))));
            Some(())
        })?;
    } else {
        way.each("cpu.max", |text, _| {
            let (quota, period) = text.split_once(' ')?;
            let period = period.parse().ok()?;
            if quota != "max" {
                pairs.push((quota.parse().ok()?, period));
            }
            Some(())
        })?;
    }
    pairs.retain(|(_, period)| *period > 0);
    // a/b < c/d, without division: a·d < c·b.
    Ok(pairs.into_iter().min_by_key(|(quota, period)| u128::from(*quota) * 1_000_000 / u128::from(*period)))
}

fn cpuset(way: &Way) -> Result<String, Gap> {
    let files = ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"];
    way.own(&files, |text| Some(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::ProcRoot;
    use crate::sources::proc::fixture::Fixture;
    use crate::sources::proc::mountinfo::parse_mountinfo;

    fn mounts(text: &str, root: &ProcRoot) -> CgroupMounts {
        CgroupMounts::from_rows(&parse_mountinfo(text.as_bytes()).0, root)
    }

    #[test]
    fn an_ancestor_may_hold_the_smallest_limit_v2() {
        let host = Fixture::new();
        let root = host.root();
        host.file("sys/fs/cgroup/cgroup.controllers", "cpuset cpu memory pids")
            .file("sys/fs/cgroup/a/memory.max", "1000\n")
            .file("sys/fs/cgroup/a/b/memory.max", "max\n")
            .file("sys/fs/cgroup/a/cpu.max", "50000 100000\n")
            .file("sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
            .file("sys/fs/cgroup/a/b/cpu.weight", "79\n")
            .file("sys/fs/cgroup/cpuset.cpus.effective", "0-3\n");
        let mounts = mounts("41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", &root);
        let seen = limits(&mounts, &BTreeMap::from([("".into(), "/a/b".into())]), Depth::Full);
        assert_eq!(seen.memory, Fact::Known(Some((1000, "/a".to_owned()))));
        assert_eq!(seen.cpu, Fact::Known(Some((50_000, 100_000))));
        assert_eq!(seen.pids, Fact::Known(None), "offered by the root, switched on nowhere: no limit");
        assert_eq!(seen.cpuset, Fact::Known("0-3".to_owned()));
        assert_eq!(seen.weight, Fact::Known(79));
    }

    #[test]
    fn the_large_number_of_v1_is_no_limit_and_a_missing_controller_is_unknown() {
        let host = Fixture::new();
        let root = host.root();
        host.file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
            .file("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "9223372036854771712\n")
            .file("sys/fs/cgroup/cpu/docker/x/cpu.cfs_quota_us", "-1\n")
            .file("sys/fs/cgroup/cpu/docker/x/cpu.cfs_period_us", "100000\n")
            .file("sys/fs/cgroup/cpu/docker/x/cpu.shares", "1024\n");
        let mounts = mounts(
            "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
             36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n",
            &root,
        );
        let paths = ["memory", "cpu"].map(|key| (key.into(), "/docker/x".into()));
        let seen = limits(&mounts, &BTreeMap::from(paths.clone()), Depth::Full);
        assert_eq!(seen.memory, Fact::Known(None));
        assert_eq!(seen.cpu, Fact::Known(None));
        assert_eq!(seen.weight, Fact::Known(1024));
        assert_eq!(seen.pids.why().map(|gap| gap.kind), Some(GapKind::Unsupported));
        host.file("sys/fs/cgroup/memory/docker/x/memory.limit_in_bytes", "67108864\n");
        let seen = limits(&mounts, &BTreeMap::from(paths), Depth::Full);
        assert_eq!(seen.memory, Fact::Known(Some((67_108_864, "/docker/x".to_owned()))));
    }

    #[test]
    fn a_removed_cgroup_is_gone_not_unlimited() {
        let host = Fixture::new();
        host.file("sys/fs/cgroup/cgroup.controllers", "memory");
        let mounts = mounts("41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", &host.root());
        let seen = limits(&mounts, &BTreeMap::from([("".into(), "/a".into())]), Depth::Full);
        assert_eq!(seen.memory.why().map(|gap| gap.kind), Some(GapKind::Gone));
        assert_eq!(seen.weight.why().map(|gap| gap.kind), Some(GapKind::Gone));
    }
}
