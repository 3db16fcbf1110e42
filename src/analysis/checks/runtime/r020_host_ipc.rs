//! BW-R-020: Uses the host's IPC namespace.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-020",
    title: "Uses the host's IPC namespace",
    severity: Severity::Medium,
    why: "Shared memory and queues of the host's programs are within its reach.",
    fix: "Remove --ipc host.",
    cis: "5.17",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A(+P)",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured = evidence.config(container).map(|config| config.ipc_mode.as_str());
    let shared = evidence.shares_with_host(container, NsKind::Ipc);
    let hit = match (shared, &configured) {
        (Some(true), _) => Hit::fail(Grade::Kernel).saw("proc", "/proc/PID/ns/ipc", "the host's", "its own"),
        (_, Ok("host")) => Hit::fail(Grade::Api),
        (Some(false), _) | (None, Ok(_)) => match configured {
            Ok("shareable") => Hit::warn(Grade::Api).severity(Severity::Info),
            _ => return Ok(Verdict::pass()),
        },
        (None, Err(missing)) => return Err(missing.clone()),
    };
    let mode = configured.unwrap_or("?");
    let says = if mode == "shareable" {
        "lets other containers join its IPC namespace"
    } else {
        "uses the host's IPC namespace"
    };
    Ok(hit.says(says).saw("inspect", "HostConfig.IpcMode", mode, "private").into())
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
                ("private", one(container()), Pass),
                ("host", one(container().config(|c| c.ipc_mode = "host".into())), Fail),
                ("shareable", one(container().config(|c| c.ipc_mode = "shareable".into())), Warn),
                (
                    "host by the kernel alone",
                    one(container().kernel(|k| {
                        k.namespaces.insert(NsKind::Ipc, Fact::Known(HOST_NS));
                    })),
                    Fail,
                ),
                ("not known", one(container().blind().unread()), Unknown),
            ],
        );
    }
}
