//! The end of a container.

use super::power::stop_effects;
use crate::model::{Container, NetworkMode, State};
use crate::plan::Refusal;
use crate::plan::draft::{Draft, container_ref, is_running, shown};
use crate::plan::op::EngineOp;

/// A row that removes `container`.
pub(in crate::plan) fn remove_row(
    draft: &mut Draft<'_>,
    container: &Container,
    force: bool,
    volumes: bool,
) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("remove {name}");
    let is_up = is_running(container) || container.state == State::Restarting;
    if is_up && !force {
        return Err(Refusal::new(what, "it runs").instead("stop it first, or remove it with force").at("force"));
    }
    if container.state == State::Removing {
        return Err(Refusal::new(what, "the engine is removing it already"));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    draft.step(row, EngineOp::Remove { container: container_ref(container), force, volumes }, Vec::new());
    draft.lasting(format!("{name} and the files it wrote outside of volumes are gone for good"));
    draft.grave(&name, "it is removed with its data");
    if is_up {
        stop_effects(draft, container);
    }
    let mounts = container.config.known().map(|config| config.mounts.as_slice()).unwrap_or_default();
    for volume in mounts.iter().filter(|mount| mount.kind == "volume").filter_map(|mount| mount.name.as_ref()) {
        let is_anonymous = volume.raw().len() == 64 && volume.raw().bytes().all(|b| b.is_ascii_hexdigit());
        match (is_anonymous, volumes) {
            (true, true) => draft.lasting(format!("its volume {} goes with it", &volume.raw()[..12])),
            (true, false) => {
                draft.note(format!("its volume {} stays, and nobody uses it any more", &volume.raw()[..12]))
            }
            (false, _) => draft.note(format!("its volume {} stays", volume.shown())),
        }
    }
    let snapshot = draft.ground.snapshot;
    for other in snapshot.containers.iter().filter(|other| other.id != container.id) {
        let depends = other.network_mode == NetworkMode::Container(container.id.clone()) && !is_running(other);
        if depends {
            draft.affects(format!("{} can't be started any more: it shares the network of {name}", shown(other)));
        }
    }
    Ok(())
}
