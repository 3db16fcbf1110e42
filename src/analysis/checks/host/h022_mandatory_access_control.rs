//! BW-H-022: No mandatory access control.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-H-022",
    title: "No mandatory access control",
    severity: Severity::Medium,
    why: "Without AppArmor or SELinux, root in a container is held by namespaces and capabilities alone.",
    fix: "Enable AppArmor or SELinux, and restart the daemon.",
    cis: "5.2,5.3",
    inputs: Inputs::HOST,
    need: "U+A",
    way: Check::BY_HAND,
    decide: Decide::Host(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    let modules = need(&evidence.snapshot.host.lsm)?;
    let has = |name: &str| modules.iter().any(|module| module == name);
    let selinux = has("selinux") && evidence.snapshot.host.selinux_enforcing == Some(true);
    let saw =
        |hit: Hit| hit.saw("sysctl", "/sys/kernel/security/lsm", modules.join(","), "apparmor or selinux, enforcing");
    if !has("apparmor") && !selinux {
        let says = match has("selinux") {
            true => "SELinux only complains",
            false => "neither AppArmor nor SELinux is active",
        };
        return Ok(saw(Hit::fail(Grade::Kernel).says(says)).into());
    }
    let engine = evidence.engine()?;
    let used = (has("apparmor") && evidence.security_option("apparmor").is_some())
        || (selinux && evidence.security_option("selinux").is_some());
    if used {
        return Ok(Verdict::pass());
    }
    Ok(saw(Hit::fail(Grade::Api).says("active on the host, and the engine does not use it"))
        .saw("info", "SecurityOptions", engine.security_options.join(" "), "name=apparmor or name=selinux")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn active_and_used() {
        decides(
            &CHECK,
            [
                ("AppArmor", Host::new(), Pass),
                ("neither", Host::new().facts(|h| h.lsm = Fact::Known(vec!["capability".into()])), Fail),
                (
                    "permissive",
                    Host::new().facts(|h| {
                        h.lsm = Fact::Known(vec!["selinux".into()]);
                        h.selinux_enforcing = Some(false);
                    }),
                    Fail,
                ),
                ("not used by the engine", Host::new().engine(|e| e.security_options.clear()), Fail),
                ("modules unreadable", Host::new().facts(|h| h.lsm = Fact::default()), Unknown),
                ("no engine to ask", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
