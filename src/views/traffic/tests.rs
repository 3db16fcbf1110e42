//! What an operator finds in this view.

use super::*;
use crate::views::testing::{list, page, stage};

#[test]
fn t05_the_busiest_wire_stands_first_and_a_pair_is_one_row() {
    let stage = stage();
    let scene = stage.scene();
    let text = list(&Traffic, &scene, &["name", "of", "network", "rx", "tx"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("eth0 | this namespace") && lines[0].ends_with("1.2M | 340k"), "{text}");
    assert_eq!(lines[1], "eth0 ⇄ veth11 | web +1 | bridge | 1.0M | 300k", "{text}");
    assert!(!text.contains("\nveth11"), "{text}");
    assert!(lines.last().expect("a row").starts_with("lo "), "loopback is no wire: {text}");
    assert!(page(&Traffic, &scene, "veth11", "container", 78).contains("docker0"));
}

#[test]
fn a_host_end_leads_to_the_row_that_stands_for_it() {
    let stage = stage();
    let scene = stage.scene();
    let outer = Subject::Link { netns: crate::analysis::testing::HOST, ifindex: crate::model::IfIndex(11) };
    let inner = Subject::Link { netns: crate::model::NsInode(201), ifindex: crate::model::IfIndex(10) };
    assert_eq!(Traffic.locate(&scene, &outer), Some(inner));
}
