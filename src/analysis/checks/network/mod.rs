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
mod n021_promiscuous;
mod n023_ipv6_unfiltered;
mod n025_route_localnet;
mod n026_overlapping_subnets;
mod n027_duplicate_ip;
mod n028_duplicate_mac;
mod n029_differs_from_inspect;
mod n030_mtu;
mod n031_loopback_dns;
mod n033_foreign_port;
mod n037_discarded_ports;

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
    &n021_promiscuous::CHECK,
    &n023_ipv6_unfiltered::CHECK,
    &n025_route_localnet::CHECK,
    &n026_overlapping_subnets::CHECK,
    &n027_duplicate_ip::CHECK,
    &n028_duplicate_mac::CHECK,
    &n029_differs_from_inspect::CHECK,
    &n030_mtu::CHECK,
    &n031_loopback_dns::CHECK,
    &n033_foreign_port::CHECK,
    &n037_discarded_ports::CHECK,
];
