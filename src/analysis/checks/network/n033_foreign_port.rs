//! BW-N-033: A foreign port on the bridge.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-033",
    title: "A foreign port on the bridge",
    severity: Severity::High,
    why: "Whoever is behind that port is a neighbour of the containers.",
    fix: "Detach it.",
    inputs: Inputs::CONTAINERS.and(Inputs::HOST).and(Inputs::NETNS).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "U(+P)",
    patience: Patience::Settled,
    way: Check::COMMAND,
    decide: Decide::Network(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, network: &Network) -> Decision {
    if network.driver != "bridge" {
        return Ok(Verdict::na("no bridge of this kernel"));
    }
    let name = network.device().unwrap_or_default();
    let links = evidence.engine_links()?;
    let Some(bridge) = links.iter().find(|link| link.name == name.as_str()) else {
        return Ok(Verdict::na("its bridge does not exist"));
    };
    let mut hits = Vec::new();
    let mut unknown = None;
    for port in links.iter().filter(|link| link.master == Some(bridge.ifindex)) {
        let no_peer = || Err(Verdict::unknown(Reason::NotRead, "the other end of a veth on it is not known"));
        let peer = (port.kind == "veth").then(|| port.peer.as_ref().map_or_else(no_peer, |peer| need(&peer.netns)));
        let hit = match peer {
            None => {
                Hit::fail(Grade::Kernel).says(format!("{} ({}) is a port of the bridge", port.name.raw(), port.kind))
            }
            Some(Ok(netns)) if evidence.container_in(*netns).is_some() => continue,
            // The sandboxes of swarm's routing mesh are no containers.
            Some(Ok(_)) if name == "docker_gwbridge" => continue,
            Some(Ok(netns)) => Hit::warn(Grade::Kernel)
                .says(format!("{} leads to namespace {netns}, where no running container is", port.name.raw())),
            Some(Err(missing)) => {
                unknown = Some(missing);
                continue;
            }
        };
        hits.push(
            hit.on(port.name.raw())
                .saw(
                    "netlink",
                    format!("ports of {name}"),
                    format!("{} {}", port.name.raw(), port.kind),
                    "veth ends of containers",
                )
                .about(Subject::Link { netns: port.netns, ifindex: port.ifindex }),
        );
    }
    match (hits.is_empty(), unknown) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(hits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn port_of(kind: &str, peer: Option<Fact<NsInode>>) -> Host {
        let mut port = link(1, 20, "port0", kind);
        port.master = Some(IfIndex(9));
        port.peer = peer.map(|netns| crate::model::Peer { ifindex: IfIndex(2), netns });
        Host::new().network(network("net", "10.9.0.0/24")).link(link(1, 9, "net", "bridge")).link(port)
    }

    #[test]
    fn only_containers_belong_there() {
        decides(
            &CHECK,
            [
                ("a container", port_of("veth", Some(Fact::Known(NsInode(100)))).and(container().netns(100)), Pass),
                ("a leaked veth", port_of("veth", Some(Fact::Known(NsInode(66)))), Warn),
                ("a network card", port_of("ether", None), Fail),
                ("a tap", port_of("tun", None), Fail),
                ("a veth whose other end nobody knows", port_of("veth", Some(Fact::default())), Unknown),
                ("interfaces unreadable", Host::new().snapshot(|s| s.links = Default::default()), Unknown),
                ("no bridge", Host::new().network(network("net", "10.9.0.0/24")), Na),
            ],
        );
    }
}
