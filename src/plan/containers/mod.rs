//! Plans for containers: one row each; a container that can't take the change is left out with the reason.

pub mod amounts;
mod checkpoint;
pub(super) mod effects;
mod image;
mod limits;
mod policy;
mod power;
mod remove;
mod rename;
#[cfg(test)]
mod tests;

pub use policy::parse_policy;

pub(super) use remove::remove_row;

use super::draft::{Draft, several};
use super::{ContainerChange, Ground, Plan, Refusal, Wish};
use crate::model::ContainerId;

/// The same change for each of `of`.
pub(super) fn plan(ground: &Ground<'_>, of: &[ContainerId], change: &ContainerChange) -> Result<Plan, Refusal> {
    let name = |id: &ContainerId| match ground.snapshot.container(id) {
        Some(container) => super::draft::shown(container),
        None => id.short().to_owned(),
    };
    let names: Vec<String> = of.iter().map(name).collect();
    let title = title(&several(&names, "containers"), change);
    if of.is_empty() {
        return Err(Refusal::new(title, "no container is chosen"));
    }
    let wish = Wish::Containers { of: of.to_vec(), change: change.clone() };
    let mut draft = Draft::new(ground, &title, Some(wish))?;
    let is_one = of.len() == 1;
    for (n, id) in of.iter().enumerate().filter(|(n, id)| !of[..*n].contains(id)) {
        let added = draft.container(id).and_then(|container| match change {
            ContainerChange::Start => power::start(&mut draft, container),
            ContainerChange::Stop { timeout_s } => power::stop(&mut draft, container, *timeout_s),
            ContainerChange::Restart { timeout_s } => power::restart(&mut draft, container, *timeout_s),
            ContainerChange::Pause => power::pause(&mut draft, container),
            ContainerChange::Unpause => power::unpause(&mut draft, container),
            ContainerChange::Kill { signal } => power::kill(&mut draft, container, signal),
            ContainerChange::Rename { name } => rename::rename(&mut draft, container, name, is_one),
            ContainerChange::Remove { force, volumes } => remove::remove_row(&mut draft, container, *force, *volumes),
            ContainerChange::RestartPolicy(policy) => policy::set(&mut draft, container, policy),
            ContainerChange::Limits(limits) => limits::set(&mut draft, container, limits),
            ContainerChange::Commit { reference, pause } => {
                image::commit(&mut draft, container, reference, *pause, is_one)
            }
            ContainerChange::Checkpoint { name, leave_running } => {
                checkpoint::checkpoint(&mut draft, container, name, *leave_running)
            }
            ContainerChange::Restore { name } => checkpoint::restore(&mut draft, container, name),
        });
        if let Err(refusal) = added {
            draft.leave_out(&names[n], refusal);
        }
    }
    draft.finish()
}

fn title(who: &str, change: &ContainerChange) -> String {
    use crate::text::clean_line;
    match change {
        ContainerChange::Start => format!("start {who}"),
        ContainerChange::Stop { .. } => format!("stop {who}"),
        ContainerChange::Restart { .. } => format!("restart {who}"),
        ContainerChange::Pause => format!("pause {who}"),
        ContainerChange::Unpause => format!("unpause {who}"),
        ContainerChange::Kill { signal } => format!("send {} to {who}", clean_line(signal)),
        ContainerChange::Rename { name } => format!("rename {who} to {}", clean_line(name)),
        ContainerChange::Remove { .. } => format!("remove {who}"),
        ContainerChange::RestartPolicy(policy) => {
            format!("restart policy {} for {who}", clean_line(&super::words::policy_word(policy)))
        }
        ContainerChange::Limits(_) => format!("limit {who}"),
        ContainerChange::Commit { reference, .. } => format!("commit {who} to {}", clean_line(reference)),
        ContainerChange::Checkpoint { name, .. } => format!("checkpoint {who} as {}", clean_line(name)),
        ContainerChange::Restore { name } => format!("start {who} from checkpoint {}", clean_line(name)),
    }
}
