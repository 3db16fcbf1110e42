//! BW-R-042: OOM settings endanger the host.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-042",
    title: "OOM settings endanger the host",
    severity: Severity::Medium,
    why: "When memory runs out the kernel spares this container and kills something of the host instead.",
    fix: "Set a memory limit; leave the OOM score alone.",
    inputs: Inputs::CONTAINER,
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let mut hits = Vec::new();
    if config.oom_kill_disable && config.memory_bytes <= 0 {
        hits.push(
            Hit::fail(Grade::Api).on("oom_kill_disable").says("is never killed for memory and has no limit").saw(
                "inspect",
                "HostConfig.OomKillDisable",
                "true",
                "false, or a memory limit",
            ),
        );
    }
    if config.oom_score_adj < 0 {
        hits.push(Hit::fail(Grade::Api).on("oom_score_adj").says("is spared when memory runs out").saw(
            "inspect",
            "HostConfig.OomScoreAdj",
            config.oom_score_adj.to_string(),
            "0 or above",
        ));
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn without_a_limit() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                ("never killed", one(container().config(|c| c.oom_kill_disable = true)), Fail),
                (
                    "never killed, limited",
                    one(container().config(|c| {
                        c.oom_kill_disable = true;
                        c.memory_bytes = 1 << 20;
                    })),
                    Pass,
                ),
                ("spared", one(container().config(|c| c.oom_score_adj = -500)), Fail),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
