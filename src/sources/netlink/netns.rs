//! Which network namespaces the host has: those of its processes and those that a mount keeps alive.
//!
//! One look at `/proc/*/ns/net` and one at the mount table. A namespace that only an open descriptor keeps alive is
//! not found, nor one that a single thread is in. Entries that vanish meanwhile are no error. Knows no interface.

use super::NetlinkError;
use crate::model::{Fact, Gap, GapKind, NsInode, Pid};
use crate::text::Outside;
use nix::libc::{EACCES, EPERM};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// As many processes of a namespace are named; the rest is counted.
const NAMED_PROCESSES: usize = 64;
/// As many processes are tried as a way into a namespace that no mount leads to.
const WAYS: usize = 4;

/// A namespace and the ways into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub inode: NsInode,
    /// Paths of nsfs mounts on it, sorted.
    pub names: Vec<Outside>,
    /// The first processes in it.
    pub pids: Vec<Pid>,
    pub count: u32,
}

impl Found {
    /// One that nothing is known of yet.
    pub fn new(inode: NsInode) -> Self {
        Found { inode, names: Vec::new(), pids: Vec::new(), count: 0 }
    }

    /// Opens it by the first way that still leads to this inode: a pid or a path may be someone else's by now.
    ///
    /// # Errors
    /// The error of the last way that did not open; that there is none when all led elsewhere.
    pub fn open(&self) -> Result<File, NetlinkError> {
        let mounts = self.names.iter().map(|name| PathBuf::from(name.raw()));
        let processes = self.pids.iter().take(WAYS).map(|pid| PathBuf::from(format!("/proc/{pid}/ns/net")));
        let mut failure = NetlinkError::NoWayIn { inode: self.inode.0 };
        for path in mounts.chain(processes) {
            match open_at_once(&path).and_then(|file| Ok((file.metadata()?.ino(), file))) {
                Ok((inode, file)) if inode == self.inode.0 => return Ok(file),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => failure = NetlinkError::system("open a network namespace", error),
            }
        }
        Err(failure)
    }
}

/// Opens without ever waiting, whatever took the place of the path meanwhile.
fn open_at_once(path: &Path) -> io::Result<File> {
    std::fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)
}

/// All namespaces that were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Discovery {
    /// Sorted by inode.
    pub found: Vec<Found>,
    /// That of process 1.
    pub init: Option<NsInode>,
    /// Why the processes of a namespace, and so also some namespaces, may be missing.
    pub hidden: Option<std::sync::Arc<Gap>>,
}

impl Discovery {
    pub fn get(&self, inode: NsInode) -> Option<&Found> {
        self.found.binary_search_by_key(&inode, |found| found.inode).ok().map(|n| &self.found[n])
    }

    /// Processes of a namespace, and how many there are. Those that were seen are in it even where others hide, but
    /// their number is then unknown, and seeing none is not knowing that there is none.
    pub fn processes(&self, found: &Found) -> (Fact<Vec<Pid>>, Fact<u32>) {
        match &self.hidden {
            None => (Fact::Known(found.pids.clone()), Fact::Known(found.count)),
            Some(gap) if found.pids.is_empty() => {
                (Fact::Unknown { unknown: gap.clone() }, Fact::Unknown { unknown: gap.clone() })
            }
            Some(gap) => (Fact::Known(found.pids.clone()), Fact::Unknown { unknown: gap.clone() }),
        }
    }
}

/// The namespace that the calling thread is in.
///
/// # Errors
/// When `/proc` can't be read.
pub(crate) fn of_this_thread() -> Result<NsInode, NetlinkError> {
    const OPERATION: &str = "read /proc/thread-self/ns/net";
    let target =
        std::fs::read_link("/proc/thread-self/ns/net").map_err(|error| NetlinkError::system(OPERATION, error))?;
    target
        .to_str()
        .and_then(inode_of_link)
        .ok_or_else(|| NetlinkError::system(OPERATION, io::Error::from(io::ErrorKind::InvalidData)))
}

/// Looks at every process under `proc` (`/proc`) and at the mount table of this process.
pub(crate) fn discover(proc: &Path) -> Discovery {
    let mut found = BTreeMap::new();
    let mut discovery = Discovery::default();
    scan_processes(proc, &mut found, &mut discovery);
    if let Ok(table) = std::fs::read_to_string(proc.join("self/mountinfo")) {
        for (inode, name) in table.lines().filter_map(parse_mount) {
            found.entry(inode).or_insert_with(|| Found::new(inode)).names.push(name);
        }
    }
    discovery.found = found.into_values().collect();
    for one in &mut discovery.found {
        one.names.sort();
        one.names.dedup();
        one.pids.sort();
    }
    discovery
}

fn scan_processes(proc: &Path, found: &mut BTreeMap<NsInode, Found>, discovery: &mut Discovery) {
    let entries = match std::fs::read_dir(proc) {
        Ok(entries) => entries,
        Err(error) => {
            discovery.hidden = Some(Gap::from_io("list", &proc.to_string_lossy(), &error).into());
            return;
        }
    };
    let (mut refused, mut seen, mut saw_first) = (None, 0u32, false);
    let mut refusals = 0u32;
    for pid in entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok()).map(Pid) {
        saw_first |= pid == Pid(1);
        seen += 1;
        let path = proc.join(format!("{pid}/ns/net"));
        match std::fs::read_link(&path) {
            Ok(target) => {
                let Some(inode) = target.to_str().and_then(inode_of_link) else { continue };
                let one = found.entry(inode).or_insert_with(|| Found::new(inode));
                one.count += 1;
                if one.pids.len() < NAMED_PROCESSES {
                    one.pids.push(pid);
                }
                if pid == Pid(1) {
                    discovery.init = Some(inode);
                }
            }
            Err(error) if matches!(error.raw_os_error(), Some(EACCES | EPERM)) => {
                refusals += 1;
                refused.get_or_insert((path, error));
            }
            // Gone between the listing and the look, or a zombie.
            Err(_) => {}
        }
    }
    discovery.hidden = match refused {
        Some((path, error)) => Some(format!(
            "{refusals} of {seen} processes hide their network namespace, e.g. read {}: {error}",
            path.display()
        )),
        None if !saw_first => Some("processes of other users are hidden (hidepid)".to_owned()),
        None => None,
    }
    .map(|reason| Gap::new(GapKind::Permission, reason).lifted_by("run as root or grant CAP_SYS_PTRACE").into());
}

/// `net:[4026531840]`, as the kernel names a namespace in links and mounts.
fn inode_of_link(text: &str) -> Option<NsInode> {
    text.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok().map(NsInode)
}

/// A line of `/proc/PID/mountinfo` that mounts a network namespace: its inode (from the root field) and where. The
/// format is in `Documentation/filesystems/proc.rst`, section 3.5.
fn parse_mount(line: &str) -> Option<(NsInode, Outside)> {
    let (mount, filesystem) = line.split_once(" - ")?;
    if filesystem.split(' ').next()? != "nsfs" {
        return None;
    }
    let mut fields = mount.split(' ').skip(3);
    let inode = inode_of_link(fields.next()?)?;
    Some((inode, Outside::from(unescape(fields.next()?))))
}

/// Space, tab, newline and backslash stand as `\040` and so on in mount tables.
fn unescape(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped =
            tail.get(..3).and_then(|d| std::str::from_utf8(d).ok()).and_then(|d| u8::from_str_radix(d, 8).ok());
        match escaped {
            Some(real) if byte == b'\\' => {
                bytes.push(real);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_mount_of_a_namespace_gives_inode_and_path() {
        let line = r"2102 26 0:4 net:[4026532281] /run/netns/a\040b rw shared:997 - nsfs nsfs rw";
        assert_eq!(parse_mount(line), Some((NsInode(4_026_532_281), Outside::from("/run/netns/a b"))));
        assert_eq!(parse_mount("30 26 0:4 mnt:[4026532281] /x rw - nsfs nsfs rw"), None);
        assert_eq!(parse_mount("30 26 0:4 / /run rw,nosuid - tmpfs tmpfs rw"), None);
    }

    fn fake_process(proc: &Path, pid: &str, net: &str) {
        let ns = proc.join(pid).join("ns");
        std::fs::create_dir_all(&ns).expect("mkdir");
        std::os::unix::fs::symlink(net, ns.join("net")).expect("symlink");
    }

    #[test]
    fn k13_processes_that_share_a_namespace_are_one_namespace() {
        let proc = tempfile::tempdir().expect("tempdir");
        fake_process(proc.path(), "1", "net:[10]");
        fake_process(proc.path(), "7", "net:[20]");
        fake_process(proc.path(), "8", "net:[20]");
        // K11: a process that was listed and is gone.
        std::fs::create_dir(proc.path().join("9")).expect("mkdir");
        let discovery = discover(proc.path());
        assert_eq!(discovery.init, Some(NsInode(10)));
        assert_eq!(discovery.hidden, None);
        assert_eq!(discovery.get(NsInode(20)).map(|f| (f.pids.clone(), f.count)), Some((vec![Pid(7), Pid(8)], 2)));
        assert_eq!(discovery.found.len(), 2);
    }

    #[test]
    fn where_processes_hide_their_number_is_unknown_and_none_seen_is_not_none() {
        let proc = tempfile::tempdir().expect("tempdir");
        fake_process(proc.path(), "500", "net:[10]");
        let discovery = discover(proc.path());
        let (pids, count) = discovery.processes(&discovery.found[0]);
        assert_eq!(pids.known(), Some(&vec![Pid(500)]));
        assert_eq!(count.why().map(|gap| gap.kind), Some(GapKind::Permission));
        let (pids, _) = discovery.processes(&Found::new(NsInode(20)));
        assert_eq!(pids.why().map(|gap| gap.kind), Some(GapKind::Permission));
    }

    #[test]
    fn k06_a_way_that_leads_to_another_namespace_is_not_taken() {
        let ours = of_this_thread().expect("ours");
        let mut found = Found::new(NsInode(ours.0 + 1));
        found.pids.push(Pid(std::process::id().cast_signed()));
        assert!(matches!(found.open(), Err(NetlinkError::NoWayIn { .. })));
        found.inode = ours;
        assert!(found.open().is_ok());
    }

    proptest! {
        #[test]
        fn never_panics_on_any_line(line in ".{0,200}") {
            let _ = (parse_mount(&line), inode_of_link(&line), unescape(&line));
        }
    }
}
