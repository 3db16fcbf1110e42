//! A container's processes written to disk, and started from there (CRIU).

use super::{Field, Form, FormSpec, Request};
use crate::app::keymap::Action;
use crate::plan::{ContainerChange, Refusal, Wish};

/// Checkpoint.
pub const CHECKPOINT: FormSpec = FormSpec {
    action: Action::Checkpoint,
    title: |ground, targets| format!("Checkpoint {}", targets.words(ground.snapshot)),
    fits: super::one_container,
    fields: |_, _| {
        vec![
            Field::text("name", "name", "of the checkpoint"),
            Field::switch("leave-running", "leave running", false, "it goes on running"),
        ]
    },
    says: super::nothing,
    request: |_, form| {
        named(form, |name| ContainerChange::Checkpoint { name, leave_running: form.is_on("leave-running") })
    },
};

/// Restore.
pub const RESTORE: FormSpec = FormSpec {
    action: Action::Restore,
    title: |ground, targets| format!("Restore {} from a checkpoint", targets.words(ground.snapshot)),
    fits: super::one_container,
    fields: |_, _| vec![Field::text("name", "name", "of the checkpoint")],
    says: super::nothing,
    request: |_, form| named(form, |name| ContainerChange::Restore { name }),
};

fn named(form: &Form, change: impl FnOnce(String) -> ContainerChange) -> Result<Request, Refusal> {
    match form.text("name") {
        "" => Err(Refusal::new("checkpoint", "name the checkpoint").at("name")),
        name => {
            Ok(Request::Wish(Wish::Containers { of: form.targets.containers.clone(), change: change(name.to_owned()) }))
        }
    }
}
