//! Stopping and restarting with a time after which the container is killed.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::plan::{ContainerChange, Ground, Refusal, Wish};

/// Stop.
pub const STOP: FormSpec = FormSpec {
    action: Action::StopWithin,
    title: |ground, targets| format!("Stop {}", targets.words(ground.snapshot)),
    fits: super::some_container,
    fields,
    says: super::nothing,
    request: |_, form| Ok(wish(form, ContainerChange::Stop { timeout_s: seconds(form)? })),
};

/// Restart.
pub const RESTART: FormSpec = FormSpec {
    action: Action::RestartWithin,
    title: |ground, targets| format!("Restart {}", targets.words(ground.snapshot)),
    fits: super::some_container,
    fields,
    says: super::nothing,
    request: |_, form| Ok(wish(form, ContainerChange::Restart { timeout_s: seconds(form)? })),
};

fn fields(_: &Ground<'_>, _: &Targets) -> Vec<Field> {
    vec![Field::text("time", "seconds", "until it is killed; -1 waits for ever; its own time when empty")]
}

fn seconds(form: &Form) -> Result<Option<i64>, Refusal> {
    let seconds: Option<i64> = super::number(form, "time", "stop")?;
    match seconds {
        Some(s) if s < -1 => Err(Refusal::new("stop", "-1 is the least: it waits for ever").at("time")),
        other => Ok(other),
    }
}

fn wish(form: &Form, change: ContainerChange) -> Request {
    Request::Wish(Wish::Containers { of: form.targets.containers.clone(), change })
}
