//! R-mounts: which paths of the host a container has, whatever the engine calls the mount.
//!
//! The engine's list names the source of a bind, possibly by a symbolic link, and calls a local volume with a
//! `device` option a volume. The kernel's mount table (field 4) has the real path within the file system.

use super::super::known::paths;
use crate::model::{Config, Mount, MountInfo, Volume};

/// A path of the host that a container has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPath {
    /// Normal form of the path on the host.
    pub path: String,
    /// Where in the container; empty when not said.
    pub destination: String,
    /// Writable.
    pub writable: bool,
    /// `bind`, or the way in which a volume is a bind in disguise.
    pub how: String,
    /// The kernel's mount table showed it, not the engine.
    pub by_kernel: bool,
}

/// Every host path, sorted and without repetition. `volumes` are the engine's; `table` is the mount table when it
/// could be read.
pub fn host_paths(config: &Config, volumes: &[Volume], table: Option<&[MountInfo]>) -> Vec<HostPath> {
    let mut out: Vec<HostPath> = Vec::new();
    for mount in &config.mounts {
        match mount.kind.as_str() {
            "bind" => out.extend(bind(mount, table)),
            "volume" => out.extend(disguised(mount, volumes, table)),
            _ => {}
        }
    }
    // Binds of a container that never started are only here.
    for bind in &config.binds {
        let mut parts = bind.raw().split(':');
        let (source, destination) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let options = parts.next().unwrap_or("");
        let known = out.iter().any(|path| path.destination == destination);
        if source.starts_with('/') && !known && !config.mounts.iter().any(|m| m.destination == *destination) {
            let writable = !options.split(',').any(|option| option == "ro");
            out.push(host_path(source, destination, writable, "bind", false));
        }
    }
    out.sort();
    out.dedup();
    out
}

fn host_path(source: &str, destination: &str, writable: bool, how: &str, by_kernel: bool) -> HostPath {
    HostPath {
        path: paths::normal(source),
        destination: destination.to_owned(),
        writable,
        how: how.to_owned(),
        by_kernel,
    }
}

fn row<'a>(table: Option<&'a [MountInfo]>, destination: &str) -> Option<&'a MountInfo> {
    // The last mount at a place is the one that is seen.
    table?.iter().rev().find(|row| row.mount_point.raw() == destination)
}

fn bind(mount: &Mount, table: Option<&[MountInfo]>) -> Vec<HostPath> {
    let destination = mount.destination.raw();
    let source = mount.source.as_ref().map_or("", |source| source.raw());
    let mut out = vec![host_path(source, destination, mount.rw, "bind", false)];
    // On a file system of its own the table's path is relative to that file system, so a common ending proves
    // nothing; a different ending is a symbolic link that the engine followed.
    if let Some(row) = row(table, destination) {
        let real = row.root.raw().trim_end_matches("//deleted");
        if real != "/" && !paths::normal(source).ends_with(real) {
            out.push(host_path(real, destination, mount.rw, "bind through a symbolic link", true));
        }
    }
    out
}

fn disguised(mount: &Mount, volumes: &[Volume], table: Option<&[MountInfo]>) -> Option<HostPath> {
    let destination = mount.destination.raw();
    let name = mount.name.as_ref()?;
    let options = volumes.iter().find(|volume| volume.name == *name).map(|volume| &volume.options);
    if let Some(options) = options.filter(|options| !options.is_empty()) {
        let device = options.get("device")?.raw();
        let words = options.get("o").map_or("", |o| o.raw());
        let is_bind = words.split(',').any(|word| matches!(word, "bind" | "rbind"));
        return (is_bind && device.starts_with('/'))
            .then(|| host_path(device, destination, mount.rw, "volume that is a bind", false));
    }
    let real = row(table, destination)?.root.raw();
    let ordinary = real == "/" || real.ends_with("/_data") || real.contains("/_data/");
    (!ordinary && real.starts_with('/'))
        .then(|| host_path(real, destination, mount.rw, "volume that is a bind, by the mount table", true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: &str, source: &str, destination: &str) -> Mount {
        Mount {
            kind: kind.into(),
            name: (kind == "volume").then(|| "v".into()),
            source: Some(source.into()),
            destination: destination.into(),
            driver: None,
            mode: String::new(),
            rw: true,
            propagation: "".into(),
        }
    }

    fn table_row(root: &str, mount_point: &str) -> MountInfo {
        MountInfo {
            device: "8:1".into(),
            root: root.into(),
            mount_point: mount_point.into(),
            options: "rw".into(),
            propagation: "".into(),
            fstype: "ext4".into(),
            source: "/dev/sda1".into(),
            super_options: "".into(),
        }
    }

    #[test]
    fn a_volume_of_etc_is_a_bind_of_etc() {
        let config =
            Config { mounts: vec![mount("volume", "/var/lib/docker/volumes/v/_data", "/x")], ..Config::default() };
        let options = [("type", "none"), ("o", "bind"), ("device", "/etc")];
        let volume = Volume {
            name: "v".into(),
            driver: "local".into(),
            mountpoint: "/var/lib/docker/volumes/v/_data".into(),
            options: options.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect(),
        };
        let found = host_paths(&config, &[volume], None);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "/etc");
        let by_table = host_paths(&config, &[], Some(&[table_row("/etc", "/x")]));
        assert_eq!((by_table[0].path.as_str(), by_table[0].by_kernel), ("/etc", true));
        let ordinary = host_paths(&config, &[], Some(&[table_row("/var/lib/docker/volumes/v/_data", "/x")]));
        assert!(ordinary.is_empty());
    }

    #[test]
    fn a_link_is_followed_by_the_mount_table_and_a_separate_file_system_is_not_taken_for_one() {
        let config = Config { mounts: vec![mount("bind", "/opt/link", "/x")], ..Config::default() };
        let found = host_paths(&config, &[], Some(&[table_row("/etc", "/x")]));
        assert!(found.iter().any(|path| path.path == "/etc" && path.by_kernel));
        let config = Config { mounts: vec![mount("bind", "/home/app", "/x")], ..Config::default() };
        let found = host_paths(&config, &[], Some(&[table_row("/app", "/x")]));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn binds_of_a_container_that_never_started_count() {
        let config = Config { binds: vec!["/etc:/x:ro".into(), "vol:/y".into()], ..Config::default() };
        let found = host_paths(&config, &[], None);
        assert_eq!(found.len(), 1);
        assert!(!found[0].writable);
    }
}
