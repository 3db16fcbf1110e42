//! BW-R-033: Refuses the remapping of users.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-033",
    title: "Refuses the remapping of users",
    severity: Severity::Medium,
    why: "The daemon maps root of containers to nobody on the host; this one is exempt.",
    fix: "Remove --userns host.",
    cis: "5.31",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A+U",
    parents: &["BW-D-010"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    evidence.engine()?;
    if evidence.security_option("userns").is_none() {
        return Ok(Verdict::na("the daemon does not remap users, see BW-D-010"));
    }
    if let Some(map) = evidence.kernel(container).ok().and_then(|facts| facts.uid_map.known()) {
        if resolve::user::host_uid(map, 0) != Some(0) {
            return Ok(Verdict::pass());
        }
        return Ok(Hit::fail(Grade::Kernel)
            .says("its root is root of the host although the daemon remaps users")
            .saw("proc", "/proc/PID/uid_map", "0 is 0", "0 is an unprivileged uid")
            .into());
    }
    let config = evidence.config(container)?;
    if config.userns_mode == "host" {
        return Ok(Hit::fail(Grade::Api)
            .says("configured without the remapping of users")
            .saw("inspect", "HostConfig.UsernsMode", "host", "not set")
            .into());
    }
    match evidence.kernel(container) {
        Err(Verdict::NotApplicable { .. }) => Ok(Verdict::noted("by its configuration")),
        Err(missing) => Err(missing),
        Ok(facts) => need(&facts.uid_map).map(|_| Verdict::pass()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn remapping(draft: Draft) -> Host {
        one(draft).engine(|e| e.security_options.push("name=userns".into()))
    }

    #[test]
    fn only_where_users_are_remapped() {
        decides(
            &CHECK,
            [
                ("no remapping is not a pass", one(container()), Na),
                (
                    "remapped",
                    remapping(container().kernel(|k| k.uid_map = Fact::Known(vec![(0, 100_000, 65_536)]))),
                    Pass,
                ),
                ("exempt", remapping(container()), Fail),
                (
                    "exempt, not running",
                    remapping(container().stopped().config(|c| c.userns_mode = "host".into())),
                    Fail,
                ),
                ("unreadable", remapping(container().blind()), Unknown),
            ],
        );
    }
}
