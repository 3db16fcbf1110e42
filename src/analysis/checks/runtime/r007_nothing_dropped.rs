//! BW-R-007: No capability is dropped.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-007",
    title: "No capability is dropped",
    severity: Severity::Low,
    why: "The default set holds capabilities that most workloads never use; each is a way for a bug to become worse.",
    fix: "Use --cap-drop ALL and add back what is needed.",
    cis: "5.4",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "U",
    default_fact: true,
    parents: &["BW-R-008"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let (mask, grade) = match evidence.main_process(container) {
        Ok(main) => (main.caps.bounding, Grade::Kernel),
        Err(Verdict::NotApplicable { .. }) => (resolve::caps::configured(evidence.config(container)?), Grade::Api),
        Err(missing) => return Err(missing),
    };
    if mask & known::caps::DEFAULT != known::caps::DEFAULT {
        return Ok(Verdict::pass());
    }
    Ok(Hit::warn(grade)
        .says("has the whole default set of capabilities")
        .saw("proc", "CapBnd", format!("{mask:016x}"), "fewer than the default set a80425fb")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn fewer_is_enough() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Warn),
                ("one dropped", one(container().process(|p| p.caps.bounding &= !known::caps::NET_RAW)), Pass),
                (
                    "not running, all dropped",
                    one(container().stopped().config(|c| c.cap_drop = vec!["all".into()])),
                    Pass,
                ),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
