//! Makes a recording of a machine with other things on it into a recorded host for tests: what belongs to the lab is
//! kept, places and names of the machine are replaced by the usual ones.

use bridgewatch::model::*;
use bridgewatch::recording::{Detail, Meta, Reader, WriteOptions, Writer};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What is replaced, in this order. `{dir}` is the lab's directory.
const PLACES: &[(&str, &str)] = &[
    ("{dir}/docker.sock", "/run/docker.sock"),
    ("{dir}/docker.pid", "/run/docker.pid"),
    ("{dir}/daemon.json", "/etc/docker/daemon.json"),
    ("{dir}/exec", "/run/docker"),
    ("{dir}/data", "/var/lib/docker"),
    ("{dir}", "/srv/lab"),
];

/// The lab that is kept of a recording.
struct Lab<'a> {
    /// Its directory.
    dir: &'a str,
    /// The name of its network namespace; those that begin with it and `-` are its too.
    name: &'a str,
    /// Its containers.
    containers: BTreeSet<ContainerId>,
}

/// Containers of the engine in a recording.
fn of_engine(recording: &Path) -> BTreeSet<ContainerId> {
    let mut reader = Reader::open(recording).expect("a recording");
    let last = reader.frame(reader.len() - 1).expect("a frame");
    last.containers.iter().filter(|c| c.owner == Owner::Engine).map(|c| c.id.clone()).collect()
}

/// Writes `to` from at most three moments of `from`.
fn trim(from: &Path, to: &Path, title: &str, lab: &Lab<'_>) {
    let mut reader = Reader::open(from).expect("a recording");
    let meta = Meta { title: title.to_owned(), ..Meta::new(reader.taken_at(0).expect("a moment"), true) };
    let options = WriteOptions { overwrite: true, ..WriteOptions::default() };
    let mut writer = Writer::create(to, &meta, options).expect("a file");
    let count = reader.len();
    let chosen: BTreeSet<usize> = [0, count / 2, count - 1].into_iter().collect();
    for index in chosen {
        let frame = reader.frame(index).expect("a frame");
        let mut kept = (*frame).clone();
        keep(&mut kept, lab);
        writer.append(&replaced(&kept, lab)).expect("written");
    }
    let end = Duration::from_secs(3600);
    for id in &lab.containers {
        for kind in [Detail::LOGS, Detail::INSPECT] {
            let details = reader.details(id, kind, None..Some(end));
            for detail in details.iter().take(1) {
                writer.append_detail(&replaced(detail, lab)).expect("written");
            }
        }
    }
    writer.finish().expect("finished");
}

fn keep(snapshot: &mut Snapshot, lab: &Lab<'_>) {
    let is_kept = |id: &ContainerId| lab.containers.contains(id);
    let (own, prefix) = (format!("/run/netns/{}", lab.name), format!("/run/netns/{}-", lab.name));
    let named = |netns: &Netns| {
        netns
            .names
            .iter()
            .any(|n| *n == *own || n.raw().starts_with(&prefix) || n.raw().starts_with(&format!("{}/", lab.dir)))
    };
    let ours = snapshot.our_netns();
    let of_containers: BTreeSet<NsInode> = lab.containers.iter().filter_map(|id| snapshot.netns_of(id)).collect();
    Arc::make_mut(&mut snapshot.netns)
        .retain(|netns| Some(netns.inode) == ours || of_containers.contains(&netns.inode) || named(netns));
    let kept: BTreeSet<NsInode> = snapshot.netns.iter().map(|netns| netns.inode).collect();
    Arc::make_mut(&mut snapshot.containers).retain(|c| is_kept(&c.id));
    Arc::make_mut(&mut snapshot.kernel).retain(|id, _| is_kept(id));
    Arc::make_mut(&mut snapshot.samples).retain(|s| is_kept(&s.id));
    Arc::make_mut(&mut snapshot.links).retain(|l| kept.contains(&l.netns));
    Arc::make_mut(&mut snapshot.link_samples).retain(|l| kept.contains(&l.netns));
    Arc::make_mut(&mut snapshot.routes).retain(|r| kept.contains(&r.netns));
    Arc::make_mut(&mut snapshot.fdb).retain(|f| kept.contains(&f.netns));
    Arc::make_mut(&mut snapshot.sockets).retain(|s| kept.contains(&s.netns));
    Arc::make_mut(&mut snapshot.events).retain(|event| match (&event.container, &event.subject) {
        (Some(id), _) => is_kept(id),
        (None, Subject::Link { netns, .. } | Subject::Netns { inode: netns }) => kept.contains(netns),
        (None, _) => true,
    });
    for facts in Arc::make_mut(&mut snapshot.kernel).values_mut() {
        if let Fact::Known(mounts) = &mut Arc::make_mut(facts).mounts {
            // A bind of the whole machine shows everything that is mounted on it.
            mounts.retain(|mount| !mount.mount_point.raw().starts_with("/host/"));
        }
    }
}

/// The same value with the names of the machine replaced.
fn replaced<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T, lab: &Lab<'_>) -> T {
    let mut text = serde_json::to_string(value).expect("json");
    for (place, usual) in PLACES {
        text = text.replace(&place.replace("{dir}", lab.dir), usual);
    }
    let mut value: serde_json::Value = serde_json::from_str(&text).expect("json");
    if let Some(host) = value.get_mut("host").filter(|h| h.is_object()) {
        host["name"] = "lab".into();
        host["boot_id"] = "00000000-0000-4000-8000-000000000000".into();
        shorten(&mut host["kernel"]);
        if let Some(engine) = host.get_mut("engine").filter(|e| e.get("id").is_some()) {
            engine["host_name"] = "lab".into();
            engine["id"] = "LAB0".into();
            shorten(&mut engine["kernel"]);
        }
    }
    serde_json::from_value(value).expect("the same shape")
}

/// A kernel release without what its builder added.
fn shorten(release: &mut serde_json::Value) {
    if let Some(text) = release.as_str() {
        *release = text.split('-').next().unwrap_or(text).into();
    }
}

fn main() {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, engine, dir, name] = given.as_slice() else {
        eprintln!("usage: trim_recording FROM TO ENGINE_RECORDING LAB_DIR LAB_NETNS");
        std::process::exit(2);
    };
    let lab = Lab { dir, name, containers: of_engine(Path::new(engine)) };
    let title = Path::new(to).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    trim(Path::new(from), Path::new(to), &title, &lab);
}
