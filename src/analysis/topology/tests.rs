//! The picture of small hosts, as indented text.

use super::*;
use crate::analysis::testing::{HOST, every_mode};
use crate::model::{Fact, IfIndex, NsInode};

fn text(topology: &Topology) -> String {
    let mut out = String::new();
    for b in &topology.branches {
        let what = match &b.node {
            Node::Uplink { .. } => "uplink",
            Node::Bridge { nat: Some(true), .. } => "nat bridge",
            Node::Bridge { nat: Some(false), .. } => "bridge",
            Node::Bridge { nat: None, .. } => "?nat bridge",
            Node::Network { .. } => "network",
            Node::Attachment { .. } => "attachment",
            Node::Guest { how, .. } => how,
            Node::Port { .. } => "port",
            Node::Heading { .. } => "heading",
        };
        let indent = "  ".repeat(b.depth.into());
        let addresses = b.addresses.join(",");
        out.push_str(&format!("{indent}{what} {} [{addresses}] {}\n", b.name.raw(), b.notes.join(", ")));
    }
    out
}

fn draw(snapshot: &Snapshot) -> String {
    text(&Topology::build(snapshot, &Wiring::build(snapshot)))
}

#[test]
fn k13_every_mode_has_its_place() {
    let want = "\
uplink eth0 [192.0.2.10/24] default via 192.0.2.1
  nat bridge docker0 [172.17.0.1/16] 
    attachment web [172.17.0.2/16] 
      joined sidecar [] 
  nat bridge br-n10000000000 [172.18.0.1/16] 
    attachment db [172.18.0.2/16] 
  bridge br-n20000000000 [172.19.0.1/16] 
    attachment db [172.19.0.2/16] 
  network lan [192.0.2.0/24] macvlan
    attachment camera [192.0.2.129/24] 
bridge br-manual [198.51.100.1/24] 
  port vm-side [] veth, to namespace 300 /run/netns/side
heading host namespace [] 
  host agent [] 
heading no network [] 
  none vault [] 
";
    assert_eq!(draw(&every_mode().snapshot()), want);
}

#[test]
fn rules_that_were_not_read_do_not_say_that_there_is_no_nat() {
    let mut lab = every_mode();
    lab.firewall = Fact::default();
    let seen = draw(&lab.snapshot());
    assert!(seen.contains("?nat bridge docker0"), "{seen}");
    assert!(!seen.contains("\n  bridge br-n2"), "{seen}");
}

#[test]
fn an_internal_network_does_not_hang_under_the_uplink() {
    let mut lab = every_mode();
    lab.networks[1].internal = true;
    let seen = draw(&lab.snapshot());
    assert!(seen.contains("\nnat bridge br-n10000000000 [172.18.0.1/16] internal"), "{seen}");
}

#[test]
fn a_network_whose_bridge_is_gone_is_pointed_out_and_members_stay() {
    let mut lab = every_mode();
    lab.links.retain(|l| l.name.raw() != "br-n20000000000");
    let seen = draw(&lab.snapshot());
    assert!(
        seen.contains("network n2 [172.19.0.0/16] bridge, device missing\n  attachment db [172.19.0.2/16]"),
        "{seen}"
    );
}

#[test]
fn a_bridge_that_carries_the_default_route_is_the_uplink_itself() {
    let mut lab = every_mode();
    for link in &mut lab.links {
        if link.netns == HOST && link.ifindex == IfIndex(2) {
            link.master = Some(IfIndex(40));
        }
    }
    lab.routes[0].oif = Some(IfIndex(40));
    let seen = draw(&lab.snapshot());
    assert!(seen.starts_with("uplink br-manual [198.51.100.1/24] default via 192.0.2.1\n  port eth0"), "{seen}");
    assert_eq!(seen.matches(" br-manual ").count(), 1, "{seen}");
}

#[test]
fn a_container_of_which_nothing_is_known_is_still_there() {
    let mut lab = every_mode();
    lab.container("mystery", None);
    lab.last().network_mode = crate::model::NetworkMode::Unknown;
    let seen = draw(&lab.snapshot());
    assert!(seen.contains("heading not known [] \n  unknown mystery"), "{seen}");
}

#[test]
fn without_rights_the_engines_word_places_a_container() {
    let mut lab = every_mode();
    lab.links.retain(|l| l.netns == HOST && l.kind != "veth");
    lab.kernel.clear();
    let seen = draw(&lab.snapshot());
    assert!(seen.contains("attachment db [172.18.0.2/16] by the engine's word"), "{seen}");
    assert!(seen.contains("attachment db [172.19.0.2/16] by the engine's word"), "{seen}");
}

#[test]
fn a_stopped_container_is_not_drawn() {
    let mut lab = every_mode();
    lab.container("gone", Some(NsInode(900)));
    lab.last().state = crate::model::State::Exited;
    lab.kernel.pop();
    assert!(!draw(&lab.snapshot()).contains("gone"));
}
