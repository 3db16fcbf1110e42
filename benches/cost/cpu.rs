//! CPU time and memory of processes, from outside.

use nix::time::ClockId;
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// CPU time a process has used, all threads and those that ended: its CPU clock counts nanoseconds where
/// `/proc/PID/stat` counts hundredths of a second.
pub fn of(pid: i32) -> Option<Duration> {
    let time = ClockId::pid_cpu_clock_id(Pid::from_raw(pid)).ok()?.now().ok()?;
    Some(Duration::from(time))
}

/// CPU time of several processes.
pub fn of_all(pids: &[i32]) -> BTreeMap<i32, Duration> {
    pids.iter().filter_map(|pid| Some((*pid, of(*pid)?))).collect()
}

/// Milliseconds of CPU per second between two readings, of the processes that are in both.
pub fn rate(before: &BTreeMap<i32, Duration>, after: &BTreeMap<i32, Duration>, wall: Duration) -> f64 {
    let used: Duration = after.iter().filter_map(|(pid, now)| now.checked_sub(*before.get(pid)?)).sum();
    used.as_secs_f64() * 1000.0 / wall.as_secs_f64()
}

/// Use of CPU over a stretch of time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Use {
    /// The process looked at, ms/s.
    pub own: f64,
    /// The engine's processes, ms/s.
    pub engine: f64,
}

/// Measures a process and the engine for so long.
pub fn watch(pid: Option<i32>, engine: &[i32], time: Duration) -> Use {
    let own: Vec<i32> = pid.into_iter().collect();
    let (own_before, engine_before) = (of_all(&own), of_all(engine));
    let begin = Instant::now();
    std::thread::sleep(time);
    let (own_after, engine_after) = (of_all(&own), of_all(engine));
    let wall = begin.elapsed();
    Use { own: rate(&own_before, &own_after, wall), engine: rate(&engine_before, &engine_after, wall) }
}

/// Resident memory in MiB.
pub fn resident(pid: i32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib =
        text.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// Page faults of children that ended and were waited for: any process, however short, has some, so a figure that
/// stands still proves that none was spawned and reaped.
pub fn faults_of_children(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(8)?.parse().ok()
}
