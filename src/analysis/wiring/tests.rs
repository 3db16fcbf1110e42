//! One small host per network mode; what is joined, and what must not be.

use super::*;
use crate::analysis::testing::{HOST, Lab, every_mode};
use crate::model::{Config, Fact, FdbEntry, GapKind, Locality, Peer, State};
use std::sync::Arc;

fn names(snapshot: &Snapshot, ids: &[ContainerId]) -> Vec<String> {
    ids.iter().filter_map(|id| snapshot.container(id)).map(|c| c.name.raw().to_owned()).collect()
}

fn network_name(snapshot: &Snapshot, attachment: &Attachment) -> Option<String> {
    let id = attachment.network.as_ref()?;
    snapshot.networks.iter().find(|n| n.id == *id).map(|n| n.name.raw().to_owned())
}

#[test]
fn k13_every_mode_is_followed_to_the_wire() {
    let snapshot = every_mode().snapshot();
    let wiring = Wiring::build(&snapshot);
    let seen: Vec<_> = wiring
        .attachments
        .iter()
        .map(|a| (a.link.0.0, a.outer.map(|o| o.1.0), a.bridge.map(|b| b.1.0), network_name(&snapshot, a)))
        .collect();
    let some = |s: &str| Some(s.to_owned());
    assert_eq!(
        seen,
        [
            (201, Some(11), Some(3), some("bridge")),
            (202, Some(21), Some(4), some("n1")),
            (202, Some(23), Some(5), some("n2")),
            (204, Some(2), None, some("lan")),
            (300, Some(41), Some(40), None),
        ]
    );
    assert_eq!(names(&snapshot, &wiring.by_netns[&NsInode(201)]), ["web", "sidecar"]);
    assert_eq!(names(&snapshot, &wiring.by_netns[&HOST]), ["agent"]);
    assert_eq!(wiring.owner_of(&snapshot, HOST), None);
}

#[test]
fn t01_a_host_veth_leads_to_its_container_and_an_uplink_to_none() {
    let snapshot = every_mode().snapshot();
    let wiring = Wiring::build(&snapshot);
    let owner = wiring.container_of((HOST, IfIndex(23))).and_then(|id| snapshot.container(id));
    assert_eq!(owner.map(|c| c.name.raw()), Some("db"));
    assert_eq!(wiring.container_of((HOST, IfIndex(2))), None, "the parent of a macvlan is nobody's host end");
    assert_eq!(wiring.container_of((HOST, IfIndex(41))), None);
}

#[test]
fn the_owner_of_a_sandbox_comes_first_whatever_its_id() {
    let mut lab = every_mode();
    lab.containers.iter_mut().for_each(|c| {
        if c.name == "sidecar" {
            c.id = "0000".into();
        }
    });
    lab.kernel[1].id = "0000".into();
    let snapshot = lab.snapshot();
    assert_eq!(names(&snapshot, &Wiring::build(&snapshot).by_netns[&NsInode(201)])[0], "web");
}

/// Takes away what needs rights: namespaces of containers, their links, and the namespaces behind veths.
fn blinded(mut lab: Lab) -> Lab {
    lab.links.retain(|l| l.netns == HOST);
    for link in &mut lab.links {
        if let Some(peer) = &mut link.peer {
            *peer = Peer { ifindex: peer.ifindex, netns: Fact::unknown(GapKind::Permission, "no") };
        }
    }
    for facts in &mut lab.kernel {
        facts.namespaces.clear();
    }
    lab
}

#[test]
fn k01_without_rights_one_candidate_is_proof() {
    let snapshot = blinded(every_mode()).snapshot();
    let wiring = Wiring::build(&snapshot);
    let owner = wiring.container_of((HOST, IfIndex(11))).and_then(|id| snapshot.container(id));
    assert_eq!(owner.map(|c| c.name.raw()), Some("web"));
    assert_eq!(wiring.container_of((HOST, IfIndex(41))), None, "the port of a bridge of no network stays unknown");
}

#[test]
fn k01_without_rights_two_candidates_stay_unknown_until_a_frame_was_seen() {
    let mut lab = every_mode();
    let bridge = lab.networks[0].id.clone();
    let other = lab.container("other", Some(NsInode(205)));
    lab.veth(&other, NsInode(205), 51, 3, &bridge, "172.17.0.3/16");
    let mac = lab.links.last().expect("eth0 of other").mac.clone();
    let mut lab = blinded(lab);
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    assert_eq!(wiring.container_of((HOST, IfIndex(11))), None);
    assert_eq!(wiring.container_of((HOST, IfIndex(51))), None);
    lab.fdb.push(FdbEntry {
        netns: HOST,
        bridge: Some(IfIndex(3)),
        port: IfIndex(51),
        mac,
        vlan: None,
        dst: None,
        state: "learned".into(),
    });
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    assert_eq!(wiring.container_of((HOST, IfIndex(51))), Some(&other));
    assert!(wiring.container_of((HOST, IfIndex(11))).is_some(), "the other one is then the only one left");
}

#[test]
fn k01_a_sandbox_that_is_mounted_under_its_name_is_proof() {
    let mut lab = every_mode();
    lab.kernel.iter_mut().for_each(|k| k.namespaces.clear());
    for netns in lab.netns.iter_mut().filter(|n| n.inode == NsInode(201)) {
        netns.names.push("/run/docker/netns/0123456789ab".into());
    }
    let key = Some("/var/run/docker/netns/0123456789ab".to_owned());
    let config = Config { sandbox_key: key, ..Config::default() };
    lab.containers[0].config = Fact::Known(Arc::new(config));
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    assert_eq!(wiring.container_of((HOST, IfIndex(11))), Some(&lab.containers[0].id));
    lab.containers[0].state = State::Exited;
    let wiring = Wiring::build(&lab.snapshot());
    assert!(!wiring.by_netns.contains_key(&NsInode(201)), "a stopped container has a stale key");
}

#[test]
fn the_default_bridge_without_a_gateway_is_known_by_its_subnet() {
    let mut lab = every_mode();
    lab.host.daemon = Fact::default();
    lab.netns.iter_mut().for_each(|n| n.is_engine = None);
    lab.networks[0].pools[0].gateway = None;
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    let network = snapshot.networks.iter().find(|n| n.name == "bridge").expect("bridge");
    assert_eq!(wiring.device_of.get(&network.id), Some(&(HOST, IfIndex(3))));
    lab.networks[0].pools[0].subnet = "10.0.0.0/8".parse().expect("cidr");
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    let network = snapshot.networks.iter().find(|n| n.name == "bridge").expect("bridge");
    assert_eq!(wiring.device_of.get(&network.id), None, "another engine's docker0");
    assert_eq!(wiring.lacks_device(&snapshot, network), Some(false), "what has the name is not called missing");
}

#[test]
fn a_remote_engine_is_not_joined_with_devices_of_this_host() {
    let mut lab = every_mode();
    lab.host.locality = Locality::Unproven { reason: "tcp://".into() };
    let wiring = Wiring::build(&lab.snapshot());
    assert!(wiring.device_of.is_empty());
}

#[test]
fn two_networks_on_one_parent_are_told_apart_by_address() {
    let mut lab = every_mode();
    lab.network("2b", "lan2", "macvlan", Some("198.18.0.0/24"));
    lab.networks.last_mut().expect("lan2").options.insert("parent".into(), "eth0".into());
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    assert!(!wiring.network_of.contains_key(&(HOST, IfIndex(2))));
    let camera = wiring.attachments.iter().find(|a| a.link.0 == NsInode(204)).expect("camera");
    assert_eq!(network_name(&snapshot, camera).as_deref(), Some("lan"));
}

#[test]
fn the_order_of_the_input_changes_nothing() {
    let lab = every_mode();
    let wiring = Wiring::build(&lab.snapshot());
    let mut snapshot = lab.snapshot();
    Arc::make_mut(&mut snapshot.networks).reverse();
    assert_eq!(Wiring::build(&snapshot), wiring);
}

#[test]
fn a_macvlan_on_a_veth_is_not_its_other_end() {
    let mut lab = every_mode();
    for link in lab.links.iter_mut().filter(|l| l.netns == HOST && l.ifindex == IfIndex(2)) {
        link.kind = "veth".into();
        link.peer = Some(Peer { ifindex: IfIndex(2), netns: Fact::Known(NsInode(400)) });
    }
    let snapshot = lab.snapshot();
    let wiring = Wiring::build(&snapshot);
    assert_eq!(wiring.attachment((HOST, IfIndex(2))).map(|a| a.link), Some((NsInode(400), IfIndex(2))));
    assert_eq!(wiring.container_of((HOST, IfIndex(2))), None);
}
