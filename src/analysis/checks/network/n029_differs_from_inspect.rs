//! BW-N-029: The namespace differs from what the engine says.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-029",
    title: "The namespace differs from what the engine says",
    severity: Severity::Medium,
    why: "An address or a route was changed from inside, or by hand: what the engine shows is not what is used.",
    fix: "Recreate the container.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "P",
    patience: Patience::TwoSamples,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if matches!(container.network_mode, NetworkMode::Host | NetworkMode::Unknown) || container.owner != Owner::Engine {
        return Ok(Verdict::na("the engine gives it no addresses"));
    }
    evidence.owns_netns(container)?;
    let netns = evidence.netns(container)?;
    let networks: Vec<&Network> = container
        .endpoints
        .iter()
        .filter_map(|e| e.network_id.as_ref())
        .filter_map(|id| evidence.network(id))
        .collect();
    if networks.iter().any(|network| network.driver == "overlay") {
        return Ok(Verdict::na("on an overlay network, which adds a gateway interface of its own"));
    }
    let links = evidence.snapshot.links_in(netns);
    if links.is_empty() {
        return Err(Verdict::unknown(Reason::NotRead, "the interfaces of its network namespace were not read"));
    }
    let expected: Vec<std::net::IpAddr> =
        container.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().map(|cidr| cidr.addr).collect();
    // On a segment with foreign routers an IPv6 address may have been announced.
    let bridged = networks.iter().all(|network| network.driver == "bridge");
    let actual: Vec<std::net::IpAddr> = links
        .iter()
        .filter(|link| link.kind != "loopback" && link.name != "lo")
        .flat_map(|link| &link.addresses)
        .filter(|address| address.scope == "global")
        .map(|address| address.cidr.addr)
        .collect();
    let mut hits = Vec::new();
    for extra in actual.iter().filter(|addr| !expected.contains(addr) && (addr.is_ipv4() || bridged)) {
        hits.push(differs(
            extra.to_string(),
            format!("has {extra}, which the engine did not give it"),
            "an address of NetworkSettings",
        ));
    }
    for missing in expected.iter().filter(|addr| !actual.contains(addr)) {
        hits.push(differs(missing.to_string(), format!("lacks {missing}, which the engine gave it"), "the address"));
    }
    let gateways: Vec<std::net::IpAddr> =
        container.endpoints.iter().flat_map(|e| [e.gateway, e.gateway6]).flatten().collect();
    let routes = evidence.kernel(container)?.routes.known();
    let default = routes
        .and_then(|routes| routes.iter().find(|r| r.dst.is_default() && r.dst.addr.is_ipv4() && r.gateway.is_some()));
    if let Some(gateway) = default.and_then(|route| route.gateway)
        && !gateways.is_empty()
        && !gateways.contains(&gateway)
    {
        hits.push(differs(
            "default".to_owned(),
            format!("its default route goes to {gateway}"),
            "a gateway of its networks",
        ));
    }
    Ok(Verdict::of(hits))
}

fn differs(sub_key: String, says: String, expected: &'static str) -> Hit {
    Hit::warn(Grade::Kernel).saw("netlink", sub_key.as_str(), says.as_str(), expected).on(sub_key).says(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn inside(addresses: &[&str]) -> Host {
        let eth0 = addresses.iter().fold(link(100, 2, "eth0", "veth"), |link, address| addressed(link, address));
        one(container().netns(100).on("bridge", "172.17.0.2/16")).link(eth0)
    }

    #[test]
    fn addresses_and_the_default_route() {
        decides(
            &CHECK,
            [
                ("the same", inside(&["172.17.0.2/16"]), Pass),
                ("one more", inside(&["172.17.0.2/16", "172.17.0.9/16"]), Warn),
                ("another", inside(&["172.17.0.9/16"]), Warn),
                (
                    "another gateway",
                    one(container()
                        .netns(100)
                        .on("bridge", "172.17.0.2/16")
                        .container(|c| c.endpoints[0].gateway = "172.17.0.1".parse().ok())
                        .kernel(|k| {
                            k.routes = Fact::Known(vec![{
                                let mut r = default_route(100, 2);
                                r.gateway = "172.17.0.66".parse().ok();
                                r
                            }])
                        }))
                    .link(addressed(link(100, 2, "eth0", "veth"), "172.17.0.2/16")),
                    Warn,
                ),
                ("interfaces unreadable", one(container().netns(100).on("bridge", "172.17.0.2/16")), Unknown),
                ("host network", one(container().netns(1).container(|c| c.network_mode = NetworkMode::Host)), Na),
                ("not running", one(container().stopped()), Na),
            ],
        );
    }
}
