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
        let options = SIGNALS.iter().map(|(name, _)| (*name).to_owned()).collect();
        vec![
            Field::choice("signal", "signal", options, "←→ or a letter"),
            Field::text("other", "or another", "name or number: SIGWINCH, 42; instead of the one above"),
        ]
    },
    request,
};

/// Signals people send, and what they mean by them.
const SIGNALS: &[(&str, &str)] = &[
    ("SIGTERM", "please end"),
    ("SIGKILL", "end now, without a word"),
    ("SIGINT", "as Ctrl+C"),
    ("SIGHUP", "read the settings anew"),
    ("SIGQUIT", "end with a core dump"),
    ("SIGUSR1", "the program's own"),
    ("SIGUSR2", "the program's own"),
    ("SIGSTOP", "stand still"),
    ("SIGCONT", "go on"),
];

fn request(_: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let other = form.text("other");
    let signal = if other.is_empty() { form.text("signal") } else { other }.to_owned();
    Ok(Request::Wish(Wish::Containers { of: form.targets.containers.clone(), change: ContainerChange::Kill { signal } }))
}

/// What a signal means, in words; empty for one that is not in the list.
pub fn meaning(signal: &str) -> &'static str {
    SIGNALS.iter().find(|(name, _)| *name == signal).map_or("", |(_, words)| words)
}
