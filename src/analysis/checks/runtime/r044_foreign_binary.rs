//! BW-R-044: Runs a binary that is not in the image.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-044",
    title: "Runs a binary that is not in the image",
    severity: Severity::Medium,
    why: "A program that was deleted after its start, or that only ever was in memory, hides from every file scan.",
    fix: "Find out who started it; use a read-only root file system.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "P",
    blind: "Files that were added to the container and are still there: its changes are not read.",
    patience: Patience::TwoSamples,
    way: Check::BY_HAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let processes = evidence.processes(container)?;
    let mut unknown = None;
    let mut hits = Vec::new();
    for process in processes {
        let exe = match need(&process.exe) {
            Ok(exe) => exe.raw(),
            Err(missing) => {
                unknown = Some(missing);
                continue;
            }
        };
        let memory = exe.starts_with("/memfd:");
        if memory || exe.ends_with(" (deleted)") {
            hits.push(
                Hit::fail(Grade::Kernel)
                    .on(exe)
                    .severity(Severity::High)
                    .says(format!(
                        "process {} runs {}",
                        process.pid,
                        if memory { "from memory alone" } else { "a deleted file" }
                    ))
                    .saw("proc", format!("/proc/{}/exe", process.pid), exe, "a file of the image"),
            );
        }
    }
    hits.sort_by(|a, b| a.sub_key.cmp(&b.sub_key));
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    match (hits.is_empty(), unknown) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(Verdict::of(hits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn what_the_kernel_calls_its_file() {
        decides(
            &CHECK,
            [
                ("a file", one(container()), Pass),
                ("deleted", one(container().also(|p| p.exe = Fact::Known("/tmp/x (deleted)".into()))), Fail),
                ("in memory", one(container().also(|p| p.exe = Fact::Known("/memfd:x (deleted)".into()))), Fail),
                (
                    "one unreadable, one deleted",
                    one(container()
                        .process(|p| p.exe = Fact::default())
                        .also(|p| p.exe = Fact::Known("/tmp/x (deleted)".into()))),
                    Fail,
                ),
                ("unreadable", one(container().process(|p| p.exe = Fact::unknown(GapKind::Permission, "no"))), Unknown),
                ("not running", one(container().stopped()), Na),
            ],
        );
    }
}
