//! The effective setting of the engine's daemon: its command line, else its configuration file.
//!
//! Pure. Arguments are read as the daemon's flag library reads them: `--x=v`, `--x v`, a boolean without a value is
//! true, the last of several counts, short forms may be joined (`-DH unix://…`). The daemon refuses to start when a
//! setting is in both places, so the order only matters for a file that was edited since. Must not do I/O.

use crate::model::{Daemon, Fact};
use crate::text::Outside;
use serde_json::Value;

/// Flags of `dockerd` that take no value of their own.
const BOOLEANS: &[&str] = &[
    "allow-direct-routing",
    "debug",
    "experimental",
    "help",
    "icc",
    "init",
    "ip-forward",
    "ip-forward-no-drop",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "live-restore",
    "no-new-privileges",
    "raw-logs",
    "rootless",
    "selinux-enabled",
    "tls",
    "tlsverify",
    "userland-proxy",
    "validate",
    "version",
];

/// Short forms.
const SHORT: [(char, &str); 9] = [
    ('D', "debug"),
    ('H', "host"),
    ('l', "log-level"),
    ('s', "storage-driver"),
    ('G', "group"),
    ('b', "bridge"),
    ('p', "pidfile"),
    ('g', "data-root"),
    ('v', "version"),
];

/// Settings whose key in daemon.json is not the flag's name.
const FILE_KEYS: [(&str, &str); 14] = [
    ("host", "hosts"),
    ("label", "labels"),
    ("insecure-registry", "insecure-registries"),
    ("registry-mirror", "registry-mirrors"),
    ("storage-opt", "storage-opts"),
    ("log-opt", "log-opts"),
    ("exec-opt", "exec-opts"),
    ("default-ulimit", "default-ulimits"),
    ("dns-opt", "dns-opts"),
    ("authorization-plugin", "authorization-plugins"),
    ("default-address-pool", "default-address-pools"),
    ("add-runtime", "runtimes"),
    ("cdi-spec-dir", "cdi-spec-dirs"),
    ("allow-nondistributable-artifacts", "allow-nondistributable-artifacts"),
];

/// Where a setting was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// On the daemon's command line.
    CommandLine,
    /// In its configuration file.
    File,
}

/// A setting as it was given; scalars have one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Values in order, as text.
    pub values: Vec<String>,
    /// Where it was found.
    pub layer: Layer,
}

impl Setting {
    /// The value that counts for a scalar: the last.
    pub fn last(&self) -> Option<&str> {
        self.values.last().map(String::as_str)
    }

    /// The value as a boolean, in the words the daemon takes; none when it is not one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.last()? {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        }
    }
}

/// The setting `name` (the long flag without dashes, e.g. `iptables`, `host`) of a daemon. `Known(None)` means that
/// the default of the daemon's version holds; unknown when it is not on the command line and the file is unknown.
pub fn setting(daemon: &Daemon, name: &str) -> Fact<Option<Setting>> {
    let values = flag_values(&daemon.args, name);
    if !values.is_empty() {
        return Fact::Known(Some(Setting { values, layer: Layer::CommandLine }));
    }
    daemon.config_file.map(|file| {
        let (_, document) = file.as_ref()?;
        file_setting(document, name)
    })
}

/// All values of a flag in a list of arguments, the program first. A boolean without a value is `true`.
pub fn flag_values(args: &[Outside], name: &str) -> Vec<String> {
    let flags = parse(args.iter().skip(1).map(Outside::raw));
    flags.into_iter().filter(|(flag, _)| flag == name).map(|(_, value)| value).collect()
}

fn parse<'a>(args: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut args = args;
    let mut flags = Vec::new();
    while let Some(arg) = args.next() {
        if arg == "--" {
            break;
        }
        if let Some(long) = arg.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (canonical(name), value.to_owned()),
                None if is_boolean(long) => (long, "true".to_owned()),
                None => (canonical(long), args.next().unwrap_or_default().to_owned()),
            };
            flags.push((name.to_owned(), value));
        } else if let Some(shorts) = arg.strip_prefix('-') {
            parse_shorts(shorts, &mut args, &mut flags);
        }
    }
    flags
}

fn parse_shorts<'a>(shorts: &str, args: &mut impl Iterator<Item = &'a str>, flags: &mut Vec<(String, String)>) {
    let mut rest = shorts.chars();
    while let Some(short) = rest.next() {
        let Some((_, name)) = SHORT.iter().find(|(letter, _)| *letter == short) else { return };
        let joined = rest.as_str();
        if let Some(value) = joined.strip_prefix('=') {
            flags.push(((*name).to_owned(), value.to_owned()));
            return;
        }
        if is_boolean(name) {
            flags.push(((*name).to_owned(), "true".to_owned()));
            continue;
        }
        let value = if joined.is_empty() { args.next().unwrap_or_default() } else { joined };
        flags.push(((*name).to_owned(), value.to_owned()));
        return;
    }
}

/// Old names of flags.
fn canonical(name: &str) -> &str {
    if name == "graph" { "data-root" } else { name }
}

fn is_boolean(name: &str) -> bool {
    BOOLEANS.contains(&name)
}

/// A setting in a parsed daemon.json. A key that is missing is not a key that is null.
pub fn file_setting(document: &Value, name: &str) -> Option<Setting> {
    let key = FILE_KEYS.iter().find(|(flag, _)| *flag == name).map_or(name, |(_, key)| key);
    let value = document.get(key).or_else(|| (name == "data-root").then(|| document.get("graph")).flatten())?;
    let values = match value {
        Value::Array(items) => items.iter().map(text).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| format!("{key}={}", text(value))).collect(),
        value => vec![text(value)],
    };
    Some(Setting { values, layer: Layer::File })
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(line: &str, name: &str) -> Vec<String> {
        let args: Vec<Outside> = line.split(' ').map(Outside::from).collect();
        flag_values(&args, name)
    }

    #[test]
    fn forms_of_flags() {
        let line =
            "dockerd --iptables=false --data-root /var/lib/x -DH unix:///a -H=fd:// -Htcp://b --icc --debug=false";
        assert_eq!(values(line, "iptables"), ["false"]);
        assert_eq!(values(line, "data-root"), ["/var/lib/x"]);
        assert_eq!(values(line, "host"), ["unix:///a", "fd://", "tcp://b"]);
        assert_eq!(values(line, "debug"), ["true", "false"]);
        assert_eq!(values(line, "icc"), ["true"]);
        assert!(values(line, "ip6tables").is_empty());
        // The value of another flag is not a flag, and a boolean takes none.
        assert!(values("dockerd --label --icc", "icc").is_empty());
        assert_eq!(values("dockerd --icc --iptables", "iptables"), ["true"]);
    }

    #[test]
    fn the_command_line_is_asked_before_the_file() {
        let mut daemon = Daemon { args: vec!["dockerd".into(), "--icc=false".into()], ..Daemon::default() };
        assert_eq!(setting(&daemon, "icc").known().cloned().flatten().and_then(|s| s.as_bool()), Some(false));
        assert!(setting(&daemon, "iptables").known().is_none(), "the file was not read: unknown, not default");
        let file =
            serde_json::json!({"iptables": false, "hosts": ["tcp://0.0.0.0:2375"], "log-opts": {"max-size": "1m"}});
        daemon.config_file = Fact::Known(Some(("/etc/docker/daemon.json".into(), file)));
        let seen = setting(&daemon, "host").known().cloned().flatten().expect("set");
        assert_eq!((seen.values.as_slice(), seen.layer), (&["tcp://0.0.0.0:2375".to_owned()][..], Layer::File));
        let seen = setting(&daemon, "log-opt").known().cloned().flatten().expect("set");
        assert_eq!(seen.values, ["max-size=1m"]);
        assert_eq!(setting(&daemon, "ip6tables"), Fact::Known(None));
    }

    proptest! {
        #[test]
        fn never_panics(args in proptest::collection::vec("[-=DHél a-z]{0,8}", 0..8)) {
            let _ = parse(args.iter().map(String::as_str));
        }
    }
}
