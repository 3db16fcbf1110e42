//! What an operator finds in this view.

use super::*;
use crate::views::testing::{Stage, furnished, list, page, snapshots, stage};

#[test]
fn engine_networks_and_other_bridges_stand_apart() {
    let stage = stage();
    let text = list(&Networks, &stage.scene(), &["name", "driver", "device", "subnet", "members"]);
    let manual = text.find("br-manual | bridge").expect("the bridge that no engine made");
    let heading = text.find(rows::BRIDGES).expect("its heading");
    assert!(
        heading < manual && text.find("n1 | bridge | br-n10000000000 | 172.18.0.0/16 | 1").expect("n1") < heading,
        "{text}"
    );
    assert!(text.contains("lan | macvlan | eth0"), "{text}");
}

#[test]
fn a_bridge_named_like_the_engines_is_the_engines_while_it_is_away() {
    let mut lab = furnished();
    lab.networks.clear();
    let (before, next) = snapshots(&lab);
    let answering = Stage::of(before.clone(), next.clone());
    let columns = &["name", "driver"];
    assert!(!list(&Networks, &answering.scene(), columns).contains(rows::AWAY));
    let down = |mut snapshot: crate::model::Snapshot| {
        for source in std::sync::Arc::make_mut(&mut snapshot.sources) {
            source.state = crate::model::SourceState::Down;
        }
        snapshot
    };
    let stage = Stage::of(down(before), down(next));
    let text = list(&Networks, &stage.scene(), columns);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words} in {text}"));
    assert!(at(rows::AWAY) < at("docker0") && at("docker0") < at(rows::BRIDGES), "{text}");
    assert!(at(rows::BRIDGES) < at("br-manual"), "{text}");
    let page = page(&Networks, &stage.scene(), "docker0", "summary", 100);
    assert!(page.contains("the engine, by its name"), "{page}");
}

#[test]
fn t03_what_is_on_a_bridge() {
    let stage = stage();
    let scene = stage.scene();
    let row = Networks
        .rows(&scene)
        .into_iter()
        .find(|r| matches!(&r.item, Item::Network(id) if network(&scene, id).is_some_and(|n| n.name == "bridge")))
        .expect("docker0's network");
    let tab = Networks.tabs(&scene, &row.item).into_iter().find(|t| t.id == "bridge").expect("a bridge tab");
    let Content::Page(lines) = Networks.tab(&scene, &row.item, &tab, 100) else { panic!("a page") };
    let text = crate::views::testing::text(&lines);
    for part in [
        "8000.0242ac110001",
        "stp",
        "veth11",
        "web",
        "172.17.0.2/16",
        "learned",
        "forwarding database",
        "the engine, for network bridge",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let text = page(&Networks, &scene, "br-manual", "summary", 100);
    assert!(text.contains("vm-side") && text.contains("no engine answers for it"), "{text}");
}

#[test]
fn t13_subnets_their_use_and_overlaps_from_the_first_row() {
    let stage = stage();
    let text = page(&Networks, &stage.scene(), rows::ENGINE, "summary", 100);
    assert!(text.lines().any(|l| l.starts_with("n1 ") && l.contains("172.18.0.0/16")), "{text}");
    assert!(text.contains("default pools of the engine"), "{text}");
}

#[test]
fn t16_leftovers_from_the_first_row() {
    let mut lab = furnished();
    lab.links.retain(|l| l.name != "br-n20000000000");
    let (before, next) = snapshots(&lab);
    let stage = Stage::of(before, next);
    let text = page(&Networks, &stage.scene(), rows::ENGINE, "summary", 100);
    let list = list(&Networks, &stage.scene(), &["name", "notes"]);
    assert!(text.contains("left over") && text.contains("n2"), "{text}");
    assert!(list.lines().any(|l| l.trim().starts_with("n2 | ▲")), "{list}");
}
