//! BW-R-024: Uses the host's UTS namespace.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-024",
    title: "Uses the host's UTS namespace",
    severity: Severity::Medium,
    why: "With SYS_ADMIN it can rename the host.",
    fix: "Remove --uts host.",
    cis: "5.21",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A(+P)",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured = evidence.config(container).map(|config| config.uts_mode.as_str());
    let shared = evidence.shares_with_host(container, NsKind::Uts);
    let hit = match (shared, &configured) {
        (Some(true), _) => Hit::fail(Grade::Kernel).saw("proc", "/proc/PID/ns/uts", "the host's", "its own"),
        (_, Ok("host")) => Hit::fail(Grade::Api),
        (Some(false), _) | (None, Ok(_)) => return Ok(Verdict::pass()),
        (None, Err(missing)) => return Err(missing.clone()),
    };
    let mode = configured.unwrap_or("?");
    let may_change = match evidence.main_process(container) {
        Ok(main) => main.caps.bounding & known::caps::SYS_ADMIN != 0,
        Err(_) => container.config.known().is_some_and(|c| resolve::caps::configured(c) & known::caps::SYS_ADMIN != 0),
    };
    Ok(hit
        .severity(if may_change { Severity::Medium } else { Severity::Low })
        .says("uses the host's UTS namespace")
        .saw("inspect", "HostConfig.UTSMode", mode, "not host")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn the_namespace_decides() {
        decides(
            &CHECK,
            [
                ("own", one(container()), Pass),
                ("host", one(container().config(|c| c.uts_mode = "host".into())), Fail),
                (
                    "host by the kernel alone",
                    one(container().kernel(|k| {
                        k.namespaces.insert(NsKind::Uts, Fact::Known(HOST_NS));
                    })),
                    Fail,
                ),
                ("not known", one(container().blind().unread()), Unknown),
            ],
        );
    }

    #[test]
    fn it_is_low_without_sys_admin() {
        let host = |caps| one(container().config(|c| c.uts_mode = "host".into()).process(|p| p.caps.bounding = caps));
        assert_eq!(host(0).severity(&CHECK), Some(Severity::Low));
        assert_eq!(host(known::caps::SYS_ADMIN).severity(&CHECK), Some(Severity::Medium));
    }
}
