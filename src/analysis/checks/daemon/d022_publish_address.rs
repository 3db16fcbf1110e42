//! BW-D-022: Ports are published on every address by default.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-022",
    title: "Ports are published on every address by default",
    severity: Severity::Low,
    why: "A forgotten address in -p opens the port to the world.",
    fix: "Set \"ip\": \"127.0.0.1\", and default-network-opts for other networks.",
    inputs: Inputs::NETWORKS,
    need: "A",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

const OPTION: &str = "com.docker.network.bridge.host_binding_ipv4";

fn decide(evidence: &Evidence) -> Decision {
    let bridges: Vec<&Network> =
        evidence.snapshot.networks.iter().filter(|n| n.driver == "bridge" && !n.internal).collect();
    if evidence.snapshot.networks.is_empty() {
        return Err(Verdict::unknown(Reason::NotRead, "the engine's networks were not read"));
    }
    let wide: Vec<&Network> = bridges
        .into_iter()
        .filter(|network| {
            network.options.get(OPTION).is_none_or(|address| matches!(address.raw(), "" | "0.0.0.0" | "::"))
        })
        .collect();
    if wide.is_empty() {
        return Ok(Verdict::pass());
    }
    let mut hit = Hit::warn(Grade::Api).says(format!("{} network(s) publish on every address by default", wide.len()));
    for network in wide {
        let value = network.options.get(OPTION).map_or("not set", |address| address.raw());
        hit = hit.saw("inspect", format!("network {} host_binding_ipv4", network.name.raw()), value, "one address");
    }
    Ok(hit.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn bound(address: &str) -> Host {
        Host::new().net("bridge", |n| {
            n.options.insert(OPTION.into(), address.into());
        })
    }

    #[test]
    fn every_network_has_its_own() {
        decides(
            &CHECK,
            [
                ("not set", Host::new(), Warn),
                ("every address", bound("0.0.0.0"), Warn),
                ("loopback", bound("127.0.0.1"), Pass),
                ("another network without", bound("127.0.0.1").network(network("net", "10.9.0.0/24")), Warn),
                ("not read", Host::new().snapshot(|s| s.networks = Default::default()), Unknown),
            ],
        );
    }
}
