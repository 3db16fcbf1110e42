//! Pools and leftovers of small hosts.

use super::*;
use crate::analysis::testing::{HOST, Lab, address, every_mode, p};
use crate::model::{Engine, GapKind, IfIndex, Mac, Member, NsInode, Peer};

fn pool_of(lab: &Lab, name: &str) -> PoolUse {
    let snapshot = lab.snapshot();
    let all = pools(&snapshot, &Wiring::build(&snapshot));
    let id = &snapshot.networks.iter().find(|n| n.name == name).expect("a network").id;
    all[id][0].clone()
}

fn words(pool: &PoolUse) -> Vec<&str> {
    pool.overlaps.iter().map(|o| o.raw()).collect()
}

#[test]
fn a_pool_counts_what_can_be_handed_out_and_what_is() {
    let mut lab = every_mode();
    assert_eq!(pool_of(&lab, "n1").capacity, 65_536 - 3);
    assert_eq!(pool_of(&lab, "n1").used, Fact::Known(1));
    let lan = lab.networks.last_mut().expect("lan");
    lan.pools[0].range = Some(p("192.0.2.128/26"));
    lan.pools[0].reserved.insert("router".into(), "192.0.2.130".into());
    let lan = pool_of(&lab, "lan");
    assert_eq!((lan.capacity, lan.used.get()), (63, Some(1)), "gateway and broadcast lie outside the range");
    lab.networks[1].members = Fact::unknown(GapKind::NotYet, "not inspected");
    assert!(pool_of(&lab, "n1").used.known().is_none());
}

#[test]
fn small_and_huge_subnets_do_not_wrap() {
    let mut lab = every_mode();
    for (subnet, want) in [("10.0.0.0/31", 1), ("10.0.0.0/32", 1), ("10.0.0.0/30", 1), ("0.0.0.0/0", (1u128 << 32) - 3)]
    {
        let pool = &mut lab.networks[1].pools[0];
        pool.subnet = p(subnet);
        pool.gateway = Some(p(if want > 1 || subnet.ends_with("30") { "10.0.0.2" } else { "10.0.0.1" }));
        assert_eq!(pool_of(&lab, "n1").capacity, want, "{subnet}");
    }
    lab.networks[1].pools[0].subnet = p("::/0");
    lab.networks[1].pools[0].gateway = None;
    assert!(pool_of(&lab, "n1").capacity > 1 << 100);
}

#[test]
fn t13_overlaps_name_routes_and_networks_but_not_the_own_bridge() {
    let mut lab = every_mode();
    assert!(words(&pool_of(&lab, "n1")).is_empty(), "{:?}", pool_of(&lab, "n1"));
    assert!(words(&pool_of(&lab, "lan")).is_empty(), "the parent's subnet is the point of a macvlan");
    lab.link(HOST, 60, "tun0", "tun");
    lab.route("172.16.0.0/12", Some("10.8.0.1"), 60);
    lab.network("77", "other", "bridge", Some("172.18.128.0/24"));
    let n1 = pool_of(&lab, "n1");
    assert_eq!(words(&n1), ["network other 172.18.128.0/24", "route 172.16.0.0/12 via 10.8.0.1 dev tun0"]);
}

#[test]
fn an_address_without_a_route_overlaps_too() {
    let mut lab = every_mode();
    lab.link(HOST, 60, "virbr0", "bridge").addresses.push(address("172.19.5.1/24"));
    assert_eq!(words(&pool_of(&lab, "n2")), ["address 172.19.5.1/24 dev virbr0"]);
}

#[test]
fn the_stock_of_subnets_counts_networks_and_routes_once() {
    let mut lab = every_mode();
    lab.host.engine = Fact::Known(Engine { address_pools: vec![("10.0.0.0/8".into(), 16)], ..Engine::default() });
    lab.network("77", "a", "bridge", Some("10.1.0.0/16"));
    lab.network("78", "b", "bridge", Some("10.1.2.0/24"));
    lab.network("79", "c", "bridge", Some("10.4.0.0/15"));
    lab.route("10.8.0.0/24", None, 2);
    lab.route("10.1.0.0/16", None, 2);
    let stock = default_pools(&lab.snapshot());
    assert_eq!(stock.len(), 1);
    assert_eq!((stock[0].capacity, stock[0].used, stock[0].blocked.get()), (256, 3, Some(1)));
    assert_eq!(stock[0].free(), 252);
    lab.host.engine = Fact::Known(Engine::default());
    let builtin = default_pools(&lab.snapshot());
    assert_eq!((builtin[0].capacity, builtin[0].used, builtin[0].free()), (1, 1, 0), "docker0 has 172.17.0.0/16");
    lab.host.engine = Fact::default();
    assert!(default_pools(&lab.snapshot()).is_empty());
}

fn left(lab: &Lab) -> Vec<(String, &'static str)> {
    let snapshot = lab.snapshot();
    let found = leftovers(&snapshot, &Wiring::build(&snapshot));
    found.iter().map(|l| (l.name.raw().to_owned(), l.what)).collect()
}

#[test]
fn t16_a_tidy_host_has_no_leftovers() {
    assert_eq!(left(&every_mode()), []);
}

#[test]
fn t16_what_is_left_over_is_found() {
    let mut lab = every_mode();
    lab.link(HOST, 70, "br-dead00000000", "bridge").addresses.push(address("172.31.0.1/16"));
    lab.links.retain(|l| l.name.raw() != "br-n20000000000");
    let orphan = lab.link(HOST, 71, "veth0000001", "veth");
    orphan.master = Some(IfIndex(4));
    orphan.peer = Some(Peer { ifindex: IfIndex(5), netns: Fact::Known(NsInode(777)) });
    lab.netns(NsInode(778), &["/run/docker/netns/0123456789ab"]);
    lab.proxy(9, ("0.0.0.0", 7777), ("172.18.0.77", 77));
    let Fact::Known(members) = &mut lab.networks[1].members else { panic!("members") };
    members.push(Member {
        container: "f".repeat(64).into(),
        name: "ghost".into(),
        endpoint_id: "e".into(),
        ipv4: Some(p("172.18.0.9/16")),
        ipv6: None,
        mac: Some(Mac::default()),
    });
    let want = [
        ("br-dead00000000", "bridge without network"),
        ("n2", "network without bridge"),
        ("veth0000001", "veth without container"),
        ("docker-proxy 9", "stale proxy"),
        ("ghost", "stale endpoint"),
        ("/run/docker/netns/0123456789ab", "namespace without container"),
    ];
    assert_eq!(left(&lab), want.map(|(a, b)| (a.to_owned(), b)));
}

#[test]
fn t16_a_rule_to_nobody_is_found() {
    let mut lab = every_mode();
    let db = lab.containers.iter_mut().find(|c| c.name == "db").expect("db");
    db.endpoints.clear();
    lab.networks[1].members = Fact::Known(vec![]);
    lab.links.retain(|l| l.addresses.iter().all(|a| a.cidr != p("172.18.0.2/16")));
    assert!(left(&lab).contains(&("172.18.0.2".to_owned(), "rule without target")), "{:?}", left(&lab));
}

#[test]
fn e_an_engine_that_is_away_leaves_nothing_over() {
    let mut lab = every_mode();
    lab.link(HOST, 70, "br-dead00000000", "bridge");
    lab.networks.clear();
    lab.containers.clear();
    assert_eq!(left(&lab), []);
}
