//! Counters: what is read anew at every refresh.

use super::{ContainerId, Fact};
use serde::{Deserialize, Serialize};

/// Share of time that some task waited for a resource (PSI), averages of the `some` line in percent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Pressure {
    /// Over 10 s.
    pub avg10: f32,
    /// Over 60 s.
    pub avg60: f32,
    /// Total stall time, microseconds.
    pub total_us: u64,
}

/// Counters of one container's cgroup at one instant.
///
/// A value the kernel does not have, or that is read on a slower beat and not in yet, is unknown with its reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Whose.
    pub id: ContainerId,
    /// Steady clock of the reading, nanoseconds (`CLOCK_MONOTONIC`).
    pub at_ns: u64,
    /// Identity of the cgroup (inode of its directory): when it changes, counters began anew.
    pub generation: u64,
    /// CPU time, nanoseconds.
    pub cpu_ns: Fact<u64>,
    /// Whole machine's CPU time at the same moment, nanoseconds, as `docker stats` defines it (user … softirq).
    pub system_cpu_ns: u64,
    /// Enforcement periods that elapsed under a CPU quota.
    pub periods: Fact<u64>,
    /// Periods in which it was throttled.
    pub throttled_periods: Fact<u64>,
    /// Time throttled, nanoseconds.
    pub throttled_ns: Fact<u64>,
    /// Memory charged, cache included, bytes.
    pub memory_bytes: Fact<u64>,
    /// Limit, bytes; known 0 means none.
    pub memory_limit_bytes: Fact<u64>,
    /// Inactive file cache, bytes: what `docker stats` takes off.
    pub inactive_file_bytes: Fact<u64>,
    /// All file cache, bytes.
    pub cache_bytes: Fact<u64>,
    /// Swap used, bytes.
    pub swap_bytes: Fact<u64>,
    /// Bytes read from block devices.
    pub io_read_bytes: Fact<u64>,
    /// Bytes written to block devices.
    pub io_write_bytes: Fact<u64>,
    /// Tasks.
    pub pids: Fact<u64>,
    /// Limit of tasks; known 0 means none.
    pub pids_limit: Fact<u64>,
    /// Tasks killed by the OOM killer in this cgroup.
    pub oom_kills: Fact<u64>,
    /// CPU pressure.
    pub pressure_cpu: Fact<Pressure>,
    /// Memory pressure.
    pub pressure_memory: Fact<Pressure>,
    /// I/O pressure.
    pub pressure_io: Fact<Pressure>,
}

/// Counters of the machine at one instant.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HostSample {
    /// Steady clock of the reading, nanoseconds.
    pub at_ns: u64,
    /// Busy CPU time of all CPUs, nanoseconds.
    pub cpu_busy_ns: u64,
    /// Busy and idle CPU time of all CPUs, nanoseconds.
    pub cpu_total_ns: u64,
    /// CPU time as `docker stats` defines it, nanoseconds.
    pub system_cpu_ns: u64,
    /// Online CPUs.
    pub cpus: u32,
    /// Memory of the machine, bytes.
    pub memory_total_bytes: u64,
    /// Memory available without swapping, bytes.
    pub memory_available_bytes: u64,
    /// Load average over one minute.
    pub load1: f32,
}
