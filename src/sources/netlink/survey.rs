//! The picture of all namespaces: what is read in a pass, what is kept from the pass before, and how the two become
//! one [`NetlinkState`].
//!
//! Our namespace is dumped in every pass; another one only when it is new, when it was named as changed, or when a
//! peer of it here changed. Runs on a thread of its own, as it blocks; knows no schedule and no notification.

use super::links::{LinkFacts, Other};
use super::netns::{Discovery, Found};
use super::socket::{RouteSocket, Steadiness};
use super::{NetlinkError, NetlinkState, diff, dump, inside, netns};
use crate::model::{Event, Fact, FdbEntry, Gap, GapKind, IfIndex, Link, Netns, NsInode, Route, SourceState};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What a pass has to read besides our own interfaces and routes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scope {
    /// Every namespace, and look for namespaces, and the forwarding databases.
    pub everything: bool,
    /// Look for namespaces.
    pub rediscover: bool,
    /// The forwarding databases.
    pub fdb: bool,
    /// Namespaces that changed, by their ids here.
    pub namespaces: BTreeSet<i32>,
    /// Interfaces that were deleted or left their namespace (none is ours), so that a new one of the same index is
    /// another one.
    pub deleted: HashSet<(Option<i32>, IfIndex)>,
    /// Notifications were lost.
    pub resync: bool,
}

impl Scope {
    pub fn everything() -> Self {
        Scope { everything: true, ..Scope::default() }
    }

    /// Adds what another scope asks for.
    pub fn merge(&mut self, other: Scope) {
        self.everything |= other.everything;
        self.rediscover |= other.rediscover;
        self.fdb |= other.fdb;
        self.resync |= other.resync;
        self.namespaces.extend(other.namespaces);
        self.deleted.extend(other.deleted);
    }
}

/// Interfaces of another namespace, or why they are missing.
#[derive(Debug)]
struct Reading {
    links: Result<Vec<LinkFacts>, Arc<Gap>>,
    steadiness: Steadiness,
}

/// Receives each picture with what changed since the one before.
pub(super) type Publish<'a> = dyn FnMut(NetlinkState, Vec<Event>) + 'a;

/// The reader and what it knows from earlier passes.
#[derive(Debug)]
pub(super) struct Survey {
    socket: RouteSocket,
    ours: NsInode,
    discovery: Discovery,
    nsids: HashMap<NsInode, i32>,
    host: Vec<LinkFacts>,
    others: BTreeMap<NsInode, Reading>,
    routes: Vec<Route>,
    fdb: Vec<FdbEntry>,
    unresolved: BTreeSet<i32>,
    last: Option<NetlinkState>,
    /// A whole pass has been made, so that the next can be compared with it.
    is_complete: bool,
    resyncs: u64,
}

impl Survey {
    /// Opens the socket, in the namespace of the calling thread.
    ///
    /// # Errors
    /// When there is no `/proc` or no routing socket.
    pub fn open() -> Result<Self, NetlinkError> {
        Ok(Survey {
            ours: netns::of_this_thread()?,
            socket: RouteSocket::open()?,
            discovery: Discovery::default(),
            nsids: HashMap::new(),
            host: Vec::new(),
            others: BTreeMap::new(),
            routes: Vec::new(),
            fdb: Vec::new(),
            unresolved: BTreeSet::new(),
            last: None,
            is_complete: false,
            resyncs: 0,
        })
    }

    /// Reads what `scope` asks for and publishes the picture; the very first time also as soon as our own namespace
    /// is read. True when something came or went meanwhile even after retries, so that another pass is due.
    ///
    /// # Errors
    /// When our own namespace could not be read; nothing is published then.
    pub fn pass(&mut self, scope: &Scope, publish: &mut Publish<'_>) -> Result<bool, NetlinkError> {
        self.resyncs += u64::from(scope.resync);
        let (host, mut steadiness) = dump::links(&mut self.socket, self.ours, None)?;
        let touched = touched_peers(&self.host, &host);
        self.host = host;
        let (routes, steady) = dump::routes(&mut self.socket, self.ours)?;
        (self.routes, steadiness) = (routes, dump::steadier(steadiness, steady));
        if !self.is_complete {
            publish(self.assemble(false), Vec::new());
        }
        if scope.everything || scope.fdb || !self.is_complete {
            // Without bridges in the kernel there is nothing to list; that is no failure of the picture.
            self.fdb = dump::fdb(&mut self.socket, self.ours).map(|(fdb, _)| fdb).unwrap_or_default();
        }
        if scope.everything || scope.rediscover || !self.is_complete || self.has_new_unknown_ids() {
            self.rediscover();
        }
        self.read_others(scope, &touched);
        self.number_the_rest();
        for reading in self.others.values() {
            steadiness = dump::steadier(steadiness, reading.steadiness);
        }
        self.conclude(scope, steadiness, publish);
        Ok(steadiness == Steadiness::Changing)
    }

    fn conclude(&mut self, scope: &Scope, steadiness: Steadiness, publish: &mut Publish<'_>) {
        let before = self.last.take().filter(|_| self.is_complete);
        let state = self.assemble_after(before.as_ref(), true, steadiness);
        let events = match &before {
            Some(before) => diff::events(before, &state, &self.by_inode(&scope.deleted), jiff::Timestamp::now()),
            None => Vec::new(),
        };
        self.is_complete = true;
        self.last = Some(state.clone());
        publish(state, events);
    }

    /// The last picture again, with the reason why there is no newer one.
    pub fn stale(&self, error: &NetlinkError) -> NetlinkState {
        let reason = error.to_string();
        match &self.last {
            Some(last) => NetlinkState { state: SourceState::Stale, reason, ..last.clone() },
            None => NetlinkState { state: SourceState::Down, reason, ..empty() },
        }
    }

    /// Takes a fresh socket, after a failure.
    ///
    /// # Errors
    /// When none can be opened.
    pub fn reopen(&mut self) -> Result<(), NetlinkError> {
        self.socket = RouteSocket::open()?;
        Ok(())
    }

    fn rediscover(&mut self) {
        self.discovery = netns::discover(Path::new("/proc"));
        self.nsids.clear();
        for found in &self.discovery.found {
            if let Ok(Some(id)) = found.open().and_then(|file| dump::nsid(&mut self.socket, &file)) {
                self.nsids.insert(found.inode, id);
            }
        }
        let discovery = &self.discovery;
        self.others.retain(|inode, _| discovery.get(*inode).is_some());
    }

    fn read_others(&mut self, scope: &Scope, touched: &BTreeSet<i32>) {
        let due: Vec<Found> = self
            .discovery
            .found
            .iter()
            .filter(|found| found.inode != self.ours)
            .filter(|found| {
                let id = self.nsids.get(&found.inode);
                scope.everything
                    || self.others.get(&found.inode).is_none_or(|r| r.steadiness == Steadiness::Changing)
                    || id.is_some_and(|id| scope.namespaces.contains(id) || touched.contains(id))
            })
            .cloned()
            .collect();
        for found in due {
            match self.read_other(&found) {
                Ok((links, steadiness)) => {
                    self.others.insert(found.inode, Reading { links: Ok(links), steadiness });
                }
                // It ended between the look at it and now: it leaves the picture, that is all.
                Err(NetlinkError::NoWayIn { .. }) => {
                    self.others.remove(&found.inode);
                    self.discovery.found.retain(|f| f.inode != found.inode);
                }
                Err(error) => {
                    let reading = Reading { links: Err(error.gap().into()), steadiness: Steadiness::Steady };
                    self.others.insert(found.inode, reading);
                }
            }
        }
    }

    /// By its id if it has one, which needs no thread and fewer rights; else from the inside.
    fn read_other(&mut self, found: &Found) -> Result<(Vec<LinkFacts>, Steadiness), NetlinkError> {
        if let Some(id) = self.nsids.get(&found.inode) {
            if let Ok(links) = dump::links(&mut self.socket, found.inode, Some(*id)) {
                return Ok(links);
            }
        }
        inside::links(found.open()?, found.inode, &self.discovery.found)
    }

    /// Ids of peers that no namespace has been found for, and that were not looked for before.
    fn has_new_unknown_ids(&mut self) -> bool {
        let known: BTreeSet<i32> = self.nsids.values().copied().collect();
        let unknown: BTreeSet<i32> = ids(&self.host).filter(|id| !known.contains(id)).collect();
        let is_new = !unknown.is_subset(&self.unresolved);
        self.unresolved = unknown;
        is_new
    }

    /// The dumps themselves make the kernel give ids to namespaces they point at, ours among them.
    fn number_the_rest(&mut self) {
        let known: BTreeSet<i32> = self.nsids.values().copied().collect();
        let others = self.others.values().filter_map(|r| r.links.as_ref().ok()).flatten();
        if ids(others).chain(ids(&self.host)).all(|id| known.contains(&id)) {
            return;
        }
        for found in
            self.discovery.found.iter().filter(|f| !self.nsids.contains_key(&f.inode)).cloned().collect::<Vec<_>>()
        {
            if let Ok(Some(id)) = found.open().and_then(|file| dump::nsid(&mut self.socket, &file)) {
                self.nsids.insert(found.inode, id);
            }
        }
    }

    fn by_inode(&self, deleted: &HashSet<(Option<i32>, IfIndex)>) -> HashSet<(NsInode, IfIndex)> {
        let inodes: HashMap<i32, NsInode> = self.nsids.iter().map(|(inode, id)| (*id, *inode)).collect();
        deleted
            .iter()
            .filter_map(|(id, ifindex)| {
                let inode = id.map_or(Some(self.ours), |id| inodes.get(&id).copied())?;
                Some((inode, *ifindex))
            })
            .collect()
    }

    fn assemble(&self, is_complete: bool) -> NetlinkState {
        self.assemble_after(self.last.as_ref(), is_complete, Steadiness::Steady)
    }

    fn assemble_after(&self, before: Option<&NetlinkState>, is_complete: bool, steadiness: Steadiness) -> NetlinkState {
        let netns = self.namespaces(is_complete);
        let (state, reason) = self.health(&netns, is_complete, steadiness);
        NetlinkState {
            links: keep(before.map(|b| &b.links), self.links(is_complete)),
            routes: keep(before.map(|b| &b.routes), self.routes.clone()),
            fdb: keep(before.map(|b| &b.fdb), self.fdb.clone()),
            netns: keep(before.map(|b| &b.netns), netns),
            state,
            reason,
            resyncs: self.resyncs,
            read_at: Instant::now(),
        }
    }

    fn links(&self, is_complete: bool) -> Vec<Link> {
        let inodes: HashMap<i32, NsInode> = self.nsids.iter().map(|(inode, id)| (*id, *inode)).collect();
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
        if steadiness == Steadiness::Changing {
            reasons.push("interfaces came and went while they were read".to_owned());
        }
        (if reasons.is_empty() { SourceState::Ok } else { SourceState::Partial }, reasons.join("; "))
    }
}

fn ids<'a>(facts: impl IntoIterator<Item = &'a LinkFacts>) -> impl Iterator<Item = i32> {
    facts.into_iter().filter_map(|facts| match facts.other {
        Other::There(_, id) if id >= 0 => Some(id),
        _ => None,
    })
}

/// Ids of namespaces whose peers here came, went or changed: without the right to hear of other namespaces, this is
/// how a change in them is noticed.
fn touched_peers(before: &[LinkFacts], after: &[LinkFacts]) -> BTreeSet<i32> {
    let old: HashMap<IfIndex, &LinkFacts> = before.iter().map(|facts| (facts.link.ifindex, facts)).collect();
    let new: HashMap<IfIndex, &LinkFacts> = after.iter().map(|facts| (facts.link.ifindex, facts)).collect();
    let gone = before.iter().filter(|facts| !new.contains_key(&facts.link.ifindex));
    let changed = after.iter().filter(|facts| old.get(&facts.link.ifindex) != Some(facts));
    ids(gone.chain(changed)).collect()
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
        state: SourceState::Down,
        reason: String::new(),
        resyncs: 0,
        read_at: Instant::now(),
    }
}
