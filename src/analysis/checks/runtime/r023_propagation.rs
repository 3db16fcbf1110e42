//! BW-R-023: Mounts propagate back to the host.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-023",
    title: "Mounts propagate back to the host",
    severity: Severity::Medium,
    why: "What is mounted inside appears on the host, and may cover what is there.",
    fix: "Use private or slave propagation.",
    cis: "5.20",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL),
    need: "A+U",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let table = evidence.kernel(container).ok().and_then(|facts| facts.mounts.known());
    let mut hits = Vec::new();
    for mount in &config.mounts {
        let at = mount.destination.raw();
        let row = table.and_then(|rows| rows.iter().rev().find(|row| row.mount_point == mount.destination.raw()));
        let in_kernel = row.is_some_and(|row| row.propagation.split(' ').any(|field| field.starts_with("shared:")));
        let asked_for = matches!(mount.propagation.as_str(), "shared" | "rshared");
        let grade = match (asked_for, in_kernel) {
            (_, true) => Grade::Kernel,
            (true, false) => Grade::Api,
            (false, false) => continue,
        };
        hits.push(Hit::fail(grade).on(at).says(format!("mounts made below {at} appear on the host")).saw(
            "inspect",
            format!("Mounts {at} Propagation"),
            mount.propagation.as_str(),
            "private or slave",
        ));
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn propagates(word: &str) -> Draft {
        let mut mount = bind("/srv", "/x", true);
        mount.propagation = word.into();
        container().config(|c| c.mounts = vec![mount])
    }

    #[test]
    fn shared_is_shared_whoever_says_so() {
        decides(
            &CHECK,
            [
                ("private", one(propagates("rprivate")), Pass),
                ("slave", one(propagates("rslave")), Pass),
                ("shared", one(propagates("rshared")), Fail),
                (
                    "shared in the kernel",
                    one(propagates("").kernel(|k| {
                        let mut row = mount_row("/x", "ext4", "rw");
                        row.propagation = "shared:7".into();
                        k.mounts = Fact::Known(vec![row]);
                    })),
                    Fail,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
