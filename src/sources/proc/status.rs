//! `/proc/PID/stat` and `/proc/PID/status` from bytes (formats: proc_pid_stat(5), proc_pid_status(5)).
//!
//! The name in them is chosen by the process: it may hold `)`, spaces and bytes that are not UTF-8. Must not do I/O.

use crate::model::Caps;

/// The fields of `stat` that are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stat {
    /// Name, with line feed and backslash escaped by the kernel.
    pub comm: Vec<u8>,
    /// State letter.
    pub state: char,
    /// Parent.
    pub ppid: i32,
    /// User and system time, clock ticks.
    pub cpu_ticks: u64,
    /// Start, clock ticks since boot.
    pub start_ticks: u64,
}

/// Parses `stat`. The name ends at the last `)`: nothing after it holds one.
pub(super) fn parse_stat(bytes: &[u8]) -> Option<Stat> {
    let open = bytes.iter().position(|b| *b == b'(')?;
    let close = bytes.iter().rposition(|b| *b == b')').filter(|close| *close > open)?;
    let rest = std::str::from_utf8(bytes.get(close + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |n: usize| fields.get(n)?.parse::<u64>().ok();
    Some(Stat {
        comm: bytes[open + 1..close].to_vec(),
        state: fields.first()?.chars().next()?,
        ppid: fields.get(1)?.parse().ok()?,
        cpu_ticks: number(11)?.saturating_add(number(12)?),
        start_ticks: number(19)?,
    })
}

/// The fields of `status` that are needed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Status {
    pub ppid: i32,
    pub uids: [u32; 4],
    /// Process ids from our namespace inwards; one entry means the process is in our pid namespace.
    pub ns_pids: Vec<i32>,
    pub threads: u32,
    pub rss_bytes: u64,
    pub caps: Caps,
    pub no_new_privs: Option<bool>,
    pub seccomp: Option<u8>,
}

/// Parses `status`; none when the line with the user ids is missing (a cut or foreign file).
pub(super) fn parse_status(bytes: &[u8]) -> Option<Status> {
    let mut status = Status::default();
    let mut has_uids = false;
    // The first line is the name: skipped whatever it holds.
    for line in bytes.split(|b| *b == b'\n').skip(1) {
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key {
            "PPid" => status.ppid = value.parse().unwrap_or(0),
            "Uid" => {
                let uids: Vec<u32> = value.split_ascii_whitespace().filter_map(|uid| uid.parse().ok()).collect();
                status.uids = uids.try_into().ok()?;
                has_uids = true;
            }
            "NSpid" => status.ns_pids = value.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect(),
            "Threads" => status.threads = value.parse().unwrap_or(0),
            "VmRSS" => status.rss_bytes = kib(value),
            "CapInh" => status.caps.inheritable = mask(value),
            "CapPrm" => status.caps.permitted = mask(value),
            "CapEff" => status.caps.effective = mask(value),
            "CapBnd" => status.caps.bounding = mask(value),
            "CapAmb" => status.caps.ambient = mask(value),
            "NoNewPrivs" => status.no_new_privs = Some(value == "1"),
            "Seccomp" => status.seccomp = value.parse().ok(),
            _ => {}
        }
    }
    has_uids.then_some(status)
}

fn mask(hex: &str) -> u64 {
    u64::from_str_radix(hex, 16).unwrap_or(0)
}

fn kib(value: &str) -> u64 {
    let number = value.split_ascii_whitespace().next().and_then(|n| n.parse::<u64>().ok());
    number.unwrap_or(0).saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn k12_a_name_with_brackets_and_broken_text_shifts_no_field() {
        let stat = parse_stat(b"12 (a) R 1 \xff) S 7 1 1 0 -1 0 0 0 0 0 30 12 0 0 20 0 1 0 991 0 0\n").expect("parses");
        assert_eq!(stat.comm, b"a) R 1 \xff");
        assert_eq!((stat.state, stat.ppid, stat.cpu_ticks, stat.start_ticks), ('S', 7, 42, 991));
    }

    #[test]
    fn k12_a_name_is_not_taken_for_a_field() {
        let status = parse_status(
            b"Name:\tUid:\t9\xff\nPPid:\t3\nUid:\t1000\t1000\t1000\t1000\nNSpid:\t812\t1\n\
            CapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\nVmRSS:\t  12 kB\nThreads:\t4\n",
        )
        .expect("parses");
        assert_eq!(status.uids, [1000; 4]);
        assert_eq!(status.ns_pids, [812, 1]);
        assert_eq!(status.caps.bounding, 0xa804_25fb);
        assert_eq!((status.no_new_privs, status.seccomp), (Some(false), Some(2)));
        assert_eq!((status.rss_bytes, status.threads, status.ppid), (12_288, 4, 3));
    }

    #[test]
    fn a_cut_file_is_no_process_with_uid_0() {
        assert_eq!(parse_status(b"Name:\tsh\nPPid:\t3\n"), None);
        assert_eq!(parse_status(b""), None);
        assert_eq!(parse_stat(b""), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = parse_stat(&bytes);
            let _ = parse_status(&bytes);
        }
    }
}
