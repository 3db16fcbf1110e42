//! BW-N-017: Listens on every address of the host.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-017",
    title: "Listens on every address of the host",
    severity: Severity::High,
    why: "The port is open to the world and in no list of published ports.",
    fix: "Bind to one address.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::SOCKETS).and(Inputs::HOST).and(Inputs::NETNS),
    need: "A+P",
    patience: Patience::TwoSamples,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.network_mode != NetworkMode::Host && evidence.shares_with_host(container, NsKind::Net) != Some(true) {
        return match evidence.shares_with_host(container, NsKind::Net) {
            None if container.network_mode == NetworkMode::Unknown => {
                Err(evidence.netns(container).err().unwrap_or_else(Verdict::not_known))
            }
            _ => Ok(Verdict::na("a network namespace of its own")),
        };
    }
    let processes = evidence.processes(container)?;
    let mut hits = Vec::new();
    let mut unknown = None;
    for listener in evidence.listeners(container)?.iter().filter(|listener| listener.addr.is_unspecified()) {
        match need(&listener.owner) {
            Ok(Some(owner)) if processes.iter().any(|process| process.pid == owner.pid) => hits.push(
                Hit::fail(Grade::Kernel)
                    .on(format!("{}/{}", listener.proto, listener.port))
                    .says(format!(
                        "{} listens on {}/{} of every address of the host",
                        owner.process.raw(),
                        listener.port,
                        listener.proto
                    ))
                    .saw(
                        "sockets",
                        format!("{} {}:{}", listener.proto, listener.addr, listener.port),
                        format!("pid {}", owner.pid),
                        "one address",
                    ),
            ),
            Ok(_) => {}
            Err(missing) => unknown = Some(missing),
        }
    }
    hits.sort_by(|a, b| a.sub_key.cmp(&b.sub_key));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    match (hits.is_empty(), unknown) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(hits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn on_host(addr: &str, pid: i32) -> Host {
        one(container().netns(1).container(|c| c.network_mode = NetworkMode::Host))
            .sockets(1, vec![listener(1, addr, 8080, pid)])
    }

    #[test]
    fn whose_listener_it_is() {
        decides(
            &CHECK,
            [
                ("its own", on_host("0.0.0.0", 1000), Fail),
                ("its own over IPv6", on_host("::", 1000), Fail),
                ("one of the host", on_host("0.0.0.0", 4), Pass),
                ("one address", on_host("192.0.2.10", 1000), Pass),
                (
                    "owner unreadable",
                    on_host("0.0.0.0", 1000).snapshot(|s| {
                        let mut l = listener(1, "0.0.0.0", 1, 1);
                        l.owner = Fact::unknown(GapKind::Permission, "no");
                        s.sockets = std::sync::Arc::new(vec![crate::model::SocketScan {
                            netns: HOST_NS,
                            listeners: Fact::Known(vec![l]),
                        }]);
                    }),
                    Unknown,
                ),
                ("bridge", one(container().netns(100)), Na),
            ],
        );
    }
}
