//! BW-N-027: One address twice on a network.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-027",
    title: "One address twice on a network",
    severity: Severity::Medium,
    why: "Which of the two gets a packet is a matter of luck, or of who wants it.",
    fix: "Stop the one that should not have it.",
    inputs: Inputs::CONTAINERS.and(Inputs::HOST).and(Inputs::NETNS).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "A+P",
    patience: Patience::TwoSamples,
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
    let mut holders: std::collections::BTreeMap<std::net::IpAddr, Vec<&Link>> = std::collections::BTreeMap::new();
    for link in &segment.members {
        for address in link.addresses.iter().filter(|address| address.scope == "global") {
            holders.entry(address.cidr.addr).or_default().push(link);
        }
    }
    // What the engine gave away counts too: the kernel may show its address on somebody else.
    let mut hits = Vec::new();
    for (address, links) in &holders {
        let given_to = evidence.members(&network.id).iter().find(|container| {
            let own = |e: &crate::model::Endpoint| {
                e.ipv4.is_some_and(|c| c.addr == *address) || e.ipv6.is_some_and(|c| c.addr == *address)
            };
            container.endpoints.iter().any(|e| e.network_id.as_ref() == Some(&network.id) && own(e))
        });
        let stolen = given_to.is_some_and(|container| {
            evidence.netns(container).is_ok_and(|netns| links.iter().all(|link| link.netns != netns))
        });
        if links.len() < 2 && !stolen {
            continue;
        }
        let mut names: Vec<String> = links.iter().map(|link| holder(evidence, link)).collect();
        if stolen {
            names.extend(given_to.map(|container| format!("{} (by the engine)", container.name.raw())));
        }
        hits.push(
            Hit::fail(Grade::Kernel)
                .on(address.to_string())
                .says(format!("{address} is on {}", names.join(" and ")))
                .saw("netlink", address.to_string(), names.join(", "), "one holder"),
        );
    }
    if hits.is_empty() && is_blind {
        return Err(Verdict::unknown(Reason::Eperm, "the far end of a veth on it could not be read"));
    }
    Ok(Verdict::of(hits))
}

fn holder(evidence: &Evidence, link: &Link) -> String {
    match evidence.container_in(link.netns) {
        Some(container) => container.name.raw().to_owned(),
        None => format!("{} in namespace {}", link.name.raw(), link.netns),
    }
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
                ("twice", wired(&[(100, "10.9.0.2/24", 2), (101, "10.9.0.2/24", 3)]), Fail),
                ("the bridge's own", wired(&[(100, "10.9.0.1/24", 2)]), Fail),
                (
                    "taken from the one it was given to",
                    wired(&[(100, "10.9.0.7/24", 2), (101, "10.9.0.2/24", 3)])
                        .and(container().netns(100).on("net", "10.9.0.2/24")),
                    Fail,
                ),
                (
                    "a far end unreadable",
                    wired(&[(100, "10.9.0.2/24", 2)])
                        .snapshot(|s| std::sync::Arc::make_mut(&mut s.links).retain(|l| l.netns == HOST_NS)),
                    Unknown,
                ),
                ("nothing attached", wired(&[]), Pass),
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
