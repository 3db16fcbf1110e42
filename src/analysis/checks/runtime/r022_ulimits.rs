//! BW-R-022: Open files are not limited.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-022",
    title: "Open files are not limited",
    severity: Severity::Info,
    why: "Without a bound one container can hold every file handle of the host.",
    fix: "Set --ulimit nofile.",
    cis: "5.19",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

const MOST: u64 = 1_048_576;

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let hard = match evidence.kernel(container) {
        Ok(facts) => {
            let limits = need(&facts.rlimits)?;
            let found = limits.iter().find(|(name, _)| matches!(name.as_str(), "Max open files" | "nofile"));
            match found {
                Some((_, (_, hard))) => *hard,
                None => return Err(Verdict::unknown(Reason::Parse, "no line for open files in /proc/PID/limits")),
            }
        }
        Err(Verdict::NotApplicable { .. }) => {
            match evidence.config(container)?.ulimits.iter().find(|limit| limit.name == "nofile") {
                Some(limit) => u64::try_from(limit.hard).ok(),
                None => {
                    return Ok(Verdict::na(
                        "not running, and without a limit of its own the daemon's decides at the start",
                    ));
                }
            }
        }
        Err(missing) => return Err(missing),
    };
    if hard.is_some_and(|hard| hard <= MOST) {
        return Ok(Verdict::pass());
    }
    let shown = hard.map_or_else(|| "unlimited".to_owned(), |hard| hard.to_string());
    Ok(Hit::warn(Grade::Kernel)
        .says(format!("its limit of open files is {shown}"))
        .saw("proc", "/proc/PID/limits open files", shown, format!("at most {MOST}"))
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn nofile(hard: Option<u64>) -> Host {
        one(container()
            .kernel(|k| k.rlimits = Fact::Known(std::sync::Arc::new([("Max open files".into(), (hard, hard))].into()))))
    }

    #[test]
    fn the_hard_limit_counts() {
        decides(
            &CHECK,
            [
                ("the usual", nofile(Some(1_048_576)), Pass),
                ("more", nofile(Some(1_048_577)), Warn),
                ("unlimited", nofile(None), Warn),
                (
                    "not running, unlimited",
                    one(container()
                        .stopped()
                        .config(|c| c.ulimits = vec![Ulimit { name: "nofile".into(), soft: -1, hard: -1 }])),
                    Warn,
                ),
                ("not running, nothing said", one(container().stopped()), Na),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
