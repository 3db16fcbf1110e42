//! BW-R-014: Uses the host's network namespace.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-014",
    title: "Uses the host's network namespace",
    severity: Severity::High,
    why: "It sees and may bind every port of the host, reaches services on loopback and is not filtered by the engine's rules.",
    fix: "Use a bridge network and publish what is needed.",
    cis: "5.10",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST).and(Inputs::NETNS),
    need: "A(+P)",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let by_kernel = evidence.shares_with_host(container, NsKind::Net);
    let by_engine = match container.network_mode {
        NetworkMode::Host => Some(true),
        NetworkMode::Unknown => None,
        _ => Some(false),
    };
    let hit = match (by_kernel, by_engine) {
        (Some(true), _) => Hit::fail(Grade::Kernel).saw("proc", "/proc/PID/ns/net", "the host's", "its own"),
        (Some(false), Some(true)) | (None, Some(true)) => Hit::fail(Grade::Api),
        (Some(false), _) | (None, Some(false)) => return Ok(Verdict::pass()),
        (None, None) => return Err(evidence.netns(container).err().unwrap_or_else(Verdict::not_known)),
    };
    let net_admin = match evidence.main_process(container) {
        Ok(main) => main.caps.bounding & known::caps::NET_ADMIN != 0,
        Err(_) => container.config.known().is_some_and(|c| resolve::caps::configured(c) & known::caps::NET_ADMIN != 0),
    };
    let joined = matches!(container.network_mode, NetworkMode::Container(_));
    let says = match (net_admin, joined) {
        (true, _) => "uses the host's network and may change it (NET_ADMIN)",
        (false, true) => "uses the host's network through the container it joined",
        (false, false) => "uses the host's network",
    };
    Ok(hit
        .raised_if(net_admin)
        .says(says)
        .saw(
            "inspect",
            "HostConfig.NetworkMode",
            evidence.config(container).map_or("?", |c| &c.network_mode),
            "not host",
        )
        .related("BW-N-017")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn the_namespace_decides() {
        decides(
            &CHECK,
            [
                ("bridge", one(container().netns(100)), Pass),
                ("host", one(container().netns(1).container(|c| c.network_mode = NetworkMode::Host)), Fail),
                (
                    "host, not running",
                    one(container().stopped().container(|c| c.network_mode = NetworkMode::Host)),
                    Fail,
                ),
                ("host by the kernel alone", one(container().netns(1)), Fail),
                (
                    "not known by anyone",
                    one(container().blind().container(|c| c.network_mode = NetworkMode::Unknown)),
                    Unknown,
                ),
            ],
        );
    }

    #[test]
    fn net_admin_aggravates() {
        let host = one(container().netns(1).process(|p| p.caps.bounding |= known::caps::NET_ADMIN));
        assert_eq!(host.severity(&CHECK), Some(Severity::Critical));
    }
}
