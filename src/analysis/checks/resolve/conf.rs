//! R-conf: a setting of the daemon and the layer that decided it: command line, then daemon.json, then the default.
//! What the engine itself reports is better than all three; the checks ask that first.

use super::super::verdict::need;
use super::super::{Reason, Verdict};
use super::flags;
use crate::model::Daemon;
use serde_json::Value;

/// Where a setting was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The daemon's command line.
    CommandLine,
    /// daemon.json.
    File,
    /// Nobody set it: the engine's default holds.
    Default,
}

impl Layer {
    /// The word for evidence: `args`, `file`, `default`.
    pub fn as_str(self) -> &'static str {
        match self {
            Layer::CommandLine => "args",
            Layer::File => "file",
            Layer::Default => "default",
        }
    }
}

/// A setting: its values (one, or a list), and the layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Values as text; empty when not set.
    pub values: Vec<String>,
    /// The layer.
    pub layer: Layer,
}

impl Setting {
    /// The value that wins for a setting with one value.
    pub fn last(&self) -> Option<&str> {
        self.values.last().map(String::as_str)
    }

    /// As a boolean, with the engine's default for "not set" and for a word that is none.
    pub fn is(&self, default: bool) -> bool {
        self.last().and_then(flags::boolean).unwrap_or(default)
    }

    /// The value in words, for evidence.
    pub fn shown(&self) -> String {
        if self.values.is_empty() { "not set".to_owned() } else { self.values.join(", ") }
    }
}

/// Looks a setting up. `flag` is the command line's name, `key` the one of daemon.json.
///
/// # Errors
/// An unknown verdict when the command line was not read, or when it is silent and the file could not be read.
pub fn setting(daemon: &Daemon, flag: &str, key: &str) -> Result<Setting, Verdict> {
    if daemon.args.is_empty() {
        return Err(Verdict::unknown(Reason::NotRead, "the daemon's command line was not read"));
    }
    let flags = flags::parse(daemon.args.iter().map(crate::text::Outside::raw));
    if let Some(values) = flags.get(flag) {
        return Ok(Setting { values: values.clone(), layer: Layer::CommandLine });
    }
    let file = need(&daemon.config_file)?;
    // A key that is there with the value null is not set.
    let value = file.as_ref().and_then(|(_, json)| json.get(key)).filter(|value| !value.is_null());
    Ok(match value {
        Some(value) => Setting { values: words(value), layer: Layer::File },
        None => Setting { values: Vec::new(), layer: Layer::Default },
    })
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(words).collect(),
        Value::String(text) => vec![text.clone()],
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fact;

    fn daemon(args: &[&str], json: &str) -> Daemon {
        Daemon {
            args: args.iter().map(|arg| (*arg).into()).collect(),
            config_file: Fact::Known(Some((
                "/etc/docker/daemon.json".into(),
                serde_json::from_str(json).expect("json"),
            ))),
            ..Daemon::default()
        }
    }

    #[test]
    fn the_command_line_beats_the_file_and_null_is_not_set() {
        let both = daemon(&["dockerd", "--icc=true"], r#"{"icc": false, "userland-proxy": null, "hosts": ["a", "b"]}"#);
        let icc = setting(&both, "icc", "icc").expect("known");
        assert_eq!((icc.is(false), icc.layer), (true, Layer::CommandLine));
        let proxy = setting(&both, "userland-proxy", "userland-proxy").expect("known");
        assert_eq!((proxy.is(true), proxy.layer), (true, Layer::Default));
        assert_eq!(setting(&both, "host", "hosts").expect("known").values, ["a", "b"]);
    }

    #[test]
    fn a_file_that_could_not_be_read_is_not_a_default() {
        let blind = Daemon { args: vec!["dockerd".into()], ..Daemon::default() };
        assert!(setting(&blind, "icc", "icc").is_err());
        assert!(setting(&Daemon::default(), "icc", "icc").is_err());
    }
}
