//! `links` against `ip -s -d -j addr` and `bridge -j link` in our namespace, in each container's and in named ones.

use crate::lab::Lab;
use crate::tools::{
    Differences, Own, agree, containers, document, inode, inode_at, name, parsed, pid, rows, said, sorted, text,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// Interfaces as `ip` has them, by namespace and index.
type Table = BTreeMap<(u64, u64), Value>;

fn ip(netns: &str) -> Option<Vec<Value>> {
    let answer = said(Command::new("nsenter").arg(format!("--net={netns}")).args(["ip", "-s", "-d", "-j", "addr"]))?;
    Some(rows(&parsed(answer.as_bytes())).to_vec())
}

fn table(ways: &BTreeMap<u64, String>) -> Table {
    let mut table = Table::new();
    for (netns, way) in ways {
        for row in ip(way).into_iter().flatten() {
            table.insert((*netns, row["ifindex"].as_u64().expect("an index")), row);
        }
    }
    table
}

/// A path into each namespace: of the lab, of its side namespace, of its containers.
fn ways(lab: &Lab) -> (BTreeMap<u64, String>, BTreeMap<u64, Vec<String>>) {
    let (mut ways, mut owners) = (BTreeMap::new(), BTreeMap::<u64, Vec<String>>::new());
    for container in containers(lab).values() {
        let Some((pid, netns)) = pid(container).and_then(|pid| Some((pid, inode(pid, "net")?))) else { continue };
        ways.entry(netns).or_insert_with(|| format!("/proc/{pid}/ns/net"));
        owners.entry(netns).or_default().push(name(container).to_owned());
    }
    for named in std::fs::read_dir("/run/netns").expect("named namespaces").flatten() {
        let path = named.path().to_string_lossy().into_owned();
        if path.contains(&lab_name()) {
            let netns = inode_at(&path).expect("an inode");
            ways.insert(netns, path);
            owners.remove(&netns);
        }
    }
    (ways, owners)
}

fn lab_name() -> String {
    std::env::var("BRIDGEWATCH_LAB").expect("the lab")
}

/// What a tool said twice, but for what always moves.
fn steady(row: &Value) -> Value {
    let mut row = row.clone();
    let object = row.as_object_mut().expect("an object");
    object.remove("stats64");
    for address in object.get_mut("addr_info").and_then(Value::as_array_mut).into_iter().flatten() {
        for moving in ["valid_life_time", "preferred_life_time"] {
            address.as_object_mut().expect("an address").remove(moving);
        }
    }
    row
}

fn compare(ours: &Value, before: &Value, after: &Value, d: &mut Differences) {
    let at = format!("{} in {}", text(ours, "name"), ours["netns"]);
    let theirs = after;
    d.same(&format!("{at} name"), text(ours, "name"), text(theirs, "ifname"));
    d.same(&format!("{at} mtu"), ours["mtu"].as_u64(), theirs["mtu"].as_u64());
    d.same(&format!("{at} operstate"), text(ours, "operstate").to_owned(), text(theirs, "operstate").to_lowercase());
    d.same(&format!("{at} mac"), text(ours, "mac"), text(theirs, "address"));
    let kind = match (theirs["linkinfo"]["info_kind"].as_str(), text(theirs, "link_type")) {
        (Some(kind), _) => kind,
        (None, "loopback") => "loopback",
        (None, word) => word,
    };
    d.same(&format!("{at} kind"), text(ours, "kind"), kind);
    let addresses = theirs["addr_info"].as_array().into_iter().flatten();
    let mut addresses: Vec<String> = addresses.map(|a| format!("{}/{}", text(a, "local"), a["prefixlen"])).collect();
    addresses.sort();
    d.same(&format!("{at} addresses"), sorted(&ours["addresses"]), addresses);
    if let Some(peer) = theirs["link_index"].as_u64().filter(|_| theirs["linkinfo"]["info_kind"].is_string()) {
        d.same(&format!("{at} peer"), ours["peer"]["ifindex"].as_u64(), Some(peer));
    }
    if let Some(master) = theirs["master"].as_str() {
        d.same(&format!("{at} bridge"), text(ours, "bridge"), master);
    }
    for (direction, of) in
        [("rx", &["bytes", "packets", "errors", "dropped"]), ("tx", &["bytes", "packets", "errors", "dropped"])]
    {
        for counter in of {
            let field = format!("{direction}_{counter}");
            let value = ours[&field].as_u64();
            let seen = |row: &Value| row["stats64"][direction][*counter].as_u64().expect("a counter");
            let (low, high) = (seen(before), seen(after));
            d.holds(
                || format!("{at} {field}: {value:?}, ip says {low} to {high}"),
                value.is_some_and(|v| low <= v && v <= high),
            );
        }
    }
}

/// X: every interface that `ip` shows, with all eight counters of its own side, also in containers, in namespaces of
/// no process and for macvlan.
#[test]
#[ignore = "needs root and the lab"]
fn interfaces_are_as_ip_shows_them() {
    let lab = Lab::shared();
    // Traffic, and packets that are dropped inside: without an address to answer to.
    let _busy = Own::run(&lab, "busy", &[], &["sh", "-c", "while :; do ping -c 1 -w 1 172.17.0.1 >/dev/null; done"]);
    agree(|d| {
        let (ways, owners) = ways(&lab);
        let before = table(&ways);
        let ours = document(&lab, &["links", "--format", "json"]);
        let after = table(&ways);
        let by_key: Table = rows(&ours)
            .iter()
            .map(|row| ((row["netns"].as_u64().expect("netns"), row["ifindex"].as_u64().expect("index")), row.clone()))
            .collect();
        for (key, theirs) in &after {
            let Some(old) = before.get(key).filter(|old| steady(old) == steady(theirs)) else { continue };
            let Some(row) = by_key.get(key) else {
                d.holds(|| format!("{key:?} {} is missing", text(theirs, "ifname")), false);
                continue;
            };
            compare(row, old, theirs, d);
            // Both ends know whose they are.
            let owner = owners.get(&key.0);
            let said = row["container"].as_str();
            let right = match (owner, said) {
                (None, said) => said.is_none(),
                (Some(names), said) => said.is_some_and(|s| names.iter().any(|n| n == s)),
            };
            d.holds(|| format!("{key:?} is of {said:?}, in truth of {owner:?}"), right);
            if let Some(other) = row["peer"]["netns"].as_u64().and_then(|n| Some((n, row["peer"]["ifindex"].as_u64()?)))
                && let Some(end) = after.get(&other)
            {
                d.same("name of the other end", row["peer"]["name"].as_str(), end["ifname"].as_str());
                let names = owners.get(&other.0);
                let said = row["peer"]["container"].as_str();
                let right = names.map_or(said.is_none(), |names| names.iter().any(|n| Some(n.as_str()) == said));
                d.holds(|| format!("the other end of {key:?} is of {said:?}, in truth of {names:?}"), right);
                // Inside, the bridge is the one that the end outside is a port of.
                if let Some(master) = end["master"].as_str().filter(|_| owner.is_some()) {
                    d.same("bridge of a container's interface", row["bridge"].as_str(), Some(master));
                }
            }
        }
    });
}

#[test]
#[ignore = "needs root and the lab"]
fn bridge_ports_are_as_bridge_shows_them() {
    let lab = Lab::shared();
    let ports = || {
        let answer = said(lab.command("bridge").args(["-j", "link"])).expect("bridge");
        let all: BTreeMap<String, String> = rows(&parsed(answer.as_bytes()))
            .iter()
            .map(|p| (text(p, "ifname").to_owned(), text(p, "master").to_owned()))
            .collect();
        all
    };
    agree(|d| {
        let before = ports();
        let links = document(&lab, &["links", "--format", "json"]);
        let after = ports();
        let netns = inode_at(&format!("/run/netns/{}", lab_name())).expect("the lab's");
        for (port, bridge) in after.iter().filter(|(port, bridge)| before.get(*port) == Some(bridge)) {
            let ours = rows(&links).iter().find(|l| l["netns"].as_u64() == Some(netns) && text(l, "name") == port);
            d.same(port, ours.and_then(|l| l["bridge"].as_str()), Some(bridge));
        }
    });
}
