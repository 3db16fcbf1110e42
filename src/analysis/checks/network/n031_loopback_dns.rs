//! BW-N-031: Name server on loopback.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-031",
    title: "Name server on loopback",
    severity: Severity::Medium,
    why: "Nothing answers there inside the container: no name resolves.",
    fix: "Use --dns, or the daemon's \"dns\".",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::SOCKETS),
    need: "P/R",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.network_mode == NetworkMode::Host {
        return Ok(Verdict::na("host network: the host's resolver is on its loopback"));
    }
    if container.network_mode == NetworkMode::None {
        return Ok(Verdict::na("no network"));
    }
    let file = need(&evidence.kernel(container)?.resolv_conf)?;
    let servers = file.raw().lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next())?
    });
    let embedded = std::net::IpAddr::from([127, 0, 0, 11]);
    let local = servers
        .filter_map(|server| server.parse::<std::net::IpAddr>().ok())
        .find(|server| server.is_loopback() && *server != embedded);
    let Some(server) = local else { return Ok(Verdict::pass()) };
    // A resolver of the container's own is what the line may mean.
    if evidence.listeners(container).is_ok_and(|listeners| listeners.iter().any(|l| l.port == 53)) {
        return Ok(Verdict::noted("a name server of its own listens inside"));
    }
    Ok(Hit::fail(Grade::Kernel)
        .says(format!("asks {server} for names, where nothing answers inside"))
        .saw("proc", "/etc/resolv.conf", server.to_string(), "127.0.0.11 or a reachable server")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn resolves(with: &str) -> Host {
        let file = format!("search x\nnameserver {with}\n");
        one(container().netns(100).kernel(|k| k.resolv_conf = Fact::Known(file.into())))
    }

    #[test]
    fn in_a_namespace_of_its_own() {
        decides(
            &CHECK,
            [
                ("the embedded server", resolves("127.0.0.11"), Pass),
                ("another server", resolves("192.0.2.53"), Pass),
                ("the stub of the host", resolves("127.0.0.53"), Fail),
                ("over IPv6", resolves("::1"), Fail),
                (
                    "a server of its own",
                    resolves("127.0.0.1").sockets(100, vec![listener(100, "127.0.0.1", 53, 1000)]),
                    Pass,
                ),
                ("host network", one(container().container(|c| c.network_mode = NetworkMode::Host)), Na),
                (
                    "unreadable",
                    one(container().kernel(|k| k.resolv_conf = Fact::unknown(GapKind::Permission, "no"))),
                    Unknown,
                ),
                ("not running", one(container().stopped()), Na),
            ],
        );
    }
}
