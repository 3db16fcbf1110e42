//! When the engine starts a container again by itself.

use super::{Field, FormSpec, Request};
use crate::app::keymap::Action;
use crate::model::RestartPolicy;
use crate::plan::{ContainerChange, Wish};

const NAMES: [&str; 4] = ["no", "on-failure", "unless-stopped", "always"];

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::RestartPolicy,
    title: |ground, targets| format!("Restart policy of {}", targets.words(ground.snapshot)),
    fits: super::some_container,
    fields: |ground, targets| {
        let now = super::the_container(ground, targets).and_then(|c| c.config.known()).map(|c| &c.restart_policy);
        let name = now.map_or("no", |p| if p.name.is_empty() { "no" } else { &p.name }).to_owned();
        let words = match now {
            Some(p) if p.maximum_retries > 0 => format!("{name}, at most {} times now", p.maximum_retries),
            _ => format!("{name} now"),
        };
        let beside = if targets.containers.len() == 1 { words } else { String::new() };
        vec![
            Field::choice("restart", "policy", NAMES.map(str::to_owned).to_vec(), "←→ or a letter")
                .with(&name)
                .beside(beside),
            Field::text("retries", "at most", "times, with on-failure only; without bound when empty"),
        ]
    },
    says: super::nothing,
    request: |_, form| {
        let maximum_retries = super::number(form, "retries", "restart policy")?.unwrap_or(0);
        let policy = RestartPolicy { name: form.text("restart").to_owned(), maximum_retries };
        Ok(Request::Wish(Wish::Containers {
            of: form.targets.containers.clone(),
            change: ContainerChange::RestartPolicy(policy),
        }))
    },
};
