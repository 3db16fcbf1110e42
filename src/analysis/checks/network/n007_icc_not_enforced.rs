//! BW-N-007: Isolation between containers is not enforced.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-007",
    title: "Isolation between containers is not enforced",
    severity: Severity::High,
    why: "The network was made so that its containers can't talk to each other, and the kernel lets them.",
    fix: "Load br_netfilter and set net.bridge.bridge-nf-call-iptables to 1.",
    cis: "2.2",
    inputs: Inputs::FIREWALL.and(Inputs::HOST).and(Inputs::NETNS).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "A+U",
    way: Check::COMMAND,
    decide: Decide::Network(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, network: &Network) -> Decision {
    if network.driver != "bridge" || network.flag("enable_icc") != Some(false) {
        return Ok(Verdict::na("containers of this network may talk to each other"));
    }
    let bridge = network.device().unwrap_or_default();
    let own =
        evidence.engine_links()?.iter().find(|link| link.name == bridge.as_str()).and_then(|link| link.bridge.as_ref());
    let families: &[(&str, bool)] =
        &[("net.bridge.bridge-nf-call-iptables", false), ("net.bridge.bridge-nf-call-ip6tables", true)];
    for (name, v6) in families.iter().filter(|(_, v6)| !v6 || network.ipv6) {
        let by_bridge = own.is_some_and(|b| if *v6 { b.nf_call_ip6tables } else { b.nf_call_iptables });
        let value = if evidence.sysctl_is_absent(name) { "absent" } else { evidence.sysctl(name)? };
        if value != "1" && !by_bridge {
            return Ok(Hit::fail(Grade::Kernel)
                .on(bridge)
                .says("engine: containers isolated; kernel: frames between them are not filtered")
                .saw("inspect", "Options enable_icc", "false", "-")
                .saw("sysctl", *name, value, "1")
                .into());
        }
    }
    let packet = resolve::walk::Packet {
        input: &bridge,
        output: &bridge,
        source: std::net::Ipv4Addr::new(198, 51, 100, 77).into(),
        destination: network.pools.first().map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |pool| pool.subnet.addr),
        proto: Proto::Tcp,
        port: 80,
    };
    match resolve::walk::forward(evidence.whole_firewall()?, &packet) {
        resolve::walk::Outcome::Dropped(_) => Ok(Verdict::pass()),
        resolve::walk::Outcome::Accepted => Ok(Hit::fail(Grade::Kernel)
            .on(bridge.as_str())
            .says("engine: containers isolated; kernel: no rule drops what goes between them")
            .saw("netfilter", format!("forward {bridge} to {bridge}"), "accepted", "dropped")
            .into()),
        resolve::walk::Outcome::Undecided(rule) => Err(Verdict::unknown(Reason::Rule, rule)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn isolated() -> Host {
        let mut net = network("net", "10.9.0.0/24");
        net.options.insert("com.docker.network.bridge.enable_icc".into(), "false".into());
        let between = |name: &str| Match::In { name: name.into(), not: false };
        let drop = rule(vec![between("net"), Match::Out { name: "net".into(), not: false }], Target::Drop);
        Host::new().network(net).link(addressed(link(1, 9, "net", "bridge"), "10.9.0.1/24")).filter(vec![table(
            Family::Ip,
            "filter",
            vec![chain("FORWARD", Some("forward"), "accept", vec![drop])],
        )])
    }

    #[test]
    fn the_kernel_decides() {
        decides(
            &CHECK,
            [
                ("enforced", isolated(), Pass),
                ("bridged frames skip the filter", isolated().sysctl("net.bridge.bridge-nf-call-iptables", "0"), Fail),
                (
                    "the module is not loaded",
                    isolated().facts(|h| {
                        h.sysctls.insert(
                            "net.bridge.bridge-nf-call-iptables".into(),
                            Fact::unknown(GapKind::Gone, "no such file"),
                        );
                    }),
                    Fail,
                ),
                (
                    "the bridge's own switch",
                    isolated().sysctl("net.bridge.bridge-nf-call-iptables", "0").iface("net", |l| {
                        l.bridge = Some(crate::model::Bridge { nf_call_iptables: true, ..Default::default() })
                    }),
                    Pass,
                ),
                ("no rule", isolated().filter(vec![]), Fail),
                ("firewall unreadable", isolated().snapshot(|s| s.firewall = Fact::default()), Unknown),
                (
                    "switch unreadable",
                    isolated().facts(|h| {
                        h.sysctls.clear();
                    }),
                    Unknown,
                ),
                ("another namespace", isolated().daemon(|d| d.net_ns = Fact::Known(NsInode(7))), Unknown),
                ("not isolated", Host::new().network(network("net", "10.9.0.0/24")), Na),
            ],
        );
    }
}
