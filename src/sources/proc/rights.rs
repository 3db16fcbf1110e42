//! Files that say what the main process of a container may do: user mapping, security label, limits of resources.
//!
//! Must not know whether a value is good.

use super::ProcRoot;
use super::files::{process_gap, read_head};
use crate::model::{Fact, Gap, GapKind, Pid, Rlimits};
use crate::text::{Outside, Shared};
use std::sync::Arc;

/// Rows of `uid_map`: (inside, outside, count).
pub(super) fn uid_map(root: &ProcRoot, pid: Pid) -> Fact<Vec<(u32, u32, u32)>> {
    let path = root.of(pid, "uid_map");
    let bytes = match read_head(&path, 64 * 1024) {
        Ok(bytes) => bytes,
        Err(error) => return Fact::gap(process_gap(&path, &error)),
    };
    let row = |line: &str| {
        let numbers: Vec<u32> = line.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect();
        if let [inside, outside, count] = numbers[..] { Some((inside, outside, count)) } else { None }
    };
    Fact::Known(String::from_utf8_lossy(&bytes).lines().filter_map(row).collect())
}

/// The label that a security module gave the process.
pub(super) fn lsm_label(root: &ProcRoot, pid: Pid) -> Fact<Outside> {
    let mut failure: Option<Gap> = None;
    for file in ["attr/apparmor/current", "attr/current"] {
        let path = root.of(pid, file);
        match read_head(&path, 4096) {
            Ok(bytes) => {
                let end = bytes.iter().rposition(|b| !matches!(b, 0 | b'\n')).map_or(0, |last| last + 1);
                return Fact::Known(super::process::lossy(&bytes[..end]));
            }
            // EINVAL (22): no security module answers for processes.
            Err(error) if error.raw_os_error() == Some(22) || error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => failure = failure.or(Some(process_gap(&path, &error))),
        }
    }
    match failure {
        Some(gap) => Fact::gap(gap),
        None => Fact::unknown(GapKind::Unsupported, "no LSM is active"),
    }
}

/// Rows of `/proc/PID/limits` by the kernel's name (`Max open files`): (soft, hard), none is unlimited.
pub(super) fn rlimits(root: &ProcRoot, pid: Pid) -> Fact<Arc<Rlimits>> {
    let path = root.of(pid, "limits");
    match read_head(&path, 64 * 1024) {
        Ok(bytes) => Fact::Known(Arc::new(parse_limits(&String::from_utf8_lossy(&bytes)))),
        Err(error) => Fact::gap(process_gap(&path, &error)),
    }
}

/// The columns have fixed places: name 0–25, soft 26–46, hard 47–67.
fn parse_limits(text: &str) -> Rlimits {
    let value = |word: &str| if word == "unlimited" { Some(None) } else { word.parse().ok().map(Some) };
    let row = |line: &str| {
        let name = Shared::from(line.get(..26)?.trim());
        let mut words = line.get(26..)?.split_ascii_whitespace();
        Some((name, (value(words.next()?)?, value(words.next()?)?)))
    };
    text.lines().skip(1).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    #[test]
    fn limits_by_name() {
        let seen = parse_limits(
            "Limit                     Soft Limit           Hard Limit           Units     \n\
             Max cpu time              unlimited            unlimited            seconds   \n\
             Max open files            1024                 524288               files     \n\
             Max nice priority         0                    0                    \n",
        );
        assert_eq!(seen["Max open files"], (Some(1024), Some(524_288)));
        assert_eq!(seen["Max cpu time"], (None, None));
        assert_eq!(seen["Max nice priority"], (Some(0), Some(0)));
    }

    #[test]
    fn labels_and_maps() {
        let host = Fixture::new();
        host.file("proc/7/attr/current", "docker-default (enforce)\n").file("proc/7/uid_map", "  0 100000 65536\n");
        assert_eq!(lsm_label(&host.root(), Pid(7)), Fact::Known("docker-default (enforce)".into()));
        assert_eq!(uid_map(&host.root(), Pid(7)), Fact::Known(vec![(0, 100_000, 65_536)]));
        assert_eq!(lsm_label(&host.root(), Pid(8)).why().map(|gap| gap.kind), Some(GapKind::Unsupported));
    }
}
