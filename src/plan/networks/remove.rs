//! Networks removed, their members taken off first.

use super::{is_predefined, leave, network_spec};
use crate::model::{Container, Network, NetworkId};
use crate::plan::draft::{Draft, is_running, network_ref, several, shown};
use crate::plan::op::{EngineOp, NetworkRef};
use crate::plan::{Ground, Plan, Refusal, Wish};

/// Removes each of `of`.
pub(in crate::plan) fn plan(ground: &Ground<'_>, of: &[NetworkId]) -> Result<Plan, Refusal> {
    let name = |id: &NetworkId| match ground.snapshot.networks.iter().find(|network| network.id == *id) {
        Some(network) => network.name.shown().into_owned(),
        None => id.short().to_owned(),
    };
    let names: Vec<String> = of.iter().map(name).collect();
    let title = match names.len() {
        1 => format!("remove network {}", names[0]),
        _ => format!("remove {}", several(&names, "networks")),
    };
    let mut draft = Draft::new(ground, &title, Some(Wish::RemoveNetworks { of: of.to_vec() }))?;
    for (n, id) in of.iter().enumerate().filter(|(n, id)| !of[..*n].contains(id)) {
        let added = draft.network(id).and_then(|network| remove_row(&mut draft, network));
        if let Err(refusal) = added {
            draft.leave_out(&names[n], refusal);
        }
    }
    draft.finish()
}

/// A row that removes `network`.
pub(in crate::plan) fn remove_row(draft: &mut Draft<'_>, network: &Network) -> Result<(), Refusal> {
    let name = network.name.shown().into_owned();
    let what = format!("remove network {name}");
    if is_predefined(network) {
        return Err(Refusal::new(what, "the engine makes it itself and keeps it"));
    }
    if network.scope == "swarm" {
        return Err(Refusal::new(what, "it belongs to the whole swarm, whose other nodes are not seen from here")
            .instead("docker network rm on a manager"));
    }
    let snapshot = draft.ground.snapshot;
    let Some(members) = network.members.known() else {
        return Err(Refusal::new(what, "its members are not known yet").instead("try again in a moment"));
    };
    if let Some(member) = members.iter().find(|member| snapshot.container(&member.container).is_none()) {
        let why = format!("endpoint {} on it has no container", member.name.shown());
        return Err(Refusal::new(what, why).instead("remove the stale endpoint first"));
    }
    // Stopped ones too: they keep the id of the network, and could not be started after it was made anew.
    let on: Vec<&Container> = snapshot
        .containers
        .iter()
        .map(AsRef::as_ref)
        .filter(|container| super::endpoint_on(container, network).is_some())
        .collect();
    let row = draft.row(&name);
    draft.same_network(network);
    // Made anew it has another id.
    let by_name = || NetworkRef { id: None, name: network.name.clone() };
    for container in &on {
        leave(draft, row, container, network, false, by_name())?;
        let who = shown(container);
        match is_running(container) {
            true => draft.affects(format!("{who} is on it and is disconnected; its connections there end")),
            false => draft.affects(format!("{who}, which does not run, is on it and is disconnected")),
        }
        if let Some(config) = container.config.known().filter(|config| config.network_mode == *network.name.raw()) {
            draft.note(format!("{who} was made with {}: without it, it can't be started", config.network_mode));
        }
    }
    draft.step(
        row,
        EngineOp::RemoveNetwork { network: network_ref(network) },
        vec![EngineOp::CreateNetwork { spec: network_spec(network) }],
    );
    draft.change();
    draft.note(format!("undo makes {name} anew with the same settings; its id will be another"));
    if !on.is_empty() {
        draft.grave(&name, "containers on it are disconnected");
    }
    Ok(())
}
