//! BW-R-025: Seccomp is off.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-025",
    title: "Seccomp is off",
    severity: Severity::High,
    why: "Every system call of the kernel is within reach, also those that only bugs make interesting.",
    fix: "Use the default profile.",
    cis: "5.22",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    escape: true,
    patience: Patience::TwoSamples,
    parents: &["BW-R-008"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container);
    let option = config.as_ref().ok().and_then(|config| {
        config.security_opt.iter().find_map(|o| o.strip_prefix("seccomp=").or_else(|| o.strip_prefix("seccomp:")))
    });
    let custom = || {
        Hit::warn(Grade::Api).severity(Severity::Low).says("uses a seccomp profile of its own").saw(
            "inspect",
            "HostConfig.SecurityOpt",
            "seccomp=<profile>",
            "the default profile",
        )
    };
    let processes = match evidence.processes(container) {
        Ok(processes) => processes,
        Err(missing) => {
            let config = config?;
            return match (option, missing) {
                (Some("unconfined"), _) => Ok(Hit::fail(Grade::Api)
                    .says("configured without seccomp")
                    .saw("inspect", "HostConfig.SecurityOpt", "seccomp=unconfined", "the default profile")
                    .into()),
                (_, missing @ Verdict::Unknown(_)) => Err(missing),
                (Some(profile), _) if profile != "builtin" => Ok(custom().into()),
                _ if config.privileged => Ok(Hit::fail(Grade::Api).says("privileged: without seccomp").into()),
                _ => Ok(Verdict::noted("by its configuration")),
            };
        }
    };
    if processes.iter().all(|process| process.seccomp.is_none()) {
        return Ok(Verdict::na("this kernel has no seccomp, see BW-D-018"));
    }
    let off: Vec<&Process> = processes.iter().filter(|process| process.seccomp == Some(0)).collect();
    if let Some(first) = off.first() {
        return Ok(Hit::fail(Grade::Kernel)
            .says(format!("{} of {} processes run without seccomp", off.len(), processes.len()))
            .saw("proc", format!("/proc/{}/status Seccomp", first.pid), "0", "2")
            .saw("inspect", "HostConfig.SecurityOpt", option.unwrap_or("no seccomp option"), "not unconfined")
            .into());
    }
    match option {
        Some(profile) if !matches!(profile, "builtin" | "unconfined") => Ok(custom().into()),
        _ => Ok(Verdict::pass()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn every_process_counts() {
        decides(
            &CHECK,
            [
                ("filtered", one(container()), Pass),
                ("off", one(container().process(|p| p.seccomp = Some(0))), Fail),
                ("off by the daemon, nothing in the options", one(container().also(|p| p.seccomp = Some(0))), Fail),
                ("own profile", one(container().config(|c| c.security_opt = vec!["seccomp={}".into()])), Warn),
                ("a kernel without", one(container().process(|p| p.seccomp = None)), Na),
                (
                    "off, not running",
                    one(container().stopped().config(|c| c.security_opt = vec!["seccomp=unconfined".into()])),
                    Fail,
                ),
                ("on, not running", one(container().stopped()), Pass),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
