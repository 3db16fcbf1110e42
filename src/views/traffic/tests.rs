//! What an operator finds in this view.

use super::*;
use crate::views::testing::{limited, list, page, stage};

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

#[test]
fn a_limit_stands_beside_what_is_reached_under_it() {
    let stage = limited();
    let scene = stage.scene();
    let text = list(&Traffic, &scene, &["name", "limit", "held", "limit-drops", "backlog"]);
    let line = |name: &str| text.lines().find(|l| l.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
    assert_eq!(line("eth0 ⇄ veth11"), "eth0 ⇄ veth11 | ↓9.99/10M! ↑1/5M | at the limit ↓ | 3 | 6.0k");
    assert_eq!(line("eth0 ⇄ veth21"), "eth0 ⇄ veth21 | ↓?/+100ms±10ms loss 1% | netem, not ours | ? | ?");
    assert_eq!(line("eth0 ⇄ veth23"), "eth0 ⇄ veth23 | ▲ gone | ▲ limit gone: restarted 22:12:20");
    let page = page(&Traffic, &scene, "veth11", "shaping", 100);
    for words in [
        "10 Mbit/s, reached 9.99 Mbit/s (100 %)  at the limit",
        "token bucket (tbf), 10 Mbit/s, burst 16 KiB, waits up to 86.9ms on veth11",
        "qdisc tbf b1d6: dev veth11 root rate 10Mbit burst 16Kb lat 86.9ms",
        "filter parent ffff: protocol all pref 45526 u32 chain 0 everything action mirred redirect to bwi11",
        "qdisc tbf b1d6: dev bwi11 root rate 5Mbit",
        "lacks",
    ] {
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&words.split_whitespace().collect::<Vec<_>>().join(" ")), "{words} in {page}");
    }
}

#[test]
fn an_ifb_of_ours_names_whom_it_holds_back() {
    let stage = limited();
    let text = list(&Traffic, &stage.scene(), &["name", "of"]);
    assert!(text.lines().any(|line| line == "bwi11 | for web"), "{text}");
}

#[test]
fn columns_of_limits_come_with_the_first_limit() {
    let column = |id: &str| COLUMNS.iter().find(|c| c.id == id).expect("a column");
    assert!(!Traffic.is_used(&stage().scene(), column("limit")) && Traffic.is_used(&stage().scene(), column("rx")));
    assert!(Traffic.is_used(&limited().scene(), column("limit")));
}

#[test]
fn a_limit_is_marked_wherever_its_container_stands() {
    use crate::views::containers::Containers;
    use crate::views::topology::TopologyView;
    let mut stage = limited();
    let containers = list(&Containers, &stage.scene(), &["name", "traffic-limit"]);
    let line = |text: &str, name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_default().trim().to_owned();
    assert!(line(&containers, "web").contains("⏱ | ⏱ 10 Mbit/s ↓ 5 Mbit/s ↑"), "{containers}");
    assert!(line(&containers, "db").contains("⏱ gone | ⏱ +100ms±10ms loss 1% ↓"), "{containers}");
    let topology = list(&TopologyView, &stage.scene(), &["name", "notes"]);
    assert!(line(&topology, "veth11").contains("⏱ 10 Mbit/s ↓ 5 Mbit/s ↑"), "{topology}");
    assert!(line(&topology, "veth23").contains("▲ limit gone: restarted 22:12:20"), "{topology}");
    assert!(page(&Containers, &stage.scene(), "web", "limits", 100).contains("qdisc tbf b1d6:"));
    stage.prefs.ascii = true;
    let topology = list(&TopologyView, &stage.scene(), &["name", "notes"]);
    assert!(line(&topology, "veth11").contains("lim 10 Mbit/s rx 5 Mbit/s tx"), "{topology}");
}
