//! BW-R-027: Root acts in a container that does not run as root.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-027",
    title: "Root acts in a container that does not run as root",
    severity: Severity::Medium,
    why: "What the root process leaves behind belongs to root, and what it can reach the service was meant not to.",
    fix: "Exec as the user of the service.",
    cis: "5.24",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    patience: Patience::TwoSamples,
    way: Check::COMMAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    use resolve::user::{Root, host_uid, is_root};
    let main = evidence.main_process(container)?;
    let facts = evidence.kernel(container)?;
    // Uid 0 of the container, as the host sees it.
    let root = match facts.uid_map.known() {
        Some(map) => host_uid(map, 0).unwrap_or(0),
        None => 0,
    };
    if main.uids.contains(&root) {
        return Ok(Verdict::na("the container itself runs as root, see BW-R-001"));
    }
    let by_exec =
        container.execs.iter().find(|e| e.running && !e.user.is_empty() && is_root(e.user.raw()) == Root::Yes);
    let by_kernel = evidence.processes(container)?.iter().find(|process| process.uids.contains(&root));
    let hit = match (by_kernel, by_exec) {
        (Some(process), _) => Hit::fail(Grade::Kernel)
            .says(format!("process {} runs as root beside uid {}", process.pid, main.uids[0]))
            .saw(
                "proc",
                format!("/proc/{}/status Uid", process.pid),
                format!("{:?}", process.uids),
                format!("{}", main.uids[0]),
            ),
        (None, Some(exec)) => Hit::fail(Grade::Api).says("an exec session runs as root").saw(
            "inspect",
            "exec ProcessConfig.user",
            exec.user.clone(),
            "the user of the service",
        ),
        (None, None) => return Ok(Verdict::pass()),
    };
    Ok(hit.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn beside_an_unprivileged_main_process() {
        decides(
            &CHECK,
            [
                ("root itself", one(container()), Na),
                ("alone", one(container().process(|p| p.uids = [1000; 4])), Pass),
                (
                    "a neighbour of the same user",
                    one(container().process(|p| p.uids = [1000; 4]).also(|p| p.uids = [1000; 4])),
                    Pass,
                ),
                ("a root process", one(container().process(|p| p.uids = [1000; 4]).also(|_| {})), Fail),
                (
                    "an exec as root",
                    one(container().process(|p| p.uids = [1000; 4]).container(|c| {
                        c.execs = vec![Exec {
                            id: "e".into(),
                            command: "sh".into(),
                            user: "0".into(),
                            privileged: false,
                            running: true,
                            pid: None,
                        }];
                    })),
                    Fail,
                ),
                ("not running", one(container().stopped()), Na),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
