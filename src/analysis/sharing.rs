//! Namespaces: which a container has of its own, which are the host's, and which it shares with whom.
//!
//! "The host's" is, for each kind by itself: process 1's namespace; where that can't be read (a user without rights, a
//! sandbox whose first process lets nobody look), the one bridgewatch runs in, which is right for a console that is
//! started on the host and not in a container; for the network also the engine daemon's, because there are the
//! bridges and ports. Where none of these is known, the engine's configuration is believed, and nothing else.

use super::scope;
use crate::model::{Container, ContainerId, Fact, GapKind, NetworkMode, NsInode, NsKind, Snapshot};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeMap;

/// One namespace of one container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Its inode.
    pub inode: Fact<NsInode>,
    /// It is the host's: process 1's, or ours where that one can't be read, or for the network: the engine's. None
    /// when neither the kernel nor the engine's word tells.
    pub is_host: Option<bool>,
    /// Other containers in it. Empty for the host's own namespaces: there it would name everything that is on the
    /// host as well.
    pub with: Vec<ContainerId>,
}

/// A row of the matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharingRow {
    /// The container.
    pub container: ContainerId,
    /// Its name.
    pub name: Outside,
    /// By kind.
    pub namespaces: BTreeMap<NsKind, Share>,
}

/// Containers with processes × kinds of namespace, in order of container names.
pub fn build(snapshot: &Snapshot) -> Vec<SharingRow> {
    let mut members: BTreeMap<(NsKind, NsInode), Vec<&ContainerId>> = BTreeMap::new();
    for (id, facts) in snapshot.kernel.iter() {
        for (kind, inode) in &facts.namespaces {
            if let Some(inode) = inode.get() {
                members.entry((*kind, inode)).or_default().push(id);
            }
        }
    }
    let alive = snapshot.containers.iter().filter(|c| scope::is_alive(snapshot, c));
    let mut rows: Vec<SharingRow> = alive
        .map(|container| {
            let shares = NsKind::ALL.map(|kind| (kind, share(snapshot, container, kind, &members)));
            SharingRow { container: container.id.clone(), name: container.name.clone(), namespaces: shares.into() }
        })
        .collect();
    rows.sort_by(|a, b| (&a.name, &a.container).cmp(&(&b.name, &b.container)));
    rows
}

fn share(
    snapshot: &Snapshot,
    container: &Container,
    kind: NsKind,
    members: &BTreeMap<(NsKind, NsInode), Vec<&ContainerId>>,
) -> Share {
    let inode = match snapshot.kernel_of(&container.id).map(|k| k.namespaces.get(&kind)) {
        Some(Some(fact)) => fact.clone(),
        Some(None) => Fact::unknown(GapKind::Unsupported, format!("this kernel shows no {} namespace", kind.as_str())),
        None => Fact::unknown(GapKind::NotYet, "the kernel's side of this container has not been read"),
    };
    let is_host = match inode.get() {
        Some(inode) => is_the_hosts(snapshot, kind, inode),
        None => None,
    };
    let is_host = is_host.or_else(|| said_to_be_the_hosts(container, kind).then_some(true));
    let with = match (inode.get(), is_host) {
        (_, Some(true)) | (None, _) => Vec::new(),
        (Some(inode), _) => {
            let group = members.get(&(kind, inode)).into_iter().flatten();
            group.filter(|other| ***other != container.id).map(|id| (*id).clone()).collect()
        }
    };
    Share { inode, is_host, with }
}

fn is_the_hosts(snapshot: &Snapshot, kind: NsKind, inode: NsInode) -> Option<bool> {
    let engines = (kind == NsKind::Net).then(|| scope::daemon_netns(snapshot)).flatten();
    if engines == Some(inode) {
        return Some(true);
    }
    let of = |namespaces: &crate::model::Namespaces| namespaces.get(&kind).and_then(|f| f.get());
    of(&snapshot.host.init_namespaces).or_else(|| of(&snapshot.host.namespaces)).map(|host| host == inode)
}

/// The engine's word, for when the kernel can't be asked.
fn said_to_be_the_hosts(container: &Container, kind: NsKind) -> bool {
    let Some(config) = container.config.known() else {
        return kind == NsKind::Net && container.network_mode == NetworkMode::Host;
    };
    match kind {
        NsKind::Net => container.network_mode == NetworkMode::Host,
        NsKind::Pid => config.pid_mode == "host",
        NsKind::Ipc => config.ipc_mode == "host",
        NsKind::Uts => config.uts_mode == "host",
        NsKind::User => config.userns_mode == "host",
        NsKind::Cgroup => config.cgroupns_mode == "host",
        NsKind::Mnt | NsKind::Time => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{HOST, every_mode};

    fn named<'a>(rows: &'a [SharingRow], name: &str) -> &'a SharingRow {
        rows.iter().find(|r| r.name == name).expect("a row")
    }

    #[test]
    fn t08_sharing_is_seen_from_both_sides() {
        let rows = build(&every_mode().snapshot());
        let (web, sidecar) = (named(&rows, "web"), named(&rows, "sidecar"));
        assert_eq!(web.namespaces[&NsKind::Net].with, std::slice::from_ref(&sidecar.container));
        assert_eq!(sidecar.namespaces[&NsKind::Net].with, std::slice::from_ref(&web.container));
        assert_eq!(web.namespaces[&NsKind::Net].is_host, Some(false));
        assert_eq!(named(&rows, "agent").namespaces[&NsKind::Net].is_host, Some(true));
    }

    #[test]
    fn where_nothing_of_the_host_can_be_read_only_the_engines_word_counts() {
        let mut lab = every_mode();
        lab.host.init_namespaces.clear();
        assert_eq!(named(&build(&lab.snapshot()), "web").namespaces[&NsKind::Net].is_host, Some(false), "ours is read");
        lab.host.namespaces.clear();
        lab.host.daemon = Fact::default();
        lab.netns.clear();
        let rows = build(&lab.snapshot());
        assert_eq!(named(&rows, "web").namespaces[&NsKind::Net].is_host, None);
        assert_eq!(named(&rows, "agent").namespaces[&NsKind::Net].is_host, Some(true), "the engine says so");
        assert_eq!(named(&rows, "agent").namespaces[&NsKind::Net].inode, Fact::Known(HOST));
    }

    #[test]
    fn k01_a_namespace_that_cannot_be_read_is_neither_own_nor_shared() {
        let mut lab = every_mode();
        lab.container("hidden", None);
        let rows = build(&lab.snapshot());
        let share = &named(&rows, "hidden").namespaces[&NsKind::Net];
        assert_eq!((share.is_host, share.with.len()), (None, 0));
        assert!(share.inode.why().is_some());
    }
}
