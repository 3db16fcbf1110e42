//! BW-R-031: No pids limit.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-031",
    title: "No pids limit",
    severity: Severity::Medium,
    why: "A fork bomb in one container takes every process slot of the host.",
    fix: "Set --pids-limit.",
    cis: "5.29",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured = evidence.config(container).map(|config| config.pids_limit.filter(|limit| *limit > 0));
    let saw = |hit: Hit| match &configured {
        Ok(value) => {
            hit.saw("inspect", "HostConfig.PidsLimit", value.map_or("none".to_owned(), |v| v.to_string()), "a limit")
        }
        Err(_) => hit,
    };
    let limit = match evidence.kernel(container) {
        Ok(facts) => need(&facts.limits.pids),
        Err(missing) => Err(missing),
    };
    match limit {
        Ok(Some((_, path))) if path.contains(container.id.as_str()) || path.contains(container.id.short()) => {
            Ok(Verdict::pass())
        }
        Ok(Some((value, path))) => Ok(Verdict::noted(format!("limited to {value} by its ancestor {path}"))),
        Ok(None) => {
            Ok(saw(Hit::fail(Grade::Kernel).says("no limit of tasks").saw("cgroup", "pids.max", "max", "a limit"))
                .into())
        }
        Err(Verdict::NotApplicable { .. }) => match configured.clone()? {
            Some(_) => Ok(Verdict::noted("by its configuration")),
            None => Ok(saw(Hit::fail(Grade::Api).says("no limit of tasks configured")).into()),
        },
        // Without the kernel's word an ancestor may limit it, and a limit that was asked for may not be in force.
        Err(missing) => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn a_limit_anywhere_on_the_way_up_counts() {
        decides(
            &CHECK,
            [
                ("none", one(container()), Fail),
                (
                    "its own",
                    one(container()
                        .kernel(|k| k.limits.pids = Fact::Known(Some((64, format!("/docker/{}", k.id.as_str())))))),
                    Pass,
                ),
                (
                    "a slice's",
                    one(container().kernel(|k| k.limits.pids = Fact::Known(Some((64, "/limited.slice".into()))))),
                    Pass,
                ),
                (
                    "configured, and not in force",
                    one(container().config(|c| {
                        c.memory_bytes = 64;
                        c.pids_limit = Some(64);
                    })),
                    Fail,
                ),
                (
                    "configured, not running",
                    one(container().stopped().config(|c| {
                        c.memory_bytes = 64;
                        c.pids_limit = Some(64);
                    })),
                    Pass,
                ),
                ("none, not running", one(container().stopped().config(|c| c.pids_limit = Some(-1))), Fail),
                ("unreadable", one(container().blind()), Unknown),
                (
                    "controller unreadable",
                    one(container().kernel(|k| k.limits.pids = Fact::unknown(GapKind::Unsupported, "no controller"))),
                    Unknown,
                ),
            ],
        );
    }
}
