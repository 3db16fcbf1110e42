//! BW-N-014: Two DNAT rules for one port.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-014",
    title: "Two DNAT rules for one port",
    severity: Severity::High,
    why: "The first rule wins; the container behind the second never sees a packet, and the first may be someone else's.",
    fix: "Delete the stale rule, or restart the daemon.",
    inputs: Inputs::FIREWALL
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS)
        .and(Inputs::CONTAINERS),
    need: "N",
    patience: Patience::Settled,
    way: Check::COMMAND,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let firewall = evidence.firewall()?;
    let mut hits = Vec::new();
    for table in &firewall.tables {
        let rules: Vec<&Rule> = table
            .chains
            .iter()
            .flat_map(|chain| &chain.rules)
            .filter(|rule| matches!(rule.target, Target::Dnat { addr: Some(_), .. }))
            .collect();
        for (n, first) in rules.iter().enumerate() {
            for second in &rules[n + 1..] {
                if let Some(port) = resolve::dnat::same_port(first, second) {
                    hits.push(
                        Hit::fail(Grade::Kernel)
                            .on(port.as_str())
                            .says(format!("two rules send {port} somewhere, the first wins"))
                            .saw("netfilter", "first", first.text.as_str(), "one rule")
                            .saw("netfilter", "second", second.text.as_str(), "none"),
                    );
                }
            }
        }
    }
    hits.sort_by(|a, b| a.sub_key.cmp(&b.sub_key));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    if hits.is_empty() {
        evidence.whole_firewall()?;
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn to(address: &str, port: u16, on: Option<&str>) -> Rule {
        let mut matches = vec![
            Match::Protocol { word: "tcp".into(), not: false },
            Match::DestinationPorts { ranges: vec![(port, port)], not: false },
        ];
        matches.extend(on.map(|on| Match::Destination { cidr: on.parse().expect("cidr"), not: false }));
        rule(matches, Target::Dnat { addr: address.parse().ok(), port: Some(80) })
    }

    fn nat(rules: Vec<Rule>) -> Host {
        Host::new().filter(vec![table(Family::Ip, "nat", vec![chain("DOCKER", None, "", rules)])])
    }

    #[test]
    fn one_port_one_rule() {
        decides(
            &CHECK,
            [
                ("none", nat(vec![]), Pass),
                ("two ports", nat(vec![to("172.17.0.2", 80, None), to("172.17.0.3", 81, None)]), Pass),
                ("one port twice", nat(vec![to("172.17.0.2", 80, None), to("172.17.0.3", 80, None)]), Fail),
                (
                    "one port on two addresses",
                    nat(vec![to("172.17.0.2", 80, Some("192.0.2.1/32")), to("172.17.0.3", 80, Some("192.0.2.2/32"))]),
                    Pass,
                ),
                (
                    "one of them on every address",
                    nat(vec![to("172.17.0.2", 80, Some("192.0.2.1/32")), to("172.17.0.3", 80, None)]),
                    Fail,
                ),
                ("unreadable", Host::new().snapshot(|s| s.firewall = Fact::default()), Unknown),
            ],
        );
    }
}
