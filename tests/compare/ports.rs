//! `ports` against `docker inspect`, `iptables-save -t nat`, the proxies' command lines and `ss -lntp`.

use crate::lab::Lab;
use crate::tools::{agree, containers, document, inode, inode_at, name, pid, rows, said, text};
use serde_json::Value;

/// The proxy for a host port: its pid, by its command line, within the lab.
fn proxy(lab: u64, proto: &str, ip: &str, port: &str) -> Option<i64> {
    let all = std::fs::read_dir("/proc").expect("proc").flatten();
    all.filter_map(|e| e.file_name().to_str()?.parse::<i64>().ok()).find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&str> = line.split(|b| *b == 0).map(|w| std::str::from_utf8(w).unwrap_or_default()).collect();
        let has = |option, value| words.windows(2).any(|w| w == [option, value]);
        words[0].ends_with("docker-proxy")
            && has("-proto", proto)
            && has("-host-ip", ip)
            && has("-host-port", port)
            && inode(*pid, "net") == Some(lab)
    })
}

#[test]
#[ignore = "needs root and the lab"]
fn published_ports_are_those_of_the_engine_the_filter_and_the_proxies() {
    let lab = Lab::shared();
    let netns = inode_at(&format!("/run/netns/{}", std::env::var("BRIDGEWATCH_LAB").expect("lab"))).expect("the lab's");
    agree(|d| {
        let before = containers(&lab);
        let ours = document(&lab, &["ports", "--format", "json"]);
        let nat = said(lab.command("iptables-save").args(["-t", "nat"])).expect("iptables-save");
        let after = containers(&lab);
        for (_, container) in
            after.iter().filter(|(id, c)| before.get(*id).is_some_and(|b| pid(b) == pid(c)) && pid(c).is_some())
        {
            let Some(bindings) = container["NetworkSettings"]["Ports"].as_object() else { continue };
            for (port, hosts) in bindings {
                let (inner, proto) = port.split_once('/').expect("port/proto");
                for host in hosts.as_array().into_iter().flatten() {
                    let (ip, outer) = (text(host, "HostIp"), text(host, "HostPort"));
                    let at = format!("{} {ip}:{outer}->{port}", name(container));
                    let row = rows(&ours).iter().find(|r| {
                        text(r, "container") == name(container)
                            && text(r, "host_ip") == ip
                            && r["host_port"].as_u64() == outer.parse().ok()
                            && text(r, "proto") == proto
                    });
                    let Some(row) = row else {
                        d.holds(|| format!("{at} is missing"), false);
                        continue;
                    };
                    d.same(&format!("{at} inside"), row["container_port"].as_u64(), inner.parse().ok());
                    d.same(&format!("{at} proxy"), row["proxy_pid"].as_i64(), proxy(netns, proto, ip, outer));
                    let is_v6 = ip.contains(':');
                    let rule = nat.lines().find(|rule| {
                        let has = |words: &str| format!(" {rule} ").contains(&format!(" {words} "));
                        let address = if ip == "0.0.0.0" { !has("-d") } else { rule.contains(&format!("-d {ip}/32")) };
                        address
                            && has("-j DNAT")
                            && has(&format!("-p {proto}"))
                            && has(&format!("--dport {outer}"))
                            && rule.ends_with(&format!(":{inner}"))
                    });
                    if !is_v6 {
                        d.same(&format!("{at} rule"), row["dnat"].as_bool(), Some(rule.is_some()));
                        d.same(&format!("{at} rule"), row["dnat_rule"].as_str(), rule);
                    }
                    d.same(&format!("{at} unknown"), row["unknown"].as_object().map(serde_json::Map::len), Some(0));
                }
            }
        }
    });
}

/// A row of `ss -lntpH`: local address, port and the first process.
fn listeners(lab: &Lab) -> Vec<(String, u64, i64)> {
    let text = said(lab.command("ss").arg("-lntpH")).expect("ss");
    let row = |line: &str| {
        let local = line.split_whitespace().nth(3)?;
        let (address, port) = local.rsplit_once(':')?;
        let address = address.trim_matches(['[', ']']).split('%').next()?;
        let pid = line.split("pid=").nth(1)?.split(',').next()?.parse().ok()?;
        Some((if address == "*" { "::".into() } else { address.to_owned() }, port.parse().ok()?, pid))
    };
    text.lines().filter_map(row).collect()
}

#[test]
#[ignore = "needs root and the lab"]
fn every_listener_of_the_host_has_its_row_and_its_process() {
    let lab = Lab::shared();
    agree(|d| {
        let before = listeners(&lab);
        let ours = document(&lab, &["ports", "--format", "json"]);
        let after = listeners(&lab);
        for (address, port, pid) in after.iter().filter(|l| before.contains(l)) {
            let here = |row: &&Value| {
                row["host_port"].as_u64() == Some(*port)
                    && text(row, "host_ip") == address
                    && row["wanted_only"] == false
            };
            let row = rows(&ours).iter().find(here);
            let holder = row.and_then(|r| r["proxy_pid"].as_i64().or_else(|| r["listener"]["pid"].as_i64()));
            d.same(&format!("[{address}]:{port}"), holder, Some(*pid));
        }
    });
}
