//! BW-D-016: Containers do not outlive the daemon.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-016",
    title: "Containers do not outlive the daemon",
    severity: Severity::Low,
    why: "A restart of the daemon, an upgrade say, stops every container.",
    fix: "Set \"live-restore\": true.",
    cis: "2.15/2.16",
    inputs: Inputs::HOST,
    need: "A",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let engine = evidence.engine()?;
    if engine.live_restore {
        return Ok(Verdict::pass());
    }
    if engine.swarm_state == "active" {
        return Ok(Verdict::na("swarm is active, which excludes live-restore"));
    }
    if engine.product == "Podman" {
        return Ok(Verdict::na("no daemon that containers depend on"));
    }
    Ok(Hit::warn(Grade::Api).saw("info", "LiveRestoreEnabled", "false", "true").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn not_with_swarm() {
        decides(
            &CHECK,
            [
                ("default", Host::new(), Warn),
                ("on", Host::new().engine(|e| e.live_restore = true), Pass),
                ("swarm", Host::new().engine(|e| e.swarm_state = "active".into()), Na),
                ("no engine", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
