//! BW-O-005: Killed for memory.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-O-005",
    title: "Killed for memory",
    severity: Severity::Medium,
    why: "The kernel killed a process of it because memory ran out: it works with less than it needs, or leaks.",
    fix: "Raise the limit or mend the leak.",
    inputs: Inputs::CONTAINER.and(Inputs::EVENTS).and(Inputs::SAMPLES),
    need: "A+U",
    way: Check::BY_HAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let sample = evidence.snapshot.sample(&container.id).map(|sample| &sample.oom_kills);
    let by_kernel = sample.and_then(Fact::get);
    let event = evidence.incidents(&container.id).oom;
    let hit = match by_kernel {
        Some(0) | None if container.oom_killed => {
            Hit::warn(Grade::Api).saw("inspect", "State.OOMKilled", "true", "false")
        }
        Some(0) | None if event => Hit::warn(Grade::Api).saw("events", "oom", "seen", "none"),
        // The number itself would make a new record with each kill.
        Some(1..) => Hit::warn(Grade::Kernel).saw("cgroup", "memory.events oom_kill", "above 0", "0"),
        Some(0) => return Ok(Verdict::pass()),
        None if !container.state.has_processes() => return Ok(Verdict::noted("by its last run")),
        None => return Err(sample.map(need).and_then(Result::err).unwrap_or_else(Verdict::not_known)),
    };
    Ok(hit.says("the kernel killed a process of it for memory").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn kills(count: Fact<u64>) -> Host {
        one(container()).snapshot(|s| {
            let mut sample = unsampled(&s.containers[0].id);
            sample.oom_kills = count;
            s.samples = std::sync::Arc::new(vec![sample]);
        })
    }

    #[test]
    fn whoever_saw_it() {
        decides(
            &CHECK,
            [
                ("none", kills(Fact::Known(0)), Pass),
                ("by the cgroup", kills(Fact::Known(2)), Warn),
                ("by the engine, not running", one(container().stopped().container(|c| c.oom_killed = true)), Warn),
                ("not running", one(container().stopped()), Pass),
                ("unreadable", kills(Fact::unknown(GapKind::Permission, "no")), Unknown),
                ("not sampled yet", one(container()), Unknown),
            ],
        );
    }
}
