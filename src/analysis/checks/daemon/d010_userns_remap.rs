//! BW-D-010: User namespaces are not remapped.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-010",
    title: "User namespaces are not remapped",
    severity: Severity::Medium,
    why: "Root of a container is root of the host as soon as it gets out.",
    fix: "Set \"userns-remap\": \"default\".",
    cis: "2.9/2.10",
    inputs: Inputs::HOST,
    need: "A",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let engine = evidence.engine()?;
    if evidence.security_option("userns").is_some() || evidence.is_rootless() {
        return Ok(Verdict::pass());
    }
    Ok(Hit::warn(Grade::Api)
        .saw("info", "SecurityOptions", engine.security_options.join(" "), "name=userns or name=rootless")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn either_will_do() {
        decides(
            &CHECK,
            [
                ("default", Host::new(), Warn),
                ("remapped", Host::new().engine(|e| e.security_options.push("name=userns".into())), Pass),
                ("rootless", Host::new().engine(|e| e.security_options.push("name=rootless".into())), Pass),
                ("no engine", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
