//! BW-R-040: A secret on the command line.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-040",
    title: "A secret on the command line",
    severity: Severity::Medium,
    why: "Every local user reads the command lines of all processes.",
    fix: "Pass it in a file or on standard input.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    patience: Patience::TwoSamples,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let processes = evidence.processes(container);
    if let Ok(processes) = &processes
        && let Some((process, said)) =
            processes.iter().find_map(|p| known::secrets::on_command_line(p.cmdline.raw()).map(|said| (p, said)))
    {
        return Ok(Hit::warn(Grade::Kernel)
            .says("a process has a secret on its command line")
            .saw("proc", format!("/proc/{}/cmdline", process.pid), said, "no secret")
            .into());
    }
    let config = evidence.config(container)?;
    let line: Vec<&str> = config.entrypoint.iter().chain(&config.cmd).map(|word| word.raw()).collect();
    if let Some(said) = known::secrets::on_command_line(&line.join(" ")) {
        return Ok(Hit::warn(Grade::Api)
            .says("its command has a secret among the arguments")
            .saw("inspect", "Config.Entrypoint Cmd", said, "no secret")
            .into());
    }
    match processes {
        Ok(_) | Err(Verdict::NotApplicable { .. }) => Ok(Verdict::pass()),
        Err(missing) => Err(missing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn masked_when_it_is_reported() {
        decides(
            &CHECK,
            [
                ("nothing", one(container()), Pass),
                (
                    "configured",
                    one(container().config(|c| c.cmd = vec!["server".into(), "--password=s3cret".into()])),
                    Warn,
                ),
                ("in a process", one(container().also(|p| p.cmdline = "/usr/bin/mysql -uroot -ps3cret".into())), Warn),
                ("not running", one(container().stopped()), Pass),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }

    #[test]
    fn the_record_never_holds_the_secret() {
        let host = one(container().also(|p| p.cmdline = "app --token=s3cret".into()));
        assert!(!format!("{:?}", host.ask(&CHECK)).contains("s3cret"));
    }
}
