//! Which process, which boot, how long since: what tells a change under way from one whose doer died.

use crate::plan::Who;
use nix::time::{ClockId, clock_gettime};

/// Start of a process in clock ticks since boot (field 22 of `/proc/PID/stat`); none when there is no such process.
pub fn start_of(pid: i32) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything.
    let end = stat.iter().rposition(|b| *b == b')')?;
    let rest = String::from_utf8_lossy(&stat[end + 1..]).into_owned();
    let mut fields = rest.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// `/proc/sys/kernel/random/boot_id`; empty when it can't be read.
pub fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

/// Milliseconds since boot, time asleep included: a clock that nobody sets.
pub fn since_boot_ms() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME);
    time.map_or(0, |t| t.tv_sec().unsigned_abs() * 1000 + t.tv_nsec().unsigned_abs() / 1_000_000)
}

/// True while the process of an entry lives.
pub fn is_alive(who: &Who) -> bool {
    who.boot_id == boot_id() && start_of(who.pid) == Some(who.pid_start)
}
