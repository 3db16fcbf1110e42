//! BW-R-030: No health check.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-030",
    title: "No health check",
    severity: Severity::Low,
    why: "A process that hangs looks like one that works.",
    fix: "Use --health-cmd or HEALTHCHECK in the image.",
    cis: "5.27",
    inputs: Inputs::CONTAINER.and(Inputs::CLOCK),
    need: "A",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let disabled = |test: &[crate::text::Outside]| test.first().is_some_and(|word| *word == "NONE");
    match &config.healthcheck {
        Some(check) if !check.test.is_empty() && !disabled(&check.test) => return Ok(Verdict::pass()),
        _ if container.health.as_ref().is_some_and(|health| health.status != "none") => return Ok(Verdict::pass()),
        _ => {}
    }
    if config.auto_remove {
        return Ok(Verdict::na("removes itself when it ends: a one-shot task"));
    }
    let young = container
        .started_at
        .is_some_and(|start| evidence.snapshot.taken_at.duration_since(start) < jiff::SignedDuration::from_mins(10));
    if young && matches!(config.restart_policy.name.as_str(), "" | "no") {
        return Ok(Verdict::na("started less than 10 minutes ago and is not restarted: perhaps a one-shot task"));
    }
    Ok(Hit::warn(Grade::Api)
        .says("nobody checks whether it works")
        .saw("inspect", "Config.Healthcheck", if config.healthcheck.is_some() { "NONE" } else { "not set" }, "a test")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn tests(words: &[&str]) -> Host {
        let test = words.iter().map(|w| (*w).into()).collect();
        one(container().config(|c| c.healthcheck = Some(HealthCheck { test, interval_ns: 0, retries: 0 })))
    }

    #[test]
    fn none_is_none() {
        decides(
            &CHECK,
            [
                ("nothing", one(container()), Warn),
                ("a test", tests(&["CMD", "true"]), Pass),
                ("switched off", tests(&["NONE"]), Warn),
                ("removes itself", one(container().config(|c| c.auto_remove = true)), Na),
                ("just started", one(container().container(|c| c.started_at = Some(now()))), Na),
                (
                    "just restarted by policy",
                    one(container()
                        .container(|c| c.started_at = Some(now()))
                        .config(|c| c.restart_policy.name = "always".into())),
                    Warn,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
