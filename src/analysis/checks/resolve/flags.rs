//! The daemon's command line, read the way its own parser reads it (pflag): `--x=v`, `--x v`, a boolean alone is
//! true, the last of several wins for a single value, all count for a list.

use std::collections::BTreeMap;

/// Flags that take no separate value.
const BOOLEANS: [&str; 26] = [
    "allow-direct-routing",
    "cri-containerd",
    "debug",
    "disable-legacy-registry",
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
    "no-proxy",
    "raw-logs",
    "rootless",
    "selinux-enabled",
    "tls",
    "tlsverify",
    "userland-proxy",
    "validate",
    "version",
    "live-restore-enabled",
];

/// Short forms.
fn long_name(short: char) -> Option<&'static str> {
    Some(match short {
        'b' => "bridge",
        'D' => "debug",
        'G' => "group",
        'H' => "host",
        'l' => "log-level",
        'p' => "pidfile",
        's' => "storage-driver",
        'g' => "data-root",
        'v' => "version",
        'h' => "help",
        _ => return None,
    })
}

/// Every flag given, by its long name, with its values in order. `args` begins with the program.
pub fn parse<'a>(args: impl IntoIterator<Item = &'a str>) -> BTreeMap<String, Vec<String>> {
    let mut out: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut args = args.into_iter().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--" {
            break;
        }
        if let Some(long) = arg.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None if BOOLEANS.contains(&long) => (long, Some("true".to_owned())),
                None => (long, args.next().map(str::to_owned)),
            };
            out.entry(name.to_owned()).or_default().push(value.unwrap_or_default());
        } else if let Some(shorts) = arg.strip_prefix('-') {
            take_shorts(shorts, &mut args, &mut out);
        }
    }
    out
}

fn take_shorts<'a>(shorts: &str, args: &mut impl Iterator<Item = &'a str>, out: &mut BTreeMap<String, Vec<String>>) {
    for (at, short) in shorts.char_indices() {
        let Some(name) = long_name(short) else { return };
        let rest = &shorts[at + short.len_utf8()..];
        if BOOLEANS.contains(&name) {
            if let Some(value) = rest.strip_prefix('=') {
                out.entry(name.to_owned()).or_default().push(value.to_owned());
                return;
            }
            out.entry(name.to_owned()).or_default().push("true".to_owned());
            continue;
        }
        let value = match rest.strip_prefix('=').unwrap_or(rest) {
            "" => args.next().unwrap_or_default().to_owned(),
            value => value.to_owned(),
        };
        out.entry(name.to_owned()).or_default().push(value);
        return;
    }
}

/// A boolean as Go's `strconv.ParseBool` reads it.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_every_form() {
        let flags = parse([
            "dockerd",
            "--icc=false",
            "--iptables",
            "-H",
            "unix:///a",
            "-Htcp://b:1",
            "--host=fd://",
            "-D",
            "--userland-proxy=false",
            "--userland-proxy",
            "--data-root",
            "/srv",
            "-l=warn",
            "--",
            "--tls",
        ]);
        assert_eq!(flags["icc"], ["false"]);
        assert_eq!(flags["iptables"], ["true"]);
        assert_eq!(flags["host"], ["unix:///a", "tcp://b:1", "fd://"]);
        assert_eq!(flags["debug"], ["true"]);
        assert_eq!(flags["userland-proxy"], ["false", "true"]);
        assert_eq!(flags["data-root"], ["/srv"]);
        assert_eq!(flags["log-level"], ["warn"]);
        assert!(!flags.contains_key("tls"));
    }

    #[test]
    fn booleans_are_go_booleans() {
        assert_eq!(boolean("T"), Some(true));
        assert_eq!(boolean("False"), Some(false));
        assert_eq!(boolean("yes"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_arguments_are_read_without_harm(args in proptest::collection::vec(".{0,20}", 0..8)) {
            let _ = parse(args.iter().map(String::as_str));
        }
    }
}
