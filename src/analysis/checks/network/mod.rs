//! Checks of the networking (BW-N): one file each, a `mod` line and a list line side by side.

use super::Check;

mod n001_every_address;
mod n002_ipv6_exposure;
mod n007_icc_not_enforced;
mod n008_forwarding;
mod n012_proxy_without_dnat;
mod n014_two_dnat_rules;
mod n015_no_listener;
mod n016_visible_listeners;
mod n017_host_listener;
mod n018_net_admin;
mod n019_pivot;

/// The list.
pub const CHECKS: &[&Check] = &[
    &n001_every_address::CHECK,
    &n002_ipv6_exposure::CHECK,
    &n007_icc_not_enforced::CHECK,
    &n008_forwarding::CHECK,
    &n012_proxy_without_dnat::CHECK,
    &n014_two_dnat_rules::CHECK,
    &n015_no_listener::CHECK,
    &n016_visible_listeners::CHECK,
    &n017_host_listener::CHECK,
    &n018_net_admin::CHECK,
    &n019_pivot::CHECK,
];
