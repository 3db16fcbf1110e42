//! Containers removed.

use super::{Field, FormSpec, Request};
use crate::app::keymap::Action;
use crate::plan::{ContainerChange, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Delete,
    title: |ground, targets| format!("Remove {}", targets.words(ground.snapshot)),
    fits: super::some_container,
    fields: |_, _| {
        vec![
            Field::switch("force", "force", false, "also while it runs"),
            Field::switch("volumes", "volumes", false, "its anonymous volumes, too"),
        ]
    },
    says: super::nothing,
    request: |_, form| {
        let change = ContainerChange::Remove { force: form.is_on("force"), volumes: form.is_on("volumes") };
        Ok(Request::Wish(Wish::Containers { of: form.targets.containers.clone(), change }))
    },
};
