//! BW-R-036: Uses the host's cgroup namespace.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-036",
    title: "Uses the host's cgroup namespace",
    severity: Severity::Low,
    why: "It sees where in the host's hierarchy it lives, and who else does.",
    fix: "Use --cgroupns private.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if *need(&evidence.snapshot.host.cgroup_version)? != CgroupVersion::V2 {
        return Ok(Verdict::na("cgroup v1, where the host's namespace is the default"));
    }
    let configured = evidence.config(container).map(|config| config.cgroupns_mode.as_str());
    let hit = match (evidence.shares_with_host(container, NsKind::Cgroup), &configured) {
        (Some(true), _) => Hit::warn(Grade::Kernel),
        (_, Ok("host")) => Hit::warn(Grade::Api),
        (Some(false), _) | (None, Ok(_)) => return Ok(Verdict::pass()),
        (None, Err(missing)) => return Err(missing.clone()),
    };
    Ok(hit
        .says("uses the host's cgroup namespace")
        .saw("inspect", "HostConfig.CgroupnsMode", configured.unwrap_or("?"), "private")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn on_version_two() {
        decides(
            &CHECK,
            [
                ("private", one(container()), Pass),
                ("host", one(container().config(|c| c.cgroupns_mode = "host".into())), Warn),
                (
                    "host on v1 is the default",
                    one(container().config(|c| c.cgroupns_mode = "host".into()))
                        .facts(|h| h.cgroup_version = Fact::Known(CgroupVersion::Hybrid)),
                    Na,
                ),
                ("not known", one(container().blind().unread()), Unknown),
            ],
        );
    }
}
