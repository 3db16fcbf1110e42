//! `stats` against `docker stats`: the same keys, formats, rows and figures, and the same answers to wrong questions.

use crate::lab::Lab;
use crate::tools::{Own, agree, bridgewatch, inode, parsed, text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

fn docker(lab: &Lab, arguments: &[&str]) -> std::process::Output {
    let host = format!("unix://{}", lab.socket());
    Command::new("docker").args(["-H", &host]).args(arguments).output().expect("docker")
}

/// Rows of docker's or our JSON form, by id.
fn lines(out: &[u8]) -> BTreeMap<String, Value> {
    let text = String::from_utf8_lossy(out);
    text.lines()
        .map(|line| parsed(line.as_bytes()))
        .map(|row| (crate::tools::text(&row, "ID").to_owned(), row))
        .collect()
}

/// Bytes of `1.5kB`, `12MiB`.
fn bytes(size: &str) -> f64 {
    let at = size.find(|c: char| c.is_ascii_alphabetic()).expect("a unit");
    let unit = match &size[at..] {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        unit => panic!("unit {unit}"),
    };
    size[..at].parse::<f64>().expect("a number") * unit
}

/// What is left of a value when its numbers are taken out: `0.48%` and `12.3%` are of one form.
fn form(value: &str) -> String {
    let mut form = String::new();
    for c in value.chars() {
        let c = if c.is_ascii_digit() { '9' } else { c };
        if !(c == '9' && form.ends_with('9')) {
            form.push(c);
        }
    }
    for unit in ["KiB", "MiB", "GiB", "kB", "MB", "GB"] {
        form = form.replace(unit, "B");
    }
    form.replace("9.9B", "9B")
}

/// Two sizes that are nearly the same, or both small.
fn near(a: &str, b: &str, share: f64, small: f64) -> bool {
    let (a, b) = (bytes(a.trim()), bytes(b.trim()));
    (a - b).abs() <= small || (a - b).abs() <= share * a.max(b)
}

#[test]
#[ignore = "needs root and the lab"]
fn figures_are_those_of_docker_stats() {
    let lab = Lab::shared();
    let own = [
        Own::run(&lab, "idle", &["--memory", "64m"], &["sleep", "600"]),
        Own::run(&lab, "spin", &["--cpus", "0.2"], &["sh", "-c", "while :; do :; done"]),
        Own::run(&lab, "alone", &["--network", "none"], &["sleep", "600"]),
    ];
    agree(|d| {
        let format = ["stats", "--no-stream", "--no-trunc", "-a", "--format", "{{json .}}"];
        let before = lines(&docker(&lab, &format).stdout);
        let ours = lines(&bridgewatch(&lab, &["stats", "--no-stream", "--no-trunc", "-a", "--format", "json"]).stdout);
        let after = lines(&docker(&lab, &format).stdout);
        for (id, theirs) in after.iter().filter(|(id, _)| before.contains_key(*id)) {
            let old = &before[id];
            let at = text(theirs, "Name");
            let Some(row) = ours.get(id) else {
                d.holds(|| format!("{at} is missing"), false);
                continue;
            };
            let keys = |v: &Value| v.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
            d.same(&format!("{at} keys"), keys(row), keys(theirs));
            for field in ["ID", "Container", "Name"] {
                d.same(&format!("{at} {field}"), text(row, field), text(theirs, field));
            }
            for field in ["CPUPerc", "MemPerc", "MemUsage", "NetIO", "BlockIO", "PIDs"] {
                d.same(&format!("{at} form of {field}"), form(text(row, field)), form(text(theirs, field)));
            }
            // What started, ended or changed its processes meanwhile is no difference.
            if text(old, "PIDs") == text(theirs, "PIDs") {
                d.same(&format!("{at} PIDs"), text(row, "PIDs"), text(theirs, "PIDs"));
            }
            if text(old, "PIDs") == "0" || text(theirs, "PIDs") == "0" {
                continue;
            }
            let half =
                |v: &Value, field: &str, n: usize| text(v, field).split('/').nth(n).expect("two").trim().to_owned();
            let close = |a: &str, b: &str, share, small| near(a, b, share, small);
            let steady = close(&half(old, "MemUsage", 0), &half(theirs, "MemUsage", 0), 0.02, 32e3);
            if steady {
                let (a, b) = (half(row, "MemUsage", 0), half(theirs, "MemUsage", 0));
                d.holds(|| format!("{at} memory {a}, docker says {b}"), close(&a, &b, 0.05, 160e3));
            }
            // One that does not run has no limit in docker's figures.
            if half(old, "MemUsage", 1) == half(theirs, "MemUsage", 1) {
                d.same(&format!("{at} limit"), half(row, "MemUsage", 1), half(theirs, "MemUsage", 1));
            }
            for (field, n) in [("NetIO", 0), ("NetIO", 1), ("BlockIO", 0), ("BlockIO", 1)] {
                let (low, value, high) =
                    (bytes(&half(old, field, n)), bytes(&half(row, field, n)), bytes(&half(theirs, field, n)));
                // Three figures are printed.
                let about = (low * 0.999..=high * 1.001).contains(&value);
                d.holds(|| format!("{at} {field}: {value}, docker says {low} to {high}"), about || high < low);
            }
        }
        let percent = |rows: &BTreeMap<String, Value>| {
            let row = rows.values().find(|r| text(r, "Name") == own[1].1).expect("the one that spins");
            text(row, "CPUPerc").trim_end_matches('%').parse::<f64>().expect("a number")
        };
        let (a, b) = (percent(&ours), percent(&after));
        // On a machine under load it gets less than its share, and both see that at different times.
        d.holds(
            || format!("a fifth of a CPU is {a}%, docker says {b}%"),
            (1.0..30.0).contains(&a) && (1.0..30.0).contains(&b),
        );
    });
}

#[test]
#[ignore = "needs root and the lab"]
fn selections_and_templates_are_docker_s() {
    let lab = Lab::shared();
    let own = Own::run(&lab, "chosen", &[], &["sleep", "600"]);
    let other = Own::run(&lab, "other", &[], &["sleep", "600"]);
    let name = own.1.as_str();
    let same = |arguments: &[&str]| {
        let (ours, theirs) = (bridgewatch(&lab, arguments), docker(&lab, arguments));
        let clean = |out: &[u8]| String::from_utf8_lossy(out).lines().map(|l| form(l.trim_end())).collect::<Vec<_>>();
        assert_eq!(clean(&ours.stdout), clean(&theirs.stdout), "{arguments:?}");
        assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}");
        String::from_utf8_lossy(&ours.stdout).into_owned()
    };
    let line = same(&["stats", "--no-stream", "--format", "{{.Name}}: {{.CPUPerc}}", name]);
    assert!(line.starts_with(&format!("{name}: ")), "{line}");
    same(&["stats", "--no-stream", "--format", "table {{.Name}}\t{{.PIDs}}", name, &other.1]);
    same(&["stats", "--no-stream", "--format", "table {{.Name}}\t{{.PIDs}}", &other.1, name]);
    same(&["stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.Container}}", name]);
    let id = lab.docker(&["inspect", "-f", "{{.Id}}", name]);
    same(&["stats", "--no-stream", "--format", "{{.Container}} {{.ID}} {{.Name}}", &id[..9]]);
    // An engine's row for each of what runs; with -a for each there is.
    let names = |arguments: &[&str]| -> BTreeSet<String> {
        let out = bridgewatch(&lab, arguments);
        String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect()
    };
    lab.docker(&["kill", &other.1]);
    let (running, all) = (
        names(&["stats", "--no-stream", "--format", "{{.Name}}"]),
        names(&["stats", "--no-stream", "-a", "--format", "{{.Name}}"]),
    );
    assert!(running.contains(name) && !running.contains(&other.1), "{running:?}");
    assert!(all.contains(name) && all.contains(&other.1), "{all:?}");
}

#[test]
#[ignore = "needs root and the lab"]
fn a_container_that_does_not_exist_is_an_error_as_with_docker() {
    let lab = Lab::shared();
    let arguments = ["stats", "--no-stream", "nosuch"];
    let (ours, theirs) = (bridgewatch(&lab, &arguments), docker(&lab, &arguments));
    assert_eq!((ours.status.code(), ours.stdout.len()), (theirs.status.code(), 0));
    let words = String::from_utf8_lossy(&ours.stderr).into_owned();
    assert!(String::from_utf8_lossy(&theirs.stderr).contains("No such container: nosuch"));
    assert_eq!(words, "bridgewatch: No such container: nosuch\n");
}

/// One sum for those who share a network namespace, as docker has it.
#[test]
#[ignore = "needs root and the lab"]
fn a_guest_shows_the_traffic_of_its_host() {
    let lab = Lab::shared();
    let host = Own::run(&lab, "host", &[], &["sleep", "600"]);
    let guest = Own::run(&lab, "guest", &["--network", &format!("container:{}", host.1)], &["sleep", "600"]);
    let pid = |name: &str| lab.docker(&["inspect", "-f", "{{.State.Pid}}", name]).parse::<i64>().expect("a pid");
    assert_eq!(inode(pid(&host.1), "net"), inode(pid(&guest.1), "net"));
    agree(|d| {
        let out = bridgewatch(&lab, &["stats", "--no-stream", "--format", "{{.NetIO}}", &host.1, &guest.1]);
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        let both: Vec<&str> = text.lines().collect();
        d.same("traffic of two in one namespace", both.first(), both.get(1));
    });
}
