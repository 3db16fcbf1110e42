//! BW-D-004: The daemon does not manage the packet filter.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-004",
    title: "The daemon does not manage the packet filter",
    severity: Severity::High,
    why: "Nothing separates the networks, and what is published depends on rules of nobody's.",
    fix: "Remove \"iptables\": false.",
    cis: "2.4",
    inputs: Inputs::HOST.and(Inputs::NETWORKS),
    need: "A+N",
    blind: "Whether the rules are in force.",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    evidence.engine()?;
    if evidence.is_rootless() {
        return Ok(Verdict::na("rootless: the daemon has a namespace of its own"));
    }
    let saw = |hit: Hit, name: &'static str, setting: &resolve::conf::Setting| {
        hit.on(name).saw(setting.layer.as_str(), name, setting.shown(), "true")
    };
    let v4 = evidence.setting("iptables", "iptables")?;
    if !v4.is(true) {
        return Ok(saw(Hit::fail(Grade::Api).says("the daemon manages no packet filter"), "iptables", &v4).into());
    }
    // Off by default before version 27.
    let v6 = evidence.setting("ip6tables", "ip6tables")?;
    let default = match (v6.last(), evidence.engine_major()) {
        (None, None) => return Err(Verdict::unknown(Reason::Parse, "the engine's version is not a number")),
        (_, major) => major.is_none_or(|major| major >= 27),
    };
    if v6.is(default) {
        return Ok(Verdict::pass());
    }
    if evidence.snapshot.networks.iter().any(|network| network.ipv6) {
        return Ok(Verdict::noted("IPv6 is not filtered by the daemon, see BW-N-023"));
    }
    Ok(saw(
        Hit::warn(Grade::Api).severity(Severity::Low).says("IPv6 would not be filtered by the daemon"),
        "ip6tables",
        &v6,
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn flags_and_defaults() {
        decides(
            &CHECK,
            [
                ("new engine", Host::new().engine(|e| e.version = "27.1.0".into()), Pass),
                ("old engine", Host::new(), Warn),
                ("old engine, switched on", Host::new().arg("--ip6tables"), Pass),
                ("off", Host::new().arg("--iptables=false"), Fail),
                (
                    "off in the file",
                    Host::new().daemon(|d| {
                        d.config_file = Fact::Known(Some(("f".into(), serde_json::json!({"iptables": false}))))
                    }),
                    Fail,
                ),
                ("rootless", Host::new().engine(|e| e.security_options.push("name=rootless".into())), Na),
                (
                    "another host",
                    Host::new().facts(|h| h.locality = crate::model::Locality::Unproven { reason: "ssh".into() }),
                    Unknown,
                ),
                ("no engine", Host::new().without_engine(), Unknown),
            ],
        );
    }
}
