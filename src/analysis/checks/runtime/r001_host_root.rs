//! BW-R-001: Processes run as root of the host.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-001",
    title: "Processes run as root of the host",
    severity: Severity::Medium,
    why: "A process with uid 0 of the host has root's rights on everything it can reach: mounts, sockets, kernel interfaces.",
    fix: "Set USER in the image or --user, or remap user namespaces.",
    cis: "4.1",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "A+U",
    blind: "A user name of a stopped container: its /etc/passwd is not read.",
    patience: Patience::TwoSamples,
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let configured =
        evidence.config(container).map(|config| (config.user.clone(), resolve::user::is_root(config.user.raw())));
    let (main, all) = match (evidence.main_process(container), evidence.processes(container)) {
        (Ok(main), Ok(all)) => (main, all),
        (Err(missing), _) | (_, Err(missing)) => return by_configuration(evidence, container, missing),
    };
    let is_root = |process: &Process| process.uids.contains(&0);
    let user = configured.as_ref().map_or_else(|_| "?".to_owned(), |(user, _)| user.raw().to_owned());
    if is_root(main) {
        return Ok(Hit::fail(Grade::Kernel)
            .says("the main process runs as root of the host")
            .saw("proc", format!("/proc/{}/status Uid", main.pid), format!("{:?}", main.uids), "no 0")
            .saw("inspect", "Config.User", user, "an unprivileged user")
            .into());
    }
    let roots = all.iter().filter(|process| is_root(process)).count();
    if roots > 0 {
        return Ok(Hit::warn(Grade::Kernel)
            .says(format!("the main process is unprivileged, {roots} other(s) run as root of the host"))
            .saw("proc", "/proc/PID/status Uid", format!("{roots} of {} with 0", all.len()), "none")
            .into());
    }
    match configured {
        Ok((_, resolve::user::Root::Yes)) if evidence.is_remapped(container) => {
            Ok(Verdict::noted("its root is an unprivileged user of the host"))
        }
        Ok((_, resolve::user::Root::Yes)) => Ok(Hit::warn(Grade::Kernel)
            .says("starts as root, its processes give that up")
            .saw("inspect", "Config.User", user, "an unprivileged user")
            .saw("proc", "/proc/PID/status Uid", "no process has 0", "no 0")
            .into()),
        _ => Ok(Verdict::pass()),
    }
}

fn by_configuration(evidence: &Evidence, container: &Container, missing: Verdict) -> Decision {
    use resolve::user::{Root, is_root};
    let config = evidence.config(container)?;
    if evidence.is_remapped(container) {
        return Ok(Verdict::noted("its root would be an unprivileged user of the host"));
    }
    match is_root(config.user.raw()) {
        Root::Yes => Ok(Hit::fail(Grade::Api)
            .says("configured to run as root")
            .saw("inspect", "Config.User", config.user.clone(), "an unprivileged user")
            .into()),
        // What runs may differ from what was asked for; only a container that does not run is judged by that.
        Root::No if !container.state.has_processes() => Ok(Verdict::noted("by its configuration")),
        Root::ByName if !container.state.has_processes() => {
            Err(Verdict::unknown(Reason::NotRead, "the user is a name, and the image's /etc/passwd was not read"))
        }
        _ => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn root_by_every_spelling() {
        decides(
            &CHECK,
            [
                ("root by default", one(container()), Fail),
                ("0:0 is root, not running", one(container().stopped().config(|c| c.user = "0:0".into())), Fail),
                (
                    "unprivileged",
                    one(container().config(|c| c.user = "1000".into()).process(|p| p.uids = [1000; 4])),
                    Pass,
                ),
                ("gave root up", one(container().process(|p| p.uids = [999; 4])), Warn),
                (
                    "a helper is root",
                    one(container().config(|c| c.user = "1000".into()).process(|p| p.uids = [1000; 4]).also(|_| {})),
                    Warn,
                ),
                (
                    "remapped",
                    one(container()
                        .process(|p| p.uids = [100_000; 4])
                        .kernel(|k| k.uid_map = Fact::Known(vec![(0, 100_000, 65_536)]))),
                    Pass,
                ),
                ("a name, not running", one(container().stopped().config(|c| c.user = "nginx".into())), Unknown),
                (
                    "unprivileged by its configuration, processes unreadable",
                    one(container().blind().config(|c| c.user = "1000".into())),
                    Unknown,
                ),
                ("not inspected, not read", one(container().blind().unread()), Unknown),
            ],
        );
    }
}
