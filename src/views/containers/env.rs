//! Environment, command and user of a container, secrets masked.

use crate::app::Scene;
use crate::model::{Container, Fact};
use crate::text::Outside;
use crate::text::secret::scrub_arguments;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, names, word};

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
    page.field("entrypoint", words(scene, &config.entrypoint));
    page.field("command", words(scene, &config.cmd));
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
        let value = names::value(scene, name, &Outside::from(value));
        masked += usize::from(value.role == Role::Notice);
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

/// The arguments of a command, secrets among them masked.
fn words(scene: &Scene, list: &[Outside]) -> Vec<Span> {
    if list.is_empty() {
        return vec![Span::new("none", Role::Dim)];
    }
    let arguments = list.iter().map(Outside::raw);
    let shown: Vec<String> = if scene.prefs.reveal_secrets {
        arguments.map(str::to_owned).collect()
    } else {
        scrub_arguments(arguments).into_iter().map(std::borrow::Cow::into_owned).collect()
    };
    vec![word(&shown.join(" "), Role::Text)]
}
