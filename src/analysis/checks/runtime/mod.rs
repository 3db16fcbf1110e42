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
mod r028_cgroup_parent;
mod r029_no_new_privileges;
mod r030_health_check;
mod r031_pids_limit;
mod r032_default_bridge;
mod r033_host_userns;
mod r034_masked_paths;
mod r035_writable_cgroup;
mod r036_host_cgroupns;
mod r037_writable_sys;
mod r038_joined_namespaces;
mod r039_secret_in_environment;
mod r040_secret_on_command_line;
mod r041_risky_sysctl;
mod r042_oom_settings;
mod r043_foreign_namespaces;
mod r044_foreign_binary;
mod r045_runtime;

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
    &r028_cgroup_parent::CHECK,
    &r029_no_new_privileges::CHECK,
    &r030_health_check::CHECK,
    &r031_pids_limit::CHECK,
    &r032_default_bridge::CHECK,
    &r033_host_userns::CHECK,
    &r034_masked_paths::CHECK,
    &r035_writable_cgroup::CHECK,
    &r036_host_cgroupns::CHECK,
    &r037_writable_sys::CHECK,
    &r038_joined_namespaces::CHECK,
    &r039_secret_in_environment::CHECK,
    &r040_secret_on_command_line::CHECK,
    &r041_risky_sysctl::CHECK,
    &r042_oom_settings::CHECK,
    &r043_foreign_namespaces::CHECK,
    &r044_foreign_binary::CHECK,
    &r045_runtime::CHECK,
];
