//! BW-N-037: Publishes ports that are discarded.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-037",
    title: "Publishes ports that are discarded",
    severity: Severity::Info,
    why: "In a shared namespace the engine ignores --publish: the port is open, or is not, for other reasons.",
    fix: "Publish on the container that owns the namespace.",
    inputs: Inputs::CONTAINER,
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let mode = match &container.network_mode {
        NetworkMode::Host => "host",
        NetworkMode::Container(_) => "another container",
        NetworkMode::Unknown => return Err(Verdict::unknown(Reason::NotRead, "its network mode was not read")),
        _ => return Ok(Verdict::pass()),
    };
    if config.port_bindings.is_empty() {
        return Ok(Verdict::pass());
    }
    let ports: Vec<String> = config.port_bindings.iter().map(|p| format!("{}/{}", p.container_port, p.proto)).collect();
    Ok(Hit::warn(Grade::Api)
        .says(format!("publishes {} and uses the network of {mode}", ports.join(", ")))
        .saw("inspect", "HostConfig.PortBindings", ports.join(", "), "none")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn publishing(mode: NetworkMode) -> Host {
        one(container()
            .config(|c| c.port_bindings = vec![port("0.0.0.0", 80, 80)])
            .container(|c| c.network_mode = mode))
    }

    #[test]
    fn by_the_mode() {
        decides(
            &CHECK,
            [
                ("bridge", publishing(NetworkMode::Networks), Pass),
                ("host", publishing(NetworkMode::Host), Warn),
                ("joined", publishing(NetworkMode::Container("x".into())), Warn),
                ("host, nothing published", one(container().container(|c| c.network_mode = NetworkMode::Host)), Pass),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
