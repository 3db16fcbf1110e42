//! Counters of the interfaces of one network namespace, from its `net/dev` file: the way to read them, at every
//! refresh, in a namespace that the routing socket for our own does not see.
//!
//! The file belongs to the namespace it was opened in and can be read from any thread. As long as it is open the
//! namespace lives, even when its last process has ended: a reader is to be dropped with its container. Must not
//! know containers, nor which interface has which index.

use super::files::process_gap;
use super::namespaces::namespace;
use super::{ProcRoot, inside};
use crate::model::{Gap, GapKind, LinkCounters, NsInode, NsKind, Pid};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// As many processes of a namespace are tried as a way in.
const WAYS: usize = 4;
/// The kernel hands out the rows of about one page per reading; a namespace with more rows than fit in this many
/// bytes is read to here.
const LONGEST: usize = 4 << 20;

/// The kept file of one namespace.
#[derive(Debug)]
pub struct NetDev {
    file: File,
}

impl NetDev {
    /// Opens the file of namespace `netns` by one of the processes in it, or, for one that no process is in, by
    /// entering it through one of the paths it is mounted at.
    ///
    /// # Errors
    /// [`GapKind::Gone`] when no way leads to this namespace any more, [`GapKind::Permission`] when it may not be
    /// entered, [`GapKind::NotRecorded`] on a root that is not the running host.
    pub fn open(root: &ProcRoot, netns: NsInode, processes: &[Pid], mounts: &[PathBuf]) -> Result<Self, Gap> {
        let mut failure = Gap::new(GapKind::Gone, format!("nothing leads into network namespace {netns} any more"));
        for pid in processes.iter().take(WAYS) {
            match by_process(root, netns, *pid) {
                Ok(file) => return Ok(NetDev { file }),
                Err(gap) => failure = gap,
            }
        }
        for path in mounts {
            match inside::at(root, path, netns, || open(Path::new("/proc/thread-self/net/dev"))) {
                Ok(file) => return Ok(NetDev { file }),
                Err(gap) => failure = gap,
            }
        }
        Err(failure)
    }

    /// Reads all rows into `buffer`, which is emptied first and kept for its capacity.
    ///
    /// # Errors
    /// What the kernel answers.
    pub fn read<'a>(&self, buffer: &'a mut Vec<u8>) -> std::io::Result<impl Iterator<Item = (&'a [u8], LinkCounters)>> {
        buffer.clear();
        let mut chunk = [0u8; 8192];
        while buffer.len() < LONGEST {
            match self.file.read_at(&mut chunk, buffer.len() as u64)? {
                0 => break,
                length => buffer.extend_from_slice(&chunk[..length]),
            }
        }
        Ok(parse(buffer))
    }
}

fn open(path: &Path) -> Result<File, Gap> {
    File::open(path).map_err(|error| process_gap(path, &error))
}

/// The pid may be another's by now: the namespace is looked at after the file was opened.
fn by_process(root: &ProcRoot, netns: NsInode, pid: Pid) -> Result<File, Gap> {
    let file = open(&root.of(pid, "net/dev"))?;
    match namespace(&root.proc.join(pid.0.to_string()), NsKind::Net).get() {
        Some(found) if found != netns => {
            Err(Gap::new(GapKind::Gone, format!("process {pid} is in network namespace {found} by now")))
        }
        _ => Ok(file),
    }
}

/// Rows `name: rx_bytes packets errs drop fifo frame compressed multicast tx_bytes packets errs drop …`, as
/// proc_pid_net(5) has them. `drop` holds what was missed for want of buffers, too.
fn parse(bytes: &[u8]) -> impl Iterator<Item = (&[u8], LinkCounters)> {
    bytes.split(|b| *b == b'\n').filter_map(|line| {
        // A name may hold a colon, the numbers don't.
        let colon = line.iter().rposition(|b| *b == b':')?;
        let mut fields = [0u64; 12];
        let mut words = line[colon + 1..].split(|b| *b == b' ').filter(|w| !w.is_empty());
        for field in &mut fields {
            *field = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        }
        let counters = LinkCounters {
            rx_bytes: fields[0],
            rx_packets: fields[1],
            rx_errors: fields[2],
            rx_dropped: fields[3],
            tx_bytes: fields[8],
            tx_packets: fields[9],
            tx_errors: fields[10],
            tx_dropped: fields[11],
        };
        Some((line[..colon].trim_ascii(), counters))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;
    use proptest::prelude::*;

    const TWO: &str = "Inter-|   Receive                            |  Transmit\n face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n  eth0:    1024      10    1    2    0     0          0         0      2048      20    3    4    0     0       0          0\n";

    #[test]
    fn each_row_gives_its_own_side() {
        let rows: Vec<_> = parse(TWO.as_bytes()).collect();
        assert_eq!(rows.len(), 2);
        let eth0 = LinkCounters {
            rx_bytes: 1024,
            rx_packets: 10,
            rx_errors: 1,
            rx_dropped: 2,
            tx_bytes: 2048,
            tx_packets: 20,
            tx_errors: 3,
            tx_dropped: 4,
        };
        assert_eq!(rows[1], (&b"eth0"[..], eth0));
    }

    #[test]
    fn k06_a_process_that_is_elsewhere_by_now_is_no_way_in() {
        let host = Fixture::new();
        host.link("proc/7/ns/net", "net:[20]").file("proc/7/net/dev", TWO);
        let open = |netns| NetDev::open(&host.root(), NsInode(netns), &[Pid(7)], &[]);
        assert_eq!(open(10).expect_err("another").kind, GapKind::Gone);
        let mut buffer = Vec::new();
        assert_eq!(open(20).expect("it").read(&mut buffer).expect("rows").count(), 2);
    }

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&bytes).count();
        }
    }
}
