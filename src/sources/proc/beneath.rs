//! Small files beneath a container's root, read so that the container can neither make us read a file of the host,
//! nor wait, nor read much.
//!
//! The path is resolved by the kernel with the container's root as the root (openat2 with `RESOLVE_IN_ROOT`), first
//! without opening anything (`O_PATH`), so that a FIFO or a device is recognised before it is touched.

use super::ProcRoot;
use super::files::{LIFT_PTRACE, process_gap};
use crate::model::{Fact, Gap, GapKind, Pid, SmallFile};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{SFlag, fstat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, SYSFS_MAGIC, fstatfs};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

/// Largest file that is shown, bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads a plain file as a process sees it; `path` is absolute in the process's root.
pub(super) fn small_file(root: &ProcRoot, pid: Pid, path: &str) -> SmallFile {
    read(root, pid, path).map_or_else(Fact::gap, |bytes| Fact::Known(super::process::lossy(&bytes)))
}

fn read(root: &ProcRoot, pid: Pid, path: &str) -> Result<Vec<u8>, Gap> {
    let top = root.of(pid, "root");
    let directory = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC).bits())
        .open(&top)
        .map_err(|error| process_gap(&top, &error))?;
    let name = format!("{} beneath {}", path, top.display());
    let located = locate(&directory, path, &name)?;
    require_plain(&located, &name)?;
    // Opening the descriptor again through procfs opens exactly the file that was looked at. The real procfs is meant,
    // whatever the root is.
    let again = format!("/proc/self/fd/{}", located.as_raw_fd());
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).bits())
        .open(again)
        .map_err(|error| Gap::from_io("open", &name, &error))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Gap::from_io("read", &name, &error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Gap::new(GapKind::Unsupported, format!("read {name}: larger than 64 KiB")));
    }
    Ok(bytes)
}

fn locate(directory: &File, path: &str, name: &str) -> Result<OwnedFd, Gap> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(directory, path, how).map_err(|errno| match errno {
        Errno::ENOSYS => Gap::new(GapKind::Unsupported, format!("open {name}: this kernel has no openat2"))
            .lifted_by("Linux 5.6 or newer"),
        Errno::ENOENT => Gap::new(GapKind::Unsupported, format!("open {name}: there is no such file")),
        Errno::EACCES | Errno::EPERM => {
            Gap::new(GapKind::Permission, format!("open {name}: {}", errno.desc())).lifted_by(LIFT_PTRACE)
        }
        _ => Gap::new(GapKind::Unsupported, format!("open {name}: {}", errno.desc())),
    })
}

/// Refuses all but regular files of bounded size on a file system that keeps files.
fn require_plain(file: &OwnedFd, name: &str) -> Result<(), Gap> {
    let stat = fstat(file).map_err(|errno| Gap::from_io("stat", name, &errno.into()))?;
    let is_regular = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFREG;
    let magic = fstatfs(file).map_err(|errno| Gap::from_io("stat", name, &errno.into()))?.filesystem_type();
    // A link into procfs or sysfs leads to kernel files, some of which wait or speak of the host.
    if !is_regular || magic == PROC_SUPER_MAGIC || magic == SYSFS_MAGIC {
        return Err(Gap::new(GapKind::Unsupported, format!("read {name}: not a plain file")));
    }
    if u64::try_from(stat.st_size).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(Gap::new(GapKind::Unsupported, format!("read {name}: larger than 64 KiB")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;
    use nix::sys::stat::Mode;

    fn reason(host: &Fixture, path: &str) -> String {
        let fact = small_file(&host.root(), Pid(7), path);
        fact.why().expect("a gap").reason.clone()
    }

    #[test]
    fn k22_only_plain_files_beneath_the_root() {
        let host = Fixture::new();
        host.file("secret", "of the host")
            .file("proc/7/root/etc/hosts", "127.0.0.1 localhost\n")
            .file("proc/7/root/run/stub", "nameserver 127.0.0.53\n")
            .link("proc/7/root/etc/resolv.conf", "../../../../../run/stub")
            .link("proc/7/root/etc/up", "../../../../secret")
            .link("proc/7/root/etc/absolute", host.path("secret").to_str().expect("text"))
            .link("proc/7/root/etc/loop", "loop")
            .file("proc/7/root/etc/directory/x", "");
        nix::unistd::mkfifo(&host.path("proc/7/root/etc/fifo"), Mode::S_IRWXU).expect("a fifo");
        let huge = File::create(host.path("proc/7/root/etc/huge")).expect("a file");
        huge.set_len(10 << 30).expect("sparse");
        let _socket = std::os::unix::net::UnixListener::bind(host.path("proc/7/root/etc/socket")).expect("a socket");

        assert_eq!(small_file(&host.root(), Pid(7), "/etc/hosts"), Fact::Known("127.0.0.1 localhost\n".into()));
        // A link stays beneath the root, however many steps up it takes.
        assert_eq!(small_file(&host.root(), Pid(7), "/etc/resolv.conf"), Fact::Known("nameserver 127.0.0.53\n".into()));
        assert!(reason(&host, "/etc/up").contains("no such file"));
        assert!(reason(&host, "/etc/absolute").contains("no such file"));
        assert!(reason(&host, "/etc/fifo").contains("not a plain file"));
        assert!(reason(&host, "/etc/socket").contains("not a plain file"));
        assert!(reason(&host, "/etc/directory").contains("not a plain file"));
        assert!(reason(&host, "/etc/huge").contains("larger than 64 KiB"));
        assert!(!reason(&host, "/etc/loop").is_empty());
        assert!(!reason(&host, "/etc/none").is_empty());
    }

    #[test]
    fn k22_kernel_files_are_not_plain() {
        let host = Fixture::new();
        host.link("proc/7/root", "/");
        assert!(reason(&host, "/proc/self/status").contains("not a plain file"));
        assert!(reason(&host, "/dev/zero").contains("not a plain file"));
    }
}
