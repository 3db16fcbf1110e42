//! What the kernel knows of one container: namespaces, cgroup, processes, files that decide names.

use super::{ContainerId, Fact, NsInode, Pid, Route};
use crate::text::{Outside, Shared};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The eight kinds of namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NsKind {
    /// Network.
    Net,
    /// Process ids.
    Pid,
    /// Mounts.
    Mnt,
    /// Host name.
    Uts,
    /// System V IPC and POSIX queues.
    Ipc,
    /// User and group ids.
    User,
    /// Cgroup root.
    Cgroup,
    /// Clocks.
    Time,
}

impl NsKind {
    /// All kinds, in the order views show them.
    pub const ALL: [NsKind; 8] =
        [NsKind::Net, NsKind::Pid, NsKind::Mnt, NsKind::Uts, NsKind::Ipc, NsKind::User, NsKind::Cgroup, NsKind::Time];

    /// The file name under `/proc/PID/ns`.
    pub fn as_str(self) -> &'static str {
        match self {
            NsKind::Net => "net",
            NsKind::Pid => "pid",
            NsKind::Mnt => "mnt",
            NsKind::Uts => "uts",
            NsKind::Ipc => "ipc",
            NsKind::User => "user",
            NsKind::Cgroup => "cgroup",
            NsKind::Time => "time",
        }
    }
}

/// Namespaces of a process, each seen or not for itself.
pub type Namespaces = BTreeMap<NsKind, Fact<NsInode>>;

/// A process in a container's cgroup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Process id on the host.
    pub pid: Pid,
    /// Parent on the host.
    pub ppid: Pid,
    /// Process id inside the container (last of `NSpid`).
    pub inner_pid: Option<i32>,
    /// Start time in clock ticks since boot: with the pid, the process's identity.
    pub start_ticks: u64,
    /// `comm`, at most 15 bytes.
    pub comm: Outside,
    /// Command line, arguments joined by spaces, at most 4 KiB.
    pub cmdline: Outside,
    /// State letter of `/proc/PID/stat`.
    pub state: char,
    /// Real, effective, saved and file system uid on the host.
    pub uids: [u32; 4],
    /// Threads.
    pub threads: u32,
    /// Resident memory, bytes.
    pub rss_bytes: u64,
    /// CPU time, clock ticks.
    pub cpu_ticks: u64,
    /// Capability sets, bit n is capability n.
    pub caps: Caps,
    /// `NoNewPrivs`; absent on old kernels.
    pub no_new_privs: Option<bool>,
    /// `Seccomp`: 0 off, 1 strict, 2 filter; absent without seccomp in the kernel.
    pub seccomp: Option<u8>,
    /// Network namespace.
    pub net_ns: Fact<NsInode>,
    /// Process id namespace.
    #[serde(default)]
    pub pid_ns: Fact<NsInode>,
    /// Mount namespace.
    #[serde(default)]
    pub mnt_ns: Fact<NsInode>,
    /// Target of `/proc/PID/exe` as the kernel prints it: with ` (deleted)` when the file is gone, `/memfd:…` for a
    /// program that never was a file.
    #[serde(default)]
    pub exe: Fact<Outside>,
}

impl Process {
    /// It looks like a runtime about to become a process of the container: what it holds now (every right, no filter)
    /// goes with its exec. A hint to look again and no more: a container can choose these names.
    pub fn is_in_passing(&self) -> bool {
        let exe = self.exe.known().map_or("", |exe| exe.raw().trim_end_matches(" (deleted)"));
        let program = exe.rsplit('/').next().unwrap_or_default();
        self.comm.raw().starts_with("runc:[")
            || ["/memfd:runc", "/memfd:crun"].iter().any(|start| exe.starts_with(start))
            || ["runc", "crun", "youki", "runsc"].contains(&program)
    }
}

/// Capability sets of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Caps {
    /// Kept over exec of plain files.
    pub inheritable: u64,
    /// May be made effective.
    pub permitted: u64,
    /// In force.
    pub effective: u64,
    /// May ever be regained.
    pub bounding: u64,
    /// Kept over exec without file capabilities.
    pub ambient: u64,
}

/// One row of `/proc/PID/mountinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MountInfo {
    /// `major:minor` of the device.
    pub device: Shared,
    /// Path within the file system that is mounted (field 4): the real source, also of a disguised bind.
    pub root: Outside,
    /// Where, in the container.
    pub mount_point: Outside,
    /// Per-mount options.
    pub options: Shared,
    /// Optional fields, e.g. `shared:12`.
    pub propagation: Shared,
    /// File system type.
    pub fstype: Shared,
    /// Source as the file system names it.
    pub source: Outside,
    /// Options of the file system.
    pub super_options: Shared,
}

/// Limits as the cgroup files have them, ancestors included: the smallest on the way to the root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CgroupLimits {
    /// Smallest memory limit and the path of the cgroup that sets it; none anywhere is `None`.
    pub memory: Fact<Option<(u64, String)>>,
    /// Smallest task limit and the path of the cgroup that sets it.
    pub pids: Fact<Option<(u64, String)>>,
    /// CPU quota and period in microseconds; none is `None`.
    pub cpu: Fact<Option<(u64, u64)>>,
    /// CPUs it may run on.
    pub cpuset: Fact<String>,
    /// CPU weight (v2) or shares (v1).
    pub weight: Fact<u64>,
}

/// Cgroup path by controller (v1) or under the empty key (v2).
pub type Cgroups = BTreeMap<Shared, Shared>;

/// A file of the container that decides names: read beneath its root, as a plain file of at most 64 KiB.
pub type SmallFile = Fact<Outside>;

/// Resource limits of a process by the kernel's names: (soft, hard); `None` is unlimited.
pub type Rlimits = BTreeMap<Shared, (Option<u64>, Option<u64>)>;

/// What the kernel knows of one container with processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KernelFacts {
    /// Whose.
    pub id: ContainerId,
    /// The main process these facts were read from.
    pub pid: Pid,
    /// Start time of that process in clock ticks since boot: with the pid, its identity.
    pub start_ticks: u64,
    /// Its namespaces.
    pub namespaces: Namespaces,
    /// Cgroup path by controller (v1) or under the empty key (v2), as `/proc/PID/cgroup` has it.
    pub cgroups: Fact<Cgroups>,
    /// Limits in the cgroup tree.
    pub limits: CgroupLimits,
    /// All processes in its cgroup and below.
    pub processes: Fact<Vec<Process>>,
    /// `uid_map` of the main process: (inside, outside, count).
    pub uid_map: Fact<Vec<(u32, u32, u32)>>,
    /// LSM label of the main process (`attr/apparmor/current`, `attr/current`).
    pub lsm_label: Fact<Outside>,
    /// Mounts of the main process.
    pub mounts: Fact<Vec<MountInfo>>,
    /// `/proc/PID/limits`: name to (soft, hard); `None` is unlimited.
    pub rlimits: Fact<Arc<Rlimits>>,
    /// Routes in its network namespace (from `/proc/PID/net`).
    pub routes: Fact<Vec<Route>>,
    /// `ip_forward` inside its network namespace.
    pub ip_forward: Fact<bool>,
    /// `/etc/resolv.conf` as it sees it.
    pub resolv_conf: SmallFile,
    /// `/etc/hosts` as it sees it.
    pub hosts: SmallFile,
    /// `/etc/hostname` as it sees it.
    pub hostname: SmallFile,
}
