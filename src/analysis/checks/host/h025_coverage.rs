//! BW-H-025: Audit coverage.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-H-025",
    title: "Audit coverage",
    severity: Severity::Info,
    why: "What can't be read can't be judged.",
    fix: "Run as root in the engine's network namespace, or grant the capabilities named.",
    inputs: Inputs::FIREWALL.and(Inputs::HOST).and(Inputs::NETNS).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "U",
    way: Check::BY_HAND,
    decide: Decide::Host(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let mut missing: Vec<(&'static str, String)> = Vec::new();
    let host = &evidence.snapshot.host;
    if let crate::model::Locality::Unproven { reason } = &host.locality {
        missing.push(("the kernel's side of containers", reason.clone()));
    }
    let mut lacks = |what: &'static str, result: Result<(), Verdict>| {
        if let Err(Verdict::Unknown(undecided)) = result {
            missing.push((what, undecided.reason));
        }
    };
    lacks("the engine", evidence.engine().map(|_| ()));
    lacks("the daemon's command line and file", evidence.daemon().map(|_| ()));
    lacks("the engine's network namespace", evidence.in_engine_ns().map(|_| ()));
    lacks("the packet filter", evidence.whole_firewall().map(|_| ()));
    if !host.rights.has(known::caps::PTRACE_BIT) {
        missing.push(("namespaces and files of other processes", "CAP_SYS_PTRACE is not held".to_owned()));
    }
    if missing.is_empty() {
        return Ok(Verdict::noted("evidence of every grade: kernel, api and file"));
    }
    let mut hit = Hit::warn(Grade::Kernel).says(format!("{} part(s) of the evidence can not be read", missing.len()));
    for (what, why) in missing {
        hit = hit.saw("proc", what, why, "readable");
    }
    Ok(hit.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn always_says_what_is_missing() {
        decides(
            &CHECK,
            [
                ("everything", Host::new(), Pass),
                ("no engine", Host::new().without_engine(), Warn),
                ("no rights", Host::new().facts(|h| h.rights.capabilities = 0), Warn),
                ("no firewall", Host::new().snapshot(|s| s.firewall = Fact::default()), Warn),
                (
                    "another host",
                    Host::new().facts(|h| h.locality = crate::model::Locality::Unproven { reason: "ssh".into() }),
                    Warn,
                ),
            ],
        );
    }
}
