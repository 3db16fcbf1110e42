//! BW-N-015: A published port has no usable listener.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-015",
    title: "A published port has no usable listener",
    severity: Severity::Info,
    why: "Clients connect and get nothing, or a reset: the service listens on loopback inside, on another port, or not at all.",
    fix: "Bind 0.0.0.0 inside the container.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::SOCKETS).and(Inputs::HOST).and(Inputs::CLOCK),
    need: "U",
    patience: Patience::Settled,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let publications = resolve::ports::publications(container);
    if publications.is_empty() {
        return Ok(Verdict::pass());
    }
    if container.network_mode == NetworkMode::Host {
        return Ok(Verdict::na("host network: the engine discards its publications, see BW-N-037"));
    }
    evidence.kernel(container)?;
    let young = container
        .started_at
        .is_some_and(|start| evidence.snapshot.taken_at.duration_since(start) < jiff::SignedDuration::from_secs(10));
    if young {
        return Err(Verdict::unknown(Reason::Race, "started less than 10 seconds ago: it may not listen yet"));
    }
    let listeners = evidence.listeners(container)?;
    let mut hits = Vec::new();
    for publication in publications.iter().filter(|p| p.proto != Proto::Sctp) {
        let mine: Vec<&Listener> =
            listeners.iter().filter(|l| l.proto == publication.proto && l.port == publication.container_port).collect();
        let says = match (mine.is_empty(), mine.iter().all(|l| l.addr.is_loopback())) {
            (true, _) => "nobody listens on",
            (false, true) => "bound to loopback inside:",
            (false, false) => continue,
        };
        let port = format!("{}/{}", publication.container_port, publication.proto);
        hits.push(
            Hit::warn(Grade::Kernel)
                .on(publication.key())
                .says(format!("{says} {port}, which is published as {}", publication.host_port))
                .saw(
                    "sockets",
                    port.as_str(),
                    mine.first().map_or_else(|| "none".to_owned(), |l| l.addr.to_string()),
                    "0.0.0.0 or ::",
                ),
        );
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn serving(addrs: &[&str]) -> Host {
        let listeners = addrs.iter().map(|addr| listener(100, addr, 80, 1000)).collect();
        one(container().netns(100).container(|c| c.ports = vec![port("0.0.0.0", 8080, 80)])).sockets(100, listeners)
    }

    #[test]
    fn inside_the_namespace() {
        decides(
            &CHECK,
            [
                ("listens", serving(&["0.0.0.0"]), Pass),
                ("listens on IPv6", serving(&["::"]), Pass),
                ("nobody", serving(&[]), Warn),
                ("loopback only", serving(&["127.0.0.1", "::1"]), Warn),
                (
                    "sockets unreadable",
                    one(container().netns(100).container(|c| c.ports = vec![port("0.0.0.0", 8080, 80)])),
                    Unknown,
                ),
                (
                    "just started",
                    serving(&[]).snapshot(|s| {
                        s.taken_at = now().checked_sub(jiff::SignedDuration::from_hours(24)).expect("time")
                    }),
                    Unknown,
                ),
                ("nothing published", one(container()), Pass),
                (
                    "not running",
                    one(container().stopped().container(|c| c.ports = vec![port("0.0.0.0", 8080, 80)])),
                    Na,
                ),
            ],
        );
    }
}
