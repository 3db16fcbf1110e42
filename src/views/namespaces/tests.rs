//! What an operator finds in this view.

use super::*;
use crate::views::testing::{list, page, stage};

#[test]
fn t08_who_shares_with_the_host_and_with_whom_both_ways() {
    let stage = stage();
    let scene = stage.scene();
    let text = list(&Namespaces, &scene, &["name", "net"]);
    assert!(text.contains("  agent ▲H | HOST"), "{text}");
    assert!(
        text.contains("  web ▲C | sidecar") && text.contains("  sidecar ▲M | web") && text.contains("  db ▲M | own"),
        "{text}"
    );
    let text = page(&Namespaces, &scene, MATRIX, "detail", 78);
    assert!(text.lines().any(|l| l.starts_with("host's net") && l.contains("agent")), "{text}");
    assert!(page(&Namespaces, &scene, "web", "detail", 78).contains("shared with sidecar"));
}

#[test]
fn every_network_namespace_has_an_owner_in_words() {
    let stage = stage();
    let text = list(&Namespaces, &stage.scene(), &["name", "inode", "links"]);
    assert!(text.contains("  side | 300"), "{text}");
    assert!(text.contains("web, sidecar | 201 | 2"), "{text}");
}
