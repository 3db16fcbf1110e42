//! BW-D-002: The default bridge does not isolate its containers.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-D-002",
    title: "The default bridge does not isolate its containers",
    severity: Severity::Medium,
    why: "Everything started without a network can talk to everything else started without one.",
    fix: "Set \"icc\": false and use user-defined networks.",
    cis: "2.2",
    inputs: Inputs::CONTAINERS
        .and(Inputs::FIREWALL)
        .and(Inputs::HOST)
        .and(Inputs::NETNS)
        .and(Inputs::LINKS)
        .and(Inputs::NETWORKS),
    need: "A",
    way: Check::DAEMON_JSON,
    decide: Decide::Daemon(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence) -> Decision {
    if evidence.snapshot.networks.is_empty() {
        return Err(Verdict::unknown(Reason::NotRead, "the engine's networks were not read"));
    }
    let Some(bridge) = evidence.default_bridge() else { return Ok(Verdict::na("there is no default bridge")) };
    let icc = bridge
        .flag("enable_icc")
        .ok_or_else(|| Verdict::unknown(Reason::ApiOld, "the engine does not say whether its containers may talk"))?;
    let members = evidence.members(&bridge.id).len();
    let saw = |hit: Hit| hit.saw("inspect", "networks/bridge Options enable_icc", icc.to_string(), "false");
    match (icc, members) {
        (true, 2..) => {
            Ok(saw(Hit::fail(Grade::Api).says(format!("{members} containers can talk over the default bridge"))).into())
        }
        (true, _) => {
            Ok(saw(Hit::warn(Grade::Api).says("containers of the default bridge may talk to each other")).into())
        }
        // The engine's word is good only as far as the kernel keeps it.
        (false, _) => enforced(evidence, bridge),
    }
}

fn enforced(evidence: &Evidence, bridge: &Network) -> Decision {
    let Some(Decide::Network(decide)) = crate::analysis::checks::check("BW-N-007").map(|check| check.decide) else {
        return Err(Verdict::not_known());
    };
    match decide(evidence, bridge)? {
        Verdict::Found { .. } => Ok(Hit::fail(Grade::Kernel)
            .says("engine: icc=false; kernel: not enforced")
            .saw("inspect", "networks/bridge Options enable_icc", "false", "enforced")
            .related("BW-N-007")
            .into()),
        verdict => Ok(verdict),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn icc(value: &str) -> Host {
        Host::new().net("bridge", |n| {
            n.options.insert("com.docker.network.bridge.enable_icc".into(), value.into());
        })
    }

    fn dropping() -> Vec<Table> {
        vec![table(Family::Ip, "filter", vec![chain("FORWARD", Some("forward"), "drop", vec![])])]
    }

    #[test]
    fn by_the_network_not_by_the_file() {
        decides(
            &CHECK,
            [
                ("open, empty", Host::new(), Warn),
                (
                    "open, two members",
                    Host::new()
                        .and(container().on("bridge", "172.17.0.2/16"))
                        .and(named("db").on("bridge", "172.17.0.3/16")),
                    Fail,
                ),
                ("closed and enforced", icc("false").filter(dropping()), Pass),
                (
                    "closed, not enforced",
                    icc("false").filter(dropping()).sysctl("net.bridge.bridge-nf-call-iptables", "0"),
                    Fail,
                ),
                ("closed, nobody knows", icc("false").snapshot(|s| s.firewall = Fact::default()), Unknown),
                (
                    "no default bridge",
                    Host::new().net("bridge", |n| {
                        n.name = "shop".into();
                        n.options.clear();
                    }),
                    Na,
                ),
                (
                    "the file says otherwise: the network counts",
                    Host::new()
                        .daemon(|d| d.config_file = Fact::Known(Some(("f".into(), serde_json::json!({"icc": false}))))),
                    Warn,
                ),
                ("not read", Host::new().snapshot(|s| s.networks = Default::default()), Unknown),
            ],
        );
    }
}
