//! BW-R-017: The root file system is writable.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-017",
    title: "The root file system is writable",
    severity: Severity::Low,
    why: "What breaks in can leave its tools behind and change the program that runs next.",
    fix: "Use --read-only, with tmpfs for what must be written.",
    cis: "5.13",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured = evidence.config(container).map(|config| config.readonly_rootfs);
    let root = match evidence.kernel(container) {
        Ok(facts) => need(&facts.mounts).map(|rows| rows.iter().rev().find(|row| row.mount_point == "/")),
        Err(missing) => Err(missing),
    };
    match root {
        Ok(Some(row)) if row.options.split(',').any(|option| option == "ro") => Ok(Verdict::pass()),
        Ok(Some(row)) => Ok(Hit::warn(Grade::Kernel)
            .says("its root file system is writable")
            .saw("proc", "mountinfo of /", row.options.as_str(), "ro")
            .into()),
        Ok(None) | Err(Verdict::NotApplicable { .. }) => Ok(match configured? {
            true => Verdict::noted("by its configuration"),
            false => Hit::warn(Grade::Api)
                .says("its root file system is writable")
                .saw("inspect", "HostConfig.ReadonlyRootfs", "false", "true")
                .into(),
        }),
        Err(missing) => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn the_mount_decides() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Warn),
                (
                    "read-only",
                    one(container().kernel(|k| k.mounts = Fact::Known(vec![mount_row("/", "overlay", "ro,relatime")]))),
                    Pass,
                ),
                ("asked for, not in force", one(container().config(|c| c.readonly_rootfs = true)), Warn),
                ("not running, read-only", one(container().stopped().config(|c| c.readonly_rootfs = true)), Pass),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
