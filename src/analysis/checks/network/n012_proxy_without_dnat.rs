//! BW-N-012: A proxy without a DNAT rule.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-012",
    title: "A proxy without a DNAT rule",
    severity: Severity::Medium,
    why: "The port is served by the proxy process alone: the container sees the bridge as every client's address, and filters for forwarded traffic do not see it at all.",
    fix: "Restart the container, or the daemon.",
    inputs: Inputs::CONTAINER
        .and(Inputs::FIREWALL)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "U+N",
    patience: Patience::Settled,
    way: Check::COMMAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if resolve::ports::publications(container).is_empty() {
        return Ok(Verdict::pass());
    }
    if evidence.is_rootless() {
        return Ok(Verdict::na("rootless: the daemon has a namespace of its own"));
    }
    let daemon = evidence.daemon()?;
    let proxies = need(&daemon.proxies)?;
    let addresses: Vec<std::net::IpAddr> =
        container.endpoints.iter().filter_map(|endpoint| endpoint.ipv4).map(|cidr| cidr.addr).collect();
    // From IPv6 of the host to IPv4 of a container there never is a rule: that is what the proxy is for.
    let mine: Vec<_> = proxies
        .iter()
        .filter(|proxy| {
            proxy.host_ip.is_ipv4() && proxy.container_ip.is_ipv4() && addresses.contains(&proxy.container_ip)
        })
        .collect();
    if mine.is_empty() {
        return Ok(Verdict::pass());
    }
    if !evidence.setting("iptables", "iptables")?.is(true) {
        return Ok(Verdict::na("the daemon manages no filter, see BW-D-004"));
    }
    let firewall = evidence.firewall()?;
    let missing: Vec<_> = mine
        .into_iter()
        .filter(|p| !resolve::dnat::exists(firewall, p.proto, p.host_port, p.container_ip, p.container_port))
        .collect();
    if missing.is_empty() {
        return Ok(Verdict::pass());
    }
    evidence.whole_firewall()?;
    Ok(Verdict::of(
        missing
            .into_iter()
            .map(|proxy| {
                Hit::fail(Grade::Kernel)
                    .on(format!("{}/{}", proxy.proto, proxy.host_port))
                    .says(format!("{}/{} is served by the proxy alone", proxy.host_port, proxy.proto))
                    .saw(
                        "proc",
                        "docker-proxy",
                        format!("pid {} {}:{}", proxy.pid, proxy.host_ip, proxy.host_port),
                        "-",
                    )
                    .saw(
                        "netfilter",
                        "nat DNAT",
                        "no rule",
                        format!("to {}:{}", proxy.container_ip, proxy.container_port),
                    )
            })
            .collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn proxied(rules: Vec<Rule>, host_ip: &str) -> Host {
        let proxy = crate::model::Proxy {
            pid: crate::model::Pid(77),
            ppid: crate::model::Pid(500),
            proto: Proto::Tcp,
            host_ip: host_ip.parse().expect("ip"),
            host_port: 8080,
            container_ip: "172.17.0.2".parse().expect("ip"),
            container_port: 80,
        };
        one(container().on("bridge", "172.17.0.2/16").container(|c| c.ports = vec![port(host_ip, 8080, 80)]))
            .daemon(|d| d.proxies = Fact::Known(vec![proxy]))
            .filter(vec![table(Family::Ip, "nat", vec![chain("DOCKER", None, "", rules)])])
    }

    fn dnat() -> Rule {
        let matches = vec![Match::DestinationPorts { ranges: vec![(8080, 8080)], not: false }];
        rule(matches, Target::Dnat { addr: "172.17.0.2".parse().ok(), port: Some(80) })
    }

    #[test]
    fn a_proxy_needs_its_rule() {
        decides(
            &CHECK,
            [
                ("both", proxied(vec![dnat()], "0.0.0.0"), Pass),
                ("proxy alone", proxied(vec![], "0.0.0.0"), Fail),
                ("IPv6 to IPv4 never has a rule", proxied(vec![], "::"), Pass),
                (
                    "rootless",
                    proxied(vec![], "0.0.0.0").engine(|e| e.security_options.push("name=rootless".into())),
                    Na,
                ),
                ("no filter by choice", proxied(vec![], "0.0.0.0").arg("--iptables=false"), Na),
                ("firewall unreadable", proxied(vec![], "0.0.0.0").snapshot(|s| s.firewall = Fact::default()), Unknown),
                ("proxies unreadable", proxied(vec![], "0.0.0.0").daemon(|d| d.proxies = Fact::default()), Unknown),
                ("nothing published", one(container()), Pass),
            ],
        );
    }
}
