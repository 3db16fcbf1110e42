//! All that the kernel knows of one container, in two depths.
//!
//! Must not know the engine: it is given an id and the pid of the main process.

use super::cgroup_paths::{CgroupMounts, MOUNTINFO_BYTES, members, process_cgroups};
use super::files::{process_gap, read_head};
use super::{ProcRoot, beneath, cgroup_limits, inside, mountinfo, namespaces, process, rights, routes};
use crate::model::{
    CgroupLimits, Cgroups, ContainerId, Fact, Gap, GapKind, KernelFacts, MountInfo, NsKind, Pid, Process,
};

/// How much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Identity, namespaces, cgroup and its limits of memory and tasks: what the first screen and sharing need. All
    /// else is "not read yet".
    Quick,
    /// Everything.
    Full,
}

/// Reads the facts of the container `id` whose main process is `pid`.
///
/// The process is looked at again at the end: when it is another one by then, nothing of what was read counts.
///
/// # Errors
/// [`GapKind::Gone`] when the process ended or its number was given to another process meanwhile.
/// [`GapKind::Permission`] when procfs hides it. Parts that can't be read are gaps within the facts.
pub fn container_facts(
    root: &ProcRoot,
    mounts: &CgroupMounts,
    id: &ContainerId,
    pid: Pid,
    depth: Depth,
) -> Result<KernelFacts, Gap> {
    let start_ticks = process::start_ticks(root, pid)?;
    let mut facts = identity(root, mounts, id, pid, start_ticks, depth);
    if depth == Depth::Full {
        fill(&mut facts, root, mounts);
    }
    match process::start_ticks(root, pid) {
        Ok(again) if again == start_ticks => Ok(facts),
        Ok(_) => Err(Gap::new(GapKind::Gone, format!("process {pid} is another one by now"))),
        Err(gap) => Err(gap),
    }
}

fn identity(
    root: &ProcRoot,
    mounts: &CgroupMounts,
    id: &ContainerId,
    pid: Pid,
    start_ticks: u64,
    depth: Depth,
) -> KernelFacts {
    let cgroups = process_cgroups(root, pid);
    let limits = match &cgroups {
        Ok(cgroups) => cgroup_limits::limits(mounts, cgroups, depth),
        Err(gap) => no_limits(gap),
    };
    KernelFacts {
        id: id.clone(),
        pid,
        start_ticks,
        namespaces: namespaces::namespaces(&root.proc.join(pid.0.to_string())),
        cgroups: cgroups.map_or_else(Fact::gap, Fact::Known),
        limits,
        processes: Fact::default(),
        uid_map: Fact::default(),
        lsm_label: Fact::default(),
        mounts: Fact::default(),
        rlimits: Fact::default(),
        routes: Fact::default(),
        ip_forward: Fact::default(),
        resolv_conf: Fact::default(),
        hosts: Fact::default(),
        hostname: Fact::default(),
    }
}

fn no_limits(gap: &Gap) -> CgroupLimits {
    CgroupLimits {
        memory: Fact::gap(gap.clone()),
        pids: Fact::gap(gap.clone()),
        cpu: Fact::gap(gap.clone()),
        cpuset: Fact::gap(gap.clone()),
        weight: Fact::gap(gap.clone()),
    }
}

fn fill(facts: &mut KernelFacts, root: &ProcRoot, mounts: &CgroupMounts) {
    let pid = facts.pid;
    facts.processes = match &facts.cgroups {
        Fact::Known(cgroups) => fact(processes(root, mounts, cgroups, &facts.id)),
        Fact::Unknown { unknown } => Fact::Unknown { unknown: unknown.clone() },
    };
    facts.uid_map = rights::uid_map(root, pid);
    facts.lsm_label = rights::lsm_label(root, pid);
    facts.rlimits = rights::rlimits(root, pid);
    facts.mounts = fact(mount_table(root, pid));
    match facts.namespaces.get(&NsKind::Net) {
        Some(Fact::Known(netns)) => {
            facts.routes = fact(routes::routes(root, pid, *netns));
            facts.ip_forward = inside::ip_forward(root, pid, *netns);
        }
        Some(Fact::Unknown { unknown }) => {
            facts.routes = Fact::Unknown { unknown: unknown.clone() };
            facts.ip_forward = Fact::Unknown { unknown: unknown.clone() };
        }
        None => {}
    }
    facts.resolv_conf = beneath::small_file(root, pid, "/etc/resolv.conf");
    facts.hosts = beneath::small_file(root, pid, "/etc/hosts");
    facts.hostname = beneath::small_file(root, pid, "/etc/hostname");
}

fn fact<T>(result: Result<T, Gap>) -> Fact<T> {
    result.map_or_else(Fact::gap, Fact::Known)
}

/// Reads every process of the container. One that ends meanwhile is left out; one that is still in the cgroup and
/// can't be seen makes the list unknown, as a hidden process is not an absent one.
fn processes(root: &ProcRoot, mounts: &CgroupMounts, cgroups: &Cgroups, id: &ContainerId) -> Result<Vec<Process>, Gap> {
    let mut seen = Vec::new();
    let mut missing = Vec::new();
    for pid in members(mounts, cgroups, id)? {
        match process::process(root, pid) {
            Ok(process) => seen.push(process),
            Err(gap) => missing.push((pid, gap)),
        }
    }
    if missing.is_empty() {
        return Ok(seen);
    }
    let still = members(mounts, cgroups, id)?;
    // Looked at a second time: between the two looks at the cgroup it may have been on its way out.
    let hidden = missing.into_iter().find(|(pid, _)| still.contains(pid) && process::process(root, *pid).is_err());
    match hidden {
        None => Ok(seen),
        Some((pid, mut gap)) => {
            if members(mounts, cgroups, id)?.contains(&pid) {
                gap.kind = if gap.kind == GapKind::Gone { GapKind::Permission } else { gap.kind };
                gap.reason = format!("process {pid} is in the cgroup and can't be read: {}", gap.reason);
                return Err(gap.lifted_by(super::files::LIFT_PTRACE));
            }
            Ok(seen)
        }
    }
}

fn mount_table(root: &ProcRoot, pid: Pid) -> Result<Vec<MountInfo>, Gap> {
    let path = root.of(pid, "mountinfo");
    let bytes = read_head(&path, MOUNTINFO_BYTES).map_err(|error| process_gap(&path, &error))?;
    let (rows, bad) = mountinfo::parse_mountinfo(&bytes);
    if bad > 0 || bytes.len() == MOUNTINFO_BYTES {
        return Err(Gap::new(GapKind::Unparsable, format!("read {}: {bad} rows not understood", path.display())));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::NsInode;
    use crate::sources::proc::fixture::Fixture;

    fn host() -> Fixture {
        let host = Fixture::new();
        host.file("proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
            .process(7, 1, b"nginx", &["nginx", "-g"])
            .process(8, 7, b"worker", &["worker"])
            .file("proc/7/cgroup", "0::/docker/c1\n")
            .file("proc/7/mountinfo", "36 35 98:0 /etc /mnt rw - ext4 /dev/root rw\n")
            .file("proc/7/net/route", "Iface\n")
            .link("proc/7/ns/net", "net:[4026532281]")
            .file("proc/7/root/etc/hosts", "127.0.0.1 x\n")
            .file("sys/fs/cgroup/docker/c1/cgroup.procs", "7\n8\n")
            .file("sys/fs/cgroup/docker/c1/memory.max", "4096\n");
        host
    }

    fn facts(host: &Fixture, depth: Depth) -> Result<KernelFacts, Gap> {
        let mounts = CgroupMounts::read(&host.root()).expect("mounts");
        container_facts(&host.root(), &mounts, &"c1".into(), Pid(7), depth)
    }

    #[test]
    fn quick_says_what_it_did_not_read() {
        let seen = facts(&host(), Depth::Quick).expect("facts");
        assert_eq!(seen.namespaces[&NsKind::Net].get(), Some(NsInode(4_026_532_281)));
        assert_eq!(seen.limits.memory, Fact::Known(Some((4096, "/docker/c1".to_owned()))));
        assert_eq!(seen.processes.why().map(|gap| gap.kind), Some(GapKind::NotYet));
        assert_eq!(seen.limits.cpu.why().map(|gap| gap.kind), Some(GapKind::NotYet));
    }

    #[test]
    fn full_reads_every_process_of_the_cgroup() {
        let seen = facts(&host(), Depth::Full).expect("facts");
        let names: Vec<_> =
            seen.processes.known().expect("processes").iter().map(|p| p.comm.raw().to_owned()).collect();
        assert_eq!(names, ["nginx", "worker"]);
        assert_eq!(seen.mounts.known().expect("mounts")[0].root, "/etc");
        assert_eq!(seen.hosts, Fact::Known("127.0.0.1 x\n".into()));
        assert_eq!(seen.ip_forward.why().map(|gap| gap.kind), Some(GapKind::NotRecorded));
    }

    #[test]
    fn k01_a_hidden_process_makes_the_list_unknown() {
        let host = host();
        host.file("sys/fs/cgroup/docker/c1/cgroup.procs", "7\n8\n9\n");
        let seen = facts(&host, Depth::Full).expect("facts");
        assert_eq!(seen.processes.why().map(|gap| gap.kind), Some(GapKind::Permission));
    }

    #[test]
    fn k06_k11_a_dead_process_has_no_facts() {
        let host = host();
        std::fs::remove_file(host.path("proc/7/stat")).expect("removed");
        assert_eq!(facts(&host, Depth::Quick).expect_err("gone").kind, GapKind::Gone);
    }

    #[test]
    fn k06_a_pid_that_was_given_to_another_process_meanwhile_has_no_facts() {
        let host = host();
        let stat = host.path("proc/7/stat");
        let cgroup = host.path("proc/7/cgroup");
        std::fs::remove_file(&cgroup).expect("removed");
        nix::unistd::mkfifo(&cgroup, nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
        // The reader waits in the middle of its work until this thread opens the other end; by then the pid is reused.
        let reuse = std::thread::spawn(move || {
            let mut end = std::fs::OpenOptions::new().write(true).open(cgroup).expect("the reader is there");
            let other = b"7 (other) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 999999 0 0";
            std::fs::write(stat, other).expect("written");
            std::io::Write::write_all(&mut end, b"0::/docker/c1\n").expect("written");
        });
        let gap = facts(&host, Depth::Quick).expect_err("another process");
        reuse.join().expect("the thread ends well");
        assert!(gap.kind == GapKind::Gone && gap.reason.contains("another one"), "{gap:?}");
    }
}
