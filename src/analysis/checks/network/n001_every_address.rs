//! BW-N-001: Published on every address.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-001",
    title: "Published on every address",
    severity: Severity::High,
    why: "Whoever reaches any address of the host reaches the port; the engine's rules come before those of most host firewalls.",
    fix: "Publish on one address (-p 127.0.0.1:…), or filter in DOCKER-USER.",
    cis: "5.14",
    inputs: Inputs::CONTAINER
        .and(Inputs::FIREWALL)
        .and(Inputs::ROUTES)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "A(+N)",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.labels.contains_key("com.docker.swarm.service.id") {
        return Ok(Verdict::na("a task of a service: its ports are the service's"));
    }
    let hits = resolve::ports::publications(container)
        .into_iter()
        .filter(resolve::ports::Publication::is_wildcard)
        .map(|publication| {
            let reach = resolve::reach::outside(evidence, container, &publication);
            let addrs: Vec<String> = publication.addrs.iter().map(ToString::to_string).collect();
            let hit = match &reach {
                resolve::reach::Reach::Nowhere => Hit::fail(Grade::Kernel).severity(Severity::Low),
                resolve::reach::Reach::Filtered(_) => Hit::fail(Grade::Kernel).severity(Severity::Medium),
                resolve::reach::Reach::Open(_) => Hit::fail(Grade::Kernel),
                resolve::reach::Reach::Unsure(_) => Hit::fail(Grade::Api),
            };
            hit.on(publication.key())
                .says(format!("{}/{} is published on every address", publication.host_port, publication.proto))
                .saw(
                    "inspect",
                    "NetworkSettings.Ports",
                    format!("{} → {}", addrs.join(" "), publication.container_port),
                    "one address",
                )
                .saw("netfilter", "from outside", reach.words(), "-")
        })
        .collect();
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn forward(policy: &str, rules: Vec<Rule>) -> Vec<Table> {
        vec![table(Family::Ip, "filter", vec![chain("FORWARD", Some("forward"), policy, rules)])]
    }

    fn published(ip: &[&str]) -> Draft {
        let ports = ip.iter().map(|ip| port(ip, 8080, 80)).collect();
        container().on("bridge", "172.17.0.2/16").container(|c| c.ports = ports)
    }

    fn drop_all() -> Vec<Table> {
        forward("accept", vec![rule(vec![Match::In { name: "eth0".into(), not: false }], Target::Drop)])
    }

    #[test]
    fn both_wildcards() {
        decides(
            &CHECK,
            [
                ("nothing", one(container()), Pass),
                ("IPv4", one(published(&["0.0.0.0"])), Fail),
                ("IPv6 alone", one(published(&["::"])), Fail),
                ("one address", one(published(&["192.0.2.10"])), Pass),
                ("loopback", one(published(&["127.0.0.1"])), Pass),
                (
                    "firewall unreadable is still bad",
                    one(published(&["0.0.0.0"])).snapshot(|s| s.firewall = Fact::default()),
                    Fail,
                ),
            ],
        );
    }

    #[test]
    fn severity_follows_what_is_in_front() {
        let severity = |host: Host| host.severity(&CHECK);
        assert_eq!(severity(one(published(&["0.0.0.0"]))), Some(Severity::High));
        assert_eq!(severity(one(published(&["0.0.0.0"])).filter(drop_all())), Some(Severity::Medium));
        let inward = one(published(&["0.0.0.0"]))
            .iface("eth0", |l| l.addresses.clear())
            .snapshot(|s| s.routes = Default::default());
        assert_eq!(severity(inward), Some(Severity::Low));
    }

    #[test]
    fn two_rows_are_one_finding() {
        assert_eq!(one(published(&["0.0.0.0", "::"])).ask(&CHECK).hits().len(), 1);
    }
}
