//! BW-R-009: A sensitive path of the host is mounted.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-R-009",
    title: "A sensitive path of the host is mounted",
    severity: Severity::Medium,
    why: "Who can write /etc, /usr, /dev or the data root of the engine decides what the host runs next; who can read /etc or /root reads its secrets.",
    fix: "Mount the one file that is needed, read-only.",
    cis: "5.6",
    inputs: Inputs::CONTAINER.and(Inputs::KERNEL).and(Inputs::VOLUMES).and(Inputs::HOST),
    need: "A+U",
    blind: "Symbolic links of the host, where the mount table can not be read.",
    escape: true,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let paths = evidence.host_paths(container)?;
    let root_dir = evidence.snapshot.host.engine.known().map_or("", |engine| engine.root_dir.as_str());
    let root_dir = known::paths::normal(root_dir);
    let mut hits = Vec::new();
    for path in paths {
        let Some((severity, class)) = known::paths::class(&path.path, path.writable, &root_dir) else { continue };
        let grade = if path.by_kernel { Grade::Kernel } else { Grade::Api };
        let how = if path.writable { "writable" } else { "read-only" };
        let hit = match severity {
            Severity::Low => Hit::warn(grade).severity(Severity::Info),
            severity => Hit::fail(grade).severity(severity),
        };
        hits.push(hit.on(path.path.as_str()).says(format!("has {} of the host, {how}", path.path)).saw(
            if path.by_kernel { "proc" } else { "inspect" },
            path.how.as_str(),
            format!("{} at {} ({how})", path.path, path.destination),
            format!("nothing of {class}"),
        ));
    }
    hits.dedup_by(|a, b| a.sub_key == b.sub_key);
    Ok(Verdict::of(hits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn mounts(source: &str, at: &str, rw: bool) -> Host {
        one(container().config(|c| c.mounts = vec![bind(source, at, rw)]))
    }

    fn volume_of(device: &str) -> Host {
        let mut mount = bind("/var/lib/docker/volumes/v/_data", "/x", true);
        mount.kind = "volume".into();
        mount.name = Some("v".into());
        let options = [("type", "none"), ("o", "bind"), ("device", device)];
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect();
        let volume = Volume { name: "v".into(), driver: "local".into(), mountpoint: "/m".into(), options };
        one(container().config(|c| c.mounts = vec![mount])).snapshot(|s| s.volumes = std::sync::Arc::new(vec![volume]))
    }

    #[test]
    fn the_source_counts_not_the_destination() {
        decides(
            &CHECK,
            [
                ("nothing", one(container()), Pass),
                ("/etc/ssh, writable: a sub-path is like its parent", mounts("/etc/ssh", "/x", true), Fail),
                ("/, read-only", mounts("/", "/host", false), Fail),
                ("a volume that is /etc", volume_of("/etc"), Fail),
                ("an ordinary volume", volume_of("/srv/data"), Pass),
                ("something mounted at /etc", mounts("/srv/etc", "/etc", true), Pass),
                ("time zone", mounts("/etc/localtime", "/etc/localtime", false), Pass),
                ("modules, read-only", mounts("/lib/modules", "/lib/modules", false), Warn),
                ("a look-alike", mounts("/etc2", "/x", true), Pass),
                ("not inspected", one(container().unread()), Unknown),
            ],
        );
    }

    #[test]
    fn read_only_lowers_and_does_not_clear() {
        assert_eq!(mounts("/etc", "/x", true).severity(&CHECK), Some(Severity::Critical));
        assert_eq!(mounts("/etc", "/x", false).severity(&CHECK), Some(Severity::High));
        assert_eq!(mounts("/var/log", "/x", true).severity(&CHECK), Some(Severity::Medium));
        assert_eq!(mounts("/srv/../etc/ssh", "/x", true).severity(&CHECK), Some(Severity::Critical));
    }
}
