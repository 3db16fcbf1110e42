//! `ns`: containers and their namespaces, and the network namespaces of the host.

use super::table::Table;
use super::{container_name, or_none, or_unknown};
use crate::analysis::{Report, Share};
use crate::model::{Fact, NsKind, Pid, Snapshot};
use crate::text::Outside;
use serde::Serialize;
use std::collections::BTreeMap;

/// One namespace of a container.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareDoc {
    /// Its inode; null when it could not be read.
    pub inode: Option<u64>,
    /// `host` when it is the host's, or the names of other containers in it; null when not known.
    pub shared_with: Option<Vec<Outside>>,
}

/// A container and its namespaces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NsDoc {
    /// Name.
    pub container: Outside,
    /// Id.
    pub id: String,
    /// Main process; null when not known.
    pub pid: Option<i32>,
    /// By kind: `net`, `pid`, `mnt`, `uts`, `ipc`, `user`, `cgroup`, `time`.
    pub namespaces: BTreeMap<&'static str, ShareDoc>,
}

/// The document: running containers in order of their names.
pub fn document(snapshot: &Snapshot, report: &Report) -> Vec<NsDoc> {
    let rows = report.sharing.iter().map(|row| NsDoc {
        container: row.name.clone(),
        id: row.container.as_str().to_owned(),
        pid: snapshot
            .container(&row.container)
            .and_then(|c| c.pid)
            .or_else(|| snapshot.kernel_of(&row.container).map(|k| k.pid))
            .map(|p| p.0),
        namespaces: row.namespaces.iter().map(|(kind, share)| (kind.as_str(), share_of(snapshot, share))).collect(),
    });
    rows.collect()
}

fn share_of(snapshot: &Snapshot, share: &Share) -> ShareDoc {
    let shared_with = match (share.is_host, share.inode.known()) {
        (Some(true), _) => Some(vec!["host".into()]),
        (_, Some(_)) => Some(share.with.iter().map(|id| container_name(snapshot, id)).collect()),
        (_, None) => None,
    };
    ShareDoc { inode: share.inode.get().map(|i| i.0), shared_with }
}

/// As many names are spelt out in a cell; the rest is counted.
const NAMED: usize = 2;

/// `a,b +21`: a table that lists two dozen neighbours in every row says nothing any more. All are in the JSON form.
fn shortened(names: &[Outside]) -> String {
    let (named, rest) = names.split_at(names.len().min(NAMED));
    let mut text = named.iter().map(Outside::shown).collect::<Vec<_>>().join(",");
    if !rest.is_empty() {
        text.push_str(&format!(" +{}", rest.len()));
    }
    text
}

/// The table for people: `own`, `host`, the names of those it is shared with, or `?`.
pub fn table(rows: &[NsDoc]) -> Table {
    let mut titles = vec!["CONTAINER".to_owned(), "PID>".to_owned()];
    titles.extend(NsKind::ALL.iter().map(|k| k.as_str().to_uppercase()));
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let mut table = Table::new(&titles);
    for row in rows {
        let mut cells = vec![row.container.shown().into_owned(), or_none(row.pid)];
        cells.extend(NsKind::ALL.iter().map(|kind| match row.namespaces.get(kind.as_str()).map(|s| &s.shared_with) {
            Some(Some(with)) if with.is_empty() => "own".to_owned(),
            Some(Some(with)) => shortened(with),
            _ => super::UNKNOWN.to_owned(),
        }));
        table.row(cells);
    }
    table
}

/// A network namespace of the host.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NetnsDoc {
    /// Inode.
    pub inode: u64,
    /// Id by which our namespace knows it; null when never assigned.
    pub nsid: Option<i32>,
    /// Paths it is mounted at.
    pub names: Vec<Outside>,
    /// `ours`, `init`, `engine`, as far as it is one.
    pub is: Vec<&'static str>,
    /// Containers in it, owner first.
    pub containers: Vec<Outside>,
    /// How many processes are in it; null when not known.
    pub process_count: Option<u32>,
    /// Some of them, at most 64; null when not known.
    pub processes: Option<Vec<i32>>,
    /// Its interfaces; null when they could not be read.
    pub links: Option<Vec<Outside>>,
    /// Why its interfaces could not be read.
    pub links_gap: Option<String>,
}

/// All network namespaces, by inode.
pub fn netns_document(snapshot: &Snapshot, report: &Report) -> Vec<NetnsDoc> {
    let rows = snapshot.netns.iter().map(|netns| {
        let kinds = [("ours", netns.is_ours), ("init", netns.is_init), ("engine", netns.is_engine == Some(true))];
        let group = report.wiring.by_netns.get(&netns.inode).into_iter().flatten();
        let links = snapshot.links_in(netns.inode);
        NetnsDoc {
            inode: netns.inode.0,
            nsid: netns.nsid,
            names: netns.names.clone(),
            is: kinds.into_iter().filter(|(_, is)| *is).map(|(word, _)| word).collect(),
            containers: group.map(|id| container_name(snapshot, id)).collect(),
            process_count: netns.process_count.get(),
            processes: netns.processes.known().map(|pids: &Vec<Pid>| pids.iter().map(|p| p.0).collect()),
            links: (!links.is_empty()).then(|| links.iter().map(|l| l.name.clone()).collect()),
            links_gap: netns.links_gap.as_ref().map(|gap| gap.reason.clone()),
        }
    });
    rows.collect()
}

/// The table of network namespaces.
pub fn netns_table(rows: &[NetnsDoc]) -> Table {
    let mut table = Table::new(&["INODE>", "NSID>", "IS", "CONTAINERS", "PROCESSES>", "LINKS", "NAMES"]);
    for row in rows {
        table.row([
            row.inode.to_string(),
            or_none(row.nsid),
            row.is.join(","),
            shortened(&row.containers),
            or_unknown(row.process_count),
            or_unknown(row.links.as_deref().map(shortened)),
            shortened(&row.names),
        ]);
    }
    table
}

/// True when a fact about a namespace is missing somewhere, so that a note about rights is due.
pub fn has_gaps(snapshot: &Snapshot) -> bool {
    snapshot.kernel.values().any(|k| k.namespaces.values().any(|f| matches!(f, Fact::Unknown { .. })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_counted_and_not_spelt_out() {
        let names = |n: usize| (0..n).map(|i| Outside::from(format!("c{i}"))).collect::<Vec<_>>();
        assert_eq!(shortened(&names(0)), "");
        assert_eq!(shortened(&names(2)), "c0,c1");
        assert_eq!(shortened(&names(23)), "c0,c1 +21");
    }
}
