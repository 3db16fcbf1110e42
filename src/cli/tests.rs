//! Documents and tables of a host with every network mode: the names scripts rely on, and that nothing unknown reads
//! as a value.

use super::*;
use crate::analysis::testing::{Lab, every_mode};
use crate::analysis::{Analyst, Report};
use crate::model::{Fact, NsInode, Proto, PublishedPort};
use serde_json::{Value, json};
use std::sync::Arc;

fn taken(lab: &Lab) -> (Snapshot, Report) {
    let snapshot = Arc::new(lab.snapshot());
    let mut analyst = Analyst::new();
    let report = analyst.update(&snapshot).clone();
    ((*snapshot).clone(), report)
}

fn value(document: &impl serde::Serialize) -> Value {
    serde_json::to_value(document).expect("serialises")
}

fn find<'a>(list: &'a Value, key: &str, wanted: &str) -> &'a Value {
    let all = list.as_array().expect("an array");
    all.iter().find(|v| v[key] == wanted).unwrap_or_else(|| panic!("no {key} {wanted} in {list:#}"))
}

fn hostile() -> Lab {
    let mut lab = every_mode();
    for container in &mut lab.containers {
        if container.name == "web" {
            container.name = "\u{1b}[31m\u{202e}x\n\"`<b>".into();
            container.ports.push(PublishedPort {
                proto: Proto::Tcp,
                container_port: 80,
                host_ip: Some("0.0.0.0".parse().expect("ip")),
                host_port: Some(8080),
            });
        }
    }
    lab
}

#[test]
fn links_have_both_ends_and_the_names_the_issue_gives() {
    let (snapshot, report) = taken(&every_mode());
    let links = value(&links::document(&snapshot, &report));
    let veth = find(&links, "name", "veth11");
    assert_eq!(
        veth["peer"],
        json!({"ifindex": 10, "name": "eth0", "netns": 201, "container": "web"}),
        "the container whose veth this is"
    );
    assert_eq!(
        (&veth["bridge"], &veth["network"], &veth["container"]),
        (&json!("docker0"), &json!("bridge"), &Value::Null)
    );
    let inner =
        links.as_array().expect("array").iter().find(|l| l["netns"] == 201 && l["name"] == "eth0").expect("eth0");
    assert_eq!((&inner["container"], &inner["peer"]["name"]), (&json!("web"), &json!("veth11")));
    let keys: Vec<&String> = veth.as_object().expect("object").keys().collect();
    let want = [
        "ifindex",
        "name",
        "kind",
        "netns",
        "container",
        "peer",
        "bridge",
        "network",
        "mac",
        "addresses",
        "mtu",
        "operstate",
        "rx_bytes",
        "tx_bytes",
        "rx_packets",
        "tx_packets",
        "rx_errors",
        "tx_errors",
        "rx_dropped",
        "tx_dropped",
    ];
    assert_eq!(keys, want);
    assert_eq!(veth["rx_bytes"], Value::Null, "a counter that was not read is not zero");
    let uplink = find(&links, "name", "eth0");
    assert_eq!((&uplink["peer"], &uplink["network"]), (&Value::Null, &Value::Null));
}

#[test]
fn ns_names_the_host_and_neighbours() {
    let (snapshot, report) = taken(&every_mode());
    let ns = value(&ns::document(&snapshot, &report));
    let web = find(&ns, "container", "web");
    assert_eq!(web["namespaces"]["net"], json!({"inode": 201, "shared_with": ["sidecar"]}));
    assert_eq!(web["namespaces"]["pid"], json!({"inode": null, "shared_with": null}));
    assert_eq!(find(&ns, "container", "agent")["namespaces"]["net"]["shared_with"], json!(["host"]));
    assert!(ns::table(&ns::document(&snapshot, &report)).text().contains("sidecar"));
    let all = value(&ns::netns_document(&snapshot, &report));
    let side = all.as_array().expect("array").iter().find(|n| n["inode"] == 300).expect("side");
    assert_eq!((&side["names"], &side["links"]), (&json!(["/run/netns/side"]), &Value::Null));
}

#[test]
fn ports_unknown_is_null_with_its_reason() {
    let mut lab = hostile();
    lab.firewall = Fact::default();
    let (snapshot, report) = taken(&lab);
    let ports = value(&ports::document(&snapshot, &report));
    let port = &ports[0];
    assert_eq!(
        (&port["exposure"], &port["dnat"], &port["listener"]),
        (&json!("all-interfaces"), &Value::Null, &Value::Null)
    );
    assert!(port["unknown"]["dnat"].is_string() && port["unknown"]["listener"].is_string());
    assert_eq!(port["network"], "bridge");
}

#[test]
fn networks_are_rich_and_kernel_bridges_are_among_them() {
    let (snapshot, report) = taken(&every_mode());
    let networks = value(&networks::document(&snapshot, &report));
    let n1 = find(&networks, "name", "n1");
    assert_eq!(n1["kind"], "engine-network");
    assert_eq!(
        (&n1["masquerade"], &n1["icc"], &n1["device"]["name"]),
        (&json!(true), &json!(true), &json!("br-n10000000000"))
    );
    assert_eq!(n1["pools"][0]["used"], 1);
    assert_eq!(n1["device"]["ports"][0]["container"], "db");
    assert_eq!(find(&networks, "name", "n2")["masquerade"], false);
    assert_eq!(find(&networks, "name", "host")["masquerade"], Value::Null);
    let manual = find(&networks, "name", "br-manual");
    assert_eq!((&manual["kind"], &manual["ports"][0]["name"]), (&json!("kernel-bridge"), &json!("vm-side")));
}

#[test]
fn the_tree_draws_in_box_characters_and_in_ascii() {
    let (snapshot, report) = taken(&every_mode());
    let document = topology::document(&snapshot, &report);
    let want = "\
eth0  192.0.2.10/24  [default via 192.0.2.1]
├─ NAT  docker0  bridge  172.17.0.1/16
│  └─ veth11 ⇄ eth0  web  172.17.0.2/16
│     └─ sidecar  (joined)
";
    let text = topology::text(&document, false);
    assert!(text.starts_with(want), "{text}");
    assert!(text.ends_with("host namespace:\n└─ agent\nno network:\n└─ vault\n"), "{text}");
    assert!(topology::text(&document, true).is_ascii());
    let nested = value(&document);
    assert_eq!(nested[0]["children"][0]["children"][0]["children"][0]["how"], "joined");
    assert!(topology::dot(&document).contains("n0 -> n1 [label=\"NAT\"]"));
    assert!(topology::mermaid(&document).contains("n0 -->|NAT| n1"));
}

#[test]
fn s01_hostile_names_reach_no_terminal_as_they_are() {
    let (snapshot, report) = taken(&hostile());
    let document = topology::document(&snapshot, &report);
    let all = [
        topology::text(&document, false),
        topology::dot(&document),
        topology::mermaid(&document),
        links::table(&links::document(&snapshot, &report)).text(),
        ports::table(&report).text(),
        ns::table(&ns::document(&snapshot, &report)).text(),
        stats::text(
            &stats::rows(&snapshot, &report, &stats::Selection::default()).expect("rows"),
            &template::Format::Table,
        )
        .expect("fields"),
    ];
    for text in all {
        assert!(text.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{text}");
        assert!(text.contains("x1b[31m"), "{text}");
    }
    let dot = topology::dot(&document);
    for label in dot.lines().filter_map(|l| l.split_once("label=\"")).map(|(_, l)| l) {
        let unescaped = label.replace("\\\\", "").replace("\\\"", "");
        assert_eq!(unescaped.matches('"').count(), 1, "{label}");
    }
    assert!(!topology::mermaid(&document).contains("<b>"));
}

#[test]
fn the_snapshot_document_has_the_model_and_what_follows() {
    let mut lab = every_mode();
    lab.network("66", "six", "bridge", Some("fd00::/8"));
    let (snapshot, report) = taken(&lab);
    let document = snapshot::document(&snapshot, &report, json!([]));
    let mut out = Vec::new();
    json::write(&mut out, &document, false).expect("a pool larger than 64 bits serialises too");
    let text = String::from_utf8(out).expect("utf-8");
    for key in ["schema_version", "taken_at", "host", "sources", "containers", "networks", "netns", "links", "ports"] {
        assert!(text.contains(&format!("\"{key}\":")), "{key}");
    }
    assert!(text.contains("\"findings\":[]") && text.contains("\"leftovers\":["));
    assert_eq!(snapshot.links_in(NsInode(201)).len(), 2);
}
