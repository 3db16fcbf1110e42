//! Checks of the container runtime (BW-R): one file each, a `mod` line and a list line side by side.

use super::Check;

mod r001_host_root;
mod r002_apparmor;
mod r003_selinux;
mod r004_added_capabilities;
mod r005_more_than_configured;
mod r006_net_raw;
mod r007_nothing_dropped;
mod r008_privileged;
mod r009_host_path;
mod r010_runtime_socket;
mod r011_sshd;
mod r012_privileged_port;
mod r013_declared_ports;
mod r014_host_network;
mod r015_memory_limit;
mod r016_cpu_limit;
mod r017_read_only_root;
mod r018_restart_policy;
mod r019_host_pid;
mod r020_host_ipc;
mod r021_devices;
mod r022_ulimits;
mod r023_propagation;
mod r024_host_uts;
mod r025_seccomp;
mod r026_privileged_exec;
mod r027_root_exec;
mod r031_pids_limit;

/// The list.
pub const CHECKS: &[&Check] = &[
    &r001_host_root::CHECK,
    &r002_apparmor::CHECK,
    &r003_selinux::CHECK,
    &r004_added_capabilities::CHECK,
    &r005_more_than_configured::CHECK,
    &r006_net_raw::CHECK,
    &r007_nothing_dropped::CHECK,
    &r008_privileged::CHECK,
    &r009_host_path::CHECK,
    &r010_runtime_socket::CHECK,
    &r011_sshd::CHECK,
    &r012_privileged_port::CHECK,
    &r013_declared_ports::CHECK,
    &r014_host_network::CHECK,
    &r015_memory_limit::CHECK,
    &r016_cpu_limit::CHECK,
    &r017_read_only_root::CHECK,
    &r018_restart_policy::CHECK,
    &r019_host_pid::CHECK,
    &r020_host_ipc::CHECK,
    &r021_devices::CHECK,
    &r022_ulimits::CHECK,
    &r023_propagation::CHECK,
    &r024_host_uts::CHECK,
    &r025_seccomp::CHECK,
    &r026_privileged_exec::CHECK,
    &r027_root_exec::CHECK,
    &r031_pids_limit::CHECK,
];
