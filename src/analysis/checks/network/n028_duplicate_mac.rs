//! BW-N-028: One hardware address twice on a network.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-028",
    title: "One hardware address twice on a network",
    severity: Severity::Medium,
    why: "The bridge sends a frame to the port it last heard the address on.",
    fix: "Give each its own --mac-address.",
    inputs: Inputs::FDB
        .and(Inputs::CONTAINERS)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "U",
    way: Check::COMMAND,
    decide: Decide::Network(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, network: &Network) -> Decision {
    let device = match network.driver.as_str() {
        "bridge" | "macvlan" | "ipvlan" => network.device().unwrap_or_default(),
        _ => return Ok(Verdict::na("no segment of this kernel")),
    };
    let host = evidence.engine_ns()?;
    evidence.engine_links()?;
    let segments = resolve::segments::segments(&evidence.snapshot.links, host);
    let Some(segment) = segments.iter().find(|segment| segment.name == device) else {
        return Ok(Verdict::noted("nothing is attached"));
    };
    let is_blind =
        segment.members.iter().any(|link| link.netns == host && link.kind == "veth" && link.master.is_some());
    let mut seen: std::collections::BTreeMap<&Mac, Vec<&Link>> = std::collections::BTreeMap::new();
    // A bridge borrows the address of a port, and ipvlan children have their parent's.
    let counts = |link: &&&Link| link.netns != host && !link.kind.starts_with("ipv") && !link.mac.0.is_empty();
    for link in segment.members.iter().filter(counts) {
        seen.entry(&link.mac).or_default().push(link);
    }
    let mut hits: Vec<Hit> = seen
        .iter()
        .filter(|(_, links)| links.len() > 1)
        .map(|(mac, links)| {
            let names: Vec<String> = links
                .iter()
                .map(|l| {
                    evidence.container_in(l.netns).map_or_else(|| l.netns.to_string(), |c| c.name.raw().to_owned())
                })
                .collect();
            Hit::fail(Grade::Kernel).on(mac.to_string()).says(format!("{mac} is on {}", names.join(" and "))).saw(
                "netlink",
                mac.to_string(),
                names.join(", "),
                "one holder",
            )
        })
        .collect();
    hits.extend(moving(evidence, host, &device));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    if hits.is_empty() && is_blind {
        return Err(Verdict::unknown(Reason::Eperm, "the far end of a veth on it could not be read"));
    }
    Ok(Verdict::of(hits))
}

/// Addresses that the bridge learnt on two ports of one VLAN.
fn moving(evidence: &Evidence, host: NsInode, bridge: &str) -> Vec<Hit> {
    let links = evidence.snapshot.links_in(host);
    let Some(bridge) = links.iter().find(|link| link.name == bridge) else { return Vec::new() };
    let mut ports: std::collections::BTreeMap<(&Mac, Option<u16>), std::collections::BTreeSet<IfIndex>> =
        std::collections::BTreeMap::new();
    for entry in evidence.snapshot.fdb.iter() {
        if entry.netns == host && entry.bridge == Some(bridge.ifindex) && entry.state != "permanent" {
            ports.entry((&entry.mac, entry.vlan)).or_default().insert(entry.port);
        }
    }
    ports
        .into_iter()
        .filter(|(_, ports)| ports.len() > 1)
        .map(|((mac, _), ports)| {
            Hit::fail(Grade::Kernel).on(mac.to_string()).says(format!("{mac} was learnt on {} ports", ports.len())).saw(
                "netlink",
                "forwarding database",
                format!("{mac} on {} ports", ports.len()),
                "one port",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn wired(ends: &[(u64, &str, u8)]) -> Host {
        let bridge = addressed(link(1, 9, "net", "bridge"), "10.9.0.1/24");
        let mut host = Host::new().network(network("net", "10.9.0.0/24")).link(bridge);
        for (n, (netns, address, mac)) in ends.iter().enumerate() {
            let mut far = addressed(link(*netns, 2, "eth0", "veth"), address);
            far.mac = Mac(vec![2, 0, 0, 0, 0, *mac]);
            let mut near = link(1, 20 + n as u32, &format!("veth{n}"), "veth");
            near.master = Some(IfIndex(9));
            near.peer = Some(crate::model::Peer { ifindex: IfIndex(2), netns: Fact::Known(NsInode(*netns)) });
            host = host.link(near).link(far);
        }
        host
    }

    #[test]
    fn inside_one_segment() {
        decides(
            &CHECK,
            [
                ("apart", wired(&[(100, "10.9.0.2/24", 2), (101, "10.9.0.3/24", 3)]), Pass),
                ("twice", wired(&[(100, "10.9.0.2/24", 2), (101, "10.9.0.3/24", 2)]), Fail),
                (
                    "a far end unreadable",
                    wired(&[(100, "10.9.0.2/24", 2)])
                        .snapshot(|s| std::sync::Arc::make_mut(&mut s.links).retain(|l| l.netns == HOST_NS)),
                    Unknown,
                ),
                (
                    "learnt on two ports",
                    wired(&[(100, "10.9.0.2/24", 2)]).snapshot(|s| {
                        let entry = |port| crate::model::FdbEntry {
                            netns: HOST_NS,
                            bridge: Some(IfIndex(9)),
                            port: IfIndex(port),
                            mac: Mac(vec![7; 6]),
                            vlan: None,
                            dst: None,
                            state: "learned".into(),
                        };
                        s.fdb = std::sync::Arc::new(vec![entry(20), entry(21)]);
                    }),
                    Fail,
                ),
                (
                    "another driver",
                    Host::new().network({
                        let mut n = network("net", "10.9.0.0/24");
                        n.driver = "overlay".into();
                        n
                    }),
                    Na,
                ),
            ],
        );
    }
}
