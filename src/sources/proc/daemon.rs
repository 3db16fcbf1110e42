//! The process of the engine we are connected to, among all engines of the host.
//!
//! Never "the newest process that is called dockerd": on a host with two engines that reads the other one's flags.
//! Must not know the engine's API: what is known of the engine comes in as hints.

use super::effective::{file_setting, flag_values};
use super::files::{LIFT_PTRACE, kernel_gap, read_head};
use super::namespaces::namespace;
use super::process::{all_pids, arguments, read_stat, require_whole};
use super::status::parse_status;
use super::{ProcRoot, Via, owners, proxies, scan_listeners};
use crate::model::{Daemon, Fact, Gap, GapKind, NsKind, Pid, Proto};
use crate::text::Outside;
use serde_json::Value;
use std::collections::BTreeSet;

const DEFAULT_ROOT: &str = "/var/lib/docker";
const CONFIG_BYTES: usize = 1 << 20;

/// What is known of the engine we talk to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DaemonHints {
    /// `info.DockerRootDir`.
    pub root_dir: Option<String>,
    /// Path of the unix socket we are connected to.
    pub socket: Option<String>,
}

struct Candidate {
    pid: Pid,
    /// Pid namespaces below ours: more than none is an engine in a container.
    depth: usize,
    args: Vec<Outside>,
    config_file: Fact<Option<(String, Value)>>,
}

/// Finds the daemon and reads its arguments, configuration file, namespace, TCP listeners and proxies.
///
/// # Errors
/// [`GapKind::NotLocal`] when no daemon of that kind runs here, [`GapKind::Ambiguous`] when several remain,
/// [`GapKind::Permission`] when procfs hides processes.
pub fn find_daemon(root: &ProcRoot, hints: &DaemonHints) -> Result<Daemon, Gap> {
    require_whole(root)?;
    let found = choose(root, hints, candidates(root)?)?;
    let directory = root.proc.join(found.pid.0.to_string());
    Ok(Daemon {
        pid: Some(found.pid),
        net_ns: namespace(&directory, NsKind::Net),
        tcp_listeners: tcp_listeners(root, found.pid),
        proxies: proxies(root, Some(found.pid)).map_or_else(Fact::gap, Fact::Known),
        args: found.args,
        config_file: found.config_file,
    })
}

/// Every dockerd that procfs shows, those in containers included.
fn candidates(root: &ProcRoot) -> Result<Vec<Candidate>, Gap> {
    let mut found = Vec::new();
    for pid in all_pids(root)? {
        if !read_stat(root, pid).is_ok_and(|stat| stat.comm == b"dockerd") {
            continue;
        }
        let status = read_head(&root.of(pid, "status"), 16 * 1024).ok().and_then(|bytes| parse_status(&bytes));
        let Ok(args) = arguments(root, pid) else { continue };
        if args.is_empty() {
            continue;
        }
        let depth = status.map_or(0, |status| status.ns_pids.len().saturating_sub(1));
        found.push(Candidate { pid, depth, config_file: config_file(root, pid, &args), args });
    }
    Ok(found)
}

fn choose(root: &ProcRoot, hints: &DaemonHints, candidates: Vec<Candidate>) -> Result<Candidate, Gap> {
    if candidates.is_empty() {
        return Err(Gap::new(GapKind::NotLocal, "no process dockerd runs on this host"));
    }
    let scores: Vec<Option<u8>> = candidates.iter().map(|candidate| score(candidate, hints)).collect();
    let best = scores.iter().flatten().max().copied();
    let mut left: Vec<Candidate> = candidates
        .into_iter()
        .zip(scores)
        .filter(|(_, score)| score.is_some() && *score == best)
        .map(|(c, _)| c)
        .collect();
    // An engine in a container often has the same flags as the host's.
    let least = left.iter().map(|candidate| candidate.depth).min().unwrap_or(0);
    left.retain(|candidate| candidate.depth == least);
    if left.len() > 1
        && let Some(socket) = &hints.socket
    {
        let holders: Vec<bool> = left.iter().map(|candidate| holds_socket(root, candidate.pid, socket)).collect();
        if holders.iter().filter(|holds| **holds).count() == 1 {
            left = left.into_iter().zip(holders).filter(|(_, holds)| *holds).map(|(candidate, _)| candidate).collect();
        }
    }
    match (left.pop(), left.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => {
            Err(Gap::new(GapKind::NotLocal, "a dockerd runs on this host, but with another data root or socket"))
        }
        (Some(_), more) => Err(Gap::new(
            GapKind::Ambiguous,
            format!("{} processes dockerd could be the engine that answers", more + 1),
        )
        .lifted_by(LIFT_PTRACE)),
    }
}

/// How well a daemon fits; none when it contradicts a hint.
fn score(candidate: &Candidate, hints: &DaemonHints) -> Option<u8> {
    let mut score = 0;
    if let Some(wanted) = &hints.root_dir {
        let given = settings(candidate, "data-root");
        let data_root = given.last().map_or(DEFAULT_ROOT, String::as_str).trim_end_matches('/');
        // With a user mapping the engine appends `/uid.gid` to its data root.
        let rest = wanted.strip_prefix(data_root)?;
        let is_mapping = |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/'));
        if !(rest.is_empty() || rest.starts_with('/') && is_mapping(rest)) {
            return None;
        }
        score += 2;
    }
    if let Some(socket) = &hints.socket {
        let hosts = settings(candidate, "host");
        let is_default = |path: &str| matches!(path, "/var/run/docker.sock" | "/run/docker.sock");
        let serves = |host: &String| match host.strip_prefix("unix://") {
            Some("") => is_default(socket),
            Some(path) => path == socket || is_default(path) && is_default(socket),
            None => host.starts_with("fd://"),
        };
        // A socket may be a link or forwarded, so one that does not fit is no contradiction.
        score += u8::from(if hosts.is_empty() { is_default(socket) } else { hosts.iter().any(serves) });
    }
    Some(score)
}

/// A setting of a candidate, from its command line, else its file.
fn settings(candidate: &Candidate, name: &str) -> Vec<String> {
    let given = flag_values(&candidate.args, name);
    if !given.is_empty() {
        return given;
    }
    let file = candidate.config_file.known().and_then(Option::as_ref);
    file.and_then(|(_, document)| file_setting(document, name)).map(|setting| setting.values).unwrap_or_default()
}

/// True when the process holds the listening end of a unix socket.
fn holds_socket(root: &ProcRoot, pid: Pid, socket: &str) -> bool {
    let bytes = read_head(&root.of(pid, "net/unix"), 16 << 20).unwrap_or_default();
    let inodes: BTreeSet<u64> = listening_unix(&bytes, socket).collect();
    !inodes.is_empty()
        && inodes.iter().any(|inode| {
            owners(root, &[pid], &BTreeSet::from([*inode])).of(*inode).known().is_some_and(Option::is_some)
        })
}

/// Inodes of listening sockets with a path. Columns: Num RefCount Protocol Flags Type St Inode Path; flag 0x10000 is
/// "accepts connections" (proc_pid_net(5)).
fn listening_unix<'a>(bytes: &'a [u8], socket: &'a str) -> impl Iterator<Item = u64> + 'a {
    let same = |a: &str, b: &str| a == b || a.strip_prefix("/var") == Some(b) || b.strip_prefix("/var") == Some(a);
    bytes.split(|b| *b == b'\n').filter_map(move |line| {
        let line = std::str::from_utf8(line).ok()?;
        let mut fields = line.split_ascii_whitespace().skip(3);
        let flags = u64::from_str_radix(fields.next()?, 16).ok()?;
        let inode = fields.nth(2)?.parse().ok()?;
        let path = fields.next()?;
        (flags & 0x1_0000 != 0 && same(path, socket)).then_some(inode)
    })
}

/// The configuration file as the daemon sees it. `Known(None)` when there is none.
fn config_file(root: &ProcRoot, pid: Pid, args: &[Outside]) -> Fact<Option<(String, Value)>> {
    let given = flag_values(args, "config-file").pop();
    let name = given.unwrap_or_else(|| "/etc/docker/daemon.json".to_owned());
    let inside = root.of(pid, "root").join(name.trim_start_matches('/'));
    // Without the right to look beneath the daemon's root the host's own file is taken, where it has one.
    let outside = match name.strip_prefix("/etc/") {
        Some(rest) => root.etc.join(rest),
        None => std::path::PathBuf::from(&name),
    };
    let read = read_head(&inside, CONFIG_BYTES).or_else(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => read_head(&outside, CONFIG_BYTES),
        _ => Err(error),
    });
    match read {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(document) => Fact::Known(Some((name, document))),
            Err(error) => Fact::unknown(GapKind::Unparsable, format!("read {name}: {error}")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Fact::Known(None),
        Err(error) => Fact::gap(kernel_gap(std::path::Path::new(&name), &error)),
    }
}

/// TCP addresses that the daemon itself listens on in its own network namespace.
fn tcp_listeners(root: &ProcRoot, pid: Pid) -> Fact<Vec<String>> {
    let directory = root.proc.join(pid.0.to_string());
    let netns = match namespace(&directory, NsKind::Net) {
        Fact::Known(netns) => netns,
        Fact::Unknown { unknown } => return Fact::Unknown { unknown },
    };
    let listeners = match scan_listeners(root, netns, Via::Process(pid)).listeners {
        Fact::Known(listeners) => listeners,
        Fact::Unknown { unknown } => return Fact::Unknown { unknown },
    };
    let tcp: Vec<_> = listeners.into_iter().filter(|listener| listener.proto == Proto::Tcp).collect();
    let holders = owners(root, &[pid], &tcp.iter().map(|listener| listener.inode).collect());
    let mut addresses = Vec::new();
    for listener in tcp {
        match holders.of(listener.inode) {
            Fact::Known(None) => {}
            Fact::Known(Some(_)) => addresses.push(std::net::SocketAddr::new(listener.addr, listener.port).to_string()),
            Fact::Unknown { unknown } => return Fact::Unknown { unknown },
        }
    }
    Fact::Known(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    fn hints(root_dir: &str, socket: &str) -> DaemonHints {
        DaemonHints { root_dir: Some(root_dir.into()), socket: Some(socket.into()) }
    }

    fn two_engines() -> Fixture {
        let host = Fixture::new();
        host.process(1, 0, b"init", &["init"])
            .process(20, 1, b"dockerd", &["dockerd", "-H", "fd://"])
            .process(
                30,
                1,
                b"dockerd",
                &["dockerd", "--data-root", "/lab/data", "-H", "unix:///lab/sock", "--iptables=false"],
            )
            .process(40, 1, b"sh", &["sh", "-c", "dockerd --data-root /lab/data"])
            .link("proc/30/ns/net", "net:[77]")
            .file(
                "proc/30/net/tcp",
                "head\n   0: 00000000:0947 00000000:0000 0A 0:0 0:0 0     0        0 900 1\n   \
                1: 0100007F:1111 00000000:0000 0A 0:0 0:0 0     0        0 901 1\n",
            )
            .file("proc/30/net/udp", "")
            .link("proc/30/fd/5", "socket:[900]")
            .file("proc/30/root/etc/docker/daemon.json", "{\"icc\": false}");
        host
    }

    #[test]
    fn the_other_engines_flags_are_never_taken() {
        let host = two_engines();
        let lab = find_daemon(&host.root(), &hints("/lab/data", "/lab/sock")).expect("a daemon");
        assert_eq!(lab.pid, Some(Pid(30)));
        assert_eq!(lab.tcp_listeners, Fact::Known(vec!["0.0.0.0:2375".to_owned()]));
        assert_eq!(lab.config_file.known().expect("read").as_ref().expect("a file").1["icc"], false);
        let main =
            find_daemon(&host.root(), &hints("/var/lib/docker/165536.165536", "/run/docker.sock")).expect("a daemon");
        assert_eq!(main.pid, Some(Pid(20)));
        assert_eq!(main.config_file, Fact::Known(None));
        let other = find_daemon(&host.root(), &hints("/mnt/other", "/run/docker.sock"));
        assert_eq!(other.expect_err("not here").kind, GapKind::NotLocal);
        assert_eq!(find_daemon(&host.root(), &DaemonHints::default()).expect_err("two").kind, GapKind::Ambiguous);
    }

    #[test]
    fn equal_flags_are_told_apart_by_who_holds_the_socket() {
        let host = Fixture::new();
        let unix = "Num RefCount Protocol Flags Type St Inode Path\n0000: 00000002 00000000 00010000 0001 01 500 /run/docker.sock\n";
        host.process(1, 0, b"init", &["init"])
            .process(20, 1, b"dockerd", &["dockerd"])
            .process(30, 1, b"dockerd", &["dockerd"])
            .file("proc/20/net/unix", unix)
            .file("proc/30/net/unix", unix)
            .link("proc/30/fd/4", "socket:[500]")
            .file("proc/20/fd/.keep", "");
        let found = find_daemon(&host.root(), &hints("/var/lib/docker", "/var/run/docker.sock")).expect("a daemon");
        assert_eq!(found.pid, Some(Pid(30)));
    }
}
