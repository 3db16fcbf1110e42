//! BW-N-030: MTU mismatch.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-030",
    title: "MTU mismatch",
    severity: Severity::Low,
    why: "Small packets pass and large ones vanish: connections hang in the middle of a transfer.",
    fix: "Set the option com.docker.network.driver.mtu.",
    inputs: Inputs::ROUTES
        .and(Inputs::CONTAINERS)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "U",
    decide: Decide::Network(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, network: &Network) -> Decision {
    if !matches!(network.driver.as_str(), "bridge" | "overlay") {
        return Ok(Verdict::na("its containers use the parent's MTU"));
    }
    let host = evidence.engine_ns()?;
    let links = evidence.engine_links()?;
    let uplink = resolve::links::default_uplink(&evidence.snapshot.routes, host)
        .and_then(|ifindex| links.iter().find(|link| link.ifindex == ifindex));
    let mut hits = Vec::new();
    let device = network.device();
    let bridge = links.iter().find(|link| device.as_deref().is_some_and(|name| link.name == name));
    let pairs: Vec<(&Link, Option<&Link>)> = links
        .iter()
        .filter(|link| link.kind == "veth" && bridge.is_some_and(|bridge| link.master == Some(bridge.ifindex)))
        .map(|near| {
            let far = near.peer.as_ref().and_then(|p| evidence.snapshot.link(p.netns.get()?, p.ifindex));
            (near, far)
        })
        .collect();
    for (near, far) in pairs.iter().filter_map(|(near, far)| far.map(|far| (near, far))).filter(|(a, b)| a.mtu != b.mtu)
    {
        let whose = evidence.container_in(far.netns).map_or_else(|| "?".to_owned(), |c| c.name.raw().to_owned());
        hits.push(
            Hit::warn(Grade::Kernel)
                .on(format!("pair {whose}"))
                .says(format!("the ends of the veth of {whose} have MTU {} and {}", near.mtu, far.mtu))
                .saw("netlink", near.name.clone(), near.mtu.to_string(), far.mtu.to_string())
                .about(Subject::Link { netns: near.netns, ifindex: near.ifindex }),
        );
    }
    let largest = pairs.iter().filter_map(|(_, far)| far.map(|far| far.mtu)).max().or_else(|| network.mtu());
    // A vxlan header takes 50 bytes.
    let room =
        uplink.map(|uplink| if network.driver == "overlay" { uplink.mtu.saturating_sub(50) } else { uplink.mtu });
    if let (Some(uplink), Some(room), Some(largest), false) = (uplink, room, largest, network.internal)
        && largest > room
    {
        hits.push(
            Hit::fail(Grade::Kernel)
                .says(format!("its containers send {largest} bytes, {} takes {room}", uplink.name.raw()))
                .saw("netlink", "container MTU", largest.to_string(), format!("at most {room}")),
        );
    }
    match (hits.is_empty(), uplink, largest) {
        (true, None, _) => Ok(Verdict::na("no default route, so no uplink to compare with")),
        (true, Some(_), None) if !pairs.is_empty() => {
            Err(Verdict::unknown(Reason::Eperm, "the interfaces of its containers could not be read"))
        }
        _ => Ok(Verdict::of(hits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn sized(near: u32, far: u32) -> Host {
        let mut a = link(1, 20, "veth0", "veth");
        a.master = Some(IfIndex(9));
        a.mtu = near;
        a.peer = Some(crate::model::Peer { ifindex: IfIndex(2), netns: Fact::Known(NsInode(100)) });
        let mut b = link(100, 2, "eth0", "veth");
        b.mtu = far;
        Host::new().network(network("net", "10.9.0.0/24")).link(link(1, 9, "net", "bridge")).link(a).link(b)
    }

    #[test]
    fn against_the_uplink_and_each_other() {
        decides(
            &CHECK,
            [
                ("equal", sized(1500, 1500), Pass),
                ("larger than the uplink", sized(9000, 9000), Fail),
                ("larger, and internal", sized(9000, 9000).net("net", |n| n.internal = true), Pass),
                ("the ends differ", sized(1500, 1400), Warn),
                (
                    "by its option alone",
                    Host::new().network({
                        let mut n = network("net", "10.9.0.0/24");
                        n.options.insert("com.docker.network.driver.mtu".into(), "9000".into());
                        n
                    }),
                    Fail,
                ),
                ("no uplink", sized(1500, 1500).snapshot(|s| s.routes = Default::default()), Na),
                (
                    "far end unreadable",
                    sized(1500, 1500)
                        .snapshot(|s| std::sync::Arc::make_mut(&mut s.links).retain(|l| l.netns == HOST_NS)),
                    Unknown,
                ),
                ("interfaces unreadable", Host::new().snapshot(|s| s.links = Default::default()), Unknown),
            ],
        );
    }
}
