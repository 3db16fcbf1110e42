//! BW-R-018: The restart policy has no bound.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-018",
    title: "The restart policy has no bound",
    severity: Severity::Low,
    why: "A container that crashes for ever hides the fault and wears out what it depends on.",
    fix: "Use --restart on-failure:5.",
    cis: "5.15",
    inputs: Inputs::CONTAINER,
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let policy = &evidence.config(container)?.restart_policy;
    if container.labels.contains_key("com.docker.swarm.service.id") {
        return Err(Verdict::unknown(
            Reason::NotRead,
            "a task of a service: the service's specification decides and was not read",
        ));
    }
    let bounded = match policy.name.as_str() {
        "" | "no" => true,
        "on-failure" => (1..=5).contains(&policy.maximum_retries),
        _ => false,
    };
    if bounded {
        return Ok(Verdict::pass());
    }
    let shown = match policy.name.as_str() {
        "on-failure" => format!("on-failure:{}", policy.maximum_retries),
        name => name.to_owned(),
    };
    Ok(Hit::warn(Grade::Api)
        .says(format!("restarts without a useful bound: {shown}"))
        .saw("inspect", "HostConfig.RestartPolicy", shown, "no, or on-failure with 1 to 5 retries")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn policy(name: &str, maximum_retries: i64) -> Host {
        one(container().config(|c| c.restart_policy = RestartPolicy { name: name.into(), maximum_retries }))
    }

    #[test]
    fn always_is_a_deviation() {
        decides(
            &CHECK,
            [
                ("never", policy("no", 0), Pass),
                ("bounded", policy("on-failure", 5), Pass),
                ("always", policy("always", 0), Warn),
                ("unless-stopped", policy("unless-stopped", 3), Warn),
                ("on-failure without a bound", policy("on-failure", 0), Warn),
                (
                    "a service's task",
                    one(container().container(|c| {
                        c.labels.insert("com.docker.swarm.service.id".into(), "x".into());
                    })),
                    Unknown,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
