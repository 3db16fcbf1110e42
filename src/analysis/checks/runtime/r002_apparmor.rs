//! BW-R-002: AppArmor confinement is off.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-002",
    title: "AppArmor confinement is off",
    severity: Severity::Medium,
    why: "The AppArmor profile keeps a process away from kernel interfaces even when it is root with capabilities.",
    fix: "Drop --security-opt apparmor=unconfined, or load the profile the container names.",
    cis: "5.2",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A+U",
    parents: &["BW-H-022"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if !need(&evidence.snapshot.host.lsm)?.iter().any(|module| module == "apparmor") {
        return Ok(Verdict::na("AppArmor is not active on this host, see BW-H-022"));
    }
    let config = evidence.config(container);
    let label = match evidence.kernel(container) {
        Ok(facts) => need(&facts.lsm_label),
        Err(missing) => Err(missing),
    };
    let label = match label {
        Ok(label) => label.raw().trim_end_matches(['\0', '\n']).to_owned(),
        Err(missing) => return by_configuration(config?, missing),
    };
    let saw = |hit: Hit| hit.saw("proc", "attr/apparmor/current", label.as_str(), "a profile in enforce mode");
    let (name, mode) = label.split_once(" (").unwrap_or((&label, ""));
    if name == "unconfined" || name.is_empty() {
        return Ok(saw(Hit::fail(Grade::Kernel).says("no AppArmor profile confines it")).into());
    }
    if let Ok(config) = config
        && !matches!(config.apparmor_profile.as_str(), "" | "unconfined")
        && config.apparmor_profile != name
    {
        return Ok(saw(Hit::fail(Grade::Kernel).says("another AppArmor profile is in force than was configured"))
            .saw("inspect", "AppArmorProfile", config.apparmor_profile.as_str(), "the profile in force")
            .into());
    }
    if mode.starts_with("complain") {
        return Ok(saw(Hit::warn(Grade::Kernel).says("its AppArmor profile only complains")).into());
    }
    Ok(Verdict::pass())
}

fn by_configuration(config: &Config, missing: Verdict) -> Decision {
    let opted_out = config.security_opt.iter().any(|o| o == "apparmor=unconfined" || o == "apparmor:unconfined");
    if config.apparmor_profile == "unconfined" || opted_out {
        return Ok(Hit::fail(Grade::Api)
            .says("configured without an AppArmor profile")
            .saw("inspect", "AppArmorProfile", config.apparmor_profile.as_str(), "a profile")
            .into());
    }
    match missing {
        Verdict::NotApplicable { .. } => Ok(Verdict::noted("by its configuration")),
        missing => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn the_kernel_decides() {
        decides(
            &CHECK,
            [
                ("default profile", one(container()), Pass),
                ("unconfined", one(container().kernel(|k| k.lsm_label = Fact::Known("unconfined".into()))), Fail),
                (
                    "another profile",
                    one(container().kernel(|k| k.lsm_label = Fact::Known("other (enforce)".into()))),
                    Fail,
                ),
                (
                    "complain",
                    one(container().kernel(|k| k.lsm_label = Fact::Known("docker-default (complain)".into()))),
                    Warn,
                ),
                (
                    "no AppArmor on the host is not a fault of the container",
                    one(container()).facts(|h| h.lsm = Fact::Known(vec!["capability".into()])),
                    Na,
                ),
                ("modules unreadable", one(container()).facts(|h| h.lsm = Fact::default()), Unknown),
                ("label unreadable", one(container().blind()), Unknown),
                (
                    "not running, unconfined",
                    one(container().stopped().config(|c| c.apparmor_profile = "unconfined".into())),
                    Fail,
                ),
                ("not running, confined", one(container().stopped()), Pass),
            ],
        );
    }
}
