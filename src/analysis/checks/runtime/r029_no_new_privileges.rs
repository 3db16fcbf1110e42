//! BW-R-029: May gain privileges.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-029",
    title: "May gain privileges",
    severity: Severity::Medium,
    why: "A setuid program in the image turns an unprivileged process into root of the container.",
    fix: "Use --security-opt no-new-privileges.",
    cis: "5.26",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A+U",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let main = match evidence.main_process(container) {
        Ok(main) => main,
        Err(Verdict::NotApplicable { .. }) => return by_configuration(evidence, evidence.config(container)?),
        Err(missing) => return Err(missing),
    };
    let saw = |hit: Hit| {
        hit.saw("proc", format!("/proc/{}/status NoNewPrivs", main.pid), "0", "1").saw(
            "proc",
            "CapBnd",
            format!("{:016x}", main.caps.bounding),
            "0",
        )
    };
    match main.no_new_privs {
        None => Err(Verdict::unknown(Reason::ApiOld, "this kernel does not show NoNewPrivs")),
        Some(true) => Ok(Verdict::pass()),
        Some(false) if main.caps.bounding != 0 => {
            Ok(saw(Hit::fail(Grade::Kernel).says("may gain privileges by exec")).into())
        }
        Some(false) => {
            Ok(saw(Hit::warn(Grade::Kernel).says("may change its user by exec; no capability to gain")).into())
        }
    }
}

fn by_configuration(evidence: &Evidence, config: &Config) -> Decision {
    let option = config.security_opt.iter().find_map(|option| option.strip_prefix("no-new-privileges"));
    let is_on = match option {
        Some("") => true,
        Some(value) => resolve::flags::boolean(value.trim_start_matches(['=', ':'])).unwrap_or(false),
        None if evidence.security_option("no-new-privileges").is_some() => true,
        None => evidence.setting("no-new-privileges", "no-new-privileges")?.is(false),
    };
    if is_on {
        return Ok(Verdict::noted("by its configuration"));
    }
    Ok(Hit::fail(Grade::Api)
        .says("configured so that it may gain privileges")
        .saw("inspect", "HostConfig.SecurityOpt", config.security_opt.join(" "), "no-new-privileges")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn option(text: &str) -> Host {
        one(container().stopped().config(|c| c.security_opt = vec![text.into()]))
    }

    #[test]
    fn the_flag_of_the_process_decides() {
        decides(
            &CHECK,
            [
                ("off", one(container()), Fail),
                ("on", one(container().process(|p| p.no_new_privs = Some(true))), Pass),
                ("off, nothing to gain", one(container().process(|p| p.caps.bounding = 0)), Warn),
                ("an old kernel", one(container().process(|p| p.no_new_privs = None)), Unknown),
                ("option, not running", option("no-new-privileges"), Pass),
                ("no-new-privileges=false is off", option("no-new-privileges=false"), Fail),
                ("no-new-privileges:true", option("no-new-privileges:true"), Pass),
                ("daemon default, not running", one(container().stopped()).arg("--no-new-privileges"), Pass),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
