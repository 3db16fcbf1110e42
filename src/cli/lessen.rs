//! Giving up rights for the whole run: what `--read-only` promises is also kept by the kernel.
//!
//! Has to happen before the first thread is started, since capabilities belong to threads. Rights that are given up
//! are dropped from the bounding set too, where that is allowed, so that no program started later has them again.

use crate::live::Rules;
use caps::{CapSet, Capability, CapsHashSet};
use nix::sys::prctl;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// What reading needs: entering namespaces, other users' processes and files, and word of changes in other namespaces.
pub const READING: [Capability; 4] = [
    Capability::CAP_SYS_ADMIN,
    Capability::CAP_SYS_PTRACE,
    Capability::CAP_DAC_READ_SEARCH,
    Capability::CAP_NET_BROADCAST,
];

/// What reading the packet filter needs.
pub const RULES: [Capability; 1] = [Capability::CAP_NET_ADMIN];

/// A right could not be given up.
#[derive(Debug, thiserror::Error)]
#[error("--read-only: give up capabilities: {0}; nothing was started")]
pub struct NotLessened(String);

/// Gives up every right but those of [`READING`]. The packet filter is read by a child that keeps nothing but
/// [`RULES`], when we have them; it is answered.
///
/// # Errors
/// A right stays although it should not.
pub fn to_reading() -> Result<Rules, NotLessened> {
    let may_read_rules = caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_ADMIN).map_err(refused)?;
    // Without the child the rules are a gap that says why.
    let rules = may_read_rules
        .then(|| Rules::apart(Command::new("/proc/self/exe").arg0("bridgewatch").arg("read-rules")))
        .and_then(Result::ok)
        .unwrap_or_default();
    to(&READING)?;
    Ok(rules)
}

/// Gives up every right but these.
///
/// # Errors
/// A right stays although it should not.
pub fn to(kept: &[Capability]) -> Result<(), NotLessened> {
    let kept: CapsHashSet = kept.iter().copied().collect();
    let set = |which| -> Result<CapsHashSet, NotLessened> {
        Ok(caps::read(None, which).map_err(refused)?.intersection(&kept).copied().collect())
    };
    if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).map_err(refused)? {
        for other in caps::read(None, CapSet::Bounding).map_err(refused)?.difference(&kept) {
            caps::drop(None, CapSet::Bounding, *other).map_err(refused)?;
        }
    }
    prctl::set_no_new_privs().map_err(refused)?;
    // Kernels without ambient capabilities have none to give up.
    let _ = caps::clear(None, CapSet::Ambient);
    caps::clear(None, CapSet::Inheritable).map_err(refused)?;
    caps::set(None, CapSet::Effective, &set(CapSet::Effective)?).map_err(refused)?;
    caps::set(None, CapSet::Permitted, &set(CapSet::Permitted)?).map_err(refused)
}

fn refused(error: impl std::fmt::Display) -> NotLessened {
    NotLessened(error.to_string())
}
