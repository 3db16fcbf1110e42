//! BW-N-018: NET_ADMIN beside neighbours.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-N-018",
    title: "NET_ADMIN beside neighbours",
    severity: Severity::Medium,
    why: "It can take a neighbour's address, change routes and listen in on the bridge.",
    fix: "Drop NET_ADMIN.",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::CONTAINERS),
    need: "U",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    if container.network_mode == NetworkMode::Host {
        return Ok(Verdict::na("host network, see BW-R-014"));
    }
    let (mask, grade) = match evidence.main_process(container) {
        Ok(main) => (main.caps.bounding, Grade::Kernel),
        Err(Verdict::NotApplicable { .. }) => (resolve::caps::configured(evidence.config(container)?), Grade::Api),
        Err(missing) => return Err(missing),
    };
    if mask & known::caps::NET_ADMIN == 0 {
        return Ok(Verdict::pass());
    }
    // Peers are those of the namespace's owner, where it joined one.
    let owner = match &container.network_mode {
        NetworkMode::Container(id) => evidence.snapshot.container(id).map_or(container, |owner| owner),
        _ => container,
    };
    let peers = evidence.peers(owner).iter().filter(|peer| peer.id != container.id).count();
    if peers == 0 {
        return Ok(Verdict::noted("held, but nobody shares a network with it"));
    }
    Ok(Hit::fail(grade)
        .says(format!("may change the network beside {peers} {}", if peers == 1 { "neighbour" } else { "neighbours" }))
        .saw("proc", "CapBnd", format!("{mask:016x}"), "without bit 12")
        .related("BW-N-021")
        .related("BW-N-027")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn admin() -> Draft {
        container().on("bridge", "172.17.0.2/16").process(|p| p.caps.bounding |= known::caps::NET_ADMIN)
    }

    #[test]
    fn it_matters_with_a_neighbour() {
        decides(
            &CHECK,
            [
                ("default", one(container()).and(named("db").on("bridge", "172.17.0.3/16")), Pass),
                ("alone", one(admin()), Pass),
                ("with a neighbour", one(admin()).and(named("db").on("bridge", "172.17.0.3/16")), Fail),
                ("host network", one(admin().container(|c| c.network_mode = NetworkMode::Host)), Na),
                ("unreadable", one(container().blind()), Unknown),
            ],
        );
    }
}
