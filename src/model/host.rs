//! The host, its engine, and what this process may read.

use super::{Fact, NsInode, Pid, Proxy};
use crate::text::Outside;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Layout of the control groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CgroupVersion {
    /// Controllers in separate hierarchies.
    V1,
    /// One hierarchy.
    V2,
    /// Version 1 controllers beside a unified hierarchy without them.
    Hybrid,
}

impl CgroupVersion {
    /// `v1`, `v2` or `hybrid`.
    pub fn as_str(self) -> &'static str {
        match self {
            CgroupVersion::V1 => "v1",
            CgroupVersion::V2 => "v2",
            CgroupVersion::Hybrid => "hybrid",
        }
    }
}

/// What this process is allowed to do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Rights {
    /// Effective uid.
    pub uid: u32,
    /// User name, or the uid as text.
    pub user: Outside,
    /// Effective capabilities, bit n is capability n.
    pub capabilities: u64,
    /// `/proc` is mounted with `hidepid`.
    pub hidepid: bool,
}

impl Rights {
    /// True when capability number `bit` is effective.
    pub fn has(&self, bit: u32) -> bool {
        self.capabilities & (1 << bit) != 0
    }
}

/// Where the engine's endpoint was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Endpoint {
    /// The address, e.g. `unix:///var/run/docker.sock`.
    pub url: String,
    /// What named it: `--host`, `--context NAME`, `DOCKER_HOST`, `DOCKER_CONTEXT`, `current context NAME`, `default`.
    pub origin: String,
}

/// The engine: `/version` and `/info`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Engine {
    /// `Docker`, `Podman`, or the platform's name.
    pub product: String,
    /// Version of the engine.
    pub version: String,
    /// API version it speaks.
    pub api_version: String,
    /// Oldest API version it speaks.
    pub min_api_version: String,
    /// Versions of components (`containerd`, `runc`).
    pub components: BTreeMap<String, String>,
    /// `info.ID`: another value is another engine.
    pub id: String,
    /// `info.Name`.
    pub host_name: Outside,
    /// `info.OperatingSystem`.
    pub operating_system: Outside,
    /// `info.KernelVersion`.
    pub kernel: String,
    /// `info.CgroupDriver`.
    pub cgroup_driver: String,
    /// `info.CgroupVersion`.
    pub cgroup_version: String,
    /// `info.Driver` (storage).
    pub storage_driver: String,
    /// `info.LoggingDriver`.
    pub logging_driver: String,
    /// `info.DockerRootDir`.
    pub root_dir: String,
    /// `info.SecurityOptions`, e.g. `name=seccomp,profile=default`.
    pub security_options: Vec<String>,
    /// `info.Warnings`.
    pub warnings: Vec<Outside>,
    /// `info.LiveRestoreEnabled`.
    pub live_restore: bool,
    /// `info.Swarm.LocalNodeState`.
    pub swarm_state: String,
    /// `info.DefaultRuntime`.
    pub default_runtime: String,
    /// `info.FirewallBackend.Driver`; empty below API 1.49.
    pub firewall_backend: String,
    /// `info.DefaultAddressPools`, (base, size).
    pub address_pools: Vec<(String, u32)>,
    /// `info.Debug`.
    pub debug: bool,
    /// `info.ExperimentalBuild`: its experimental features are on.
    pub experimental: bool,
    /// `info.Plugins.Network`: drivers of networks that it knows.
    pub network_drivers: Vec<String>,
    /// `info.NCPU`.
    pub cpus: u32,
    /// `info.MemTotal`, bytes.
    pub memory_bytes: u64,
}

/// The engine's daemon as a process on this host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Daemon {
    /// Process id.
    pub pid: Option<Pid>,
    /// Its arguments, the program first.
    pub args: Vec<Outside>,
    /// Its network namespace.
    pub net_ns: Fact<NsInode>,
    /// Path and parsed content of daemon.json; `Known(None)` when there is no such file.
    pub config_file: Fact<Option<(String, serde_json::Value)>>,
    /// TCP addresses it listens on.
    pub tcp_listeners: Fact<Vec<String>>,
    /// Proxies of published ports that it started.
    pub proxies: Fact<Vec<Proxy>>,
}

/// Whether the engine's containers are processes of this kernel.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locality {
    /// Not decided yet.
    #[default]
    NotYet,
    /// Proven, and how.
    Local {
        /// The proof in words.
        proof: String,
    },
    /// Not proven, and why.
    Unproven {
        /// The reason in words.
        reason: String,
    },
}

/// Facts about the host that rarely change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub name: Outside,
    /// Kernel release.
    pub kernel: String,
    /// Distribution (`PRETTY_NAME`).
    pub distribution: Outside,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// Online CPUs.
    pub cpus: u32,
    /// Memory, bytes.
    pub memory_bytes: u64,
    /// Layout of control groups.
    pub cgroup_version: Fact<CgroupVersion>,
    /// What this process may do.
    pub rights: Rights,
    /// Namespaces of this process, by kind.
    pub namespaces: super::Namespaces,
    /// Namespaces of process 1, by kind: "the host's".
    pub init_namespaces: super::Namespaces,
    /// Active security modules: `apparmor`, `selinux`, …
    pub lsm: Fact<Vec<String>>,
    /// SELinux enforcing; none when there is no SELinux.
    pub selinux_enforcing: Option<bool>,
    /// sysctl values that views and checks read, by dotted name. An absent key was not asked for.
    pub sysctls: BTreeMap<String, Fact<String>>,
    /// Endpoint of the engine that is used or tried.
    pub endpoint: Endpoint,
    /// The engine.
    pub engine: Fact<Engine>,
    /// Its daemon process.
    pub daemon: Fact<Daemon>,
    /// Whether the engine is on this host.
    pub locality: Locality,
}

impl Default for Host {
    fn default() -> Self {
        Host {
            name: Outside::default(),
            kernel: String::new(),
            distribution: Outside::default(),
            boot_id: String::new(),
            cpus: 1,
            memory_bytes: 0,
            cgroup_version: Fact::default(),
            rights: Rights::default(),
            namespaces: BTreeMap::new(),
            init_namespaces: BTreeMap::new(),
            lsm: Fact::default(),
            selinux_enforcing: None,
            sysctls: BTreeMap::new(),
            endpoint: Endpoint::default(),
            engine: Fact::default(),
            daemon: Fact::default(),
            locality: Locality::default(),
        }
    }
}
