//! `/proc`, `/sys` and the few files of `/etc` that tell what containers and the host are.
//!
//! All readers are synchronous and meant for a probe thread. All of them take a [`ProcRoot`], so that a directory
//! with the same layout reads like a host. Files whose bytes a container can choose (process names, command lines,
//! mount tables, socket paths) are parsed here from bytes: text that is not UTF-8 must neither hide a process nor
//! shift a field. Files that only the kernel words are left to the `procfs` crate where it has a reader.
//!
//! This room must not know the engine's API, netlink, or who shows the facts.

mod beneath;
mod cgroup_limits;
mod cgroup_paths;
pub mod daemon;
mod diag;
pub mod effective;
mod facts;
mod files;
#[cfg(test)]
mod fixture;
mod host;
mod inside;
#[cfg(test)]
mod live_tests;
mod locality;
mod mountinfo;
mod namespaces;
mod net_dev;
mod owners;
mod process;
mod proxies;
mod rights;
mod routes;
mod sockets;
mod status;
mod sysctls;

pub use cgroup_paths::{CgroupMount, CgroupMounts, locate, members, process_cgroups};
pub use daemon::{DaemonHints, find_daemon};
pub use facts::{Depth, container_facts};
pub use host::host_facts;
pub use locality::{Running, locality};
pub use mountinfo::parse_mountinfo;
pub use namespaces::{namespace, namespaces};
pub use net_dev::NetDev;
pub use owners::{Owners, assign_owners, owners};
pub use process::{all_pids, arguments, process, start_ticks};
pub use proxies::{parse_proxy, proxies};
pub use sockets::{Via, scan_listeners};
pub use sysctls::sysctls;

use crate::model::Pid;
use std::path::PathBuf;

/// Where the files are. The default is the running host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcRoot {
    /// Mount point of procfs.
    pub proc: PathBuf,
    /// Mount point of sysfs; cgroup mounts that `/proc/self/mountinfo` places under `/sys` are looked up here.
    pub sys: PathBuf,
    /// The `/etc` directory: `os-release`, `passwd`, `docker/daemon.json`.
    pub etc: PathBuf,
}

impl Default for ProcRoot {
    fn default() -> Self {
        ProcRoot { proc: "/proc".into(), sys: "/sys".into(), etc: "/etc".into() }
    }
}

impl ProcRoot {
    /// A directory that holds `proc`, `sys` and `etc`.
    pub fn under(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        ProcRoot { proc: directory.join("proc"), sys: directory.join("sys"), etc: directory.join("etc") }
    }

    /// True for the running host, where a thread can enter namespaces.
    pub fn is_live(&self) -> bool {
        self.proc == std::path::Path::new("/proc")
    }

    /// Path of a file of a process.
    pub fn of(&self, pid: Pid, file: &str) -> PathBuf {
        self.proc.join(pid.0.to_string()).join(file)
    }
}
