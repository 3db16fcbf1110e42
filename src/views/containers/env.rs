//! Environment, command and user of a container, secrets masked.

use crate::app::Scene;
use crate::model::{Container, Fact};
use crate::text::Outside;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, secret, word};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    let config = match &container.config {
        Fact::Known(config) => config,
        Fact::Unknown { unknown } => {
            page.note("What was asked for is not known.");
            page.missing("environment", unknown);
            return page.finish();
        }
    };
    page.heading("process");
    let or_root = if config.user.is_empty() {
        Span::new("root (none was set)", Role::Notice)
    } else {
        Span::outside(&config.user, Role::Text)
    };
    page.field("user", [or_root]);
    page.field("entrypoint", words(&config.entrypoint));
    page.field("command", words(&config.cmd));
    if !config.working_dir.is_empty() {
        page.field("directory", [Span::outside(&config.working_dir, Role::Text)]);
    }
    if let Some(signal) = &config.stop_signal {
        page.field("stop signal", [word(signal, Role::Text)]);
    }
    page.text("terminal", if config.tty { "yes" } else { "no" });
    page.heading("environment");
    let mut masked = 0;
    let mut variables: Vec<&Outside> = config.env.iter().collect();
    variables.sort();
    for variable in variables {
        let (name, value) = variable.raw().split_once('=').unwrap_or((variable.raw(), ""));
        let hide = !value.is_empty() && (secret::looks_secret(name) || secret::holds_secret(value));
        let value = if hide && !scene.prefs.reveal_secrets {
            masked += 1;
            Span::new("******", Role::Notice)
        } else {
            word(value, Role::Text)
        };
        page.spans([word(name, Role::Name), Span::new("=", Role::Dim), value], 4);
    }
    if config.env.is_empty() {
        page.note("no variable is set");
    }
    if masked > 0 {
        page.note(format!(
            "{masked} masked: the name or the shape looks like a secret. Whoever may use the engine can read them."
        ));
    }
    page.finish()
}

fn words(list: &[Outside]) -> Vec<Span> {
    if list.is_empty() {
        return vec![Span::new("none", Role::Dim)];
    }
    let mut spans = Vec::new();
    for item in list {
        if !spans.is_empty() {
            spans.push(Span::plain(" "));
        }
        spans.push(Span::outside(item, Role::Text));
    }
    spans
}
