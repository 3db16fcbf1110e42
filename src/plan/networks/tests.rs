//! Plans for networks, judged on small hosts.

use crate::analysis::Analyst;
use crate::analysis::testing::{HOST, Lab, every_mode, p};
use crate::model::*;
use crate::plan::networks::{free_address, propose_subnet};
use crate::plan::*;
use proptest::prelude::*;

fn with<T>(lab: &Lab, session: &Session, work: impl FnOnce(&Ground<'_>) -> T) -> T {
    let (analyst, snapshot) = (Analyst::new(), lab.snapshot());
    work(&Ground { snapshot: &snapshot, report: analyst.report(), session })
}

fn planned(lab: &Lab, wish: &Wish) -> Result<Plan, Refusal> {
    with(lab, &Session::default(), |ground| plan(ground, wish))
}

fn container(lab: &Lab, name: &str) -> ContainerId {
    lab.containers.iter().find(|c| c.name == name).expect("a container").id.clone()
}

fn network(lab: &Lab, name: &str) -> NetworkId {
    lab.networks.iter().find(|n| n.name == name).expect("a network").id.clone()
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.op.words()).collect()
}

fn undo_lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().rev().flat_map(|step| step.undo.iter().map(Op::words)).collect()
}

fn spec(name: &str, subnet: &str) -> NetworkSpec {
    let pool = PoolSpec { subnet: p(subnet), gateway: None, range: None, reserved: Default::default() };
    NetworkSpec { name: name.into(), pools: vec![pool], ..NetworkSpec::default() }
}

fn engine(lab: &mut Lab, api: &str) {
    lab.host.engine = Fact::Known(Engine {
        product: "Docker".into(),
        api_version: api.into(),
        id: "E".into(),
        network_drivers: ["bridge", "host", "ipvlan", "macvlan", "null", "overlay"].map(str::to_owned).to_vec(),
        ..Engine::default()
    });
}

fn version(lab: &mut Lab, version: &str) {
    let Fact::Known(engine) = &mut lab.host.engine else { panic!("an engine") };
    engine.version = version.into();
}

#[test]
fn a_network_and_its_members_are_one_row() {
    let lab = every_mode();
    let mut wish = spec("back", "10.9.0.0/24");
    wish.internal = true;
    let endpoint = EndpointSpec { ipv4: Some(p("10.9.0.5")), ..EndpointSpec::default() };
    wish.members.push(Joining { container: container(&lab, "db"), endpoint });
    let plan = planned(&lab, &Wish::CreateNetwork(wish)).expect("a plan");
    assert_eq!(
        lines(&plan),
        [
            "docker network create --driver bridge --subnet 10.9.0.0/24 --internal back",
            "docker network connect --ip 10.9.0.5 back db"
        ]
    );
    assert_eq!(undo_lines(&plan), ["docker network disconnect back db", "docker network rm back"]);
    assert_eq!(plan.rows, ["back"]);
    assert!(plan.identities.contains(&Identity::NoNetwork { name: "back".into() }));
}

#[test]
fn wrong_networks_are_refused_with_the_field_and_the_way_out() {
    let mut lab = every_mode();
    engine(&mut lab, "1.41");
    lab.link(HOST, 60, "wg0", "wireguard").addresses.push(crate::analysis::testing::address("10.8.0.1/24"));
    let change = |set: fn(&mut NetworkSpec)| {
        let mut wish = spec("back", "10.9.0.0/24");
        set(&mut wish);
        wish
    };
    let option = |key: &str, value: &str| {
        let mut wish = spec("back", "10.9.0.0/24");
        wish.options.insert(key.into(), value.into());
        wish
    };
    let on = |driver: &str, parent: &str| NetworkSpec { driver: driver.into(), ..option("parent", parent) };
    for (wish, field, words) in [
        (change(|w| w.name = "n1".into()), "name", "there is a network of that name"),
        (change(|w| w.name = "a b".into()), "name", "no name for a network"),
        (change(|w| w.name = "host".into()), "name", "keeps that name"),
        (change(|w| w.driver = "weave".into()), "driver", "this engine has bridge, ipvlan"),
        (change(|w| w.driver = "overlay".into()), "driver", "needs a swarm"),
        (spec("back", "10.9.0.5/24"), "subnet", "the subnet is 10.9.0.0/24"),
        (spec("back", "10.9.0.0/31"), "subnet", "no room"),
        (spec("back", "127.0.0.0/24"), "subnet", "no container can have"),
        (spec("back", "172.18.5.0/24"), "subnet", "overlaps network n1"),
        (spec("back", "192.0.2.0/25"), "subnet", "overlaps"),
        (spec("back", "10.8.0.0/16"), "subnet", "overlaps wg0"),
        (change(|w| w.pools[0].gateway = Some(p("10.8.0.1"))), "gateway", "is not in 10.9.0.0/24; 10.9.0.1"),
        (change(|w| w.pools[0].gateway = Some(p("10.9.0.255"))), "gateway", "no address of an interface"),
        (change(|w| w.pools[0].range = Some(p("10.8.0.0/25"))), "ip-range", "is not within"),
        (change(|w| w.pools[0].reserved = [("x".into(), p("10.9.0.1"))].into()), "aux-address", "the gateway"),
        (change(|w| w.pools.push(w.pools[0].clone())), "subnet", "one IPv4"),
        (change(|w| w.ipv6 = true), "subnet", "no IPv6 subnets to give; fd"),
        (option("com.docker.network.driver.mtu", "12"), "mtu", "no MTU"),
        (option("com.docker.network.bridge.enable_icc", "maybe"), "opt", "true or false"),
        (option("com.docker.network.bridge.name", "docker0"), "bridge-name", "already"),
        (option("com.docker.network.bridge.name", "a-name-far-too-long"), "bridge-name", "15"),
        (on("macvlan", "eth7"), "parent", "no interface eth7"),
        (on("macvlan", "eth0"), "parent", "parent of network lan already"),
        (on("macvlan", "eth0.5000"), "parent", "no VLAN"),
        (on("ipvlan", "lo"), "parent", "loopback"),
    ] {
        let refusal = planned(&lab, &Wish::CreateNetwork(wish)).expect_err(words);
        assert_eq!(refusal.field, Some(field), "{refusal}");
        assert!(refusal.to_string().contains(words), "{words}: {refusal}");
    }
    let plan = planned(&lab, &Wish::CreateNetwork(on("macvlan", "eth0.10"))).expect("a VLAN of eth0");
    assert!(plan.notes.iter().any(|n| n.contains("VLAN 10 of eth0")), "{:?}", plan.notes);
}

#[test]
fn a_subnet_that_would_swallow_the_operator_is_refused() {
    let lab = every_mode();
    let session = Session::read(Some("203.0.113.7 50000 192.0.2.10 22"), None);
    let wish = Wish::CreateNetwork(spec("back", "203.0.113.0/24"));
    let refusal = with(&lab, &session, |ground| plan(ground, &wish)).expect_err("the operator is there");
    assert!(refusal.why.contains("your SSH session"), "{refusal}");
    planned(&lab, &wish).expect("without a session nobody is there");
}

fn connect(lab: &Lab, to: &str, who: &str, endpoint: EndpointSpec) -> Result<Plan, Refusal> {
    let members = vec![Joining { container: container(lab, who), endpoint }];
    planned(lab, &Wish::Connect { network: network(lab, to), members })
}

#[test]
fn joining_is_checked_against_the_network_and_the_engine() {
    let mut lab = every_mode();
    engine(&mut lab, "1.41");
    let with_ip = |ip: &str| EndpointSpec { ipv4: Some(p(ip)), ..EndpointSpec::default() };
    let free = EndpointSpec::default;
    for (to, who, endpoint, words) in [
        ("n1", "db", free(), "on that network already"),
        ("n1", "agent", free(), "host's network"),
        ("n1", "sidecar", free(), "connect or disconnect that one"),
        ("n1", "vault", free(), "plumb"),
        ("host", "web", free(), "no network that a container joins"),
        ("n1", "web", with_ip("172.18.0.2"), "taken by db; the next free address is 172.18.0.3"),
        ("n1", "web", with_ip("172.18.0.1"), "the gateway's"),
        ("n1", "web", with_ip("172.19.0.5"), "not in the subnet; an address in 172.18.0.0/16"),
        ("n1", "web", with_ip("172.18.255.255"), "no address of a container"),
        ("bridge", "db", with_ip("172.17.0.9"), "default bridge"),
        ("n1", "web", EndpointSpec { ipv6: Some(p("fd00::5")), ..free() }, "no IPv6 subnet"),
        (
            "n1",
            "web",
            EndpointSpec { mac: Some(p("02:42:00:00:00:05")), ..free() },
            "API 1.44; this engine speaks 1.41",
        ),
        ("n1", "web", EndpointSpec { gateway_priority: Some(5), ..free() }, "API 1.48"),
        ("n1", "web", EndpointSpec { aliases: vec!["a b".into()], ..free() }, "is no name"),
        ("n1", "web", EndpointSpec { links: vec!["ghost:g".into()], ..free() }, "no container ghost"),
    ] {
        let refusal = connect(&lab, to, who, endpoint).expect_err(words);
        assert!(refusal.to_string().contains(words), "{words}: {refusal}");
    }
    let plan = connect(&lab, "n1", "web", with_ip("172.18.0.9")).expect("a plan");
    assert_eq!(lines(&plan), ["docker network connect --ip 172.18.0.9 n1 web"]);
    assert_eq!(undo_lines(&plan), ["docker network disconnect n1 web"]);
    engine(&mut lab, "1.44");
    let with_mac = || EndpointSpec { mac: Some(p("02:42:00:00:00:05")), ..free() };
    connect(&lab, "n1", "web", with_mac()).expect("1.44 can");
    version(&mut lab, "26.1.5+dfsg1");
    let refusal = connect(&lab, "n1", "web", with_mac()).expect_err("takes it and does not heed it");
    assert!(refusal.why.contains("29.3") && refusal.field == Some("mac"), "{refusal}");
    version(&mut lab, "29.3.0");
    connect(&lab, "n1", "web", with_mac()).expect("heeds it");
}

#[test]
fn a_hardware_address_that_undo_can_not_give_back_is_told() {
    let mut lab = every_mode();
    engine(&mut lab, "1.45");
    let leave = |lab: &Lab| {
        let (of, networks) = (vec![container(lab, "db")], vec![network(lab, "n1")]);
        planned(lab, &Wish::Disconnect { of, networks, force: true }).expect("a plan")
    };
    let joined = |lab: &mut Lab, mac: &str| {
        let db = lab.containers.iter_mut().find(|c| c.name == "db").expect("db");
        db.endpoints.iter_mut().for_each(|e| (e.mac, e.ipv4) = (Some(p(mac)), Some(p("172.18.0.2/16"))));
    };
    let told = |plan: &Plan| plan.notes.iter().any(|note| note.contains("another hardware address"));
    let given = |plan: &Plan| {
        plan.steps
            .iter()
            .any(|s| matches!(&s.undo[..], [Op::Engine(EngineOp::Connect { endpoint, .. })] if endpoint.mac.is_some()))
    };
    for (engine, mac, is_told, is_given) in [
        ("26.1.5", "02:42:ac:12:00:02", false, false),
        ("26.1.5", "02:42:aa:bb:cc:09", true, false),
        ("28.0.0", "02:42:ac:12:00:02", true, false),
        ("29.3.1", "02:42:aa:bb:cc:09", false, true),
    ] {
        version(&mut lab, engine);
        joined(&mut lab, mac);
        let plan = leave(&lab);
        assert_eq!((told(&plan), given(&plan)), (is_told, is_given), "{engine} {mac}: {:?}", plan.notes);
    }
}

#[test]
fn two_that_join_at_once_do_not_get_one_address() {
    let lab = every_mode();
    let endpoint = EndpointSpec { ipv4: Some(p("172.19.0.7")), ..EndpointSpec::default() };
    let member = |who: &str| Joining { container: container(&lab, who), endpoint: endpoint.clone() };
    let members = vec![member("web"), member("camera")];
    let plan = planned(&lab, &Wish::Connect { network: network(&lab, "n2"), members }).expect("one can");
    assert_eq!(plan.rows, ["web"]);
    assert!(plan.left_out[0].why.contains("taken by web"), "{:?}", plan.left_out);
}

#[test]
fn leaving_is_taken_back_with_address_aliases_and_links() {
    let mut lab = every_mode();
    let db = lab.containers.iter_mut().find(|c| c.name == "db").expect("db");
    let short = db.id.short().to_owned();
    db.endpoints[0].aliases = vec!["store".into(), short.as_str().into()];
    db.endpoints[0].links = vec!["web:w".into()];
    db.config = Fact::default();
    let wish = Wish::Disconnect { of: vec![container(&lab, "db")], networks: vec![network(&lab, "n1")], force: false };
    let refusal = planned(&lab, &wish).expect_err("refused");
    assert!(refusal.why.contains("not read yet") && refusal.field == Some("force"), "{refusal:?}");
    let db = lab.containers.iter_mut().find(|c| c.name == "db").expect("db");
    db.config = Fact::Known(std::sync::Arc::default());
    let plan = planned(&lab, &wish).expect("a plan");
    assert_eq!(lines(&plan), ["docker network disconnect n1 db"]);
    assert_eq!(undo_lines(&plan), ["docker network connect --ip 172.18.0.2 --alias store --link web:w n1 db"]);
    assert!(plan.affects.iter().any(|a| a.contains("network n1 is left without a member")), "{:?}", plan.affects);
    // One that does not run gets back what it had asked for.
    let db = lab.containers.iter_mut().find(|c| c.name == "db").expect("db");
    db.state = State::Exited;
    (db.endpoints[0].ipv4, db.endpoints[0].requested) = (None, Some("172.18.0.99".into()));
    let plan = planned(&lab, &wish).expect("a plan");
    assert!(undo_lines(&plan)[0].contains("--ip 172.18.0.99"), "{:?}", undo_lines(&plan));
    let all = Wish::Disconnect { of: vec![container(&lab, "db")], networks: vec![], force: false };
    assert_eq!(lines(&planned(&lab, &all).expect("a plan")).len(), 2);
    let none = Wish::Disconnect { of: vec![container(&lab, "agent")], networks: vec![], force: false };
    assert!(planned(&lab, &none).expect_err("host").why.contains("host's network"));
}

#[test]
fn a_removal_takes_members_off_and_brings_all_back_by_name() {
    let lab = every_mode();
    let plan = planned(&lab, &Wish::RemoveNetworks { of: vec![network(&lab, "n1")] }).expect("a plan");
    assert_eq!(lines(&plan), ["docker network disconnect n1 db", "docker network rm n1"]);
    assert_eq!(
        undo_lines(&plan),
        [
            "docker network create --driver bridge --subnet 172.18.0.0/16 --gateway 172.18.0.1 n1",
            "docker network connect --ip 172.18.0.2 n1 db"
        ]
    );
    assert!(matches!(&plan.risk, Risk::Grave { word, .. } if word == "n1"));
    for name in ["bridge", "host", "none"] {
        let refusal = planned(&lab, &Wish::RemoveNetworks { of: vec![network(&lab, name)] }).expect_err(name);
        assert!(refusal.why.contains("makes it itself"), "{refusal}");
    }
}

#[test]
fn a_stale_endpoint_is_one_without_a_container() {
    let mut lab = every_mode();
    let wish = |name: &str| Wish::DropStaleEndpoint { network: network(&every_mode(), "n1"), endpoint: name.into() };
    assert!(planned(&lab, &wish("db")).expect_err("there").why.contains("which is there"));
    assert!(planned(&lab, &wish("ghost")).expect_err("none").why.contains("no endpoint"));
    let n1 = lab.networks.iter_mut().find(|n| n.name == "n1").expect("n1");
    let Fact::Known(members) = &mut n1.members else { panic!("members") };
    members.push(Member {
        container: "f".repeat(64).into(),
        name: "ghost".into(),
        endpoint_id: "e".into(),
        ipv4: Some(p("172.18.0.9/16")),
        ipv6: None,
        mac: None,
    });
    let plan = planned(&lab, &wish("ghost")).expect("a plan");
    assert_eq!(lines(&plan), ["docker network disconnect --force n1 ghost"]);
}

#[test]
fn proposals_begin_with_the_engines_stock() {
    let mut lab = every_mode();
    engine(&mut lab, "1.41");
    let propose = |lab: &Lab, prefix| with(lab, &Session::default(), |ground| propose_subnet(ground, prefix));
    assert_eq!(propose(&lab, 16).map(|c| c.to_string()).as_deref(), Some("172.20.0.0/16"));
    assert_eq!(propose(&lab, 24).map(|c| c.to_string()).as_deref(), Some("172.20.0.0/24"));
    let v6 = propose(&lab, 64).expect("a unique local one");
    assert!(v6.to_string().starts_with("fd") && v6.prefix == 64, "{v6}");
    assert_eq!(propose(&lab, 31), None);
    let free = |v6| with(&lab, &Session::default(), |ground| free_address(ground, &network(&lab, "n1"), v6));
    assert_eq!(free(false), Some(p("172.18.0.3")));
    assert_eq!(free(true), None);
    lab.route("0.0.0.0/1", None, 2);
    lab.route("128.0.0.0/1", None, 2);
    assert_eq!(propose(&lab, 24), None, "a VPN that takes all leaves nothing");
}

proptest! {
    #[test]
    fn a_proposed_subnet_overlaps_nothing(
        taken in prop::collection::vec((any::<u32>(), 9u8..=30), 0..12), prefix in 12u8..=30, private in any::<bool>()
    ) {
        let mut lab = every_mode();
        engine(&mut lab, "1.41");
        for (address, length) in taken {
            let address = if private { 0xac10_0000 | (address & 0xf_ffff) } else { address };
            lab.route(&format!("{}/{length}", std::net::Ipv4Addr::from(address)), None, 2);
        }
        if let Some(subnet) = with(&lab, &Session::default(), |ground| propose_subnet(ground, prefix)) {
            prop_assert_eq!(subnet.network(), subnet.addr);
            prop_assert!(lab.routes.iter().all(|r| r.dst.is_default() || !r.dst.overlaps(&subnet)));
            planned(&lab, &Wish::CreateNetwork(spec("back", &subnet.to_string()))).expect("what is proposed is taken");
        }
    }
}
