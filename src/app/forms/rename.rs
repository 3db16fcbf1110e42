//! Another name for a container.

use super::{Field, FormSpec, Request};
use crate::app::keymap::Action;
use crate::plan::{ContainerChange, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Rename,
    title: |ground, targets| format!("Rename {}", targets.words(ground.snapshot)),
    fits: super::one_container,
    fields: |ground, targets| {
        let now = super::the_container(ground, targets).map(|c| c.name.raw().to_owned()).unwrap_or_default();
        vec![Field::text("name", "new name", "letters, digits, _ . -").beside(format!("{now} now"))]
    },
    says: super::nothing,
    request: |_, form| match form.text("name") {
        "" => Err(Refusal::new("rename", "give it a name").at("name")),
        name => Ok(Request::Wish(Wish::Containers {
            of: form.targets.containers.clone(),
            change: ContainerChange::Rename { name: name.to_owned() },
        })),
    },
};
