//! BW-N-023: IPv6 without a filter.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-023",
    title: "IPv6 without a filter",
    severity: Severity::High,
    why: "All ports of its containers are reachable over IPv6, published or not.",
    fix: "Set \"ip6tables\": true, or upgrade the engine.",
    inputs: Inputs::FIREWALL
        .and(Inputs::CONTAINERS)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "A+N",
    way: Check::DAEMON_JSON,
    decide: Decide::Network(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, network: &Network) -> Decision {
    if !network.ipv6 || network.driver != "bridge" {
        return Ok(Verdict::na("no IPv6 bridge network"));
    }
    let v6_members = evidence
        .members(&network.id)
        .iter()
        .flat_map(|container| &container.endpoints)
        .filter(|endpoint| endpoint.network_id.as_ref() == Some(&network.id) && endpoint.ipv6.is_some())
        .count();
    let firewall = evidence.firewall()?;
    let ours = |table: &Table| {
        (table.name == "docker-bridges" && table.family == Family::Ip6)
            || (table.name == "filter"
                && matches!(table.family, Family::Ip6 | Family::Inet)
                && table.chain("DOCKER").is_some())
    };
    if firewall.tables.iter().any(ours) {
        return Ok(Verdict::pass());
    }
    // An absence is a fact only when all was read.
    evidence.whole_firewall()?;
    if evidence.sysctl("net.ipv6.conf.all.forwarding")? == "0" {
        return Ok(Verdict::noted("the engine filters no IPv6, and the host forwards none"));
    }
    if v6_members == 0 {
        return Ok(Verdict::noted("the engine filters no IPv6, and no container has an address"));
    }
    Ok(Hit::fail(Grade::Kernel)
        .says(match v6_members {
            1 => "every port of 1 container is reachable over IPv6".to_owned(),
            many => format!("every port of {many} containers is reachable over IPv6"),
        })
        .saw("netfilter", "ip6 filter", "no chain of the engine", "chain DOCKER or table docker-bridges")
        .saw("sysctl", "net.ipv6.conf.all.forwarding", "1", "-")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn dual(tables: Vec<Table>) -> Host {
        let mut net = network("net", "10.9.0.0/24");
        net.ipv6 = true;
        let six = |c: &mut Container| c.endpoints[0].ipv6 = "fd00::2/64".parse().ok();
        one(container().on("net", "10.9.0.2/24").container(six))
            .network(net)
            .filter(tables)
            .sysctl("net.ipv6.conf.all.forwarding", "1")
    }

    fn chains(family: Family, name: &str, one: &str) -> Vec<Table> {
        vec![table(family, name, vec![chain(one, None, "", vec![])])]
    }

    #[test]
    fn the_chains_are_the_evidence() {
        decides(
            &CHECK,
            [
                ("filtered", dual(chains(Family::Ip6, "filter", "DOCKER")), Pass),
                ("filtered by the nftables backend", dual(chains(Family::Ip6, "docker-bridges", "x")), Pass),
                ("IPv4 chains alone", dual(chains(Family::Ip, "filter", "DOCKER")), Fail),
                ("nothing is forwarded", dual(vec![]).sysctl("net.ipv6.conf.all.forwarding", "0"), Pass),
                ("no address", dual(vec![]).snapshot(|s| s.containers = Default::default()), Pass),
                (
                    "read with a gap",
                    dual(vec![]).snapshot(|s| {
                        s.firewall = Fact::Known(std::sync::Arc::new(Firewall {
                            generation: None,
                            tables: vec![],
                            gaps: vec![crate::model::Gap::new(GapKind::Permission, "no")],
                        }))
                    }),
                    Unknown,
                ),
                ("unreadable", dual(vec![]).snapshot(|s| s.firewall = Fact::default()), Unknown),
                ("no IPv6", Host::new(), Na),
            ],
        );
    }
}
