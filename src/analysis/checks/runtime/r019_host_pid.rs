//! BW-R-019: Uses the host's process namespace.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-019",
    title: "Uses the host's process namespace",
    severity: Severity::High,
    why: "It sees every process of the host, reads their environments and, with the right capability, controls them.",
    fix: "Remove --pid host.",
    cis: "5.16",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A(+P)",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured = evidence.config(container).map(|config| config.pid_mode.as_str());
    let shared = evidence.shares_with_host(container, NsKind::Pid);
    let hit = match (shared, &configured) {
        (Some(true), _) => Hit::fail(Grade::Kernel).saw("proc", "/proc/PID/ns/pid", "the host's", "its own"),
        (_, Ok("host")) => Hit::fail(Grade::Api),
        (Some(false), _) | (None, Ok(_)) => return Ok(Verdict::pass()),
        (None, Err(missing)) => return Err(missing.clone()),
    };
    let mode = configured.unwrap_or("?");
    let (mask, root) = match evidence.main_process(container) {
        Ok(main) => (main.caps.bounding, main.uids.contains(&0)),
        Err(_) => container.config.known().map_or((0, false), |config| {
            (resolve::caps::configured(config), resolve::user::is_root(config.user.raw()) == resolve::user::Root::Yes)
        }),
    };
    let worse = root || mask & (known::caps::SYS_PTRACE | known::caps::SYS_ADMIN) != 0;
    Ok(hit
        .raised_if(worse)
        .says(if worse {
            "sees every process of the host and may act on them"
        } else {
            "sees every process of the host"
        })
        .saw("inspect", "HostConfig.PidMode", mode, "not host")
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
                ("host", one(container().config(|c| c.pid_mode = "host".into())), Fail),
                (
                    "host by the kernel alone",
                    one(container().kernel(|k| {
                        k.namespaces.insert(NsKind::Pid, Fact::Known(HOST_NS));
                    })),
                    Fail,
                ),
                ("host, not running", one(container().stopped().config(|c| c.pid_mode = "host".into())), Fail),
                ("not known", one(container().blind().unread()), Unknown),
            ],
        );
    }

    #[test]
    fn root_aggravates() {
        let host = |uid| one(container().config(|c| c.pid_mode = "host".into()).process(|p| p.uids = [uid; 4]));
        assert_eq!(host(0).severity(&CHECK), Some(Severity::Critical));
        assert_eq!(host(1000).severity(&CHECK), Some(Severity::High));
    }
}
