//! BW-R-041: A risky sysctl is set.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-041",
    title: "A risky sysctl is set",
    severity: Severity::Medium,
    why: "It forwards packets, believes redirects or answers for loopback: a base to attack the neighbours from.",
    fix: "Remove the --sysctl.",
    inputs: Inputs::CONTAINER,
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let config = evidence.config(container)?;
    let hits = config.sysctls.iter().filter(|(name, value)| is_risky(name, value, config.ipc_mode == "host")).map(
        |(name, value)| {
            Hit::warn(Grade::Api).on(name.as_str()).says(format!("sets {name} to {value}")).saw(
                "inspect",
                format!("HostConfig.Sysctls {name}"),
                value.as_str(),
                "the default",
            )
        },
    );
    Ok(Verdict::of(hits.collect()))
}

fn is_risky(name: &str, value: &str, host_ipc: bool) -> bool {
    let on = value.trim() != "0";
    match name {
        "net.ipv4.ip_forward" | "net.ipv6.conf.all.forwarding" => on,
        _ if name.ends_with(".route_localnet") || name.ends_with(".accept_redirects") => on,
        _ if name.ends_with(".rp_filter") => !on,
        _ => host_ipc && (name.starts_with("kernel.") || name.starts_with("fs.mqueue.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn sysctl(name: &str, value: &str) -> Draft {
        container().config(|c| c.sysctls = [(name.to_owned(), value.to_owned())].into())
    }

    #[test]
    fn only_the_risky_ones() {
        decides(
            &CHECK,
            [
                ("none", one(container()), Pass),
                ("harmless", one(sysctl("net.core.somaxconn", "1024")), Pass),
                ("forwarding", one(sysctl("net.ipv4.ip_forward", "1")), Warn),
                ("forwarding switched off", one(sysctl("net.ipv4.ip_forward", "0")), Pass),
                ("spoofing filter off", one(sysctl("net.ipv4.conf.all.rp_filter", "0")), Warn),
                ("shared memory of its own", one(sysctl("kernel.shmmax", "1")), Pass),
                (
                    "shared memory of the host",
                    one(sysctl("kernel.shmmax", "1").config(|c| c.ipc_mode = "host".into())),
                    Warn,
                ),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
