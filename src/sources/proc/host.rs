//! Facts about the host that rarely change, and what this process may read of it.
//!
//! Must not know the engine: the engine's parts of [`Host`] are left at "not read yet".

use super::cgroup_paths::{CgroupMounts, MOUNTINFO_BYTES};
use super::files::{kernel_gap, read_head, read_text};
use super::mountinfo::parse_mountinfo;
use super::namespaces::namespaces;
use super::status::parse_status;
use super::{ProcRoot, sysctls};
use crate::model::{Fact, Gap, GapKind, Host, MountInfo, Rights};
use crate::text::Outside;
use procfs::FromBufRead;

/// Reads all facts about the host.
pub fn host_facts(root: &ProcRoot) -> Host {
    let mounts = mounts(root);
    let kernel_word = |path: &str| read_text(&root.proc.join("sys/kernel").join(path), 256).unwrap_or_default();
    Host {
        name: kernel_word("hostname").into(),
        kernel: kernel_word("osrelease"),
        distribution: distribution(root),
        boot_id: kernel_word("random/boot_id"),
        cpus: cpus(root),
        memory_bytes: memory(root),
        cgroup_version: match &mounts {
            Ok(rows) => CgroupMounts::from_rows(rows, root).version(),
            Err(gap) => Fact::gap(gap.clone()),
        },
        rights: rights(root, mounts.as_deref().unwrap_or_default()),
        namespaces: namespaces(&root.proc.join("self")),
        init_namespaces: namespaces(&root.proc.join("1")),
        lsm: lsm(root),
        selinux_enforcing: read_text(&root.sys.join("fs/selinux/enforce"), 16).ok().map(|text| text == "1"),
        sysctls: sysctls::sysctls(root),
        ..Host::default()
    }
}

fn mounts(root: &ProcRoot) -> Result<Vec<MountInfo>, Gap> {
    let path = root.proc.join("self/mountinfo");
    let bytes = read_head(&path, MOUNTINFO_BYTES).map_err(|error| kernel_gap(&path, &error))?;
    Ok(parse_mountinfo(&bytes).0)
}

/// `PRETTY_NAME` of os-release(5).
fn distribution(root: &ProcRoot) -> Outside {
    let text = read_text(&root.etc.join("os-release"), 64 * 1024).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    value.trim_matches(['"', '\'']).into()
}

/// Online processors: the `cpuN` rows of `/proc/stat`, at least 1.
fn cpus(root: &ProcRoot) -> u32 {
    let text = read_text(&root.proc.join("stat"), 1 << 20).unwrap_or_default();
    let is_cpu =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    u32::try_from(text.lines().filter(is_cpu).count()).unwrap_or(u32::MAX).max(1)
}

/// `MemTotal`, bytes; 0 when `/proc/meminfo` can't be read.
fn memory(root: &ProcRoot) -> u64 {
    let bytes = read_head(&root.proc.join("meminfo"), 64 * 1024).unwrap_or_default();
    procfs::Meminfo::from_buf_read(bytes.as_slice()).map(|memory| memory.mem_total).unwrap_or(0)
}

fn rights(root: &ProcRoot, mounts: &[MountInfo]) -> Rights {
    let status = read_head(&root.proc.join("self/status"), 16 * 1024).ok().and_then(|bytes| parse_status(&bytes));
    let status = status.unwrap_or_default();
    let uid = status.uids[1];
    Rights { uid, user: user_name(root, uid), capabilities: status.caps.effective, hidepid: hidepid(mounts) }
}

/// The name of a user in `/etc/passwd`, else the number: a lookup over the network could hang.
fn user_name(root: &ProcRoot, uid: u32) -> Outside {
    let text = read_text(&root.etc.join("passwd"), 1 << 20).unwrap_or_default();
    let name = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    name.unwrap_or_else(|| uid.to_string()).into()
}

/// True when the mount of `/proc` hides other users' processes.
fn hidepid(mounts: &[MountInfo]) -> bool {
    let proc = mounts.iter().rev().find(|row| row.fstype == "proc" && row.mount_point == "/proc");
    let mut options = proc.into_iter().flat_map(|row| row.super_options.split(','));
    options.any(|word| word.strip_prefix("hidepid=").is_some_and(|value| !matches!(value, "0" | "off")))
}

/// Active security modules: the kernel's list, or, where securityfs is not mounted, what AppArmor and SELinux show of
/// themselves elsewhere.
fn lsm(root: &ProcRoot) -> Fact<Vec<String>> {
    let path = root.sys.join("kernel/security/lsm");
    match read_text(&path, 4096) {
        Ok(text) => return Fact::Known(text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Fact::gap(kernel_gap(&path, &error)),
    }
    if !root.sys.is_dir() {
        return Fact::unknown(GapKind::Unsupported, format!("{} is not mounted", root.sys.display()));
    }
    let mut active = Vec::new();
    let apparmor = read_text(&root.sys.join("module/apparmor/parameters/enabled"), 16);
    if apparmor.is_ok_and(|text| text == "Y") {
        active.push("apparmor".to_owned());
    }
    if root.sys.join("fs/selinux/enforce").exists() {
        active.push("selinux".to_owned());
    }
    Fact::Known(active)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CgroupVersion, NsInode, NsKind};
    use crate::sources::proc::fixture::Fixture;

    #[test]
    fn a_host_as_files() {
        let host = Fixture::new();
        host.file("proc/sys/kernel/hostname", "web-03\n")
            .file("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
            .file("proc/sys/kernel/random/boot_id", "b-1\n")
            .file("proc/stat", "cpu  1 2\ncpu0 1\ncpu1 1\nintr 5\n")
            .file(
                "proc/meminfo",
                "MemTotal:       1024 kB\nMemFree:        512 kB\nBuffers: 0 kB\nCached: 0 kB\n\
                SwapCached: 0 kB\nActive: 0 kB\nInactive: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\nDirty: 0 kB\n\
                Writeback: 0 kB\nMapped: 0 kB\nSlab: 0 kB\nCommitted_AS: 0 kB\nVmallocTotal: 0 kB\nVmallocUsed: 0 kB\n\
                VmallocChunk: 0 kB\n",
            )
            .file(
                "proc/self/mountinfo",
                "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
                22 27 0:21 / /proc rw - proc proc rw,hidepid=invisible\n",
            )
            .file("proc/self/status", "Name:\tx\nUid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000003000\n")
            .link("proc/self/ns/net", "net:[4026531840]")
            .file("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n")
            .file("etc/passwd", "root:x:0:0::/root:/bin/sh\nop:x:1000:1000::/home/op:/bin/sh\n")
            .file("sys/module/apparmor/parameters/enabled", "Y\n");
        let seen = host_facts(&host.root());
        assert_eq!(seen.name, "web-03");
        assert_eq!((seen.cpus, seen.memory_bytes), (2, 1 << 20));
        assert_eq!(seen.distribution, "Debian GNU/Linux 12");
        assert_eq!(seen.cgroup_version.get(), Some(CgroupVersion::V2));
        assert_eq!((seen.rights.uid, seen.rights.user.raw()), (1000, "op"));
        assert!(seen.rights.hidepid && seen.rights.has(12) && !seen.rights.has(21));
        assert_eq!(seen.namespaces[&NsKind::Net].get(), Some(NsInode(4_026_531_840)));
        assert_eq!(seen.lsm, Fact::Known(vec!["apparmor".to_owned()]));
        assert_eq!(seen.selinux_enforcing, None);
    }

    #[test]
    fn an_empty_root_is_full_of_gaps_and_does_not_panic() {
        let seen = host_facts(&Fixture::new().root());
        assert!(seen.cgroup_version.known().is_none() && seen.lsm.known().is_none());
        assert_eq!(seen.cpus, 1);
    }
}
