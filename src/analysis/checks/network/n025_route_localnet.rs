//! BW-N-025: route_localnet is on.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-025",
    title: "route_localnet is on",
    severity: Severity::Medium,
    why: "Neighbours on the link reach services that are bound to 127.0.0.1.",
    fix: "Set it to 0, or drop packets to 127.0.0.0/8 that do not come from lo.",
    inputs: Inputs::HOST.and(Inputs::NETNS).and(Inputs::LINKS).and(Inputs::NETWORKS),
    need: "U",
    way: Check::COMMAND,
    decide: Decide::Host(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    evidence.in_engine_ns()?;
    let name_of = |key: &str| Some(key.strip_prefix("net.ipv4.conf.")?.strip_suffix(".route_localnet")?.to_owned());
    let mut known = 0;
    let mut hits = Vec::new();
    let engine_is_old = evidence.engine_major().is_none_or(|major| major < 28);
    let uplinks: Vec<&str> = evidence.uplinks()?.iter().map(|link| link.name.raw()).collect();
    for (key, value) in &evidence.snapshot.host.sysctls {
        let (Some(interface), Some(value)) = (name_of(key), value.known()) else { continue };
        known += 1;
        if value.trim() == "0" {
            continue;
        }
        let is_bridge = evidence.engine_bridges().contains(&interface) || interface == "docker0";
        let hit = match interface.as_str() {
            "all" => Hit::fail(Grade::Kernel),
            name if uplinks.contains(&name) => Hit::fail(Grade::Kernel),
            _ if is_bridge && engine_is_old => Hit::warn(Grade::Kernel),
            _ => continue,
        };
        hits.push(hit.on(interface.as_str()).says(format!("{interface} routes packets for loopback addresses")).saw(
            "sysctl",
            key.as_str(),
            value.as_str(),
            "0",
        ));
    }
    if known == 0 {
        return Err(Verdict::unknown(Reason::NotRead, "no route_localnet switch was read"));
    }
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn by_the_kind_of_interface() {
        decides(
            &CHECK,
            [
                ("off", Host::new(), Pass),
                ("all", Host::new().sysctl("net.ipv4.conf.all.route_localnet", "1"), Fail),
                ("an uplink", Host::new().sysctl("net.ipv4.conf.eth0.route_localnet", "1"), Fail),
                ("a bridge of an old engine", Host::new().sysctl("net.ipv4.conf.docker0.route_localnet", "1"), Warn),
                (
                    "a bridge of a new engine",
                    Host::new()
                        .sysctl("net.ipv4.conf.docker0.route_localnet", "1")
                        .engine(|e| e.version = "28.1.0".into()),
                    Pass,
                ),
                ("unreadable", Host::new().facts(|h| h.sysctls.clear()), Unknown),
                ("another namespace", Host::new().daemon(|d| d.net_ns = Fact::Known(NsInode(7))), Unknown),
            ],
        );
    }
}
