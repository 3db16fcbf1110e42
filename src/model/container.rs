//! Containers: what the engine says of them, and what the kernel found of those no engine owns up to.

use super::{Cidr, ContainerId, Fact, Mac, NetworkId, Pid, Proto};
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Who runs a container, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The engine this console is connected to.
    Engine,
    /// No engine answers for it; the cgroup path has the shape of this runtime's (`docker`, `podman`, `containerd`,
    /// `cri-o`, `lxc`, `nspawn`).
    Unowned {
        /// The runtime that the cgroup path looks like.
        looks_like: String,
    },
    /// No engine answers for it and the path has no known shape; it was found by its network namespace.
    Unknown,
}

/// State word of a container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Processes run.
    Running,
    /// Frozen.
    Paused,
    /// The engine is waiting to start it again.
    Restarting,
    /// Never started.
    Created,
    /// It ran and ended.
    Exited,
    /// Being removed.
    Removing,
    /// Removal failed half-way.
    Dead,
    /// A word this version does not know; shown as it is, never taken for running.
    #[serde(untagged)]
    Other(String),
}

impl State {
    /// The engine's word.
    pub fn as_str(&self) -> &str {
        match self {
            State::Running => "running",
            State::Paused => "paused",
            State::Restarting => "restarting",
            State::Created => "created",
            State::Exited => "exited",
            State::Removing => "removing",
            State::Dead => "dead",
            State::Other(word) => word,
        }
    }

    /// Reads the engine's word.
    pub fn parse(word: &str) -> Self {
        match word {
            "running" => State::Running,
            "paused" => State::Paused,
            "restarting" => State::Restarting,
            "created" => State::Created,
            "exited" => State::Exited,
            "removing" => State::Removing,
            "dead" => State::Dead,
            other => State::Other(other.to_owned()),
        }
    }

    /// True when processes of it exist (running or frozen).
    pub fn has_processes(&self) -> bool {
        matches!(self, State::Running | State::Paused)
    }
}

/// Health as the engine's health check sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `starting`, `healthy`, `unhealthy`, or a word this version does not know.
    pub status: String,
    /// Consecutive failures; absent when only the list was read.
    pub failing_streak: Option<u64>,
    /// Output of the last probe, at most 4 KiB.
    pub last_output: Option<Outside>,
    /// When the last probe ended.
    pub last_at: Option<Timestamp>,
}

/// Membership in a compose project, from the labels compose sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compose {
    /// Label `com.docker.compose.project`.
    pub project: Outside,
    /// Label `com.docker.compose.service`.
    pub service: Option<Outside>,
}

/// How the container gets its network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkMode {
    /// Interfaces of its own on one or several networks (`bridge`, `default`, or a network's name).
    Networks,
    /// The host's network namespace.
    Host,
    /// A namespace of its own with nothing but loopback.
    None,
    /// The namespace of another container.
    Container(ContainerId),
    /// Not known (the engine is away).
    Unknown,
}

/// One attachment of a container to an engine network (`NetworkSettings.Networks.*`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// Name of the network, as the engine keys it.
    pub network: Outside,
    /// Id of the network; absent for a container that was never started.
    pub network_id: Option<NetworkId>,
    /// Endpoint id; absent when not running.
    pub endpoint_id: Option<String>,
    /// IPv4 address with prefix.
    pub ipv4: Option<Cidr>,
    /// IPv6 address with prefix.
    pub ipv6: Option<Cidr>,
    /// IPv4 gateway.
    pub gateway: Option<IpAddr>,
    /// IPv6 gateway.
    pub gateway6: Option<IpAddr>,
    /// Hardware address.
    pub mac: Option<Mac>,
    /// Aliases asked for; below API 1.45 the short id is among them.
    pub aliases: Vec<Outside>,
    /// All names that the embedded DNS answers for this endpoint; from API 1.44, else empty.
    pub dns_names: Vec<Outside>,
    /// `target:alias` links of this endpoint.
    pub links: Vec<Outside>,
    /// Static addresses asked for.
    pub requested: Option<String>,
    /// Which network's gateway is the default route, highest first (`GwPriority`, from API 1.48); absent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway_priority: Option<i64>,
}

/// A published (or merely exposed) port, a row of `NetworkSettings.Ports`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PublishedPort {
    /// Transport.
    pub proto: Proto,
    /// Port inside the container.
    pub container_port: u16,
    /// Address bound on the host; absent means the port is only exposed, not published.
    pub host_ip: Option<IpAddr>,
    /// Port on the host; absent means not published, or routed mode when `host_ip` is there.
    pub host_port: Option<u16>,
}

/// A mount of a container as the engine lists it (`Mounts`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// `bind`, `volume`, `tmpfs`, `npipe`, `image`, `cluster`.
    pub kind: String,
    /// Volume name, if it is one.
    pub name: Option<Outside>,
    /// Path on the host.
    pub source: Option<Outside>,
    /// Path in the container.
    pub destination: Outside,
    /// Volume driver.
    pub driver: Option<String>,
    /// Mode word, e.g. `ro,z`.
    pub mode: String,
    /// Writable.
    pub rw: bool,
    /// `rprivate`, `shared`, …; empty when not said.
    pub propagation: String,
}

/// A device passed into a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Path on the host.
    pub host: Outside,
    /// Path in the container.
    pub container: Outside,
    /// Any of `r`, `w`, `m`.
    pub permissions: String,
}

/// A ulimit; −1 is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// e.g. `nofile`.
    pub name: String,
    /// Soft value.
    pub soft: i64,
    /// Hard value.
    pub hard: i64,
}

/// Restart policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RestartPolicy {
    /// `no`, `always`, `unless-stopped`, `on-failure`; empty is `no`.
    pub name: String,
    /// Meaningful with `on-failure` only; 0 is without bound.
    pub maximum_retries: i64,
}

/// A health check that is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The test, e.g. `["CMD-SHELL", "…"]`; `["NONE"]` switches the image's off.
    pub test: Vec<Outside>,
    /// Between two probes, in nanoseconds; 0 is the default of 30 s.
    pub interval_ns: i64,
    /// Failures until unhealthy; 0 is the default of 3.
    pub retries: i64,
}

/// What the engine was asked for: the parts of `Config` and `HostConfig` that a view or a check reads.
///
/// Absent options are `None` or 0 as the engine has them: `memory_bytes` 0 is "no limit".
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `Config.User`, e.g. `1000:1000`; empty is root.
    pub user: Outside,
    /// `Config.Env`, `NAME=value` each. Secrets are masked by the views, not here.
    pub env: Vec<Outside>,
    /// `Config.Entrypoint`.
    pub entrypoint: Vec<Outside>,
    /// `Config.Cmd`.
    pub cmd: Vec<Outside>,
    /// `Config.WorkingDir`.
    pub working_dir: Outside,
    /// `Config.Hostname`.
    pub hostname: Outside,
    /// `Config.Domainname`.
    pub domainname: Outside,
    /// `Config.ExposedPorts`.
    pub exposed_ports: Vec<(u16, Proto)>,
    /// `Config.Healthcheck`.
    pub healthcheck: Option<HealthCheck>,
    /// `Config.Tty`: the log stream has no frame headers.
    pub tty: bool,
    /// `Config.StopSignal`.
    pub stop_signal: Option<String>,
    /// `HostConfig.Privileged`.
    pub privileged: bool,
    /// `HostConfig.CapAdd`.
    pub cap_add: Vec<String>,
    /// `HostConfig.CapDrop`.
    pub cap_drop: Vec<String>,
    /// `HostConfig.SecurityOpt`.
    pub security_opt: Vec<String>,
    /// `AppArmorProfile`.
    pub apparmor_profile: String,
    /// `ProcessLabel` (SELinux).
    pub process_label: String,
    /// `HostConfig.MaskedPaths`; `None` is the engine's `null` (privileged).
    pub masked_paths: Option<Vec<String>>,
    /// `HostConfig.ReadonlyPaths`; `None` is the engine's `null` (privileged).
    pub readonly_paths: Option<Vec<String>>,
    /// `Mounts`.
    pub mounts: Vec<Mount>,
    /// `HostConfig.Binds`, `source:destination:options`.
    pub binds: Vec<Outside>,
    /// `HostConfig.Tmpfs`: path to options.
    pub tmpfs: BTreeMap<String, String>,
    /// `HostConfig.Devices`.
    pub devices: Vec<Device>,
    /// `HostConfig.DeviceCgroupRules`.
    pub device_cgroup_rules: Vec<String>,
    /// `HostConfig.DeviceRequests`, in words (GPU, CDI).
    pub device_requests: Vec<Outside>,
    /// `HostConfig.Memory`, bytes.
    pub memory_bytes: i64,
    /// `HostConfig.MemoryReservation`, bytes.
    pub memory_reservation_bytes: i64,
    /// `HostConfig.MemorySwap`, bytes; −1 is unlimited.
    pub memory_swap_bytes: i64,
    /// `HostConfig.CpuShares`.
    pub cpu_shares: i64,
    /// `HostConfig.NanoCpus`, 10⁻⁹ CPUs.
    pub nano_cpus: i64,
    /// `HostConfig.CpuQuota`, microseconds per period.
    pub cpu_quota_us: i64,
    /// `HostConfig.CpuPeriod`, microseconds.
    pub cpu_period_us: i64,
    /// `HostConfig.CpusetCpus`.
    pub cpuset_cpus: String,
    /// `HostConfig.BlkioWeight`.
    pub blkio_weight: u16,
    /// `HostConfig.PidsLimit`; `None`, 0 and −1 are no limit.
    pub pids_limit: Option<i64>,
    /// `HostConfig.Ulimits`.
    pub ulimits: Vec<Ulimit>,
    /// `HostConfig.OomKillDisable`.
    pub oom_kill_disable: bool,
    /// `HostConfig.OomScoreAdj`.
    pub oom_score_adj: i64,
    /// `HostConfig.RestartPolicy`.
    pub restart_policy: RestartPolicy,
    /// `HostConfig.ReadonlyRootfs`.
    pub readonly_rootfs: bool,
    /// `HostConfig.NetworkMode`, the engine's word.
    pub network_mode: String,
    /// `HostConfig.PidMode`.
    pub pid_mode: String,
    /// `HostConfig.IpcMode`.
    pub ipc_mode: String,
    /// `HostConfig.UTSMode`.
    pub uts_mode: String,
    /// `HostConfig.UsernsMode`.
    pub userns_mode: String,
    /// `HostConfig.CgroupnsMode`.
    pub cgroupns_mode: String,
    /// `HostConfig.CgroupParent`.
    pub cgroup_parent: String,
    /// `HostConfig.PublishAllPorts`.
    pub publish_all_ports: bool,
    /// `HostConfig.PortBindings`: what was asked for, also when the daemon discards it.
    pub port_bindings: Vec<PublishedPort>,
    /// `HostConfig.Dns`.
    pub dns: Vec<String>,
    /// `HostConfig.DnsSearch`.
    pub dns_search: Vec<String>,
    /// `HostConfig.DnsOptions`.
    pub dns_options: Vec<String>,
    /// `HostConfig.ExtraHosts`.
    pub extra_hosts: Vec<Outside>,
    /// `HostConfig.Links` (default bridge).
    pub links: Vec<Outside>,
    /// `HostConfig.VolumesFrom`.
    pub volumes_from: Vec<Outside>,
    /// `HostConfig.GroupAdd`.
    pub group_add: Vec<Outside>,
    /// `HostConfig.Sysctls`.
    pub sysctls: BTreeMap<String, String>,
    /// `HostConfig.Runtime`.
    pub runtime: String,
    /// `HostConfig.AutoRemove`.
    pub auto_remove: bool,
    /// `HostConfig.Init`.
    pub init: bool,
    /// `HostConfig.LogConfig.Type`.
    pub log_driver: String,
    /// `HostConfig.LogConfig.Config`.
    pub log_opts: BTreeMap<String, Outside>,
    /// `ResolvConfPath`: the engine's copy on the host.
    pub resolv_conf_path: Option<String>,
    /// `HostsPath`.
    pub hosts_path: Option<String>,
    /// `HostnamePath`.
    pub hostname_path: Option<String>,
    /// `NetworkSettings.SandboxKey`: path of the network namespace; stale when not running.
    pub sandbox_key: Option<String>,
    /// `GraphDriver` or storage driver name.
    pub storage_driver: String,
}

/// A running or past exec session (`exec_create` event, `GET /exec/ID/json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exec {
    /// Exec id.
    pub id: String,
    /// The command line.
    pub command: Outside,
    /// User asked for; empty is the container's.
    pub user: Outside,
    /// With every capability.
    pub privileged: bool,
    /// Still running when last read.
    pub running: bool,
    /// Process id on the host; 0 or absent when ended.
    pub pid: Option<Pid>,
}

/// One container: identity and slow-moving state. Counters are in [`super::Sample`], kernel facts in
/// [`super::KernelFacts`], both found by id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Identity.
    pub id: ContainerId,
    /// Name without the engine's leading slash; the short id when there is none; a made-up label for unowned ones.
    pub name: Outside,
    /// Who runs it.
    pub owner: Owner,
    /// Image reference as asked for.
    pub image: Outside,
    /// Image id.
    pub image_id: String,
    /// Command line, joined.
    pub command: Outside,
    /// State.
    pub state: State,
    /// The engine's sentence, e.g. `Up 3 minutes (healthy)`; empty for unowned ones.
    pub status: Outside,
    /// Health, when there is a check.
    pub health: Option<Health>,
    /// Creation.
    pub created_at: Option<Timestamp>,
    /// Last start; none when never started.
    pub started_at: Option<Timestamp>,
    /// Last end; none while running for the first time.
    pub finished_at: Option<Timestamp>,
    /// Exit code of the last run; none while running.
    pub exit_code: Option<i64>,
    /// `State.OOMKilled`.
    pub oom_killed: bool,
    /// `State.Error`, e.g. why a start failed.
    pub error: Outside,
    /// Restarts by policy; unknown until inspected.
    pub restart_count: Fact<u64>,
    /// Main process; none when not running.
    pub pid: Option<Pid>,
    /// Labels.
    pub labels: BTreeMap<String, Outside>,
    /// Compose membership.
    pub compose: Option<Compose>,
    /// Network mode.
    pub network_mode: NetworkMode,
    /// Attachments, in the engine's order of names.
    pub endpoints: Vec<Endpoint>,
    /// Ports, published and exposed.
    pub ports: Vec<PublishedPort>,
    /// What was asked for; unknown until the first inspect is in.
    pub config: Fact<Arc<Config>>,
    /// Exec sessions known of.
    pub execs: Vec<Exec>,
    /// When an inspect of it last succeeded; none before.
    pub inspected_at: Option<Timestamp>,
}

impl Container {
    /// A container of which nothing but an id and a name is known yet.
    pub fn named(id: impl Into<ContainerId>, name: impl Into<Outside>) -> Self {
        Container {
            id: id.into(),
            name: name.into(),
            owner: Owner::Engine,
            image: Outside::default(),
            image_id: String::new(),
            command: Outside::default(),
            state: State::Created,
            status: Outside::default(),
            health: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            exit_code: None,
            oom_killed: false,
            error: Outside::default(),
            restart_count: Fact::default(),
            pid: None,
            labels: BTreeMap::new(),
            compose: None,
            network_mode: NetworkMode::Unknown,
            endpoints: Vec::new(),
            ports: Vec::new(),
            config: Fact::default(),
            execs: Vec::new(),
            inspected_at: None,
        }
    }
}
