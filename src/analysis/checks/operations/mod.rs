//! Checks of the operations (BW-O): one file each, a `mod` line and a list line side by side.

use super::Check;

mod o003_crash_loop;
mod o004_unhealthy;
mod o005_oom_kills;

/// The list.
pub const CHECKS: &[&Check] = &[&o003_crash_loop::CHECK, &o004_unhealthy::CHECK, &o005_oom_kills::CHECK];
