//! Checks of the daemon (BW-D): one file each, a `mod` line and a list line side by side.

use super::Check;

/// The list.
pub const CHECKS: &[&Check] = &[];
