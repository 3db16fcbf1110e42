//! What else changes when a container ends or leaves its networks.

use crate::model::{Container, ContainerId, NetworkMode, Snapshot};
use crate::plan::draft::{is_running, shown};

/// Sentences on what goes away while `container` does not run.
pub(super) fn of_ending(snapshot: &Snapshot, container: &Container) -> Vec<String> {
    let name = shown(container);
    let mut out = Vec::new();
    let ports = published(container);
    if !ports.is_empty() {
        out.push(format!("{name} publishes {}: nobody answers there any more", ports.join(", ")));
    }
    for other in sharers(snapshot, &container.id) {
        out.push(format!("{} shares the network of {name} and loses it", shown(other)));
    }
    for network in snapshot.networks.iter() {
        let Some(members) = network.members.known() else { continue };
        if members.len() == 1 && members[0].container == container.id {
            out.push(format!("network {} is left without a member that runs", network.name.shown()));
        }
    }
    out
}

/// Published ports, each once: `8080/tcp`.
pub(in crate::plan) fn published(container: &Container) -> Vec<String> {
    let mut ports: Vec<String> =
        container.ports.iter().filter_map(|p| p.host_port.map(|host| format!("{host}/{}", p.proto))).collect();
    ports.sort();
    ports.dedup();
    ports
}

/// Running containers that live in the network namespace of `id`.
pub(in crate::plan) fn sharers<'a>(snapshot: &'a Snapshot, id: &ContainerId) -> Vec<&'a Container> {
    let is_in = |c: &&Container| c.network_mode == NetworkMode::Container(id.clone()) && is_running(c);
    snapshot.containers.iter().map(AsRef::as_ref).filter(is_in).collect()
}
