//! Host devices and device rules: how dangerous each is in a container.

use super::super::Severity;

/// Block devices by the beginning of their name below /dev: whole disks, partitions and the mapping drivers.
const BLOCK: [&str; 9] = ["sd", "nvme", "vd", "xvd", "hd", "mmcblk", "dm-", "md", "zd"];

fn is_block(name: &str) -> bool {
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit()))
    };
    match BLOCK.iter().find(|prefix| name.starts_with(**prefix)) {
        Some(&prefix @ ("md" | "zd" | "dm-" | "nvme" | "mmcblk")) => numbered(prefix),
        Some(prefix) => name.len() > prefix.len() && name.len() <= prefix.len() + 4,
        None => name.starts_with("mapper/") || numbered("loop") || numbered("nbd"),
    }
}

/// How bad a device is, by its path on the host and the permissions given. `sys_admin` makes /dev/fuse worse.
pub fn severity(path: &str, permissions: &str, sys_admin: bool) -> Severity {
    let (reads, writes) = (permissions.contains('r'), permissions.contains('w'));
    let Some(name) = path.strip_prefix("/dev/") else {
        return if path == "/dev" { Severity::Critical } else { Severity::Medium };
    };
    match name {
        "mem" | "kmem" | "port" => Severity::Critical,
        "kmsg" if writes => Severity::High,
        "uinput" | "loop-control" => Severity::High,
        "fuse" if sys_admin => Severity::High,
        "kvm" | "net/tun" | "fuse" => Severity::Medium,
        _ if is_block(name) && (reads || writes) => Severity::Critical,
        _ if name.starts_with("vfio/") => Severity::High,
        _ if name.starts_with("cpu/") && name.ends_with("/msr") => Severity::High,
        _ if name.starts_with("input/") => Severity::Medium,
        "dri" | "snd" | "null" | "zero" | "full" | "random" | "urandom" => Severity::Info,
        _ if ["dri/", "snd/", "video", "ttyUSB", "ttyACM", "nvidia"].iter().any(|known| name.starts_with(known)) => {
            Severity::Info
        }
        _ => Severity::Medium,
    }
}

/// How bad a device cgroup rule (`b 8:* rwm`) is.
pub fn rule_severity(rule: &str) -> Severity {
    let mut words = rule.split_whitespace();
    let kind = words.next().unwrap_or("");
    let numbers = words.next().unwrap_or("*:*");
    match kind {
        "a" => Severity::Critical,
        "b" if numbers.contains('*') => Severity::Critical,
        "b" => Severity::High,
        _ if numbers.starts_with('*') => Severity::High,
        _ => Severity::Medium,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_devices_are_told_from_their_neighbours_in_dev() {
        for disk in ["/dev/sda", "/dev/sda1", "/dev/nvme0n1", "/dev/dm-0", "/dev/mapper/root", "/dev/loop7"] {
            assert_eq!(severity(disk, "r", false), Severity::Critical, "{disk}");
        }
        assert_eq!(severity("/dev/loop-control", "rwm", false), Severity::High);
        assert_eq!(severity("/dev/snd/seq", "rwm", false), Severity::Info);
        assert_eq!(severity("/dev/hdmi-something", "rwm", false), Severity::Medium);
        assert_eq!(severity("/dev/net/tun", "rwm", false), Severity::Medium);
        assert_eq!(severity("/dev/fuse", "rwm", true), Severity::High);
        assert_eq!(rule_severity("b *:* rwm"), Severity::Critical);
        assert_eq!(rule_severity("c 189:* rwm"), Severity::Medium);
        assert_eq!(rule_severity("a"), Severity::Critical);
    }
}
