//! BW-D-018: The daemon's seccomp profile.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-018",
    title: "The daemon's seccomp profile",
    severity: Severity::High,
    why: "Without a filter every container reaches every system call.",
    fix: "Remove the override of seccomp-profile.",
    cis: "2.17/2.18",
    inputs: Inputs::HOST,
    need: "A",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let engine = evidence.engine()?;
    let saw = |hit: Hit| {
        hit.saw("info", "SecurityOptions", engine.security_options.join(" "), "name=seccomp,profile=builtin")
    };
    let Some(line) = evidence.security_option("seccomp") else {
        return Ok(saw(Hit::fail(Grade::Api).says("no seccomp at all")).into());
    };
    match line.split(',').find_map(|part| part.strip_prefix("profile=")) {
        None | Some("default" | "builtin") => Ok(Verdict::pass()),
        Some("unconfined") => {
            Ok(saw(Hit::fail(Grade::Api).says("containers run without seccomp unless they say otherwise")).into())
        }
        Some(_) => Ok(saw(Hit::warn(Grade::Api).severity(Severity::Low).says("a seccomp profile of its own")).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn by_its_name() {
        decides(
            &CHECK,
            [
                ("default", Host::new(), Pass),
                (
                    "builtin",
                    Host::new().engine(|e| e.security_options = vec!["name=seccomp,profile=builtin".into()]),
                    Pass,
                ),
                (
                    "a file",
                    Host::new().engine(|e| e.security_options = vec!["name=seccomp,profile=/etc/x.json".into()]),
                    Warn,
                ),
                (
                    "unconfined",
                    Host::new().engine(|e| e.security_options = vec!["name=seccomp,profile=unconfined".into()]),
                    Fail,
                ),
                ("missing", Host::new().engine(|e| e.security_options.clear()), Fail),
                ("no engine", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
