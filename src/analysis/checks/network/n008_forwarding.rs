//! BW-N-008: The host forwards between its interfaces.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-008",
    title: "The host forwards between its interfaces",
    severity: Severity::Medium,
    why: "It is a router for whoever sits on one of its networks, past every filter that was made for the host alone.",
    fix: "Set the policy of FORWARD to DROP.",
    inputs: Inputs::FIREWALL
        .and(Inputs::ROUTES)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "U+N",
    way: Check::COMMAND,
    decide: Decide::Host(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let on = |name: &str| evidence.sysctl(name).map(|value| value != "0");
    let v4 = on("net.ipv4.ip_forward")?;
    let v6 = on("net.ipv6.conf.all.forwarding").unwrap_or(false);
    if !v4 && !v6 {
        return Ok(Verdict::na("the host does not forward; published ports work through the proxy alone"));
    }
    let routes = &evidence.snapshot.routes;
    let uplinks: Vec<&Link> =
        evidence.uplinks()?.into_iter().filter(|l| resolve::links::is_external(l, routes)).collect();
    let Some(first) = uplinks.first() else { return Ok(Verdict::na("no interface leads outside")) };
    let last = uplinks.last().unwrap_or(first);
    let firewall = evidence.firewall()?;
    let mut open = Vec::new();
    for (is_on, family, source, destination) in
        [(v4, "IPv4", "198.51.100.77", "203.0.113.9"), (v6, "IPv6", "2001:db8:ffff::77", "2001:db8:fffe::9")]
    {
        let (true, Ok(source), Ok(destination)) = (is_on, source.parse(), destination.parse()) else { continue };
        let packet = resolve::walk::Packet {
            input: first.name.raw(),
            output: last.name.raw(),
            source,
            destination,
            proto: Proto::Tcp,
            port: 80,
        };
        match resolve::walk::forward(firewall, &packet) {
            resolve::walk::Outcome::Accepted if firewall.is_complete() => open.push(family),
            resolve::walk::Outcome::Accepted => {
                return Err(evidence.whole_firewall().err().unwrap_or_else(Verdict::not_known));
            }
            resolve::walk::Outcome::Undecided(rule) => return Err(Verdict::unknown(Reason::Rule, rule)),
            resolve::walk::Outcome::Dropped(_) => {}
        }
    }
    if open.is_empty() {
        return Ok(Verdict::pass());
    }
    let names: Vec<&str> = uplinks.iter().map(|link| link.name.raw()).collect();
    let hit = if uplinks.len() > 1 { Hit::fail(Grade::Kernel) } else { Hit::warn(Grade::Kernel) };
    Ok(hit
        .says(format!("forwards {} between any interfaces", open.join(" and ")))
        .saw("netfilter", format!("forward {}", names.join(" ")), "accepted", "dropped")
        .saw(
            "sysctl",
            "net.ipv4.ip_forward, net.ipv6.conf.all.forwarding",
            format!("{}, {}", u8::from(v4), u8::from(v6)),
            "-",
        )
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn forward(policy: &str, rules: Vec<Rule>) -> Vec<Table> {
        vec![table(Family::Ip, "filter", vec![chain("FORWARD", Some("forward"), policy, rules)])]
    }

    fn second(host: Host) -> Host {
        host.link(addressed(link(1, 8, "eth1", "ether"), "198.51.100.1/24"))
    }

    #[test]
    fn policy_and_uplinks() {
        decides(
            &CHECK,
            [
                ("closed", second(Host::new()).filter(forward("drop", vec![])), Pass),
                ("open between two", second(Host::new()), Fail),
                ("open, one uplink", Host::new(), Warn),
                (
                    "a terminal drop",
                    second(Host::new()).filter(forward("accept", vec![rule(vec![], Target::Drop)])),
                    Pass,
                ),
                ("no forwarding", Host::new().sysctl("net.ipv4.ip_forward", "0"), Na),
                (
                    "a rule nobody can read",
                    second(Host::new()).filter(forward(
                        "accept",
                        vec![rule(vec![Match::Opaque { text: "-m x".into() }], Target::Drop)],
                    )),
                    Unknown,
                ),
                ("firewall unreadable", Host::new().snapshot(|s| s.firewall = Fact::default()), Unknown),
                ("switch unreadable", Host::new().facts(|h| h.sysctls.clear()), Unknown),
            ],
        );
    }
}
