//! BW-R-011: An SSH server runs inside.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-011",
    title: "An SSH server runs inside",
    severity: Severity::Medium,
    why: "A second way in, with keys and passwords of its own, that the engine neither sees nor logs.",
    fix: "Use exec; remove the server from the image.",
    cis: "5.7",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::SOCKETS),
    need: "U",
    patience: Patience::TwoSamples,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let processes = evidence.processes(container)?;
    let is_server = |name: &str| matches!(name, "sshd" | "dropbear" | "sshd-session");
    let base = |path: &str| path.rsplit('/').next().unwrap_or("").trim_end_matches(" (deleted)").to_owned();
    let found = processes.iter().find(|process| {
        is_server(process.comm.raw()) || process.exe.known().is_some_and(|exe| is_server(&base(exe.raw())))
    });
    if let Some(process) = found {
        return Ok(Hit::fail(Grade::Kernel)
            .says(format!("{} runs inside", process.comm.raw()))
            .saw("proc", format!("/proc/{}/comm", process.pid), process.comm.clone(), "no SSH server")
            .into());
    }
    // Something else may speak SSH on the usual port; in the host's namespace the listener may be the host's own.
    if container.network_mode != NetworkMode::Host
        && evidence.owns_netns(container).is_ok()
        && let Ok(listeners) = evidence.listeners(container)
        && listeners.iter().any(|l| l.port == 22 && l.proto == Proto::Tcp)
    {
        return Ok(Hit::warn(Grade::Kernel)
            .says("something listens on 22/tcp inside")
            .saw("sockets", "tcp", "22", "no listener on 22")
            .into());
    }
    Ok(Verdict::pass())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn seen_without_asking_the_container() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                ("sshd", one(container().also(|p| p.comm = "sshd".into())), Fail),
                ("by its file", one(container().also(|p| p.exe = Fact::Known("/usr/sbin/sshd".into()))), Fail),
                (
                    "another server on 22",
                    one(container().netns(100)).sockets(100, vec![listener(100, "0.0.0.0", 22, 1000)]),
                    Warn,
                ),
                ("not running", one(container().stopped()), Na),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
