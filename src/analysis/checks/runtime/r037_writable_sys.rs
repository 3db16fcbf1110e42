//! BW-R-037: /sys or /proc/sys is writable.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-037",
    title: "/sys or /proc/sys is writable",
    severity: Severity::High,
    why: "Kernel switches of the host can be turned from inside.",
    fix: "Remove the mount or option that makes it so.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "U",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.config.known().is_some_and(|config| config.privileged) {
        return Ok(Verdict::na("privileged, see BW-R-008"));
    }
    let rows = need(&evidence.kernel(container)?.mounts)?;
    let is_read_only = |row: &crate::model::MountInfo| row.options.split(',').any(|option| option == "ro");
    let mut seen = Vec::new();
    for row in rows.iter().filter(|row| row.fstype == "sysfs" && !is_read_only(row)) {
        seen.push(format!("{} is writable", row.mount_point.raw()));
    }
    let proc_sys = rows.iter().rev().find(|row| row.mount_point == "/proc/sys");
    let proc = rows.iter().any(|row| row.mount_point == "/proc");
    match proc_sys {
        Some(row) if !is_read_only(row) => seen.push("/proc/sys is mounted writable".to_owned()),
        None if proc => seen.push("nothing makes /proc/sys read-only".to_owned()),
        _ => {}
    }
    if seen.is_empty() {
        return Ok(Verdict::pass());
    }
    Ok(Hit::fail(Grade::Kernel).says(seen.join(", ")).saw("proc", "mountinfo", seen.join(", "), "ro").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn the_mount_table_decides() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                (
                    "writable sysfs",
                    one(container().kernel(|k| k.mounts = Fact::Known(vec![mount_row("/sys", "sysfs", "rw,nosuid")]))),
                    Fail,
                ),
                (
                    "no read-only /proc/sys",
                    one(container().kernel(|k| k.mounts = Fact::Known(vec![mount_row("/proc", "proc", "rw")]))),
                    Fail,
                ),
                (
                    "privileged has its own check",
                    one(container()
                        .config(|c| c.privileged = true)
                        .kernel(|k| k.mounts = Fact::Known(vec![mount_row("/proc", "proc", "rw")]))),
                    Na,
                ),
                ("not running", one(container().stopped()), Na),
                ("unreadable", one(container().kernel(|k| k.mounts = Fact::default())), Unknown),
            ],
        );
    }
}
