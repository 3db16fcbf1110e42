//! Which process holds a socket: the socket's inode among the descriptors of the processes that may hold it.
//!
//! Must not know which processes are candidates: for a container's namespace these are its own and the engine's
//! daemon (whose DNS server listens there), for the host's namespace all.

use super::ProcRoot;
use super::files::process_gap;
use super::process::{comm_of, read_stat};
use crate::model::{Fact, Gap, GapKind, Listener, Pid, ProcessRef};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who holds which socket, and whether all candidates could be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owners {
    found: BTreeMap<u64, ProcessRef>,
    gap: Option<Arc<Gap>>,
}

impl Owners {
    /// The holder of a socket. `Known(None)` only when every candidate was looked at.
    pub fn of(&self, inode: u64) -> Fact<Option<ProcessRef>> {
        match (self.found.get(&inode), &self.gap) {
            (Some(owner), _) => Fact::Known(Some(owner.clone())),
            (None, Some(gap)) => Fact::Unknown { unknown: gap.clone() },
            (None, None) => Fact::Known(None),
        }
    }
}

/// Looks for the holders of `inodes` among the candidates, in their order; the first that holds a socket is its owner.
/// A candidate that ended meanwhile holds nothing. Stops as soon as all are found.
pub fn owners(root: &ProcRoot, candidates: &[Pid], inodes: &BTreeSet<u64>) -> Owners {
    let mut owners = Owners::default();
    for pid in candidates {
        if owners.found.len() == inodes.len() {
            break;
        }
        if let Err(gap) = look(root, *pid, inodes, &mut owners.found)
            && gap.kind != GapKind::Gone
        {
            owners.gap.get_or_insert_with(|| Arc::new(gap));
        }
    }
    owners
}

fn look(root: &ProcRoot, pid: Pid, inodes: &BTreeSet<u64>, found: &mut BTreeMap<u64, ProcessRef>) -> Result<(), Gap> {
    let directory = root.of(pid, "fd");
    let entries = std::fs::read_dir(&directory).map_err(|error| process_gap(&directory, &error))?;
    let mut name = None;
    for entry in entries {
        // A descriptor that was closed meanwhile is no failure; a directory that can't be read on is one.
        let entry = entry.map_err(|error| process_gap(&directory, &error))?;
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        let Some(inode) = target.to_str().and_then(socket_inode).filter(|inode| inodes.contains(inode)) else {
            continue;
        };
        if found.contains_key(&inode) {
            continue;
        }
        if name.is_none() {
            name = Some(comm_of(root, pid, &read_stat(root, pid)?));
        }
        let process = name.clone().unwrap_or_default();
        found.insert(inode, ProcessRef { pid, process });
    }
    Ok(())
}

fn socket_inode(target: &str) -> Option<u64> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Sets the owner of each listener from one walk over the candidates.
pub fn assign_owners(root: &ProcRoot, candidates: &[Pid], listeners: &mut [Listener]) {
    let inodes = listeners.iter().map(|listener| listener.inode).collect();
    let owners = owners(root, candidates, &inodes);
    for listener in listeners {
        listener.owner = owners.of(listener.inode);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::proc::fixture::Fixture;

    #[test]
    fn k14_a_socket_of_the_daemon_in_a_container_is_the_daemons() {
        let host = Fixture::new();
        host.process(7, 1, b"nginx", &[])
            .link("proc/7/fd/3", "socket:[50]")
            .process(9, 1, b"dockerd", &[])
            .link("proc/9/fd/12", "socket:[51]")
            .link("proc/9/fd/13", "/dev/null");
        let owners = owners(&host.root(), &[Pid(7), Pid(9), Pid(11)], &BTreeSet::from([50, 51, 52]));
        let name = |inode| owners.of(inode).known().cloned().flatten().map(|owner| owner.process);
        assert_eq!(name(50), Some("nginx".into()));
        assert_eq!(name(51), Some("dockerd".into()));
        // Process 11 has ended: nobody holds the third.
        assert_eq!(owners.of(52), Fact::Known(None));
    }

    #[test]
    fn k01_an_unreadable_candidate_makes_the_rest_unknown() {
        let host = Fixture::new();
        host.process(7, 1, b"nginx", &[]).link("proc/7/fd/3", "socket:[50]").file("proc/8/fd", "not a directory");
        let owners = owners(&host.root(), &[Pid(7), Pid(8)], &BTreeSet::from([50, 51]));
        assert!(owners.of(50).known().is_some());
        assert!(owners.of(51).known().is_none());
    }
}
