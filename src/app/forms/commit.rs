//! An image made of a container's file system.

use super::{Field, FormSpec, Request};
use crate::app::keymap::Action;
use crate::plan::{ContainerChange, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Commit,
    title: |ground, targets| format!("Commit {} to an image", targets.words(ground.snapshot)),
    fits: super::one_container,
    fields: |_, _| {
        vec![
            Field::text("reference", "image", "NAME or NAME:TAG"),
            Field::switch("pause", "pause", true, "its processes stand still meanwhile"),
        ]
    },
    says: super::nothing,
    request: |_, form| match form.text("reference") {
        "" => Err(Refusal::new("commit", "give the image a name").at("reference")),
        reference => Ok(Request::Wish(Wish::Containers {
            of: form.targets.containers.clone(),
            change: ContainerChange::Commit { reference: reference.to_owned(), pause: form.is_on("pause") },
        })),
    },
};
