//! BW-R-008: Privileged container.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-008",
    title: "Privileged container",
    severity: Severity::Critical,
    why: "A privileged container has every capability, every device and no seccomp or AppArmor: its root is root on the host.",
    fix: "Name the capability or the device that is needed instead.",
    cis: "5.5",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    match evidence.config(container) {
        Ok(config) if config.privileged => Ok(Hit::fail(Grade::Api)
            .says("runs privileged: every capability, every device, no seccomp")
            .saw("inspect", "HostConfig.Privileged", "true", "false")
            .into()),
        Ok(_) => Ok(Verdict::pass()),
        Err(missing) => by_kernel(evidence, container).unwrap_or(Err(missing)),
    }
}

/// A container whose configuration nobody tells: what privileged looks like from the kernel's side.
fn by_kernel(evidence: &Evidence, container: &Container) -> Option<Decision> {
    let main = evidence.main_process(container).ok()?;
    let mounts = evidence.kernel(container).ok()?.mounts.known()?;
    let unmasked = !mounts.iter().any(|row| row.mount_point == "/proc/kcore" || row.mount_point == "/proc/keys");
    let wide = main.caps.bounding & known::caps::SYS_ADMIN != 0 && main.caps.bounding.count_ones() >= 36;
    (unmasked && wide && main.seccomp == Some(0)).then(|| {
        Ok(Hit::fail(Grade::Kernel)
            .says("looks privileged: every capability, no seccomp, nothing masked")
            .saw("proc", "/proc/PID/status CapBnd", format!("{:016x}", main.caps.bounding), "the default set")
            .saw("proc", "/proc/PID/status Seccomp", "0", "2")
            .into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn asked_for_or_seen() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                ("privileged", one(container().config(|c| c.privileged = true)), Fail),
                ("privileged, not running", one(container().stopped().config(|c| c.privileged = true)), Fail),
                (
                    "unowned and looks it",
                    one(container()
                        .unread()
                        .container(|c| c.owner = Owner::Unknown)
                        .process(|p| {
                            p.caps.bounding = known::caps::ALL;
                            p.seccomp = Some(0);
                        })
                        .kernel(|k| k.mounts = Fact::Known(vec![]))),
                    Fail,
                ),
                ("unowned and does not", one(container().unread().container(|c| c.owner = Owner::Unknown)), Na),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
