//! BW-N-016: Unpublished listeners that peers can reach.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-016",
    title: "Unpublished listeners that peers can reach",
    severity: Severity::Info,
    why: "A port need not be published to be open to every container of the same network.",
    fix: "Split the networks.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::SOCKETS).and(Inputs::CONTAINERS),
    need: "U",
    patience: Patience::TwoSamples,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.network_mode == NetworkMode::Host {
        return Ok(Verdict::na("host network, see BW-N-017"));
    }
    evidence.owns_netns(container)?;
    evidence.kernel(container)?;
    let peers = evidence.peers(container);
    if peers.is_empty() {
        return Ok(Verdict::noted("nobody shares a network with it"));
    }
    let published: Vec<u16> = resolve::ports::publications(container).iter().map(|p| p.container_port).collect();
    let mut open: Vec<(u16, Proto)> = evidence
        .listeners(container)?
        .iter()
        .filter(|l| !l.addr.is_loopback() && !published.contains(&l.port))
        .map(|l| (l.port, l.proto))
        .collect();
    open.sort_unstable();
    open.dedup();
    if open.is_empty() {
        return Ok(Verdict::pass());
    }
    let exposed = peers
        .iter()
        .find(|peer| resolve::ports::publications(peer).iter().any(resolve::ports::Publication::is_wildcard));
    let mut hits = Vec::new();
    if let Some(peer) = exposed {
        for (port, name) in known::ports::DATABASES.iter().filter(|(port, _)| open.contains(&(*port, Proto::Tcp))) {
            hits.push(
                Hit::fail(Grade::Kernel)
                    .on(format!("tcp/{port}"))
                    .severity(Severity::Medium)
                    .says(format!(
                        "{name} on {port}/tcp is open to {}, which is published on every address",
                        peer.name.raw()
                    ))
                    .saw("sockets", "tcp", port.to_string(), "a network without published neighbours")
                    .related("BW-N-001"),
            );
        }
    }
    let shown: Vec<String> = open.iter().map(|(port, proto)| format!("{port}/{proto}")).collect();
    hits.push(Hit::warn(Grade::Kernel).says(format!("{} peer(s) can reach {}", peers.len(), shown.join(", "))).saw(
        "sockets",
        "listening",
        shown.join(", "),
        "-",
    ));
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn beside(peer: Draft, listening: u16) -> Host {
        one(container().netns(100).on("bridge", "172.17.0.2/16"))
            .and(peer.on("bridge", "172.17.0.3/16"))
            .sockets(100, vec![listener(100, "0.0.0.0", listening, 1000)])
    }

    fn published() -> Draft {
        named("front").container(|c| c.ports = vec![port("0.0.0.0", 80, 80)])
    }

    #[test]
    fn peers_reach_what_is_not_published() {
        decides(
            &CHECK,
            [
                ("alone", one(container().netns(100)), Pass),
                ("a listener", beside(named("db"), 8080), Warn),
                ("a database beside a published neighbour", beside(published(), 5432), Fail),
                ("a database beside an unpublished neighbour", beside(named("db"), 5432), Warn),
                (
                    "sockets unreadable",
                    one(container().on("bridge", "172.17.0.2/16")).and(named("db").on("bridge", "172.17.0.3/16")),
                    Unknown,
                ),
                ("not running", one(container().stopped()), Na),
            ],
        );
    }
}
