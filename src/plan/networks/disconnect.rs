//! Containers taken off networks.

use super::{leave, unfit_mode};
use crate::model::{ContainerId, Network, NetworkId, NetworkMode};
use crate::plan::containers::effects::{published, sharers};
use crate::plan::draft::{Draft, is_running, network_ref, several, shown};
use crate::plan::{Ground, Plan, Refusal, Wish};

/// Each of `of` off each of `networks`; off all when none is named.
pub(in crate::plan) fn plan(
    ground: &Ground<'_>,
    of: &[ContainerId],
    networks: &[NetworkId],
    force: bool,
) -> Result<Plan, Refusal> {
    let snapshot = ground.snapshot;
    let names: Vec<String> =
        of.iter().map(|id| snapshot.container(id).map_or(id.short().to_owned(), |c| shown(c))).collect();
    let from: Vec<String> = networks
        .iter()
        .map(|id| {
            snapshot
                .networks
                .iter()
                .find(|n| n.id == *id)
                .map_or(id.short().to_owned(), |n| n.name.shown().into_owned())
        })
        .collect();
    let place = if from.is_empty() { "all its networks".to_owned() } else { several(&from, "networks") };
    let title = format!("disconnect {} from {place}", several(&names, "containers"));
    let wish = Wish::Disconnect { of: of.to_vec(), networks: networks.to_vec(), force };
    let mut draft = Draft::new(ground, &title, Some(wish))?;
    for (n, id) in of.iter().enumerate().filter(|(n, id)| !of[..*n].contains(id)) {
        if let Err(refusal) = row(&mut draft, id, networks, force) {
            draft.leave_out(&names[n], refusal);
        }
    }
    draft.finish()
}

fn row(draft: &mut Draft<'_>, id: &ContainerId, networks: &[NetworkId], force: bool) -> Result<(), Refusal> {
    let container = draft.container(id)?;
    let name = shown(container);
    let what = format!("disconnect {name}");
    if let Some((why, way_out)) = unfit_mode(container) {
        return Err(Refusal::new(what, why).instead(way_out));
    }
    // What it joined with has to be known, or an undo could not give it back.
    if container.config.known().is_none() && !force {
        let refusal = Refusal::new(what, format!("what {name} joined with is not read yet")).at("force");
        return Err(refusal.instead("the plan comes in a moment; with force it can't give back aliases"));
    }
    let snapshot = draft.ground.snapshot;
    let on = |network: &&Network| super::endpoint_on(container, network).is_some();
    let leaving: Vec<&Network> = match networks {
        [] => snapshot.networks.iter().filter(on).filter(|n| n.driver != "null").collect(),
        some => some.iter().map(|id| draft.network(id)).collect::<Result<_, _>>()?,
    };
    if leaving.is_empty() {
        let way_out = if container.network_mode == NetworkMode::None { "it is in mode none" } else { "" };
        return Err(Refusal::new(what, "it is on no network").instead(way_out));
    }
    if let Some(network) = leaving.iter().find(|network| !on(network)) {
        return Err(Refusal::new(what, format!("it is not on {}", network.name.shown())));
    }
    let is_last = leaving.len() == container.endpoints.len();
    let row = draft.row(&name);
    for network in leaving {
        draft.same_network(network);
        leave(draft, row, container, network, force, network_ref(network))?;
        members_left(draft, container, network);
    }
    draft.change();
    if is_running(container) {
        let rest = if is_last { "it has no network then" } else { "its other networks stay" };
        draft.affects(format!("connections of {name} over the network end; {rest}"));
        let ports = published(container);
        if !ports.is_empty() {
            let when = if is_last { "" } else { " unless another of its networks carries them" };
            draft.affects(format!("{name} publishes {}: nobody answers there any more{when}", ports.join(", ")));
        }
        for other in sharers(snapshot, id) {
            draft.affects(format!("{} shares the network of {name} and loses it, too", shown(other)));
        }
        draft.note("limits of traffic on the interface go with it");
    }
    if is_last && container.config.known().is_some_and(|c| !c.network_mode.is_empty()) && !is_running(container) {
        draft.note(format!("{name} does not run: it has to be on a network again before it starts with one"));
    }
    Ok(())
}

/// Tells when a network loses its last member.
fn members_left(draft: &mut Draft<'_>, container: &crate::model::Container, network: &Network) {
    if let Some(members) = network.members.known()
        && members.len() == 1
        && members[0].container == container.id
    {
        draft.affects(format!("network {} is left without a member that runs", network.name.shown()));
    }
}
