//! BW-R-026: A privileged exec runs.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-026",
    title: "A privileged exec runs",
    severity: Severity::High,
    why: "The process has every capability and belongs to nobody's configuration; the container's own limits do not hold for it.",
    fix: "End it; debug with named capabilities in a container of its own.",
    cis: "5.23",
    inputs: Inputs::CONTAINER,
    need: "A",
    blind: "Sessions that began before bridgewatch and were not swept; processes that enter by other means (BW-R-005, BW-R-043).",
    way: Check::COMMAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(_: &Evidence, container: &Container) -> Decision {
    if container.owner != Owner::Engine {
        return Ok(Verdict::na("no engine owns this container, so nothing is executed through one"));
    }
    if container.inspected_at.is_none() && container.execs.is_empty() && container.config.known().is_none() {
        return Err(Verdict::unknown(Reason::NotRead, "its exec sessions were not read yet"));
    }
    let privileged: Vec<_> = container.execs.iter().filter(|exec| exec.privileged).collect();
    let running: Vec<_> = privileged.iter().filter(|exec| exec.running).collect();
    let Some(first) = running.first() else {
        return Ok(match privileged.len() {
            0 => Verdict::pass(),
            count => Verdict::noted(format!("{count} privileged exec session(s) have ended")),
        });
    };
    let program = first.command.raw().split_whitespace().next().unwrap_or("").to_owned();
    Ok(Hit::fail(Grade::Api)
        .says(format!("{} privileged exec session(s) run, e.g. {program}", running.len()))
        .saw("inspect", "exec ProcessConfig.privileged", "true", "false")
        .saw("inspect", "exec ProcessConfig.entrypoint", program, "-")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn exec(privileged: bool, running: bool) -> Host {
        let exec = Exec { id: "e".into(), command: "sh -c id".into(), user: "".into(), privileged, running, pid: None };
        one(container().container(|c| c.execs = vec![exec]))
    }

    #[test]
    fn while_it_runs() {
        decides(
            &CHECK,
            [
                ("none", one(container()), Pass),
                ("an ordinary one", exec(false, true), Pass),
                ("a privileged one", exec(true, true), Fail),
                ("one that ended", exec(true, false), Pass),
                ("unowned", one(container().unread().container(|c| c.owner = Owner::Unknown)), Na),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
