//! Reading from within another network namespace, on a thread that ends afterwards.
//!
//! `/proc/sys/net` shows the namespace of the thread that reads it. A thread that has entered a foreign namespace is
//! never used again, so that nothing can be read from the wrong side by mistake. Must not know netlink.

use super::files::{kernel_gap, read_text};
use super::{ProcRoot, namespaces};
use crate::model::{Fact, Gap, GapKind, NsInode, NsKind, Pid};
use nix::sched::{CloneFlags, setns};
use std::path::Path;

/// `ip_forward` in the namespace of a process.
pub(super) fn ip_forward(root: &ProcRoot, pid: Pid, netns: NsInode) -> Fact<bool> {
    if !root.is_live() {
        return Fact::unknown(GapKind::NotRecorded, "values inside a namespace can only be read on a running host");
    }
    let own = namespaces::namespace(Path::new("/proc/thread-self"), NsKind::Net);
    let text = if own.get() == Some(netns) {
        read_ip_forward()
    } else {
        let path = root.of(pid, "ns/net");
        let thread = std::thread::Builder::new().name("netns".into()).spawn(move || {
            enter(&path, netns)?;
            read_ip_forward()
        });
        match thread.map(std::thread::JoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Gap::new(GapKind::Unsupported, "the thread that read inside the namespace failed")),
            Err(error) => Err(Gap::new(GapKind::Unsupported, format!("start a thread: {error}"))),
        }
    };
    text.map_or_else(Fact::gap, |text| Fact::Known(text != "0"))
}

fn read_ip_forward() -> Result<String, Gap> {
    let path = Path::new("/proc/sys/net/ipv4/ip_forward");
    read_text(path, 64).map_err(|error| kernel_gap(path, &error))
}

/// Enters a namespace and makes sure that it is the one that was meant.
fn enter(path: &Path, netns: NsInode) -> Result<(), Gap> {
    let file = std::fs::File::open(path).map_err(|error| super::files::process_gap(path, &error))?;
    setns(&file, CloneFlags::CLONE_NEWNET).map_err(|errno| {
        Gap::from_io("enter", &path.to_string_lossy(), &errno.into())
            .lifted_by("run as root or grant CAP_SYS_ADMIN in the namespace's owner")
    })?;
    match namespaces::namespace(Path::new("/proc/thread-self"), NsKind::Net).get() {
        Some(inode) if inode == netns => Ok(()),
        _ => Err(Gap::new(GapKind::Gone, format!("enter {}: it is another namespace by now", path.display()))),
    }
}
