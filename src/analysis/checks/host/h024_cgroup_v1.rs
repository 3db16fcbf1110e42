//! BW-H-024: cgroup v1 is in use.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-H-024",
    title: "cgroup v1 is in use",
    severity: Severity::Low,
    why: "Its release agent runs a program as root of the host; it has no pressure figures and no safe delegation; engines will drop it.",
    fix: "Boot with the unified hierarchy.",
    inputs: Inputs::HOST,
    need: "A",
    way: Check::BY_HAND,
    decide: Decide::Host(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let by_engine = evidence.snapshot.host.engine.known().map(|engine| engine.cgroup_version.as_str());
    let (old, grade, shown) = match by_engine {
        Some("1") => (true, Grade::Api, "1"),
        Some("2") => (false, Grade::Api, "2"),
        _ => {
            let version = *need(&evidence.snapshot.host.cgroup_version)?;
            (version != CgroupVersion::V2, Grade::Kernel, version.as_str())
        }
    };
    if !old {
        return Ok(Verdict::pass());
    }
    Ok(Hit::warn(grade).saw("info", "CgroupVersion", shown, "2").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn by_the_engine_else_by_the_kernel() {
        decides(
            &CHECK,
            [
                ("two", Host::new(), Pass),
                ("one", Host::new().engine(|e| e.cgroup_version = "1".into()), Warn),
                (
                    "hybrid, no engine",
                    Host::new().without_engine().facts(|h| h.cgroup_version = Fact::Known(CgroupVersion::Hybrid)),
                    Warn,
                ),
                ("nobody knows", Host::new().without_engine().facts(|h| h.cgroup_version = Fact::default()), Unknown),
            ],
        );
    }
}
