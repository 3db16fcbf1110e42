//! Checks of the daemon (BW-D): one file each, a `mod` line and a list line side by side.

use super::Check;

mod d002_default_bridge;
mod d004_packet_filter;
mod d008_tcp_api;
mod d010_userns_remap;
mod d015_no_new_privileges;
mod d016_live_restore;
mod d017_userland_proxy;
mod d018_seccomp_profile;
mod d022_publish_address;

/// The list.
pub const CHECKS: &[&Check] = &[
    &d002_default_bridge::CHECK,
    &d004_packet_filter::CHECK,
    &d008_tcp_api::CHECK,
    &d010_userns_remap::CHECK,
    &d015_no_new_privileges::CHECK,
    &d016_live_restore::CHECK,
    &d017_userland_proxy::CHECK,
    &d018_seccomp_profile::CHECK,
    &d022_publish_address::CHECK,
];
