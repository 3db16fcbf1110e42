//! BW-N-026: Overlapping subnets.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-026",
    title: "Overlapping subnets",
    severity: Severity::Medium,
    why: "Packets for one network go to the other, depending on which route is longer.",
    fix: "Choose another subnet; set default-address-pools.",
    inputs: Inputs::ROUTES.and(Inputs::HOST).and(Inputs::NETNS).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "A+U",
    decide: Decide::Host(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let networks = &evidence.snapshot.networks;
    if networks.is_empty() {
        return Err(Verdict::unknown(Reason::NotRead, "the engine's networks were not read"));
    }
    let pools: Vec<(&Network, Cidr)> = networks
        .iter()
        .flat_map(|network| network.pools.iter().map(move |pool| (network, pool.subnet)))
        .filter(|(_, subnet)| !subnet.is_default())
        .collect();
    let mut hits = Vec::new();
    for (n, (first, a)) in pools.iter().enumerate() {
        for (second, b) in &pools[n + 1..] {
            if first.id != second.id && a.overlaps(b) {
                hits.push(hit(first.name.raw(), *a, &format!("network {}", second.name.raw()), *b));
            }
        }
    }
    if let Ok(links) = evidence.engine_links() {
        for (network, subnet) in &pools {
            let own = network.device();
            let foreign = |oif: Option<IfIndex>| {
                let name = links.iter().find(|link| Some(link.ifindex) == oif).map(|link| link.name.raw());
                name.filter(|name| own.as_deref() != Some(*name) && *name != "lo").map(str::to_owned)
            };
            for route in evidence.snapshot.routes.iter().filter(|r| r.netns == links[0].netns && r.table == 254) {
                let usable = route.kind == "unicast" && !route.dst.is_default() && !is_link_local(&route.dst);
                if usable
                    && route.dst.overlaps(subnet)
                    && let Some(name) = foreign(route.oif)
                {
                    hits.push(hit(network.name.raw(), *subnet, &format!("a route by {name}"), route.dst));
                }
            }
        }
    } else if hits.is_empty() {
        evidence.engine_links()?;
    }
    hits.sort_by(|a, b| a.sub_key.cmp(&b.sub_key));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    Ok(Verdict::of(hits))
}

fn is_link_local(cidr: &Cidr) -> bool {
    matches!(cidr.addr, std::net::IpAddr::V6(addr) if addr.is_unicast_link_local() || addr.is_multicast())
}

fn hit(network: &str, subnet: Cidr, other: &str, range: Cidr) -> Hit {
    Hit::fail(Grade::Api)
        .on(format!("{network}|{other}"))
        .says(format!("{network} ({subnet}) overlaps {other} ({range})"))
        .saw("inspect", format!("network {network} IPAM"), subnet.to_string(), "a range of its own")
        .saw("netlink", other, range.to_string(), "another range")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn routed(dst: &str, ifindex: u32) -> Host {
        let mut route = default_route(1, ifindex);
        route.dst = dst.parse().expect("cidr");
        Host::new().snapshot(|s| std::sync::Arc::make_mut(&mut s.routes).push(route))
    }

    #[test]
    fn networks_and_routes() {
        decides(
            &CHECK,
            [
                ("one", Host::new(), Pass),
                ("two apart", Host::new().network(network("net", "10.9.0.0/24")), Pass),
                ("two that overlap", Host::new().network(network("net", "172.17.5.0/24")), Fail),
                ("its own route", routed("172.17.0.0/16", 3), Pass),
                ("a route elsewhere", routed("172.16.0.0/12", 2), Fail),
                ("the default route covers everything", routed("0.0.0.0/0", 2), Pass),
                (
                    "a macvlan on its parent's subnet",
                    routed("192.0.2.0/24", 2).network({
                        let mut net = network("net", "192.0.2.0/24");
                        net.driver = "macvlan".into();
                        net.options.insert("parent".into(), "eth0".into());
                        net
                    }),
                    Pass,
                ),
                ("not read", Host::new().snapshot(|s| s.networks = Default::default()), Unknown),
                ("interfaces unreadable", Host::new().snapshot(|s| s.links = Default::default()), Unknown),
            ],
        );
    }
}
