//! BW-N-019: A bridge between an internal and another network.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-019",
    title: "A bridge between an internal and another network",
    severity: Severity::Info,
    why: "The internal network has no way out; this container is one.",
    fix: "Separate the networks.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::NETWORKS),
    need: "A(+P)",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let mut sides = (None, None);
    for id in container.endpoints.iter().filter_map(|endpoint| endpoint.network_id.as_ref()) {
        let Some(network) = evidence.network(id) else {
            return Err(Verdict::unknown(Reason::NotRead, "one of its networks was not read"));
        };
        match network.internal {
            true => sides.0 = sides.0.or(Some(network)),
            false => sides.1 = sides.1.or(Some(network)),
        }
    }
    let (Some(inside), Some(outside)) = sides else { return Ok(Verdict::pass()) };
    let forwards = evidence.kernel(container).ok().and_then(|facts| facts.ip_forward.get()) == Some(true);
    let admin = evidence.main_process(container).is_ok_and(|main| main.caps.bounding & known::caps::NET_ADMIN != 0);
    let names = format!("{} and {}", inside.name.raw(), outside.name.raw());
    let hit = match forwards || admin {
        true => Hit::fail(Grade::Kernel).severity(Severity::Medium).says(format!("can pass packets between {names}")),
        false => Hit::warn(Grade::Api).says(format!("sits on {names}")),
    };
    Ok(hit
        .saw("inspect", "NetworkSettings.Networks", names, "one side")
        .saw("proc", "ip_forward inside, NET_ADMIN", format!("{forwards}, {admin}"), "false, false")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn on(networks: &[&str], draft: Draft) -> Host {
        let mut inside = network("inside", "10.1.0.0/24");
        inside.internal = true;
        let draft = networks.iter().fold(draft, |draft, name| draft.on(name, "10.1.0.2/24"));
        one(draft).network(inside).network(network("outside", "10.2.0.0/24"))
    }

    #[test]
    fn one_foot_on_each_side() {
        decides(
            &CHECK,
            [
                ("inside", on(&["inside"], container()), Pass),
                ("both", on(&["inside", "outside"], container()), Warn),
                (
                    "both, forwarding",
                    on(&["inside", "outside"], container().kernel(|k| k.ip_forward = Fact::Known(true))),
                    Fail,
                ),
                ("a network nobody knows", on(&["inside", "gone"], container()), Unknown),
            ],
        );
    }
}
