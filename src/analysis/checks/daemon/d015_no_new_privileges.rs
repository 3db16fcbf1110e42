//! BW-D-015: no-new-privileges is not the default.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-015",
    title: "no-new-privileges is not the default",
    severity: Severity::Medium,
    why: "Every container may run setuid programs unless it says otherwise.",
    fix: "Set \"no-new-privileges\": true.",
    cis: "2.14/2.15",
    inputs: Inputs::HOST,
    need: "A+U",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    evidence.engine()?;
    if evidence.security_option("no-new-privileges").is_some() {
        return Ok(Verdict::pass());
    }
    let setting = evidence.setting("no-new-privileges", "no-new-privileges")?;
    if setting.is(false) {
        return Ok(Verdict::pass());
    }
    Ok(Hit::warn(Grade::Api).saw(setting.layer.as_str(), "no-new-privileges", setting.shown(), "true").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn a_flag_is_not_yet_true() {
        decides(
            &CHECK,
            [
                ("default", Host::new(), Warn),
                ("on", Host::new().arg("--no-new-privileges"), Pass),
                ("named and off", Host::new().arg("--no-new-privileges=false"), Warn),
                (
                    "told by the engine",
                    Host::new().engine(|e| e.security_options.push("name=no-new-privileges".into())),
                    Pass,
                ),
                ("file unreadable", Host::new().daemon(|d| d.config_file = Fact::default()), Unknown),
                ("no engine", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
