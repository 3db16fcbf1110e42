//! BW-R-013: Ports are published that were not declared.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-013",
    title: "Ports are published that were not declared",
    severity: Severity::Info,
    why: "Publishing everything, or what the image does not declare, opens ports nobody decided on.",
    fix: "Publish each port explicitly.",
    cis: "5.9",
    inputs: Inputs::CONTAINER,
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    if config.publish_all_ports {
        return Ok(Hit::warn(Grade::Api)
            .says("publishes every exposed port")
            .saw("inspect", "HostConfig.PublishAllPorts", "true", "false")
            .into());
    }
    let undeclared: Vec<String> = resolve::ports::publications(container)
        .iter()
        .filter(|p| !config.exposed_ports.contains(&(p.container_port, p.proto)))
        .map(|p| format!("{}/{}", p.container_port, p.proto))
        .collect();
    if undeclared.is_empty() {
        return Ok(Verdict::noted("whether each published port is needed, only a person can say"));
    }
    Ok(Hit::warn(Grade::Api)
        .says(format!("publishes {} without exposing it", undeclared.join(", ")))
        .saw("inspect", "NetworkSettings.Ports", undeclared.join(", "), "among Config.ExposedPorts")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn a_published_port_alone_is_no_fault() {
        decides(
            &CHECK,
            [
                (
                    "declared",
                    one(container()
                        .config(|c| c.exposed_ports = vec![(80, Proto::Tcp)])
                        .container(|c| c.ports = vec![port("0.0.0.0", 80, 80)])),
                    Pass,
                ),
                ("not declared", one(container().container(|c| c.ports = vec![port("0.0.0.0", 80, 80)])), Warn),
                ("all", one(container().config(|c| c.publish_all_ports = true)), Warn),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
