//! Everything of a kind that nothing uses, each thing by itself: what was shown is removed and nothing else.

use super::containers::amounts::size_words;
use super::draft::Draft;
use super::op::EngineOp;
use super::wish::Prune;
use super::{Ground, Plan, Refusal, Wish, containers, networks};
use crate::model::{DiskUse, State};
use crate::text::clean_line;

/// Containers and networks, as the snapshot has them.
pub(super) fn plan(ground: &Ground<'_>, what: Prune) -> Result<Plan, Refusal> {
    let mut draft = Draft::new(ground, title(what), Some(Wish::Prune(what)))?;
    match what {
        Prune::Containers => {
            for container in ground.snapshot.containers.iter() {
                if matches!(container.state, State::Created | State::Exited | State::Dead)
                    && let Err(refusal) = containers::remove_row(&mut draft, container, false, false)
                {
                    draft.leave_out(super::draft::shown(container), refusal);
                }
            }
            draft.note("volumes stay; how much each container's files take is not known without asking the engine");
        }
        Prune::Networks => {
            for network in ground.snapshot.networks.iter().filter(|n| n.scope != "swarm" && !networks::is_predefined(n))
            {
                let used = ground.snapshot.containers.iter().any(|c| networks::is_on(c, network));
                match network.members.known() {
                    Some(members) if members.is_empty() && !used => networks::remove_row(&mut draft, network)?,
                    Some(_) => {}
                    None => {
                        let why = "its members are not known yet";
                        draft.leave_out(network.name.shown(), Refusal::new(title(what), why));
                    }
                }
            }
        }
        Prune::Volumes | Prune::Images => {
            let why = "what it would remove and free is not known until the engine is asked";
            return Err(Refusal::new(title(what), why).instead("ask for a preview first"));
        }
    }
    draft.finish().map_err(|refusal| nothing(what, refusal))
}

/// Images or volumes of a preview.
pub(super) fn shown(ground: &Ground<'_>, what: Prune, preview: &DiskUse) -> Result<Plan, Refusal> {
    let wish = Wish::PruneShown { what, preview: preview.clone() };
    let mut draft = Draft::new(ground, title(what), Some(wish))?;
    let mut freed = 0u64;
    let mut is_least = false;
    let counted = "the engine did not count who uses it";
    match what {
        Prune::Images => {
            for image in preview.images.iter().filter(|image| image.names.is_empty()) {
                let row = clean_line(&image.id.chars().take(19).collect::<String>()).into_owned();
                match image.containers {
                    Some(0) => {
                        let row = draft.row(row);
                        draft.step(row, EngineOp::RemoveImage { reference: image.id.clone() }, Vec::new());
                        freed += image.bytes;
                    }
                    None => draft.leave_out(row, Refusal::new(title(what), counted)),
                    Some(_) => {}
                }
            }
            draft.lasting("an image without a name is gone for good when it is removed");
        }
        Prune::Volumes => {
            for volume in &preview.volumes {
                match volume.containers {
                    Some(0) => {
                        let row = draft.row(volume.name.shown());
                        let name = volume.name.raw().to_owned();
                        draft.step(row, EngineOp::RemoveVolume { name }, Vec::new());
                        draft.lasting(format!("what is in volume {} is gone for good", volume.name.shown()));
                        is_least |= volume.bytes.is_none();
                        freed += volume.bytes.unwrap_or(0);
                    }
                    None => draft.leave_out(volume.name.shown(), Refusal::new(title(what), counted)),
                    Some(_) => {}
                }
            }
        }
        Prune::Containers | Prune::Networks => return plan(ground, what),
    }
    let least = if is_least { "at least " } else { "" };
    draft.note(format!("frees {least}{}", size_words(freed)));
    draft.grave("prune", "data is destroyed");
    draft.finish().map_err(|refusal| nothing(what, refusal))
}

fn nothing(what: Prune, refusal: Refusal) -> Refusal {
    match refusal.why.as_str() {
        "there is nothing to be done" => Refusal::new(title(what), "nothing is unused"),
        _ => refusal,
    }
}

fn title(what: Prune) -> &'static str {
    match what {
        Prune::Containers => "remove all containers that do not run",
        Prune::Networks => "remove all networks without containers",
        Prune::Volumes => "remove all volumes that no container mounts",
        Prune::Images => "remove all images without a name that no container uses",
    }
}
