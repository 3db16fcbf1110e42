//! BW-R-016: No CPU share or quota.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-016",
    title: "No CPU share or quota",
    severity: Severity::Low,
    why: "Under load it competes with its neighbours as an equal, however unimportant it is.",
    fix: "Set --cpus or --cpu-shares.",
    cis: "5.12",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured = evidence.config(container).map(|config| {
        let shares = !matches!(config.cpu_shares, 0 | 1024);
        shares || config.nano_cpus > 0 || config.cpu_quota_us > 0 || !config.cpuset_cpus.is_empty()
    });
    let quota = match evidence.kernel(container) {
        Ok(facts) => need(&facts.limits.cpu).map(Option::is_some),
        Err(missing) => Err(missing),
    };
    match (configured, quota) {
        (Ok(true), _) | (_, Ok(true)) => Ok(Verdict::pass()),
        (Ok(false), Ok(false)) => Ok(Hit::warn(Grade::Kernel)
            .says("no CPU share or quota")
            .saw("cgroup", "cpu.max", "max", "a quota, or a weight")
            .into()),
        (Ok(false), Err(Verdict::NotApplicable { .. })) => Ok(Hit::warn(Grade::Api)
            .says("no CPU share or quota configured")
            .saw("inspect", "HostConfig", "no CPU option", "NanoCpus, CpuQuota, CpuShares or CpusetCpus")
            .into()),
        (Err(missing), _) | (_, Err(missing)) => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn every_kind_of_limit_counts() {
        decides(
            &CHECK,
            [
                ("none", one(container()), Warn),
                ("quota", one(container().config(|c| c.cpu_quota_us = 50_000)), Pass),
                ("cpus", one(container().config(|c| c.nano_cpus = 1)), Pass),
                ("the default share is none", one(container().config(|c| c.cpu_shares = 1024)), Warn),
                ("by the kernel", one(container().kernel(|k| k.limits.cpu = Fact::Known(Some((1, 2))))), Pass),
                ("none, not running", one(container().stopped()), Warn),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
