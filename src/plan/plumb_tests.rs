//! Plans to plumb and unplumb on a small host.

use crate::analysis::testing::{HOST, Lab, every_mode, p};
use crate::analysis::{Analyst, Report};
use crate::model::*;
use crate::plan::{Ground, Plan, PlumbWish, Refusal, Session, Wish, plan};
use std::sync::Arc;

fn ask(lab: &Lab, wish: &Wish) -> Result<Plan, Refusal> {
    let snapshot = Arc::new(lab.snapshot());
    let report: Report = Analyst::new().update(&snapshot).clone();
    plan(&Ground { snapshot: &snapshot, report: &report, session: &Session::default() }, wish)
}

fn id(lab: &Lab, name: &str) -> ContainerId {
    lab.containers.iter().find(|c| c.name == *name).expect("a container").id.clone()
}

fn wish(lab: &Lab, name: &str, bridge: u32, address: &str, gateway: Option<&str>) -> PlumbWish {
    PlumbWish {
        container: id(lab, name),
        bridge: IfIndex(bridge),
        inside: None,
        address: p(address),
        gateway: gateway.map(p),
        mtu: None,
    }
}

fn words(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.op.words()).collect()
}

#[test]
fn a_container_in_mode_none_gets_an_interface_with_all_that_belongs_to_it() {
    let lab = every_mode();
    let plan = ask(&lab, &Wish::Plumb(wish(&lab, "vault", 4, "172.18.0.9/16", Some("172.18.0.1")))).expect("a plan");
    let pid = lab.containers.iter().find(|c| c.name == "vault").and_then(|c| c.pid).expect("a pid");
    let inside = format!("nsenter --net=/proc/{pid}/ns/net ip");
    assert_eq!(
        words(&plan),
        [
            format!(
                "ip link add bwp7661756c mtu 1500 type veth peer name eth0 mtu 1500 netns {pid} \
                 && ip link set dev bwp7661756c alias 'bridgewatch plumb in 203 of 7661756c7400'"
            ),
            "ip link set dev bwp7661756c master br-n10000000000".to_owned(),
            "ip link set dev bwp7661756c up".to_owned(),
            format!("{inside} addr add 172.18.0.9/16 dev eth0"),
            format!("{inside} link set dev eth0 up"),
            format!("{inside} route add default via 172.18.0.1 dev eth0"),
        ]
    );
    assert_eq!(plan.steps[0].undo[0].words(), "ip link delete dev bwp7661756c");
    assert!(plan.steps[1..].iter().all(|s| s.gone_with == Some(0) && s.undo.is_empty()));
}

#[test]
fn what_does_not_fit_is_refused_beforehand() {
    let lab = every_mode();
    let why = |wish: PlumbWish| ask(&lab, &Wish::Plumb(wish)).expect_err("refused");
    let vault = |address, gateway| wish(&lab, "vault", 4, address, gateway);
    for (wish, field, reason) in [
        (vault("10.0.0.9/16", None), "address", "in no subnet of br-n10000000000"),
        (vault("172.18.0.9/24", None), "address", "172.18.0.9/16"),
        (vault("172.18.0.2/16", None), "address", "taken by db; 172.18.0.3 is free"),
        (vault("172.18.0.1/16", None), "address", "taken by br-n10000000000"),
        (vault("172.18.0.0/16", None), "address", "the subnet itself"),
        (vault("172.18.255.255/16", None), "address", "broadcast"),
        (vault("172.18.0.9/16", Some("172.19.0.1")), "gateway", "outside of 172.18.0.0/16"),
        (vault("172.18.0.9/16", Some("172.18.0.9")), "gateway", "the address itself"),
        (PlumbWish { mtu: Some(10), ..vault("172.18.0.9/16", None) }, "mtu", "10 is not possible"),
        (PlumbWish { inside: Some("lo".into()), ..vault("172.18.0.9/16", None) }, "inside", "eth0 is free"),
        (PlumbWish { inside: Some("a b".into()), ..vault("172.18.0.9/16", None) }, "inside", "no name"),
        (PlumbWish { inside: Some("x".repeat(16)), ..vault("172.18.0.9/16", None) }, "inside", "16 bytes"),
        (PlumbWish { bridge: IfIndex(2), ..vault("172.18.0.9/16", None) }, "bridge", "not among"),
    ] {
        let refusal = why(wish);
        assert!(refusal.field == Some(field) && refusal.to_string().contains(reason), "{field}: {refusal}");
    }
    for (name, reason) in [("web", "engine gives it"), ("agent", "host's own"), ("sidecar", "plumb web")] {
        let refusal = why(wish(&lab, name, 4, "172.18.0.9/16", None));
        assert!(refusal.to_string().contains(reason), "{refusal}");
    }
}

#[test]
fn what_was_plumbed_is_taken_out_and_put_back_and_nothing_else_is() {
    let mut lab = every_mode();
    let vault = id(&lab, "vault");
    let outer = lab.link(HOST, 50, "bwp7661756c", "veth");
    outer.alias = Some(Mark::Plumb { netns: NsInode(203), owner: vault.short().to_owned() }.to_string().into());
    outer.master = Some(IfIndex(4));
    outer.peer = Some(Peer { ifindex: IfIndex(2), netns: Fact::Known(NsInode(203)) });
    let inner = lab.link(NsInode(203), 2, "eth0", "veth");
    inner.peer = Some(Peer { ifindex: IfIndex(50), netns: Fact::Known(HOST) });
    inner.addresses.push(crate::analysis::testing::address("172.18.0.9/16"));
    let unplumb =
        |container: &ContainerId, host_end| Wish::Unplumb { container: container.clone(), host_end: IfIndex(host_end) };
    let plan = ask(&lab, &unplumb(&vault, 50)).expect("a plan");
    assert_eq!(words(&plan), ["ip link delete dev bwp7661756c"]);
    let back: Vec<String> = plan.steps[0].undo.iter().map(|op| op.words()).collect();
    assert_eq!(back.len(), 5, "{back:?}");
    assert!(back[3].ends_with("addr add 172.18.0.9/16 dev eth0"));
    let web = id(&lab, "web");
    assert!(ask(&lab, &unplumb(&web, 50)).expect_err("refused").why.contains("is of vault"));
    assert!(ask(&lab, &unplumb(&web, 11)).expect_err("refused").why.contains("was not plumbed"));
    assert!(ask(&lab, &unplumb(&web, 99)).expect_err("refused").why.contains("gone"));
}
