//! Ports with a meaning to the checks, and the kernel paths that engines mask.

/// Ports of databases that trust their network.
pub const DATABASES: [(u16, &str); 7] = [
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (6379, "Redis"),
    (27017, "MongoDB"),
    (9200, "Elasticsearch"),
    (11211, "memcached"),
    (2379, "etcd"),
];

/// Host ports below the privileged bound that anyone expects to be used.
pub const EXPECTED_PRIVILEGED: [u16; 2] = [80, 443];

/// Paths that every supported engine masks. Newer engines mask more; those are not asked for.
pub const MASKED: [&str; 9] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
];

/// Paths that newer engines mask too: a container made before the upgrade lacks them.
pub const MASKED_LATER: [&str; 3] = ["/proc/asound", "/sys/devices/virtual/powercap", "/proc/interrupts"];

/// Paths that every supported engine makes read-only.
pub const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
