//! Reading from within another network namespace, on a thread that ends afterwards.
//!
//! `/proc/sys/net` and netlink sockets show the namespace of the thread that opens them. A thread that has entered a
//! foreign namespace is never used again, so that nothing can be read from the wrong side by mistake. Must not know
//! what is read.

use super::files::{kernel_gap, process_gap, read_text};
use super::{ProcRoot, namespaces};
use crate::model::{Fact, Gap, GapKind, NsInode, NsKind, Pid};
use nix::sched::{CloneFlags, setns};
use std::path::Path;

/// Does `work` in the network namespace `netns`, entered through process `pid`; without a detour when it is our own.
///
/// # Errors
/// [`GapKind::NotRecorded`] on a root that is not the running host, [`GapKind::Permission`] when the namespace may
/// not be entered, [`GapKind::Gone`] when the process is in another one by now, and those of `work`.
pub(super) fn within<T: Send>(
    root: &ProcRoot,
    pid: Option<Pid>,
    netns: NsInode,
    work: impl FnOnce() -> Result<T, Gap> + Send,
) -> Result<T, Gap> {
    if !root.is_live() {
        return Err(not_live());
    }
    if own() == Some(netns) {
        return work();
    }
    let Some(pid) = pid else {
        return Err(Gap::new(GapKind::Gone, format!("this is not network namespace {netns} any more")));
    };
    at(root, &root.of(pid, "ns/net"), netns, work)
}

/// Does `work` in the network namespace `netns`, entered by `path`: a file of a process or one that it is mounted on.
///
/// # Errors
/// As [`within`].
pub(super) fn at<T: Send>(
    root: &ProcRoot,
    path: &Path,
    netns: NsInode,
    work: impl FnOnce() -> Result<T, Gap> + Send,
) -> Result<T, Gap> {
    if !root.is_live() {
        return Err(not_live());
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".into()).spawn_scoped(scope, || {
            enter(path, netns)?;
            work()
        });
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Gap::new(GapKind::Unsupported, "the thread that read inside the namespace failed")),
            Err(error) => Err(Gap::new(GapKind::Unsupported, format!("start a thread: {error}"))),
        }
    })
}

fn not_live() -> Gap {
    Gap::new(GapKind::NotRecorded, "what is inside a namespace can only be read on a running host")
}

fn own() -> Option<NsInode> {
    namespaces::namespace(Path::new("/proc/thread-self"), NsKind::Net).get()
}

/// Enters a namespace and makes sure that it is the one that was meant.
fn enter(path: &Path, netns: NsInode) -> Result<(), Gap> {
    let file = std::fs::File::open(path).map_err(|error| process_gap(path, &error))?;
    setns(&file, CloneFlags::CLONE_NEWNET).map_err(|errno| {
        Gap::from_io("enter", &path.to_string_lossy(), &errno.into())
            .lifted_by("run as root or grant CAP_SYS_ADMIN in the namespace's owner")
    })?;
    if own() == Some(netns) {
        return Ok(());
    }
    Err(Gap::new(GapKind::Gone, format!("enter {}: it is another namespace by now", path.display())))
}

/// `ip_forward` in the namespace of a process.
pub(super) fn ip_forward(root: &ProcRoot, pid: Pid, netns: NsInode) -> Fact<bool> {
    let text = within(root, Some(pid), netns, || {
        let path = Path::new("/proc/sys/net/ipv4/ip_forward");
        read_text(path, 64).map_err(|error| kernel_gap(path, &error))
    });
    text.map_or_else(Fact::gap, |text| Fact::Known(text != "0"))
}
