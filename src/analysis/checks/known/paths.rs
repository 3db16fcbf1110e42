//! Host paths: how they are written down one way, and which of them a container had better not have.

use super::super::Severity;

/// Well-known symbolic links of a distribution with a merged /usr, applied to the first components of a path. Checks
/// do no I/O, so other links are not followed here; the kernel's mount table tells those.
const LINKS: [(&str, &str); 7] = [
    ("/var/run", "/run"),
    ("/var/lock", "/run/lock"),
    ("/bin", "/usr/bin"),
    ("/sbin", "/usr/sbin"),
    ("/lib", "/usr/lib"),
    ("/lib32", "/usr/lib32"),
    ("/lib64", "/usr/lib64"),
];

/// One spelling for one path: no empty, `.` or `..` component, no trailing slash, well-known links followed.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let plain = format!("/{}", parts.join("/"));
    for (from, to) in LINKS {
        if within(&plain, from) {
            return format!("{to}{}", &plain[from.len()..]);
        }
    }
    plain
}

/// True when `path` is `dir` or below it, by whole components. Both must be normal.
pub fn within(path: &str, dir: &str) -> bool {
    dir == "/" || path == dir || path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// Sockets that command a container runtime.
pub const RUNTIME_SOCKETS: [&str; 6] = [
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/podman/podman.sock",
    "/run/buildkit/buildkitd.sock",
];

/// Harmless when read-only.
const BENIGN: [&str; 9] = [
    "/etc/localtime",
    "/etc/timezone",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/machine-id",
    "/etc/ssl/certs",
    "/usr/share/zoneinfo",
    "/usr/share/ca-certificates",
];

/// (path, severity when writable, severity when read-only); the longest that holds the path decides.
const CLASSES: [(&str, Option<Severity>, Option<Severity>); 17] = {
    use Severity::{Critical, High, Low, Medium};
    [
        ("/etc", Some(Critical), Some(High)),
        ("/root", Some(Critical), Some(High)),
        ("/home", Some(Critical), None),
        ("/boot", Some(Critical), None),
        ("/usr", Some(Critical), None),
        ("/usr/lib/modules", Some(Medium), Some(Low)),
        ("/dev", Some(Critical), Some(High)),
        ("/proc", Some(Critical), Some(High)),
        ("/sys", Some(Critical), Some(Medium)),
        ("/sys/fs/cgroup", Some(Critical), Some(Low)),
        ("/var", Some(Medium), None),
        ("/var/log", Some(Medium), None),
        ("/var/lib/containerd", Some(Critical), None),
        ("/var/lib/docker", Some(Critical), Some(High)),
        ("/var/lib/kubelet", Some(High), Some(High)),
        ("/etc/kubernetes", Some(Critical), Some(High)),
        ("/var/spool/cron", Some(Critical), None),
    ]
};

/// How sensitive a mounted host path is, and the entry of the table that says so; none for a path that is nobody's
/// business. `root_dir` is the engine's data root.
pub fn class(path: &str, writable: bool, root_dir: &str) -> Option<(Severity, String)> {
    if path == "/" {
        return Some((if writable { Severity::Critical } else { Severity::High }, "/".to_owned()));
    }
    if !writable && BENIGN.iter().any(|benign| within(path, benign)) {
        return None;
    }
    if path.split('/').any(|part| part == ".ssh") {
        return Some((if writable { Severity::Critical } else { Severity::High }, ".ssh".to_owned()));
    }
    if root_dir.len() > 1 && within(path, root_dir) {
        return Some((if writable { Severity::Critical } else { Severity::High }, root_dir.to_owned()));
    }
    let (entry, rw, ro) =
        CLASSES.iter().filter(|(entry, ..)| within(path, entry)).max_by_key(|(entry, ..)| entry.len())?;
    let severity = if writable { *rw } else { *ro }?;
    Some((severity, (*entry).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_one_spelling() {
        assert_eq!(normal("/var/run/../run//docker.sock/"), "/run/docker.sock");
        assert_eq!(normal("/lib/modules"), "/usr/lib/modules");
        assert_eq!(normal("/library"), "/library");
        assert_eq!(normal("/../.."), "/");
        assert_eq!(normal(""), "/");
    }

    #[test]
    fn a_sub_path_has_its_parents_class_and_a_look_alike_has_none() {
        assert_eq!(class("/etc/ssh", true, "").map(|c| c.0), Some(Severity::Critical));
        assert_eq!(class("/etcetera", true, ""), None);
        assert_eq!(class("/", false, "").map(|c| c.0), Some(Severity::High));
        assert_eq!(class("/etc/localtime", false, ""), None);
        assert_eq!(class("/usr/lib/modules", false, "").map(|c| c.0), Some(Severity::Low));
        assert_eq!(class("/srv/docker/x", true, "/srv/docker").map(|c| c.0), Some(Severity::Critical));
        assert_eq!(class("/srv/app/.ssh/id", false, "").map(|c| c.0), Some(Severity::High));
    }

    proptest::proptest! {
        #[test]
        fn any_path_is_normal_after_one_pass(path in ".{0,64}") {
            let once = normal(&path);
            proptest::prop_assert_eq!(normal(&once), once);
        }
    }
}
