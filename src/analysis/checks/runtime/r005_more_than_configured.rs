//! BW-R-005: The kernel grants more than was configured.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-005",
    title: "The kernel grants more than was configured",
    severity: Severity::High,
    why: "A process in the container holds capabilities that nobody gave the container: a privileged exec, nsenter, or a runtime that does as it likes.",
    fix: "Find the process and stop it; recreate the container if nobody owns up to it.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    patience: Patience::TwoSamples,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let processes = evidence.processes(container)?;
    let config = evidence.config(container)?;
    let mask = match resolve::caps::configured(config) {
        // Everything the kernel has, also what this table has no name for.
        known::caps::ALL => return Ok(Verdict::noted("all capabilities were configured")),
        mask => mask,
    };
    let beyond = |process: &Process| (process.caps.bounding | process.caps.effective | process.caps.ambient) & !mask;
    let Some(worst) = processes.iter().filter(|p| beyond(p) != 0).max_by_key(|p| beyond(p).count_ones()) else {
        return Ok(Verdict::pass());
    };
    let names = known::caps::names(beyond(worst));
    Ok(Hit::fail(Grade::Kernel)
        .says(format!("process {} holds {} beyond the configuration", worst.pid, names.join(", ")))
        .saw(
            "proc",
            "/proc/PID/status CapBnd CapEff CapAmb",
            format!("{:x}", beyond(worst) | worst.caps.bounding),
            format!("within {mask:x}"),
        )
        .related("BW-R-026")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn a_smaller_set_is_normal() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                (
                    "not root",
                    one(container().process(|p| {
                        p.caps.effective = 0;
                        p.caps.permitted = 0;
                    })),
                    Pass,
                ),
                (
                    "one more in the bounding set",
                    one(container().process(|p| p.caps.bounding |= known::caps::SYS_ADMIN)),
                    Fail,
                ),
                ("an exec holds more", one(container().also(|p| p.caps.effective = u64::MAX)), Fail),
                (
                    "privileged was asked for",
                    one(container().config(|c| c.privileged = true).process(|p| p.caps.bounding = u64::MAX)),
                    Pass,
                ),
                ("not running", one(container().stopped()), Na),
                ("unreadable", one(container().blind()), Unknown),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
