//! BW-R-028: A cgroup parent of its own choice.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-028",
    title: "A cgroup parent of its own choice",
    severity: Severity::Low,
    why: "Outside the engine's slice its limits are not the ones that the operator set for containers.",
    fix: "Remove --cgroup-parent, or allow it by policy.",
    cis: "5.25",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    blind: "Whether a policy of yours allows the parent.",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let parent = evidence.config(container)?.cgroup_parent.as_str();
    let paths = evidence.kernel(container).ok().and_then(|facts| facts.cgroups.known());
    let in_init = paths.is_some_and(|paths| paths.values().any(|path| path.starts_with("/init.scope")));
    let worst = in_init || matches!(parent, "/" | "init.scope" | "/init.scope");
    let hit = match (parent, worst) {
        (_, true) => Hit::fail(if in_init { Grade::Kernel } else { Grade::Api }).severity(Severity::Medium),
        ("", false) => return Ok(Verdict::pass()),
        (_, false) => Hit::warn(Grade::Api),
    };
    Ok(hit
        .says(format!("lives in the cgroup {}", if parent.is_empty() { "of process 1" } else { parent }))
        .saw("inspect", "HostConfig.CgroupParent", parent, "not set")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn the_root_is_worse() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                ("a slice", one(container().config(|c| c.cgroup_parent = "apps.slice".into())), Warn),
                ("the root", one(container().config(|c| c.cgroup_parent = "/".into())), Fail),
                (
                    "by the kernel",
                    one(container()
                        .kernel(|k| k.cgroups = Fact::Known([("pids".into(), "/init.scope/x".into())].into()))),
                    Fail,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
