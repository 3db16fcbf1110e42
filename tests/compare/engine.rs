//! `networks` against `docker network inspect`, `ns` against /proc and `lsns`.

use crate::lab::Lab;
use crate::tools::{agree, containers, document, inode, name, parsed, pid, rows, said, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

fn networks(lab: &Lab) -> BTreeMap<String, Value> {
    for _ in 0..10 {
        let ids = lab.docker(&["network", "ls", "-q", "--no-trunc"]);
        let mut command = Command::new("docker");
        command.args(["-H", &format!("unix://{}", lab.socket()), "network", "inspect"]).args(ids.lines());
        if let Some(answer) = said(&mut command) {
            return rows(&parsed(answer.as_bytes())).iter().map(|n| (text(n, "Id").to_owned(), n.clone())).collect();
        }
    }
    panic!("networks go faster than they can be inspected");
}

/// A text, or null where the engine has an empty one.
fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

#[test]
#[ignore = "needs root and the lab"]
fn networks_are_as_the_engine_inspects_them() {
    let lab = Lab::shared();
    agree(|d| {
        let before = networks(&lab);
        let ours = document(&lab, &["networks", "--format", "json"]);
        let after = networks(&lab);
        for (id, theirs) in after.iter().filter(|(id, n)| before.get(*id) == Some(n)) {
            let at = text(theirs, "Name");
            let Some(row) = rows(&ours).iter().find(|n| text(n, "id") == id) else {
                d.holds(|| format!("{at} is missing"), false);
                continue;
            };
            for (field, theirs_field) in [("name", "Name"), ("driver", "Driver"), ("scope", "Scope")] {
                d.same(&format!("{at} {field}"), text(row, field), text(theirs, theirs_field));
            }
            for (field, theirs_field) in
                [("internal", "Internal"), ("attachable", "Attachable"), ("ingress", "Ingress"), ("ipv6", "EnableIPv6")]
            {
                d.same(&format!("{at} {field}"), &row[field], &theirs[theirs_field]);
            }
            for (field, theirs_field) in [("options", "Options"), ("labels", "Labels")] {
                let empty = Value::Object(serde_json::Map::new());
                let theirs = if theirs[theirs_field].is_null() { &empty } else { &theirs[theirs_field] };
                d.same(&format!("{at} {field}"), &row[field], theirs);
            }
            let config: Vec<Value> = theirs["IPAM"]["Config"].as_array().cloned().unwrap_or_default();
            d.same(&format!("{at} pools"), rows(&row["pools"]).len(), config.len());
            for (pool, theirs) in rows(&row["pools"]).iter().zip(&config) {
                d.same(&format!("{at} subnet"), text(pool, "subnet"), text(theirs, "Subnet"));
                // The engine writes some gateways with the prefix of their subnet.
                let gateway = text(theirs, "Gateway").split('/').next().unwrap_or_default();
                d.same(&format!("{at} gateway"), &pool["gateway"], &or_null(gateway));
                d.same(&format!("{at} range"), &pool["range"], &or_null(text(theirs, "IPRange")));
            }
            let members: BTreeMap<&str, &Value> =
                row["members"].as_array().into_iter().flatten().map(|m| (text(m, "id"), m)).collect();
            let theirs_members = theirs["Containers"].as_object().cloned().unwrap_or_default();
            d.same(&format!("{at} members"), members.len(), theirs_members.len());
            for (id, theirs) in &theirs_members {
                let ours = members.get(id.as_str()).copied().unwrap_or(&Value::Null);
                d.same(&format!("{at} member"), text(ours, "container"), text(theirs, "Name"));
                for (field, theirs_field) in [("ipv4", "IPv4Address"), ("ipv6", "IPv6Address"), ("mac", "MacAddress")] {
                    d.same(&format!("{at} {field}"), &ours[field], &or_null(text(theirs, theirs_field)));
                }
            }
        }
    });
}

#[test]
#[ignore = "needs root and the lab"]
fn namespaces_are_those_of_the_main_processes() {
    let lab = Lab::shared();
    const KINDS: [&str; 8] = ["net", "pid", "mnt", "uts", "ipc", "user", "cgroup", "time"];
    agree(|d| {
        let before = containers(&lab);
        let ours = document(&lab, &["ns", "--format", "json"]);
        let after = containers(&lab);
        let mut sharers: BTreeMap<(&str, u64), Vec<&str>> = BTreeMap::new();
        let alive: Vec<(&Value, i64)> = after
            .iter()
            .filter(|(id, c)| before.get(*id).is_some_and(|old| pid(old) == pid(c)))
            .filter_map(|(_, c)| Some((c, pid(c)?)))
            .collect();
        for (container, pid) in &alive {
            for kind in KINDS {
                if let Some(inode) = inode(*pid, kind) {
                    sharers.entry((kind, inode)).or_default().push(name(container));
                }
            }
        }
        for (container, pid) in &alive {
            let at = name(container);
            let Some(row) = rows(&ours).iter().find(|r| text(r, "id") == text(container, "Id")) else {
                d.holds(|| format!("{at} is missing"), false);
                continue;
            };
            d.same(at, row["pid"].as_i64(), Some(*pid));
            for kind in KINDS {
                let theirs = inode(*pid, kind);
                let share = &row["namespaces"][kind];
                d.same(&format!("{at} {kind}"), share["inode"].as_u64(), theirs);
                let Some(theirs) = theirs else { continue };
                let with: Vec<&str> =
                    share["shared_with"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                // The test runs on the host, outside of the lab's network.
                let hosts = match kind {
                    "net" => crate::tools::inode_at(&format!(
                        "/run/netns/{}",
                        std::env::var("BRIDGEWATCH_LAB").expect("lab")
                    )),
                    _ => inode(std::process::id().into(), kind),
                };
                d.same(&format!("{at} {kind} is the host's"), with == ["host"], hosts == Some(theirs));
                if hosts != Some(theirs) {
                    let others = sharers[&(kind, theirs)].iter().filter(|other| **other != at);
                    let missing: Vec<_> = others.filter(|other| !with.contains(other)).collect();
                    d.same(&format!("{at} {kind} is shared with"), missing, Vec::new());
                }
            }
        }
    });
}

/// lsns stops where process 1 hides its namespaces; then there is nothing to compare with, which it says itself.
#[test]
#[ignore = "needs root and the lab"]
fn namespaces_are_those_that_lsns_lists() {
    let lab = Lab::shared();
    let list = || {
        let answer = said(Command::new("lsns").args(["-J", "-t", "net", "-o", "NS,NPROCS"]))?;
        let list = parsed(answer.as_bytes());
        Some(rows(&list["namespaces"]).iter().filter_map(|n| n["ns"].as_u64()).collect::<Vec<_>>())
    };
    if list().is_none() {
        assert!(std::fs::read_link("/proc/1/ns/net").is_err(), "lsns does not work here, and not for the known reason");
        return;
    }
    agree(|d| {
        let before = list().expect("it worked");
        let snapshot = document(&lab, &["snapshot"]);
        let after = list().expect("it worked");
        let ours: Vec<u64> = rows(&snapshot["netns"]).iter().filter_map(|n| n["inode"].as_u64()).collect();
        for netns in after.iter().filter(|n| before.contains(n)) {
            d.holds(|| format!("network namespace {netns} is missing"), ours.contains(netns));
        }
    });
}
