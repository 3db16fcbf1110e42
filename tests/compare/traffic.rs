//! The qdiscs, classes and filters of `snapshot` against `tc -s -j qdisc`, `tc -s -j class` and `tc -j filter`, and what
//! becomes of a limit when its container restarts.

use crate::lab::Lab;
use crate::tools::{Differences, Own, agree, document, parsed, rows, said, text};
use bridgewatch::analysis::traffic::words;
use bridgewatch::model::{QdiscSetup, TcClass};
use bridgewatch::sources::netlink::{NetlinkState, NetlinkUpdate, watch};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;

/// Runs a command of `ip` or `tc` in the lab; it must succeed.
fn set(lab: &Lab, line: &str) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let out = lab.command(words[0]).args(&words[1..]).output().expect("starts");
    assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
}

fn tc(lab: &Lab, line: &str) -> Vec<Value> {
    let words = line.split_whitespace();
    let answer = said(lab.command("tc").args(words)).unwrap_or_else(|| panic!("tc {line}"));
    if answer.trim().is_empty() { Vec::new() } else { rows(&parsed(answer.as_bytes())).to_vec() }
}

/// Name and index of the host end of a container's eth0.
fn host_end(lab: &Lab, container: &str) -> (String, u64) {
    let pid = lab.docker(&["inspect", "-f", "{{.State.Pid}}", container]);
    let inside = said(lab.command("nsenter").args(["-t", &pid, "-n", "ip", "-j", "link", "show", "eth0"]));
    let inside = parsed(inside.expect("eth0").as_bytes());
    let index = inside[0]["link_index"].as_u64().expect("a peer");
    let links = parsed(said(lab.command("ip").args(["-j", "link"])).expect("ip").as_bytes());
    let link = rows(&links).iter().find(|l| l["ifindex"].as_u64() == Some(index)).expect("the host end").clone();
    (text(&link, "ifname").to_owned(), index)
}

/// A handle as tc writes it: `b1d6:`, `1:10`.
fn handle(number: u64) -> String {
    match (number >> 16, number & 0xffff) {
        (major, 0) => format!("{major:x}:"),
        (major, minor) => format!("{major:x}:{minor:x}"),
    }
}

fn place(row: &Value) -> String {
    if row["root"] == true { handle(0xffff_ffff) } else { text(row, "parent").to_owned() }
}

fn parent(row: &Value) -> String {
    handle(row["parent"].as_u64().expect("a parent"))
}

/// Ours for one of theirs.
fn of<'a>(ours: &'a [Value], index: u64, theirs: &Value, key: &str) -> Option<&'a Value> {
    let wanted = (index, text(theirs, key).to_owned(), place(theirs));
    ours.iter().find(|o| {
        (o["ifindex"].as_u64(), handle(o["handle"].as_u64().expect("a handle")), parent(o))
            == (Some(wanted.0), wanted.1.clone(), wanted.2.clone())
    })
}

fn counters(d: &mut Differences, at: &str, ours: Option<&Value>, before: &Value, after: &Value) {
    let names = [("bytes", "bytes"), ("packets", "packets"), ("drops", "drops"), ("overlimits", "overlimits")];
    for (name, field) in names {
        let (low, high) = (before[name].as_u64(), after[name].as_u64());
        let value = ours.and_then(|o| o[field].as_u64());
        d.holds(
            || format!("{at} {field}: {value:?}, tc says {low:?} to {high:?}"),
            low <= value && value <= high && value.is_some(),
        );
    }
}

fn setup(d: &mut Differences, at: &str, ours: &Value, theirs: &Value) {
    let (setup, options) = (&ours["setup"], &theirs["options"]);
    match text(theirs, "kind") {
        "tbf" => {
            d.same(&format!("{at} rate"), setup["rate_bps"].as_u64(), options["rate"].as_u64().map(|rate| rate * 8));
            // tc reckons in whole microseconds, and older ones are up to one low.
            let rate = options["rate"].as_u64().unwrap_or_default();
            let near = |ours: Option<u64>, theirs: &Value, slack| {
                ours.zip(theirs.as_u64()).is_some_and(|(ours, theirs)| ours.abs_diff(theirs) <= slack)
            };
            let burst = setup["burst_bytes"].as_u64();
            d.holds(
                || format!("{at} burst: {burst:?}, {options}"),
                near(burst, &options["burst"], rate / 1_000_000 + 1),
            );
            let beyond =
                |o: &Value| Some(o["limit_bytes"].as_u64()?.checked_sub(o["burst_bytes"].as_u64()?)? * 8_000_000);
            let latency = beyond(setup).zip(setup["rate_bps"].as_u64()).map(|(bits, rate)| bits / rate);
            d.holds(|| format!("{at} latency: {latency:?}, {options}"), near(latency, &options["lat"], 1));
        }
        "htb" => {
            let default = text(options, "default").trim_start_matches("0x");
            d.same(&format!("{at} default"), setup["default_class"].as_u64(), u64::from_str_radix(default, 16).ok());
        }
        _ => d.same(&format!("{at} setup"), text(setup, "kind"), "other"),
    }
}

/// Bytes, packets, drops and overlimits of each class, by the line that tc prints of it.
fn class_lines(lab: &Lab, dev: &str) -> BTreeMap<String, [u64; 4]> {
    let answer = said(lab.command("tc").args(["-s", "class", "show", "dev", dev])).expect("tc");
    let mut lines = BTreeMap::new();
    let mut class = String::new();
    for line in answer.lines().map(str::trim) {
        if line.starts_with("class ") {
            class = line.to_owned();
        } else if line.starts_with("Sent ") {
            let numbers = line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok());
            let numbers: Vec<u64> = numbers.collect();
            lines.insert(class.clone(), numbers[..4].try_into().expect("four counters"));
        }
    }
    lines
}

/// X: every qdisc, class and filter, with counters, while traffic goes through them.
#[test]
#[ignore = "needs root and the lab"]
fn traffic_control_is_as_tc_shows_it() {
    let lab = Lab::shared();
    let one = Own::run(&lab, "held", &[], &["sh", "-c", "while :; do ping -c 1 -w 1 172.17.0.1 >/dev/null; done"]);
    let two = Own::run(&lab, "classed", &[], &["sh", "-c", "while :; do ping -c 1 -w 1 172.17.0.1 >/dev/null; done"]);
    let ((held, held_index), (classed, classed_index)) = (host_end(&lab, &one.1), host_end(&lab, &two.1));
    let block = format!("cmp{held_index}");
    set(&lab, &format!("ip link add {block} type ifb"));
    set(&lab, &format!("ip link set {block} up"));
    for line in [
        format!("tc qdisc add dev {held} root handle b1d6: tbf rate 10mbit burst 16384 limit 125000"),
        format!("tc qdisc add dev {block} root handle b1d6: tbf rate 40gbit burst 50000000 limit 100000000"),
        format!("tc qdisc add dev {held} handle ffff: ingress"),
        format!(
            "tc filter add dev {held} parent ffff: prio 7 protocol all u32 match u32 0 0 action mirred egress redirect dev {block}"
        ),
        format!("tc qdisc add dev {classed} root handle 1: htb default 20"),
        format!("tc class add dev {classed} parent 1: classid 1:1 htb rate 100mbit quantum 1514"),
        format!("tc class add dev {classed} parent 1:1 classid 1:10 htb rate 10mbit ceil 50mbit prio 2"),
        format!("tc class add dev {classed} parent 1:1 classid 1:20 htb rate 5mbit"),
        format!("tc qdisc add dev {classed} parent 1:10 handle 10: pfifo limit 77"),
        format!("tc filter add dev {classed} parent 1: protocol ip prio 5 u32 match ip dport 80 0xffff flowid 1:10"),
    ] {
        set(&lab, &line);
    }
    let links = parsed(said(lab.command("ip").args(["-j", "link"])).expect("ip").as_bytes());
    let index =
        |name: &str| rows(&links).iter().find(|l| text(l, "ifname") == name).and_then(|l| l["ifindex"].as_u64());
    agree(|d| {
        let before = tc(&lab, "-s -j qdisc");
        let classes_before = class_lines(&lab, &classed);
        let ours = document(&lab, &["snapshot"]);
        let classes_after = class_lines(&lab, &classed);
        let after = tc(&lab, "-s -j qdisc");
        let (qdiscs, samples) = (rows(&ours["tc"]["qdiscs"]), rows(&ours["qdisc_samples"]));
        for theirs in &after {
            let dev = text(theirs, "dev");
            let Some(index) = index(dev) else { continue };
            let at = format!("{dev} {} {}", text(theirs, "kind"), text(theirs, "handle"));
            let Some(own) = of(qdiscs, index, theirs, "handle") else {
                d.holds(|| format!("{at} is missing"), before.iter().all(|b| text(b, "dev") != dev));
                continue;
            };
            d.same(&format!("{at} kind"), text(own, "name"), text(theirs, "kind"));
            if text(theirs, "handle") != "0:" {
                setup(d, &at, own, theirs);
                let same =
                    |b: &&Value| ["dev", "handle"].iter().all(|k| b[*k] == theirs[*k]) && place(b) == place(theirs);
                let old = before.iter().find(same).expect("it was there before");
                counters(d, &at, of(samples, index, theirs, "handle"), old, theirs);
            }
        }
        d.holds(|| "no qdiscs were compared".into(), after.iter().filter(|q| text(q, "handle") != "0:").count() >= 5);
        let classes = rows(&ours["tc"]["classes"]).iter().filter(|c| c["ifindex"].as_u64() == Some(classed_index));
        let classes: Vec<&Value> = classes.collect();
        d.same("classes", classes.len(), classes_after.len());
        for own in classes {
            // This tc prints classes as text only: ours in the same words, and the counters of the line below.
            let class: TcClass = serde_json::from_value(own.clone()).expect("a class");
            let line = words::class(&class);
            let (old, new) = (classes_before.get(&line), classes_after.get(&line));
            let counted = |field: &str| {
                let same = |s: &&Value| ["ifindex", "handle", "parent"].iter().all(|key| s[*key] == own[*key]);
                samples.iter().find(same).and_then(|s| s[field].as_u64())
            };
            let values = ["bytes", "packets", "drops", "overlimits"].map(counted);
            let between = old
                .zip(new)
                .is_some_and(|(old, new)| (0..4).all(|n| Some(old[n]) <= values[n] && values[n] <= Some(new[n])));
            d.holds(|| format!("{line}: {values:?}, tc says {old:?} to {new:?}"), between);
        }
        d.same("classes", classes_after.len(), 3);
        let filters = rows(&ours["tc"]["filters"]);
        for (dev, index, place) in [(&held, held_index, "ingress"), (&classed, classed_index, "parent 1:")] {
            let theirs = tc(&lab, &format!("-j filter show dev {dev} {place}"));
            // Heads of lists and hash tables are no filters.
            let real: Vec<&Value> = theirs
                .iter()
                .filter(|f| f["options"]["match"].is_object() || f["options"]["flowid"].is_string())
                .collect();
            let own: Vec<&Value> = filters.iter().filter(|f| f["ifindex"].as_u64() == Some(index)).collect();
            d.same(&format!("filters of {dev}"), own.len(), real.len());
            for (own, theirs) in own.iter().zip(&real) {
                d.same(&format!("{dev} kind"), text(own, "name"), text(theirs, "kind"));
                d.same(&format!("{dev} pref"), own["preference"].as_u64(), theirs["pref"].as_u64());
                if theirs["parent"].is_string() {
                    d.same(&format!("{dev} parent"), parent(own), text(theirs, "parent").to_owned());
                }
                let to = theirs["options"]["actions"][0]["to_dev"].as_str().and_then(|name| index_of(&links, name));
                d.same(&format!("{dev} redirect"), own["actions"][0]["to"].as_u64(), to);
                let class = own["class"].as_u64().map(handle);
                d.same(&format!("{dev} class"), class.as_deref(), theirs["options"]["flowid"].as_str());
            }
        }
    });
    set(&lab, &format!("ip link del {block}"));
}

fn index_of(links: &Value, name: &str) -> Option<u64> {
    rows(links).iter().find(|l| text(l, "ifname") == name)?["ifindex"].as_u64()
}

/// A change that somebody else makes with tc is heard, in the same watch, at once; so is that it is taken back.
#[test]
#[ignore = "needs root and the lab"]
fn a_limit_that_somebody_else_sets_and_takes_off_is_followed() {
    let lab = Lab::shared();
    let own = Own::run(&lab, "foreign", &[], &["sleep", "1000"]);
    let (held, index) = host_end(&lab, &own.1);
    let rate =
        |state: &NetlinkState| match state.tc.known()?.qdiscs.iter().find(|q| u64::from(q.ifindex.0) == index)?.setup {
            QdiscSetup::Tbf { rate_bps, .. } => Some(rate_bps),
            _ => None,
        };
    lab.inside(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (out, mut updates) = unbounded_channel();
            let (_nudges, nudges) = unbounded_channel();
            tokio::spawn(watch(out, nudges, Duration::ZERO));
            let mut until = async |wanted: Option<u64>| {
                let heard = async {
                    while let Some(update) = updates.recv().await {
                        if let NetlinkUpdate::State(state) = update
                            && state.tc.known().is_some()
                            && rate(&state) == wanted
                        {
                            return;
                        }
                    }
                };
                tokio::time::timeout(Duration::from_secs(10), heard).await.unwrap_or_else(|_| panic!("{wanted:?}"));
            };
            until(None).await;
            set(&lab, &format!("tc qdisc add dev {held} root tbf rate 3mbit burst 16384 limit 65536"));
            until(Some(3_000_000)).await;
            set(&lab, &format!("tc qdisc change dev {held} root tbf rate 4mbit burst 16384 limit 65536"));
            until(Some(4_000_000)).await;
            set(&lab, &format!("tc qdisc del dev {held} root"));
            until(None).await;
        });
    });
}
