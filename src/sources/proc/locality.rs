//! Whether the engine's containers are processes of this kernel. A unix socket proves nothing: it may be forwarded.
//!
//! Must not know how the engine was reached.

use super::ProcRoot;
use super::cgroup_paths::process_cgroups;
use super::files::read_text;
use super::process::start_ticks;
use crate::model::{ContainerId, Engine, Host, Locality, Pid};
use jiff::Timestamp;

/// How much later than the process was made the engine may stamp the start: it does so when all is set up, which
/// took 7 s on an emulated machine.
const LATER_S: f64 = 60.0;
/// How much earlier: the boot time that process times count from is rounded to seconds, and clocks are set.
const EARLIER_S: f64 = 5.0;

/// A container that the engine says runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub id: ContainerId,
    /// `State.Pid`.
    pub pid: Pid,
    /// `State.StartedAt`.
    pub started_at: Option<Timestamp>,
}

/// Decides it. One container whose process has the container's id in its cgroup path and started when the engine
/// says is proof. Without a running container the engine's id is compared with the file the daemon keeps it in, then
/// host name and kernel with the host's own.
pub fn locality(root: &ProcRoot, running: &[Running], engine: &Engine, host: &Host) -> Locality {
    let boot = boot_time(root);
    let mut reason = String::new();
    for container in running {
        match prove(root, container, boot) {
            Ok(proof) => return Locality::Local { proof },
            Err(why) => reason = why,
        }
    }
    if !running.is_empty() {
        return Locality::Unproven { reason };
    }
    if !engine.id.is_empty() {
        let file = std::path::Path::new(&engine.root_dir).join("engine-id");
        match read_text(&file, 256) {
            Ok(id) if id == engine.id => {
                return Locality::Local { proof: format!("{} holds the engine's id", file.display()) };
            }
            Ok(_) => return Locality::Unproven { reason: format!("{} holds another engine's id", file.display()) },
            Err(_) => {}
        }
    }
    let is_same = engine.host_name == host.name && engine.kernel == host.kernel && !host.kernel.is_empty();
    if is_same && engine.memory_bytes == host.memory_bytes {
        return Locality::Local { proof: "no container runs; host name, kernel and memory are the same".to_owned() };
    }
    Locality::Unproven { reason: "no container runs, and host name, kernel or memory differ".to_owned() }
}

fn prove(root: &ProcRoot, container: &Running, boot: Option<f64>) -> Result<String, String> {
    let Running { id, pid, started_at } = container;
    let cgroups = process_cgroups(root, *pid).map_err(|gap| gap.reason)?;
    if !cgroups.values().any(|path| path.contains(id.as_str())) {
        return Err(format!("process {pid} of this host is not in a cgroup of container {}", id.short()));
    }
    let started = started_at.map(|at| at.as_millisecond() as f64 / 1000.0);
    let ticks = start_ticks(root, *pid).map_err(|gap| gap.reason)?;
    if let (Some(boot), Some(started)) = (boot, started) {
        let seen = boot + ticks as f64 / procfs::ticks_per_second() as f64;
        if seen - started > EARLIER_S || started - seen > LATER_S {
            let apart = (seen - started).abs();
            return Err(format!("process {pid} started {apart:.0} s away from what the engine says of {}", id.short()));
        }
    }
    Ok(format!("process {pid} is in the cgroup of container {}", id.short()))
}

/// Seconds since the epoch (`btime` of `/proc/stat`).
fn boot_time(root: &ProcRoot) -> Option<f64> {
    let text = read_text(&root.proc.join("stat"), 1 << 20).ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime ")).and_then(|value| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    fn running(second: i64) -> Running {
        let at = Timestamp::from_second(second).expect("a time");
        Running { id: "0123456789abcdef".into(), pid: Pid(7), started_at: Some(at) }
    }

    #[test]
    fn a_pid_of_another_host_proves_nothing() {
        let host = Fixture::new();
        host.file("proc/stat", "cpu 1\nbtime 1000000\n")
            .process(7, 1, b"x", &[])
            .file("proc/7/cgroup", "0::/system.slice/docker-0123456789abcdef.scope\n");
        let decide = |running: &Running| {
            locality(&host.root(), std::slice::from_ref(running), &Engine::default(), &Host::default())
        };
        // Started at tick 1007 after boot.
        assert!(matches!(decide(&running(1_000_011)), Locality::Local { .. }));
        assert!(matches!(decide(&running(1_000_018)), Locality::Local { .. }));
        assert!(matches!(decide(&running(1_000_100)), Locality::Unproven { .. }));
        assert!(matches!(decide(&running(1_000_001)), Locality::Unproven { .. }));
        let foreign = Running { id: "fedcba9876543210".into(), ..running(1_000_011) };
        assert!(matches!(decide(&foreign), Locality::Unproven { .. }));
        assert!(matches!(decide(&Running { pid: Pid(8), ..foreign }), Locality::Unproven { .. }));
    }

    #[test]
    fn without_containers_the_engines_id_decides() {
        let host = Fixture::new();
        host.file("lib/engine-id", "abc");
        let root_dir = host.path("lib").to_str().expect("text").to_owned();
        let engine = Engine { id: "abc".into(), root_dir, ..Engine::default() };
        let decide = |engine: &Engine| locality(&host.root(), &[], engine, &Host::default());
        assert!(matches!(decide(&engine), Locality::Local { .. }));
        assert!(matches!(decide(&Engine { id: "other".into(), ..engine }), Locality::Unproven { .. }));
    }
}
