//! The passes over all namespaces: what is read, and what is kept from the pass before.
//!
//! Our namespace is dumped in every pass; another one only when it is new, when it was named as changed, or when a
//! peer of it here changed. Runs on a thread of its own, as it blocks; knows no schedule and no notification.

use super::links::LinkFacts;
use super::netns::Found;
use super::picture::{Reading, Seen, empty, ids};
use super::socket::{RouteSocket, Steadiness};
use super::tc::PartsRoot;
use super::{NetlinkError, NetlinkState, diff, dump, inside, netns, tc};
use crate::model::{Event, Fact, IfIndex, NsInode, SourceState, Tc};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// As many namespaces are kept open for one visit to all of them.
const VISITS: usize = 64;

/// What this kernel has of traffic control is looked up again this often: modules get installed.
const PARTS_HOLD: Duration = Duration::from_secs(300);

/// What a pass has to read besides our own interfaces, routes and traffic control.
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

/// How far one comes with the id of a namespace.
enum ById {
    Read(Vec<LinkFacts>, Steadiness),
    /// It has none, or the kernel refuses.
    Enter(File),
}

/// Receives each picture with what changed since the one before.
pub(super) type Publish<'a> = dyn FnMut(NetlinkState, Vec<Event>) + 'a;

/// The reader and what it knows from earlier passes.
#[derive(Debug)]
pub(super) struct Survey {
    socket: RouteSocket,
    seen: Seen,
    /// Ids that no namespace was found for when last looked.
    unresolved: BTreeSet<i32>,
    last: Option<NetlinkState>,
    parts: BTreeMap<String, Fact<bool>>,
    parts_read: Option<Instant>,
    /// A whole pass has been made, so that the next can be compared with it.
    is_complete: bool,
    /// What lies between the very first picture and the rest of its pass.
    head_start: Duration,
}

impl Survey {
    /// Opens the socket, in the namespace of the calling thread. After the picture of our own namespace the first pass
    /// waits for `head_start`.
    ///
    /// # Errors
    /// When there is no `/proc` or no routing socket.
    pub fn open(head_start: Duration) -> Result<Self, NetlinkError> {
        Ok(Survey {
            socket: RouteSocket::open()?,
            seen: Seen::nothing(netns::of_this_thread()?),
            unresolved: BTreeSet::new(),
            last: None,
            parts: BTreeMap::new(),
            parts_read: None,
            is_complete: false,
            head_start,
        })
    }

    /// Reads what `scope` asks for and publishes the picture; the very first time also as soon as our own namespace
    /// is read. True when something came or went meanwhile even after retries, so that another pass is due.
    ///
    /// # Errors
    /// When our own namespace could not be read; nothing is published then.
    pub fn pass(&mut self, scope: &Scope, publish: &mut Publish<'_>) -> Result<bool, NetlinkError> {
        self.seen.resyncs += u64::from(scope.resync);
        let whole = scope.everything || !self.is_complete;
        let (touched, mut steadiness) = self.read_ours()?;
        if !self.is_complete {
            publish(self.seen.picture(None, false, steadiness), Vec::new());
            std::thread::sleep(std::mem::take(&mut self.head_start));
        }
        if whole || scope.fdb {
            match dump::fdb(&mut self.socket, self.seen.ours) {
                Ok((fdb, _)) => (self.seen.fdb, self.seen.fdb_failure) = (fdb, None),
                Err(error) => self.seen.fdb_failure = Some(error.to_string()),
            }
        }
        // What the kernel has of traffic control can take as long to find out as all the rest: the first picture goes
        // out without it.
        let tc_follows = !self.is_complete;
        if !tc_follows {
            steadiness = dump::steadier(steadiness, self.read_tc(whole));
        }
        let unknown = self.seen.unknown_ids();
        if whole || scope.rediscover || !unknown.is_subset(&self.unresolved) {
            self.rediscover();
        }
        self.read_others(scope, &touched);
        self.number_the_rest();
        self.unresolved = self.seen.unknown_ids();
        for reading in self.seen.others.values() {
            steadiness = dump::steadier(steadiness, reading.steadiness);
        }
        self.conclude(scope, steadiness, publish);
        if tc_follows {
            steadiness = dump::steadier(steadiness, self.read_tc(whole));
            self.conclude(scope, steadiness, publish);
        }
        Ok(steadiness == Steadiness::Changing)
    }

    /// Reads our own namespace. Gives the ids of those whose peers here changed.
    fn read_ours(&mut self) -> Result<(BTreeSet<i32>, Steadiness), NetlinkError> {
        let (host, steadiness) = dump::links(&mut self.socket, self.seen.ours, None)?;
        let (routes, steady) = dump::routes(&mut self.socket, self.seen.ours)?;
        let touched = touched_peers(&self.seen.host, &host);
        (self.seen.host, self.seen.routes) = (host, routes);
        Ok((touched, dump::steadier(steadiness, steady)))
    }

    /// Reads traffic control of our own namespace. Without limits that is one small dump.
    fn read_tc(&mut self, whole: bool) -> Steadiness {
        let root = PartsRoot::default();
        if whole && self.parts_read.is_none_or(|at| root.can_change() && at.elapsed() > PARTS_HOLD) {
            self.parts = root.read();
            self.parts_read = Some(Instant::now());
        }
        match tc::read(&mut self.socket, self.seen.ours) {
            Ok(reading) => {
                let tc = Tc { parts: self.parts.clone(), ..reading.tc };
                if self.seen.tc.known().is_none_or(|before| **before != tc) {
                    self.seen.tc = Fact::Known(Arc::new(tc));
                }
                if reading.is_changing { Steadiness::Changing } else { Steadiness::Steady }
            }
            Err(error) => {
                self.seen.tc = Fact::gap(error.gap());
                Steadiness::Steady
            }
        }
    }

    fn conclude(&mut self, scope: &Scope, steadiness: Steadiness, publish: &mut Publish<'_>) {
        let before = self.last.take();
        let state = self.seen.picture(before.as_ref(), true, steadiness);
        let events = match &before {
            Some(before) => diff::events(before, &state, &self.seen.by_inode(&scope.deleted), jiff::Timestamp::now()),
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
        self.seen.discovery = netns::discover(Path::new("/proc"));
        self.seen.nsids.clear();
        for n in 0..self.seen.discovery.found.len() {
            self.number(n);
        }
        let discovery = &self.seen.discovery;
        self.seen.others.retain(|inode, _| discovery.get(*inode).is_some());
    }

    /// Asks for the id of the n-th namespace.
    fn number(&mut self, n: usize) {
        let Some(found) = self.seen.discovery.found.get(n) else { return };
        if let Ok(Some(id)) = found.open().and_then(|file| dump::nsid(&mut self.socket, &file)) {
            self.seen.nsids.insert(found.inode, id);
        }
    }

    /// The dumps themselves make the kernel give ids to namespaces they point at, ours among them.
    fn number_the_rest(&mut self) {
        if self.seen.unknown_ids().is_empty() {
            return;
        }
        for n in 0..self.seen.discovery.found.len() {
            if !self.seen.nsids.contains_key(&self.seen.discovery.found[n].inode) {
                self.number(n);
            }
        }
    }

    fn read_others(&mut self, scope: &Scope, touched: &BTreeSet<i32>) {
        let seen = &self.seen;
        let is_due = |found: &&Found| {
            let id = seen.nsids.get(&found.inode);
            let unread = || seen.others.get(&found.inode).is_none_or(|r| r.steadiness == Steadiness::Changing);
            scope.everything || id.is_some_and(|id| scope.namespaces.contains(id) || touched.contains(id)) || unread()
        };
        let others = seen.discovery.found.iter().filter(|found| found.inode != seen.ours);
        let due: Vec<Found> = others.filter(is_due).cloned().collect();
        let mut from_inside = Vec::new();
        for found in due {
            match self.read_by_id(&found) {
                Ok(ById::Read(links, steadiness)) => self.file_reading(found.inode, Ok((links, steadiness))),
                Ok(ById::Enter(file)) => from_inside.push((found.inode, file)),
                Err(error) => self.file_reading(found.inode, Err(error)),
            }
            if from_inside.len() >= VISITS {
                self.read_from_inside(&std::mem::take(&mut from_inside));
            }
        }
        self.read_from_inside(&from_inside);
    }

    /// By its id if it has one, which needs no thread and fewer rights; else gives the way in. While the file is open
    /// the namespace lives, so that its id can't become another's meanwhile.
    fn read_by_id(&mut self, found: &Found) -> Result<ById, NetlinkError> {
        let file = found.open()?;
        let Some(id) = dump::nsid(&mut self.socket, &file)? else { return Ok(ById::Enter(file)) };
        self.seen.nsids.insert(found.inode, id);
        Ok(match dump::links(&mut self.socket, found.inode, Some(id)) {
            Ok((links, steadiness)) => ById::Read(links, steadiness),
            Err(_) => ById::Enter(file),
        })
    }

    fn read_from_inside(&mut self, wanted: &[(NsInode, File)]) {
        if wanted.is_empty() {
            return;
        }
        let mut others: Vec<&Found> = self.seen.discovery.found.iter().collect();
        let (ours, init) = (self.seen.ours, self.seen.discovery.init);
        others.sort_by_key(|other| (other.inode != ours, Some(other.inode) != init));
        match inside::visit_all(wanted, &others) {
            Ok(visits) => {
                for ((inode, _), visit) in wanted.iter().zip(visits) {
                    self.file_reading(*inode, visit);
                }
            }
            Err(error) => {
                let gap = Arc::new(error.gap());
                for (inode, _) in wanted {
                    let reading = Reading { links: Err(gap.clone()), steadiness: Steadiness::Steady };
                    self.seen.others.insert(*inode, reading);
                }
            }
        }
    }

    fn file_reading(&mut self, inode: NsInode, result: inside::Visit) {
        let reading = match result {
            Ok((links, steadiness)) => Reading { links: Ok(links), steadiness },
            // It ended between the look at it and now: it leaves the picture, that is all.
            Err(NetlinkError::NoWayIn { .. }) => {
                self.seen.others.remove(&inode);
                self.seen.discovery.found.retain(|found| found.inode != inode);
                return;
            }
            Err(error) => Reading { links: Err(error.gap().into()), steadiness: Steadiness::Steady },
        };
        self.seen.others.insert(inode, reading);
    }
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
