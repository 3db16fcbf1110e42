//! BW-R-035: The cgroup file system is writable.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-035",
    title: "The cgroup file system is writable",
    severity: Severity::Medium,
    why: "It can lift its own limits; on cgroup v1 with SYS_ADMIN the release agent runs a program as root of the host.",
    fix: "Remove the option or the mount.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::HOST),
    need: "U",
    parents: &["BW-R-008"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let facts = match evidence.kernel(container) {
        Ok(facts) => facts,
        Err(missing) => {
            let asked_for = evidence
                .config(container)?
                .security_opt
                .iter()
                .any(|o| o.starts_with("writable-cgroups") && !o.ends_with("false"));
            return match asked_for {
                true => Ok(Hit::fail(Grade::Api)
                    .says("configured with a writable cgroup file system")
                    .saw("inspect", "HostConfig.SecurityOpt", "writable-cgroups", "not set")
                    .into()),
                false => Err(missing),
            };
        }
    };
    let rows = need(&facts.mounts)?;
    let writable = rows.iter().find(|row| {
        matches!(row.fstype.as_str(), "cgroup" | "cgroup2") && !row.options.split(',').any(|option| option == "ro")
    });
    let Some(row) = writable else { return Ok(Verdict::pass()) };
    let sys_admin = evidence.main_process(container).is_ok_and(|main| main.caps.bounding & known::caps::SYS_ADMIN != 0);
    let severity = match (row.fstype.as_str(), sys_admin) {
        _ if evidence.is_remapped(container) => Severity::Low,
        ("cgroup", true) => Severity::Critical,
        _ => Severity::Medium,
    };
    Ok(Hit::fail(Grade::Kernel)
        .severity(severity)
        .says(format!("may write {}", row.mount_point.raw()))
        .saw("proc", "mountinfo", format!("{} {} {}", row.mount_point.raw(), row.fstype, row.options), "ro")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn writable(fstype: &str) -> Draft {
        let row = mount_row("/sys/fs/cgroup/memory", fstype, "rw,nosuid");
        container().kernel(|k| k.mounts = Fact::Known(vec![row]))
    }

    #[test]
    fn the_mount_decides() {
        decides(
            &CHECK,
            [
                ("read-only", one(container()), Pass),
                ("writable", one(writable("cgroup2")), Fail),
                (
                    "asked for, not running",
                    one(container().stopped().config(|c| c.security_opt = vec!["writable-cgroups=true".into()])),
                    Fail,
                ),
                ("not running", one(container().stopped()), Na),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }

    #[test]
    fn the_release_agent_makes_it_critical() {
        assert_eq!(one(writable("cgroup2")).severity(&CHECK), Some(Severity::Medium));
        let admin = writable("cgroup").process(|p| p.caps.bounding |= known::caps::SYS_ADMIN);
        assert_eq!(one(admin).severity(&CHECK), Some(Severity::Critical));
        let remapped = writable("cgroup").kernel(|k| k.uid_map = Fact::Known(vec![(0, 100_000, 65_536)]));
        assert_eq!(one(remapped).severity(&CHECK), Some(Severity::Low));
    }
}
