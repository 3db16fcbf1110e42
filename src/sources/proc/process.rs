//! One process: its identity, name, command line, rights.
//!
//! Must not know which container it belongs to.

use super::files::{process_gap, read_head};
use super::status::{Stat, parse_stat, parse_status};
use super::{ProcRoot, namespaces};
use crate::model::{Fact, Gap, GapKind, NsKind, Pid, Process};
use crate::text::Outside;

/// Longest command line that is kept, bytes.
const CMDLINE_BYTES: usize = 4096;
/// Longest argument list that is read to find an option in it, bytes.
const ARGUMENT_BYTES: usize = 256 * 1024;
const FILE_BYTES: usize = 16 * 1024;

/// Start of a process in clock ticks since boot: with the pid, its identity.
///
/// # Errors
/// [`GapKind::Gone`] when there is no such process, [`GapKind::Permission`] under `hidepid`.
pub fn start_ticks(root: &ProcRoot, pid: Pid) -> Result<u64, Gap> {
    read_stat(root, pid).map(|stat| stat.start_ticks)
}

pub(super) fn read_stat(root: &ProcRoot, pid: Pid) -> Result<Stat, Gap> {
    let path = root.of(pid, "stat");
    let bytes = read_head(&path, FILE_BYTES).map_err(|error| process_gap(&path, &error))?;
    if bytes.is_empty() {
        return Err(Gap::new(GapKind::Gone, format!("read {}: the process ended", path.display())));
    }
    parse_stat(&bytes).ok_or_else(|| Gap::new(GapKind::Unparsable, format!("read {}: not understood", path.display())))
}

/// A process with all its facts.
///
/// # Errors
/// As [`start_ticks`]. A process that ends half-way is [`GapKind::Gone`].
pub fn process(root: &ProcRoot, pid: Pid) -> Result<Process, Gap> {
    let stat = read_stat(root, pid)?;
    let path = root.of(pid, "status");
    let bytes = read_head(&path, FILE_BYTES).map_err(|error| process_gap(&path, &error))?;
    let status = parse_status(&bytes)
        .ok_or_else(|| Gap::new(GapKind::Gone, format!("read {}: the process ended", path.display())))?;
    let directory = root.proc.join(pid.0.to_string());
    let namespace = |kind| namespaces::namespace(&directory, kind);
    Ok(Process {
        pid,
        ppid: Pid(stat.ppid),
        inner_pid: status.ns_pids.last().copied(),
        start_ticks: stat.start_ticks,
        comm: comm_of(root, pid, &stat),
        cmdline: cmdline(root, pid),
        state: stat.state,
        uids: status.uids,
        threads: status.threads,
        rss_bytes: status.rss_bytes,
        cpu_ticks: stat.cpu_ticks,
        caps: status.caps,
        no_new_privs: status.no_new_privs,
        seccomp: status.seccomp,
        net_ns: namespace(NsKind::Net),
        mnt_ns: namespace(NsKind::Mnt),
        pid_ns: namespace(NsKind::Pid),
        exe: exe(root, pid),
    })
}

/// What `/proc/PID/exe` points at, with the kernel's ` (deleted)` when the file is gone.
fn exe(root: &ProcRoot, pid: Pid) -> Fact<Outside> {
    let path = root.of(pid, "exe");
    match std::fs::read_link(&path) {
        Ok(target) => Fact::Known(lossy(target.as_os_str().as_encoded_bytes())),
        Err(error) => Fact::gap(process_gap(&path, &error)),
    }
}

/// The name of a process as it is. `stat` escapes line feeds and backslashes, so a name with a backslash is read
/// again from `comm`, which does not.
pub(super) fn comm_of(root: &ProcRoot, pid: Pid, stat: &Stat) -> Outside {
    if stat.comm.contains(&b'\\')
        && let Ok(bytes) = read_head(&root.of(pid, "comm"), 64)
    {
        return lossy(bytes.strip_suffix(b"\n").unwrap_or(&bytes));
    }
    lossy(&stat.comm)
}

/// The command line, arguments joined by spaces; empty for kernel threads, zombies and the dead.
fn cmdline(root: &ProcRoot, pid: Pid) -> Outside {
    let bytes = read_head(&root.of(pid, "cmdline"), CMDLINE_BYTES).unwrap_or_default();
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let joined: Vec<u8> = bytes[..end].iter().map(|b| if *b == 0 { b' ' } else { *b }).collect();
    lossy(&joined)
}

/// The arguments of a process, the program first.
///
/// # Errors
/// As [`start_ticks`].
pub fn arguments(root: &ProcRoot, pid: Pid) -> Result<Vec<Outside>, Gap> {
    let path = root.of(pid, "cmdline");
    let bytes = read_head(&path, ARGUMENT_BYTES).map_err(|error| process_gap(&path, &error))?;
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(bytes.split(|b| *b == 0).map(lossy).collect())
}

/// All process ids of this procfs, ascending.
///
/// # Errors
/// When the directory can't be listed.
pub fn all_pids(root: &ProcRoot) -> Result<Vec<Pid>, Gap> {
    let entries = std::fs::read_dir(&root.proc).map_err(|error| process_gap(&root.proc, &error))?;
    let mut pids: Vec<Pid> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid)).collect();
    pids.sort_unstable();
    Ok(pids)
}

/// Refuses a procfs that hides other users' processes: what is not found there need not be absent.
pub(super) fn require_whole(root: &ProcRoot) -> Result<(), Gap> {
    if root.of(Pid(1), "stat").exists() {
        return Ok(());
    }
    Err(Gap::new(GapKind::Permission, format!("{} hides other users' processes (hidepid)", root.proc.display()))
        .lifted_by(super::files::LIFT_PTRACE))
}

pub(super) fn lossy(bytes: &[u8]) -> Outside {
    Outside::shared(&String::from_utf8_lossy(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    #[test]
    fn k12_names_and_command_lines_of_any_bytes() {
        let host = Fixture::new();
        host.process(12, 1, b"a) R 1 \xff", &["sh", "-c", "a\nb"]);
        let seen = process(&host.root(), Pid(12)).expect("a process");
        assert_eq!(seen.comm, "a) R 1 \u{fffd}");
        assert_eq!(seen.cmdline, "sh -c a\nb");
        assert_eq!((seen.start_ticks, seen.cpu_ticks, seen.rss_bytes), (1012, 12, 2 << 20));
        host.process(13, 1, b"x", &[]).file("proc/13/cmdline", vec![b'a'; 2 << 20]);
        assert_eq!(process(&host.root(), Pid(13)).expect("a process").cmdline.raw().len(), CMDLINE_BYTES);
    }

    #[test]
    fn k12_a_line_feed_in_a_name_is_read_from_the_file_that_does_not_escape_it() {
        let host = Fixture::new();
        host.process(12, 1, b"a\\nb", &[]).file("proc/12/comm", b"a\nb\n");
        assert_eq!(process(&host.root(), Pid(12)).expect("a process").comm, "a\nb");
    }

    #[test]
    fn k11_a_process_that_ended_is_gone() {
        let host = Fixture::new();
        host.process(12, 1, b"x", &[]).file("proc/12/status", b"");
        assert_eq!(process(&host.root(), Pid(12)).expect_err("gone").kind, GapKind::Gone);
        assert_eq!(process(&host.root(), Pid(13)).expect_err("gone").kind, GapKind::Gone);
    }

    #[test]
    fn empty_arguments_are_kept() {
        let host = Fixture::new();
        host.process(12, 1, b"x", &["a", "", "b", ""]).process(13, 1, b"kthread", &[]);
        assert_eq!(arguments(&host.root(), Pid(12)).expect("arguments"), ["a", "", "b", ""].map(Outside::from));
        assert!(arguments(&host.root(), Pid(13)).expect("arguments").is_empty());
    }
}
