//! A terminal inside a container: a shell, a command, or the main process's own terminal.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::plan::{Ground, Refusal, ShellWish};

/// A shell or a command.
pub const FORM: FormSpec = FormSpec {
    action: Action::Shell,
    title: |ground, targets| format!("A terminal inside {}", targets.words(ground.snapshot)),
    fits: |ground, targets| {
        super::one_container(ground, targets)?;
        match super::the_container(ground, targets) {
            Some(c) if c.state.has_processes() => Ok(()),
            _ => Err("it does not run: S starts it".to_owned()),
        }
    },
    fields: |ground, targets| {
        let config = super::the_container(ground, targets).and_then(|c| c.config.known());
        let user = config.map(|c| c.user.raw()).filter(|u| !u.is_empty()).unwrap_or("root").to_owned();
        vec![
            Field::text("command", "command", "with its arguments; bash, else sh, when empty"),
            Field::text("user", "user", "NAME, UID or UID:GID; the container's when empty")
                .beside(format!("{user} now")),
        ]
    },
    says: super::nothing,
    request: |_, form| {
        let container = form.targets.containers.first().cloned();
        let container = container.ok_or_else(|| Refusal::new("exec", "select a container first"))?;
        Ok(Request::Shell(ShellWish {
            container,
            attach: false,
            command: words(form.text("command")).map_err(|why| Refusal::new("exec", why).at("command"))?,
            user: form.text("user").to_owned(),
        }))
    },
};

/// The step before attaching: it has no fields, it says how to get out again.
const ATTACH: FormSpec = FormSpec {
    action: Action::Attach,
    title: |ground, targets| {
        format!("Attach to {}: Ctrl+P Ctrl+Q detaches, Ctrl+C goes to its main process", targets.words(ground.snapshot))
    },
    fits: super::one_container,
    fields: |_, _| Vec::new(),
    says: super::nothing,
    request: |_, form| {
        let container = form.targets.containers.first().cloned();
        let container = container.ok_or_else(|| Refusal::new("attach", "select a container first"))?;
        Ok(Request::Shell(ShellWish { container, attach: true, command: Vec::new(), user: String::new() }))
    },
};

/// The step before attaching.
pub fn attach(ground: &Ground<'_>, wish: ShellWish, generation: u64) -> Form {
    let targets = Targets { containers: vec![wish.container], ..Targets::default() };
    Form::open(&ATTACH, targets, ground, generation)
}

/// Words of a command line: separated by blanks, kept together by quotes.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        match (c, quote) {
            (c, Some(q)) if c == q => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (' ', None) => out.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(q) = quote {
        return Err(format!("a {q} is open"));
    }
    out.extend(word);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_line_is_split_as_a_shell_does() {
        assert_eq!(
            words("sh -c 'echo a  b' \"\""),
            Ok(vec!["sh".into(), "-c".into(), "echo a  b".into(), String::new()])
        );
        assert_eq!(words("  "), Ok(Vec::new()));
        assert!(words("echo 'a").is_err());
    }
}
