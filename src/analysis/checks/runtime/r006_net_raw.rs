//! BW-R-006: NET_RAW is kept.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-006",
    title: "NET_RAW is kept",
    severity: Severity::Low,
    why: "With NET_RAW a container can forge ARP, DHCP and DNS answers towards its neighbours on the bridge.",
    fix: "Drop it with --cap-drop NET_RAW; ping works without it.",
    cis: "5.4",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::CONTAINERS),
    need: "U",
    default_fact: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let (mask, grade) = match evidence.main_process(container) {
        Ok(main) => (main.caps.bounding, Grade::Kernel),
        Err(Verdict::NotApplicable { .. }) => (resolve::caps::configured(evidence.config(container)?), Grade::Api),
        Err(missing) => return Err(missing),
    };
    if mask & known::caps::NET_RAW == 0 {
        return Ok(Verdict::pass());
    }
    let peers = evidence.peers(container).len();
    if peers == 0 && container.network_mode != NetworkMode::Host {
        return Ok(Verdict::noted("kept, but nobody shares a network with it"));
    }
    Ok(Hit::warn(grade)
        .says(match (&container.network_mode, peers) {
            (NetworkMode::Host, _) => "NET_RAW is kept on the host's network".to_owned(),
            (_, 1) => "NET_RAW is kept beside 1 neighbour".to_owned(),
            (_, peers) => format!("NET_RAW is kept beside {peers} neighbours"),
        })
        .saw("proc", "CapBnd", format!("{mask:016x}"), "without bit 13")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    #[test]
    fn it_matters_with_a_neighbour() {
        decides(
            &CHECK,
            [
                ("alone", one(container().on("bridge", "172.17.0.2/16")), Pass),
                (
                    "with a neighbour",
                    one(container().on("bridge", "172.17.0.2/16")).and(named("db").on("bridge", "172.17.0.3/16")),
                    Warn,
                ),
                (
                    "dropped",
                    one(container().on("bridge", "172.17.0.2/16").process(|p| p.caps.bounding = 0))
                        .and(named("db").on("bridge", "172.17.0.3/16")),
                    Pass,
                ),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
