//! BW-R-003: SELinux confinement is off.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-003",
    title: "SELinux confinement is off",
    severity: Severity::Medium,
    why: "The SELinux type keeps a container from the files and processes of the host and of other containers.",
    fix: "Drop --security-opt label=disable.",
    cis: "5.3",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A+U",
    parents: &["BW-H-022"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let host = &evidence.snapshot.host;
    if !need(&host.lsm)?.iter().any(|module| module == "selinux") || host.selinux_enforcing.is_none() {
        return Ok(Verdict::na("SELinux is not active on this host, see BW-H-022"));
    }
    evidence.engine()?;
    if evidence.security_option("selinux").is_none() {
        return Ok(Verdict::na("the daemon runs without selinux-enabled"));
    }
    let facts = evidence.kernel(container);
    if let Some(label) = facts.as_ref().ok().and_then(|facts| facts.lsm_label.known()) {
        let label = label.raw().trim_end_matches(['\0', '\n']);
        let kind = label.split(':').nth(2).unwrap_or("");
        return Ok(match kind {
            "spc_t" | "unconfined_t" | "" => Hit::fail(Grade::Kernel)
                .says("no SELinux type confines it")
                .saw("proc", "attr/current", label, "a container type such as container_t")
                .into(),
            _ => Verdict::pass(),
        });
    }
    let config = evidence.config(container)?;
    let disabled = config.security_opt.iter().any(|o| matches!(o.as_str(), "label=disable" | "label:disable"));
    if disabled || config.privileged {
        return Ok(Hit::fail(Grade::Api)
            .says("configured without an SELinux label")
            .saw("inspect", "HostConfig.SecurityOpt", config.security_opt.join(" "), "no label=disable")
            .into());
    }
    match facts {
        Err(Verdict::NotApplicable { .. }) => Ok(Verdict::noted("by its configuration")),
        Err(missing) => Err(missing),
        Ok(facts) => need(&facts.lsm_label).map(|_| Verdict::pass()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn enforcing(host: Host) -> Host {
        host.facts(|h| {
            h.lsm = Fact::Known(vec!["selinux".into()]);
            h.selinux_enforcing = Some(true);
        })
        .engine(|e| e.security_options.push("name=selinux".into()))
    }

    fn labelled(label: &str) -> Host {
        enforcing(one(container().kernel(|k| k.lsm_label = Fact::Known(label.into()))))
    }

    #[test]
    fn other_security_options_do_not_count() {
        decides(
            &CHECK,
            [
                ("confined", labelled("system_u:system_r:container_t:s0:c1,c2"), Pass),
                ("super privileged", labelled("system_u:system_r:spc_t:s0"), Fail),
                (
                    "label=disable, not running",
                    enforcing(one(container().stopped().config(|c| c.security_opt = vec!["label=disable".into()]))),
                    Fail,
                ),
                (
                    "seccomp=unconfined says nothing of SELinux",
                    enforcing(one(container()
                        .stopped()
                        .config(|c| c.security_opt = vec!["seccomp=unconfined".into()]))),
                    Pass,
                ),
                ("no SELinux", one(container()), Na),
                (
                    "daemon without it",
                    one(container()).facts(|h| {
                        h.lsm = Fact::Known(vec!["selinux".into()]);
                        h.selinux_enforcing = Some(true);
                    }),
                    Na,
                ),
                ("unreadable", enforcing(one(container().blind())), Unknown),
            ],
        );
    }
}
