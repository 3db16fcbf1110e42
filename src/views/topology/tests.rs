//! What an operator finds in this view.

use super::*;
use crate::views::testing::{list, page, stage};

#[test]
fn the_picture_goes_from_the_uplink_to_the_container() {
    let stage = stage();
    let text = list(&TopologyView, &stage.scene(), &["name", "container", "address", "rx", "tx"]);
    assert!(text.contains("veth11 ⇄ eth0 | web ▲C | 172.17.0.2/16 | 1.0M | 300k"), "{text}");
    assert!(text.contains("veth23 ⇄ eth0 | db ▲M | 172.19.0.2/16"), "{text}");
    let notes = list(&TopologyView, &stage.scene(), &["name", "container", "notes"]);
    assert!(notes.lines().any(|l| l.contains("agent") && l.contains("▲ host network")), "{notes}");
    assert!(notes.lines().any(|l| l.contains("web") && l.contains("●:8080")), "{notes}");
}

#[test]
fn t01_a_veth_leads_to_its_row_and_its_path() {
    let stage = stage();
    let scene = stage.scene();
    let wanted = Subject::Link { netns: crate::analysis::testing::HOST, ifindex: crate::model::IfIndex(21) };
    let found = TopologyView.locate(&scene, &wanted).expect("a row");
    assert!(TopologyView.rows(&scene).iter().any(|row| row.subject == found));
    let text = page(&TopologyView, &scene, "veth21", "path", 78);
    assert!(text.contains("db") && text.contains("br-n10000000000") && text.contains("netns 202"), "{text}");
    let text = page(&TopologyView, &scene, "veth21", "link", 78);
    assert!(text.contains("veth peer") && text.contains("host end"), "{text}");
}
