//! What an operator finds in this view.

use super::*;
use crate::model::{Fact, PublishedPort, State};
use crate::views::testing::{Stage, furnished, lab_container, list, page, snapshots, stage};

#[test]
fn t06_what_is_open_to_the_world_stands_first_with_its_path_and_process() {
    let stage = stage();
    let text = list(&Ports, &stage.scene(), &["bind", "name", "exposure", "path", "listener"]);
    let row = text.lines().find(|l| l.starts_with("*:8080")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(row, "*:8080 | web | ● all interfaces | DNAT | nginx 4001");
    assert!(text.contains("*:22 | host: sshd | ● all interfaces | direct | sshd 700"), "{text}");
    let text = page(&Ports, &stage.scene(), "*:8080", "detail", 78);
    assert!(text.contains("a rule rewrites the destination") && text.contains("172.17.0.2"), "{text}");
}

#[test]
fn t07_who_holds_the_port() {
    let mut lab = furnished();
    let worker = lab_container(&mut lab, "worker");
    worker.state = State::Created;
    let wanted = PublishedPort {
        proto: crate::model::Proto::Tcp,
        container_port: 80,
        host_ip: Some(crate::analysis::testing::p("0.0.0.0")),
        host_port: Some(8080),
    };
    let config = crate::model::Config { port_bindings: vec![wanted], ..Default::default() };
    worker.config = Fact::Known(std::sync::Arc::new(config));
    let (before, next) = snapshots(&lab);
    let stage = Stage::of(before, next);
    let scene = stage.scene();
    let text = list(&Ports, &scene, &["bind", "name", "path", "conflicts"]);
    let row = text.lines().find(|l| l.contains("| worker |")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains("not in force") && row.contains("web"), "{text}");
}

#[test]
fn rules_that_could_not_be_read_leave_a_question_mark() {
    let mut lab = furnished();
    lab.firewall = Fact::default();
    let (before, next) = snapshots(&lab);
    let text = list(&Ports, &Stage::of(before, next).scene(), &["bind", "path"]);
    let row = text.lines().find(|l| l.starts_with("*:8080")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains('?'), "{row}");
}
