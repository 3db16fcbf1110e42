//! A signal for the main process.

use super::{Field, Form, FormSpec, Request};
use crate::app::keymap::Action;
use crate::plan::{ContainerChange, Ground, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Kill,
    title: |ground, targets| format!("Send a signal to {}", targets.words(ground.snapshot)),
    fits: super::some_container,
    fields: |_, _| {
        let options = SIGNALS.map(str::to_owned).to_vec();
        vec![
            Field::choice(
                "signal",
                "signal",
                options,
                "TERM asks it to end, KILL ends it, HUP often makes it read its settings anew",
            ),
            Field::text("other", "or another", "name or number: SIGWINCH, 42; instead of the one above"),
        ]
    },
    says: super::nothing,
    request,
};

/// Signals people send.
const SIGNALS: [&str; 9] =
    ["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGSTOP", "SIGCONT"];

fn request(_: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let other = form.text("other");
    let signal = if other.is_empty() { form.text("signal") } else { other }.to_owned();
    Ok(Request::Wish(Wish::Containers {
        of: form.targets.containers.clone(),
        change: ContainerChange::Kill { signal },
    }))
}
