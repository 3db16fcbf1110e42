//! BW-R-032: On the default bridge.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-032",
    title: "On the default bridge",
    severity: Severity::Low,
    why: "Everything started without a network meets there, without names and, by default, without isolation.",
    fix: "Use a network of its own.",
    cis: "5.30",
    inputs: Inputs::CONTAINER.and(Inputs::NETWORKS),
    need: "A",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let default = evidence.default_bridge().map(|network| &network.id);
    let attached = container.endpoints.iter().any(|endpoint| match (&endpoint.network_id, default) {
        (Some(id), Some(default)) => id == default,
        _ => endpoint.network == "bridge",
    });
    if attached {
        return Ok(Hit::warn(Grade::Api)
            .says("is on the default bridge")
            .saw("inspect", "NetworkSettings.Networks", "bridge", "a user-defined network")
            .into());
    }
    if container.owner != Owner::Engine {
        return Ok(Verdict::na("no engine owns this container"));
    }
    if container.network_mode == NetworkMode::Unknown {
        return Err(Verdict::unknown(Reason::NotRead, "its networks were not read"));
    }
    Ok(Verdict::pass())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn attached_or_not() {
        decides(
            &CHECK,
            [
                ("nowhere", one(container()), Pass),
                ("default", one(container().on("bridge", "172.17.0.2/16")), Warn),
                ("elsewhere", one(container().on("shop", "172.18.0.2/16")), Pass),
                ("not read", one(container().container(|c| c.network_mode = NetworkMode::Unknown)), Unknown),
            ],
        );
    }
}
