//! Capabilities by number (`linux/capability.h`), the engine's default set, and how dangerous each one is.

use super::super::Severity;

/// Names by bit number.
pub const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The engine's default set as a mask: 14 capabilities.
pub const DEFAULT: u64 = 0xa804_25fb;
/// Every capability this table names.
pub const ALL: u64 = (1 << 41) - 1;
/// Bit of NET_ADMIN.
pub const NET_ADMIN: u64 = 1 << 12;
/// Bit of NET_RAW.
pub const NET_RAW: u64 = 1 << 13;
/// Bit of SYS_PTRACE.
pub const SYS_PTRACE: u64 = 1 << 19;
/// Bit of SYS_ADMIN.
pub const SYS_ADMIN: u64 = 1 << 21;
/// The bit number of CAP_SYS_PTRACE, for [`crate::model::Rights::has`].
pub const PTRACE_BIT: u32 = 19;
/// The bit number of CAP_NET_ADMIN, for [`crate::model::Rights::has`].
pub const NET_ADMIN_BIT: u32 = 12;

/// The mask of a name, with or without `CAP_`, in any case; every bit for `ALL`; none for a name not known here.
pub fn mask(name: &str) -> Option<u64> {
    let upper = name.trim().to_ascii_uppercase();
    let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
    if bare == "ALL" {
        return Some(ALL);
    }
    NAMES.iter().position(|known| *known == bare).map(|bit| 1 << bit)
}

/// Names of the bits in a mask, in order of their numbers; a bit without a name is `CAP_n`.
pub fn names(mask: u64) -> Vec<String> {
    (0..64)
        .filter(|bit| mask & (1 << bit) != 0)
        .map(|bit| NAMES.get(bit).map_or_else(|| format!("CAP_{bit}"), |name| (*name).to_owned()))
        .collect()
}

/// How bad it is to add one of these; the default set is not in question. `host_pid` and `host_net` say whose
/// namespaces the container uses.
pub fn severity(bit: u32, host_pid: bool, host_net: bool) -> Severity {
    match NAMES.get(bit as usize).copied().unwrap_or("") {
        "SYS_ADMIN" | "SYS_MODULE" | "SYS_RAWIO" => Severity::Critical,
        "SYS_PTRACE" if host_pid => Severity::Critical,
        "NET_ADMIN" if host_net => Severity::High,
        "DAC_READ_SEARCH" | "SYS_PTRACE" | "BPF" | "MAC_ADMIN" | "MAC_OVERRIDE" | "SYS_BOOT" | "AUDIT_CONTROL" => {
            Severity::High
        }
        _ => Severity::Medium,
    }
}

/// Capabilities with which the engine's default seccomp profile lets further system calls through.
pub const WIDENS_SECCOMP: [&str; 14] = [
    "SYS_ADMIN",
    "SYS_PTRACE",
    "SYS_MODULE",
    "DAC_READ_SEARCH",
    "SYS_BOOT",
    "SYS_TIME",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_NICE",
    "SYSLOG",
    "BPF",
    "PERFMON",
    "SYS_PACCT",
    "SYS_TTY_CONFIG",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_mask_is_its_fourteen_names() {
        let listed = "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP \
                      NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE";
        let sum = listed.split_whitespace().filter_map(mask).fold(0, |all, bit| all | bit);
        assert_eq!(sum, DEFAULT);
    }

    #[test]
    fn names_are_read_in_every_spelling() {
        assert_eq!(mask("cap_net_admin"), Some(NET_ADMIN));
        assert_eq!(mask("NET_ADMIN"), Some(NET_ADMIN));
        assert_eq!(mask("all"), Some(ALL));
        assert_eq!(mask("NOT_A_CAP"), None);
        assert_eq!(names(SYS_ADMIN | (1 << 50)), ["SYS_ADMIN", "CAP_50"]);
    }
}
