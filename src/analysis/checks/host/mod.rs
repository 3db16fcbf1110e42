//! Checks of the host (BW-H): one file each, a `mod` line and a list line side by side.

use super::Check;

mod h022_mandatory_access_control;
mod h024_cgroup_v1;
mod h025_coverage;

/// The list.
pub const CHECKS: &[&Check] = &[&h022_mandatory_access_control::CHECK, &h024_cgroup_v1::CHECK, &h025_coverage::CHECK];
