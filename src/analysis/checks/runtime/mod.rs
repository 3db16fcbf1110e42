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
];
