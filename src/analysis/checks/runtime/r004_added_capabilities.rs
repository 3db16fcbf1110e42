//! BW-R-004: Capabilities are added.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-004",
    title: "Capabilities are added",
    severity: Severity::Medium,
    why: "A capability beyond the default set opens kernel interfaces that the default set keeps shut; several of them amount to root on the host.",
    fix: "Add only what the workload needs; drop ALL first.",
    cis: "5.4",
    inputs: Inputs::CONTAINER,
    need: "A",
    blind: "What the kernel grants beyond it is BW-R-005.",
    escape: true,
    parents: &["BW-R-008"],
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let bits = resolve::caps::added_beyond_default(config);
    let strange: Vec<&String> = config.cap_add.iter().filter(|name| known::caps::mask(name).is_none()).collect();
    if bits == 0 && strange.is_empty() {
        return Ok(Verdict::pass());
    }
    let (host_pid, host_net) = (config.pid_mode == "host", config.network_mode == "host");
    let all = config.cap_add.iter().any(|name| known::caps::mask(name) == Some(known::caps::ALL));
    let worst = (0..64)
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| known::caps::severity(bit, host_pid, host_net))
        .max()
        .unwrap_or(Severity::Medium);
    let mut names = if all { vec!["ALL".to_owned()] } else { known::caps::names(bits) };
    names.extend(strange.into_iter().cloned());
    let mut hit = Hit::fail(Grade::Api).severity(worst).says(format!("adds {}", names.join(", "))).saw(
        "inspect",
        "HostConfig.CapAdd",
        config.cap_add.join(" "),
        "nothing beyond the default set",
    );
    let widens: Vec<&str> =
        names.iter().map(String::as_str).filter(|n| known::caps::WIDENS_SECCOMP.contains(n)).collect();
    if !widens.is_empty() {
        hit = hit.saw(
            "inspect",
            "default seccomp profile",
            format!("lets more calls through for {}", widens.join(", ")),
            "-",
        );
    }
    Ok(hit.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn adds(names: &[&str]) -> Host {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        one(container().config(|c| c.cap_add = names))
    }

    #[test]
    fn only_what_is_beyond_the_default_set_counts() {
        decides(
            &CHECK,
            [
                ("default", one(container()), Pass),
                ("a default capability named again", adds(&["CHOWN", "cap_net_raw"]), Pass),
                ("one more", adds(&["NET_ADMIN"]), Fail),
                ("a name nobody knows", adds(&["CAP_TELEPORT"]), Fail),
                ("not inspected", one(container().unread()), Unknown),
                ("no engine", one(container().unread().container(|c| c.owner = Owner::Unknown)), Na),
            ],
        );
    }

    #[test]
    fn the_worst_capability_decides() {
        assert_eq!(adds(&["NET_ADMIN"]).severity(&CHECK), Some(Severity::Medium));
        assert_eq!(adds(&["NET_ADMIN", "sys_admin"]).severity(&CHECK), Some(Severity::Critical));
        assert_eq!(adds(&["ALL"]).severity(&CHECK), Some(Severity::Critical));
        let host_pid = one(container().config(|c| {
            c.cap_add = vec!["SYS_PTRACE".into()];
            c.pid_mode = "host".into();
        }));
        assert_eq!(host_pid.severity(&CHECK), Some(Severity::Critical));
    }
}
