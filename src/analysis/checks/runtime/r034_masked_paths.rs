//! BW-R-034: Kernel paths are not masked.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-034",
    title: "Kernel paths are not masked",
    severity: Severity::High,
    why: "Kernel memory, keys and switches of the host are within reach below /proc and /sys.",
    fix: "Drop --security-opt systempaths=unconfined; recreate after an upgrade of the engine.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    blind: "Paths that newer engines mask too, on a container made before the upgrade.",
    escape: true,
    parents: &["BW-R-008"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let table = evidence.kernel(container).ok().and_then(|facts| facts.mounts.known());
    // Not masked and not read-only in the mount table: two independent signs, as a kernel may lack either path.
    let open = table.is_some_and(|rows| {
        !rows.iter().any(|row| row.mount_point == "/proc/kcore" || row.mount_point == "/proc/keys")
            && !rows.iter().any(|row| row.mount_point == "/proc/sys")
            && rows.iter().any(|row| row.mount_point == "/proc")
    });
    let config = evidence.config(container);
    if open {
        return Ok(Hit::fail(Grade::Kernel)
            .says("nothing below /proc is masked or read-only")
            .saw("proc", "mountinfo", "no mount on /proc/kcore, /proc/keys, /proc/sys", "masked and read-only")
            .into());
    }
    let config = config?;
    let (Some(masked), Some(read_only)) = (&config.masked_paths, &config.readonly_paths) else {
        if config.privileged {
            return Ok(Hit::fail(Grade::Api)
                .says("privileged: nothing is masked")
                .saw("inspect", "HostConfig.MaskedPaths", "null", "the default list")
                .into());
        }
        return match table {
            Some(_) => Ok(Verdict::noted("by the mount table")),
            None => Err(Verdict::unknown(Reason::ApiOld, "the engine lists no masked paths")),
        };
    };
    let lacks = |have: &[String], want: &[&str]| -> Vec<String> {
        want.iter().filter(|path| !have.iter().any(|h| h == *path)).map(|path| (*path).to_owned()).collect()
    };
    let mut missing = lacks(masked, &known::ports::MASKED);
    missing.extend(lacks(read_only, &known::ports::READ_ONLY));
    if !missing.is_empty() {
        return Ok(Hit::fail(Grade::Api)
            .says(format!("{} kernel path(s) are not masked or read-only", missing.len()))
            .saw(
                "inspect",
                "HostConfig.MaskedPaths ReadonlyPaths",
                format!("without {}", missing.join(" ")),
                "the default lists",
            )
            .into());
    }
    Ok(Verdict::pass())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn empty_lists_are_open_doors() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                (
                    "unconfined",
                    one(container().config(|c| {
                        c.masked_paths = Some(vec![]);
                        c.readonly_paths = Some(vec![]);
                    })),
                    Fail,
                ),
                (
                    "one missing",
                    one(container().config(|c| {
                        c.masked_paths.as_mut().expect("list").retain(|p| p != "/proc/keys");
                    })),
                    Fail,
                ),
                (
                    "only what newer engines add is missing",
                    one(container().config(|c| {
                        c.masked_paths.as_mut().expect("list").retain(|p| p != "/proc/asound");
                    })),
                    Pass,
                ),
                (
                    "privileged",
                    one(container().config(|c| {
                        c.privileged = true;
                        c.masked_paths = None;
                    })),
                    Fail,
                ),
                (
                    "listed, and not in force",
                    one(container().kernel(|k| k.mounts = Fact::Known(vec![mount_row("/proc", "proc", "rw")]))),
                    Fail,
                ),
                (
                    "an engine that does not say, blind",
                    one(container().blind().config(|c| c.masked_paths = None)),
                    Unknown,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
