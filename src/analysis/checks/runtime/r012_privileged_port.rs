//! BW-R-012: A privileged port of the host is published.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-012",
    title: "A privileged port of the host is published",
    severity: Severity::Low,
    why: "Ports below the bound belong to the services of the host; a container that answers on one is taken for one of them.",
    fix: "Publish on a higher port.",
    cis: "5.8",
    inputs: Inputs::CONTAINER.and(Inputs::HOST).and(Inputs::NETNS).and(Inputs::NETWORKS).and(Inputs::LINKS),
    need: "A+U",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let publications = resolve::ports::publications(container);
    if publications.is_empty() {
        return Ok(Verdict::pass());
    }
    let bound = evidence.sysctl("net.ipv4.ip_unprivileged_port_start")?;
    let Ok(bound) = bound.parse::<u32>() else {
        return Err(Verdict::unknown(Reason::Parse, format!("ip_unprivileged_port_start is {bound}")));
    };
    let hits = publications.iter().filter(|p| u32::from(p.host_port) < bound).map(|publication| {
        let expected = known::ports::EXPECTED_PRIVILEGED.contains(&publication.host_port);
        Hit::warn(Grade::Api)
            .on(publication.key())
            .severity(if expected { Severity::Info } else { Severity::Low })
            .says(format!("publishes {}/{} of the host", publication.host_port, publication.proto))
            .saw("inspect", "NetworkSettings.Ports", publication.host_port.to_string(), format!("{bound} or above"))
    });
    Ok(Verdict::of(hits.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn publishes(port_number: u16, ip: &str) -> Host {
        one(container().container(|c| c.ports = vec![port(ip, port_number, 80)]))
    }

    #[test]
    fn the_bound_itself_is_free() {
        decides(
            &CHECK,
            [
                ("nothing published", one(container()), Pass),
                ("1024 is not privileged", publishes(1024, "0.0.0.0"), Pass),
                ("1023 is", publishes(1023, "0.0.0.0"), Warn),
                ("over IPv6", publishes(25, "::"), Warn),
                (
                    "a host that lowered the bound",
                    publishes(25, "::").sysctl("net.ipv4.ip_unprivileged_port_start", "0"),
                    Pass,
                ),
                ("bound unreadable", publishes(25, "::").facts(|h| h.sysctls.clear()), Unknown),
            ],
        );
    }

    #[test]
    fn web_ports_are_expected() {
        assert_eq!(publishes(443, "0.0.0.0").severity(&CHECK), Some(Severity::Info));
    }
}
