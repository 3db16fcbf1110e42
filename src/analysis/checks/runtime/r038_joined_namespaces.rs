//! BW-R-038: Joins another container's namespaces.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-038",
    title: "Joins another container's namespaces",
    severity: Severity::Low,
    why: "What the other container can do, this one can do too; the ports of either are the ports of both.",
    fix: "Give them networks of their own.",
    inputs: Inputs::CONTAINER.and(Inputs::CONTAINERS).and(Inputs::HOST).and(Inputs::VOLUMES),
    need: "A",
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let mut joined: Vec<(&str, &str)> = Vec::new();
    if let NetworkMode::Container(id) = &container.network_mode {
        joined.push(("net", id.as_str()));
    }
    match evidence.config(container) {
        Ok(config) => {
            for (kind, mode) in [("pid", &config.pid_mode), ("ipc", &config.ipc_mode)] {
                joined.extend(mode.strip_prefix("container:").map(|id| (kind, id)));
            }
        }
        Err(missing) if joined.is_empty() => return Err(missing),
        Err(_) => {}
    }
    let Some((_, first)) = joined.first() else { return Ok(Verdict::pass()) };
    let peer = evidence.snapshot.containers.iter().find(|c| c.id.as_str() == *first || c.name == *first);
    let kinds: Vec<&str> = joined.iter().map(|(kind, _)| *kind).collect();
    let name = peer.map_or_else(|| (*first).to_owned(), |peer| peer.name.raw().to_owned());
    let inherited = peer.and_then(|peer| worst_of(evidence, peer));
    let hit = match inherited {
        Some(id) => Hit::fail(Grade::Api).severity(Severity::Medium).related(id),
        None => Hit::warn(Grade::Api).severity(Severity::Info),
    };
    Ok(hit
        .says(format!("uses the {} namespace of {name}", kinds.join(" and ")))
        .saw("inspect", "HostConfig.NetworkMode PidMode IpcMode", format!("container:{name}"), "its own")
        .into())
}

/// The first check of the family that is high or critical on the peer: this container inherits it.
fn worst_of(evidence: &Evidence, peer: &Container) -> Option<&'static str> {
    super::CHECKS.iter().filter(|check| check.id != CHECK.id).find_map(|check| {
        let Decide::Container(decide) = check.decide else { return None };
        let verdict = decide(evidence, peer).unwrap_or_else(|verdict| verdict);
        let bad = |hit: &Hit| hit.severity.unwrap_or(check.severity).shifted(hit.steps) >= Severity::High;
        verdict.hits().iter().any(bad).then_some(check.id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn joins(peer: Draft) -> Host {
        let id = peer.container.id.clone();
        one(container().container(|c| c.network_mode = NetworkMode::Container(id))).and(peer)
    }

    #[test]
    fn a_dangerous_peer_is_inherited() {
        decides(
            &CHECK,
            [
                ("alone", one(container()), Pass),
                ("a harmless peer", joins(named("db")), Warn),
                ("a privileged peer", joins(named("db").config(|c| c.privileged = true)), Fail),
                (
                    "a process namespace",
                    one(container().config(|c| c.pid_mode = "container:db".into())).and(named("db")),
                    Warn,
                ),
                ("a peer nobody knows", one(container().config(|c| c.ipc_mode = "container:gone".into())), Warn),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }
}
