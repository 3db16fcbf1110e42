//! What has been read, and the [`NetlinkState`] that it amounts to. Pure: it reads nothing itself.

use super::NetlinkState;
use super::links::{LinkFacts, Other};
use super::netns::{Discovery, Found};
use super::socket::Steadiness;
use crate::model::{Fact, FdbEntry, Gap, GapKind, IfIndex, Link, Netns, NsInode, Route, SourceState, Tc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

/// Interfaces of another namespace, or why they are missing.
#[derive(Debug)]
pub(super) struct Reading {
    pub links: Result<Vec<LinkFacts>, Arc<Gap>>,
    pub steadiness: Steadiness,
}

/// All that has been read, each part as old as the pass that read it.
#[derive(Debug)]
pub(super) struct Seen {
    pub ours: NsInode,
    pub discovery: Discovery,
    /// Ids by which our namespace knows others, itself among them.
    pub nsids: HashMap<NsInode, i32>,
    /// Interfaces of ours.
    pub host: Vec<LinkFacts>,
    pub others: BTreeMap<NsInode, Reading>,
    pub routes: Vec<Route>,
    pub fdb: Vec<FdbEntry>,
    /// Why the last reading of the forwarding databases failed; what is there is then older.
    pub fdb_failure: Option<String>,
    /// Traffic control of ours.
    pub tc: Fact<Arc<Tc>>,
    pub resyncs: u64,
}

impl Seen {
    /// Nothing, seen from the namespace `ours`.
    pub fn nothing(ours: NsInode) -> Self {
        Seen {
            ours,
            discovery: Discovery::default(),
            nsids: HashMap::new(),
            host: Vec::new(),
            others: BTreeMap::new(),
            routes: Vec::new(),
            fdb: Vec::new(),
            fdb_failure: None,
            tc: Fact::default(),
            resyncs: 0,
        }
    }

    /// Ids that peers are said to be in and that no namespace has been found for.
    pub fn unknown_ids(&self) -> BTreeSet<i32> {
        let known: BTreeSet<i32> = self.nsids.values().copied().collect();
        let others = self.others.values().filter_map(|reading| reading.links.as_ref().ok()).flatten();
        ids(self.host.iter().chain(others)).filter(|id| !known.contains(id)).collect()
    }

    /// Interfaces named by the id of their namespace (none is ours), by its inode.
    pub fn by_inode(&self, links: &HashSet<(Option<i32>, IfIndex)>) -> HashSet<(NsInode, IfIndex)> {
        let inodes = self.inodes();
        links
            .iter()
            .filter_map(|(id, ifindex)| {
                let inode = id.map_or(Some(self.ours), |id| inodes.get(&id).copied())?;
                Some((inode, *ifindex))
            })
            .collect()
    }

    fn inodes(&self) -> HashMap<i32, NsInode> {
        self.nsids.iter().map(|(inode, id)| (*id, *inode)).collect()
    }

    /// The picture. Parts that say the same as in `before` are shared with it. `is_complete` is false while only our
    /// own namespace has been read.
    pub fn picture(&self, before: Option<&NetlinkState>, is_complete: bool, steadiness: Steadiness) -> NetlinkState {
        let netns = self.namespaces(is_complete);
        let (state, reason) = self.health(&netns, is_complete, steadiness);
        NetlinkState {
            links: keep(before.map(|b| &b.links), self.links(is_complete)),
            routes: keep(before.map(|b| &b.routes), self.routes.clone()),
            fdb: keep(before.map(|b| &b.fdb), self.fdb.clone()),
            netns: keep(before.map(|b| &b.netns), netns),
            tc: self.tc.clone(),
            state,
            reason,
            resyncs: self.resyncs,
            read_at: Instant::now(),
        }
    }

    fn links(&self, is_complete: bool) -> Vec<Link> {
        let inodes = self.inodes();
        let inode_of = |id: i32| match inodes.get(&id) {
            Some(inode) => Fact::Known(*inode),
            None => Fact::gap(self.why_no_namespace(id, is_complete)),
        };
        let others = self.others.values().filter_map(|reading| reading.links.as_ref().ok()).flatten();
        let mut links: Vec<Link> = self
            .host
            .iter()
            .chain(others)
            .map(|facts| Link { peer: facts.peer(inode_of), ..facts.link.clone() })
            .collect();
        links.sort_by_key(|link| (link.netns, link.ifindex));
        links
    }

    fn why_no_namespace(&self, id: i32, is_complete: bool) -> Gap {
        match &self.discovery.hidden {
            _ if !is_complete => Gap::new(GapKind::NotYet, "network namespaces are not read yet"),
            Some(gap) => (**gap).clone(),
            None => {
                Gap::new(GapKind::Gone, format!("no process or mount of the network namespace with id {id} was found"))
            }
        }
    }

    fn namespaces(&self, is_complete: bool) -> Vec<Netns> {
        let mut all: Vec<Netns> = self.discovery.found.iter().map(|found| self.namespace(found)).collect();
        if self.discovery.get(self.ours).is_none() {
            let mut ours = self.namespace(&Found::new(self.ours));
            let hidden = self.discovery.hidden.clone().filter(|_| is_complete);
            let why = hidden.unwrap_or_else(|| Gap::new(GapKind::NotYet, "not read yet").into());
            ours.processes = Fact::Unknown { unknown: why.clone() };
            ours.process_count = Fact::Unknown { unknown: why };
            all.push(ours);
            all.sort_by_key(|netns| netns.inode);
        }
        all
    }

    fn namespace(&self, found: &Found) -> Netns {
        let (processes, process_count) = self.discovery.processes(found);
        Netns {
            inode: found.inode,
            nsid: self.nsids.get(&found.inode).copied(),
            names: found.names.clone(),
            is_ours: found.inode == self.ours,
            is_init: self.discovery.init == Some(found.inode),
            is_engine: None,
            processes,
            process_count,
            user_ns: Fact::gap(Gap::new(
                GapKind::Unsupported,
                "the owning user namespace is only told by an ioctl (NS_GET_USERNS), which this program does not make",
            )),
            links_gap: self.others.get(&found.inode).and_then(|reading| reading.links.as_ref().err().cloned()),
        }
    }

    fn health(&self, netns: &[Netns], is_complete: bool, steadiness: Steadiness) -> (SourceState, String) {
        let mut reasons = Vec::new();
        if !is_complete {
            reasons.push("other network namespaces are not read yet".to_owned());
        }
        let gaps: Vec<_> = netns.iter().filter_map(|n| Some((n.inode, n.links_gap.as_ref()?))).collect();
        if let Some((inode, gap)) = gaps.first() {
            let of = format!("{} of {} network namespaces", gaps.len(), netns.len());
            let lift = gap.lift.as_deref().map(|lift| format!(" ({lift})")).unwrap_or_default();
            reasons.push(format!("interfaces of {of} could not be read, e.g. of {inode}: {}{lift}", gap.reason));
        }
        if let Some(gap) = &self.discovery.hidden {
            reasons.push(gap.reason.clone());
        }
        reasons.extend(self.fdb_failure.clone());
        // A kernel without traffic control is none the worse for it.
        let tc_gap = self.tc.why().filter(|gap| !matches!(gap.kind, GapKind::NotYet | GapKind::Unsupported));
        reasons.extend(tc_gap.map(|gap| gap.reason.clone()));
        if steadiness == Steadiness::Changing {
            reasons.push("interfaces came and went while they were read".to_owned());
        }
        (if reasons.is_empty() { SourceState::Ok } else { SourceState::Partial }, reasons.join("; "))
    }
}

/// Ids of the namespaces that the other ends of interfaces are in.
pub(super) fn ids<'a>(facts: impl IntoIterator<Item = &'a LinkFacts>) -> impl Iterator<Item = i32> {
    facts.into_iter().filter_map(|facts| match facts.other {
        Other::There(_, id) if id >= 0 => Some(id),
        _ => None,
    })
}

/// The old part when the new one says the same.
fn keep<T: PartialEq>(before: Option<&Arc<Vec<T>>>, now: Vec<T>) -> Arc<Vec<T>> {
    match before {
        Some(before) if **before == now => before.clone(),
        _ => Arc::new(now),
    }
}

/// A picture of nothing, for when nothing could ever be read.
pub(super) fn empty() -> NetlinkState {
    NetlinkState {
        links: Arc::default(),
        routes: Arc::default(),
        fdb: Arc::default(),
        netns: Arc::default(),
        tc: Fact::default(),
        state: SourceState::Down,
        reason: String::new(),
        resyncs: 0,
        read_at: Instant::now(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::links::parse_link;
    use super::super::wire::messages;
    use super::*;

    const OURS: NsInode = NsInode(1);
    const INNER: NsInode = NsInode(2);

    /// Our namespace with the captured devices; `v0` has its peer in the namespace with id 0.
    fn seen() -> Seen {
        let dump = include_bytes!("captured/links.bin");
        let host = messages(dump).filter_map(|m| parse_link(OURS, &m)).collect();
        let found = vec![Found::new(OURS), Found::new(INNER)];
        Seen { host, discovery: Discovery { found, ..Discovery::default() }, ..Seen::nothing(OURS) }
    }

    fn peer_of_v0(state: &NetlinkState) -> Fact<NsInode> {
        let link = state.links.iter().find(|l| l.name == *"v0").expect("v0");
        link.peer.as_ref().expect("a peer").netns.clone()
    }

    #[test]
    fn a_peer_in_a_namespace_nobody_found_is_unknown_with_its_reason() {
        let mut seen = seen();
        assert_eq!(seen.unknown_ids(), BTreeSet::from([0]));
        let early = peer_of_v0(&seen.picture(None, false, Steadiness::Steady));
        assert_eq!(early.why().map(|gap| gap.kind), Some(GapKind::NotYet));
        let late = peer_of_v0(&seen.picture(None, true, Steadiness::Steady));
        assert_eq!(late.why().map(|gap| gap.kind), Some(GapKind::Gone));
        seen.discovery.hidden = Some(Gap::new(GapKind::Permission, "hidden").into());
        let hidden = peer_of_v0(&seen.picture(None, true, Steadiness::Steady));
        assert_eq!(hidden.why().map(|gap| gap.kind), Some(GapKind::Permission));
        seen.nsids.insert(INNER, 0);
        assert_eq!(peer_of_v0(&seen.picture(None, true, Steadiness::Steady)).get(), Some(INNER));
        assert!(seen.unknown_ids().is_empty());
    }

    #[test]
    fn what_is_missing_makes_the_picture_partial_and_is_said() {
        let mut seen = seen();
        let state = |seen: &Seen| seen.picture(None, true, Steadiness::Steady);
        assert_eq!((state(&seen).state, state(&seen).reason), (SourceState::Ok, String::new()));
        let gap = Gap::new(GapKind::Permission, "setns: not permitted").lifted_by("be root");
        let reading = Reading { links: Err(gap.into()), steadiness: Steadiness::Steady };
        seen.others.insert(INNER, reading);
        let partial = state(&seen);
        assert_eq!(partial.state, SourceState::Partial);
        let reason =
            "interfaces of 1 of 2 network namespaces could not be read, e.g. of 2: setns: not permitted (be root)";
        assert_eq!(partial.reason, reason);
        assert!(partial.netns.iter().any(|n| n.inode == INNER && n.links_gap.is_some()));
        assert!(seen.picture(None, true, Steadiness::Changing).reason.contains("came and went"));
    }

    #[test]
    fn parts_that_say_the_same_are_shared_with_the_picture_before() {
        let mut seen = seen();
        let first = seen.picture(None, true, Steadiness::Steady);
        let second = seen.picture(Some(&first), true, Steadiness::Steady);
        assert!(Arc::ptr_eq(&first.links, &second.links) && Arc::ptr_eq(&first.netns, &second.netns));
        seen.host.pop();
        let third = seen.picture(Some(&second), true, Steadiness::Steady);
        assert!(!Arc::ptr_eq(&third.links, &second.links) && Arc::ptr_eq(&third.routes, &second.routes));
        assert!(third.links.is_sorted_by_key(|l| (l.netns, l.ifindex)));
    }
}
