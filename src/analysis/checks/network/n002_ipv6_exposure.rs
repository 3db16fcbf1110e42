//! BW-N-002: Open over IPv6, closed over IPv4.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-002",
    title: "Open over IPv6, closed over IPv4",
    severity: Severity::Medium,
    why: "The filter that was made for IPv4 does not exist for IPv6: the port is open to everyone there.",
    fix: "Bind IPv4 explicitly, or filter IPv6 too.",
    cis: "5.14",
    inputs: Inputs::CONTAINER
        .and(Inputs::FIREWALL)
        .and(Inputs::ROUTES)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "A+N",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let publications = resolve::ports::publications(container);
    let wild = |p: &&resolve::ports::Publication| p.addrs.iter().any(|addr| addr.is_ipv6() && addr.is_unspecified());
    if !publications.iter().any(|p| wild(&p)) {
        return Ok(Verdict::pass());
    }
    let routes = &evidence.snapshot.routes;
    let uplinks = evidence.uplinks()?;
    let outside: Vec<&Link> = uplinks.into_iter().filter(|link| resolve::links::is_external(link, routes)).collect();
    if !outside.iter().any(|link| resolve::links::has_global(link, true)) {
        return Ok(Verdict::noted("no interface has a global IPv6 address"));
    }
    let mut hits = Vec::new();
    for publication in publications.iter().filter(wild) {
        let over = |v6| resolve::reach::over(evidence, container, publication, v6, &outside);
        let v4_wild = publication.addrs.iter().any(|addr| addr.is_ipv4() && addr.is_unspecified());
        let closed = !v4_wild || matches!(over(false)?, resolve::walk::Outcome::Dropped(_));
        if !closed {
            continue;
        }
        match over(true)? {
            resolve::walk::Outcome::Accepted => hits.push(
                Hit::fail(Grade::Kernel)
                    .on(publication.key())
                    .says(format!(
                        "{}/{} is open over IPv6 and not over IPv4",
                        publication.host_port, publication.proto
                    ))
                    .saw("netfilter", "IPv6 from outside", "accepted", "dropped, as over IPv4"),
            ),
            resolve::walk::Outcome::Dropped(_) => {}
            resolve::walk::Outcome::Undecided(rule) => return Err(Verdict::unknown(Reason::Rule, rule)),
        }
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn published(ip: &[&str]) -> Host {
        let ports = ip.iter().map(|ip| port(ip, 8080, 80)).collect();
        one(container().on("bridge", "172.17.0.2/16").container(|c| c.ports = ports))
            .iface("eth0", |l| *l = addressed(l.clone(), "2001:db8::10/64"))
    }

    fn closed(family: Family, hook: &str) -> Table {
        table(family, "filter", vec![chain("X", Some(hook), "drop", vec![])])
    }

    #[test]
    fn the_two_families_are_compared() {
        decides(
            &CHECK,
            [
                ("both open: BW-N-001 says it", published(&["0.0.0.0", "::"]), Pass),
                (
                    "IPv4 filtered, IPv6 by the proxy and open",
                    published(&["0.0.0.0", "::"]).filter(vec![closed(Family::Ip, "forward")]),
                    Fail,
                ),
                (
                    "both filtered",
                    published(&["0.0.0.0", "::"])
                        .filter(vec![closed(Family::Ip, "forward"), closed(Family::Ip6, "input")]),
                    Pass,
                ),
                ("IPv6 alone", published(&["127.0.0.1", "::"]), Fail),
                (
                    "no IPv6 outside",
                    published(&["::"]).iface("eth0", |l| {
                        l.addresses.pop();
                    }),
                    Pass,
                ),
                (
                    "firewall unreadable",
                    published(&["0.0.0.0", "::"]).snapshot(|s| s.firewall = Fact::default()),
                    Unknown,
                ),
                ("no wildcard", published(&["0.0.0.0"]), Pass),
            ],
        );
    }
}
