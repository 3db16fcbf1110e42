//! What changed between two snapshots, and how the later one is made of the earlier one. Knows no file.

use crate::model::{
    Container, ContainerId, Event, Fact, FdbEntry, Firewall, Host, HostSample, KernelFacts, Link, LinkSample, Netns,
    Network, QdiscSample, Route, Sample, Snapshot, SocketScan, SourceStatus, Tc, Volume, WantedLimits,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The parts of a snapshot that differ from the one before; an absent part is the same as before.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    taken_at: Timestamp,
    at_ns: u64,
    host_sample: HostSample,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<Arc<Host>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sources: Option<Arc<Vec<SourceStatus>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    containers: Option<Patch<Arc<Container>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<Patch<Arc<KernelFacts>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    samples: Option<Arc<Vec<Sample>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    networks: Option<Arc<Vec<Network>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    volumes: Option<Arc<Vec<Volume>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    netns: Option<Arc<Vec<Netns>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Arc<Vec<Link>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link_samples: Option<Arc<Vec<LinkSample>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routes: Option<Arc<Vec<Route>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fdb: Option<Arc<Vec<FdbEntry>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sockets: Option<Arc<Vec<SocketScan>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firewall: Option<Fact<Arc<Firewall>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tc: Option<Fact<Arc<Tc>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qdisc_samples: Option<Arc<Vec<QdiscSample>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<WantedLimits>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<EventsPatch>,
}

/// Changes of a collection by container id.
#[derive(Debug, Serialize, Deserialize)]
struct Patch<T> {
    /// New and changed entries.
    put: Vec<T>,
    /// Entries that went.
    gone: Vec<ContainerId>,
}

/// Changes of the bounded timeline.
#[derive(Debug, Serialize, Deserialize)]
struct EventsPatch {
    /// How many of the oldest fell off.
    dropped: usize,
    /// The new ones.
    added: Vec<Arc<Event>>,
}

/// True when the two are the same object or equal.
fn same<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
    Arc::ptr_eq(a, b) || **a == **b
}

fn changed<T: PartialEq>(before: &Arc<T>, now: &Arc<T>) -> Option<Arc<T>> {
    (!same(before, now)).then(|| now.clone())
}

impl Delta {
    /// What turns `before` into `now`; none when that can't be said shortly and a key frame is due (lists that are not
    /// sorted as the model promises, another schema).
    pub(super) fn between(before: &Snapshot, now: &Snapshot) -> Option<Self> {
        let sorted = |s: &Snapshot| s.containers.is_sorted_by(|a, b| a.id < b.id);
        let keyed = |s: &Snapshot| s.kernel.iter().all(|(id, facts)| *id == facts.id);
        if before.schema_version != now.schema_version || !sorted(before) || !sorted(now) || !keyed(now) {
            return None;
        }
        Some(Delta {
            taken_at: now.taken_at,
            at_ns: now.at_ns,
            host_sample: now.host_sample.clone(),
            host: changed(&before.host, &now.host),
            sources: changed(&before.sources, &now.sources),
            containers: patch_containers(before, now),
            kernel: patch_kernel(before, now),
            samples: changed(&before.samples, &now.samples),
            networks: changed(&before.networks, &now.networks),
            volumes: changed(&before.volumes, &now.volumes),
            netns: changed(&before.netns, &now.netns),
            links: changed(&before.links, &now.links),
            link_samples: changed(&before.link_samples, &now.link_samples),
            routes: changed(&before.routes, &now.routes),
            fdb: changed(&before.fdb, &now.fdb),
            sockets: changed(&before.sockets, &now.sockets),
            firewall: (before.firewall != now.firewall).then(|| now.firewall.clone()),
            tc: (before.tc != now.tc).then(|| now.tc.clone()),
            qdisc_samples: changed(&before.qdisc_samples, &now.qdisc_samples),
            wanted: changed(&before.wanted, &now.wanted),
            events: patch_events(&before.events, &now.events),
        })
    }

    /// The snapshot after `before`. Parts that did not change keep their `Arc`.
    pub(super) fn apply(self, before: &Snapshot) -> Snapshot {
        let mut next = before.clone();
        next.taken_at = self.taken_at;
        next.at_ns = self.at_ns;
        next.host_sample = self.host_sample;
        put(&mut next.host, self.host);
        put(&mut next.sources, self.sources);
        put(&mut next.samples, self.samples);
        put(&mut next.networks, self.networks);
        put(&mut next.volumes, self.volumes);
        put(&mut next.netns, self.netns);
        put(&mut next.links, self.links);
        put(&mut next.link_samples, self.link_samples);
        put(&mut next.routes, self.routes);
        put(&mut next.fdb, self.fdb);
        put(&mut next.sockets, self.sockets);
        if let Some(firewall) = self.firewall {
            next.firewall = firewall;
        }
        if let Some(tc) = self.tc {
            next.tc = tc;
        }
        put(&mut next.qdisc_samples, self.qdisc_samples);
        put(&mut next.wanted, self.wanted);
        if let Some(patch) = self.containers {
            let mut all: BTreeMap<_, _> = before.containers.iter().map(|c| (c.id.clone(), c.clone())).collect();
            patch.apply(&mut all, |c| &c.id);
            next.containers = Arc::new(all.into_values().collect());
        }
        if let Some(patch) = self.kernel {
            let mut all = (*before.kernel).clone();
            patch.apply(&mut all, |k| &k.id);
            next.kernel = Arc::new(all);
        }
        if let Some(patch) = self.events {
            let kept = before.events.iter().skip(patch.dropped).cloned();
            next.events = Arc::new(kept.chain(patch.added).collect());
        }
        next
    }
}

fn put<T>(place: &mut Arc<T>, value: Option<Arc<T>>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl<T> Patch<T> {
    fn apply(self, all: &mut BTreeMap<ContainerId, T>, id: impl Fn(&T) -> &ContainerId) {
        for gone in &self.gone {
            all.remove(gone);
        }
        for entry in self.put {
            all.insert(id(&entry).clone(), entry);
        }
    }

    fn unless_empty(self) -> Option<Self> {
        (!self.put.is_empty() || !self.gone.is_empty()).then_some(self)
    }
}

fn patch_containers(before: &Snapshot, now: &Snapshot) -> Option<Patch<Arc<Container>>> {
    if Arc::ptr_eq(&before.containers, &now.containers) {
        return None;
    }
    let is_new = |c: &&Arc<Container>| before.container(&c.id).is_none_or(|old| !same(old, c));
    let put = now.containers.iter().filter(is_new).cloned().collect();
    let is_gone = |c: &&Arc<Container>| now.container(&c.id).is_none();
    let gone = before.containers.iter().filter(is_gone).map(|c| c.id.clone()).collect();
    Patch { put, gone }.unless_empty()
}

fn patch_kernel(before: &Snapshot, now: &Snapshot) -> Option<Patch<Arc<KernelFacts>>> {
    if Arc::ptr_eq(&before.kernel, &now.kernel) {
        return None;
    }
    let is_new = |k: &&Arc<KernelFacts>| before.kernel.get(&k.id).is_none_or(|old| !same(old, k));
    let put = now.kernel.values().filter(is_new).cloned().collect();
    let gone = before.kernel.keys().filter(|id| !now.kernel.contains_key(id)).cloned().collect();
    Patch { put, gone }.unless_empty()
}

/// The longest tail of `before` that `now` begins with stays; the rest of `now` is new.
fn patch_events(before: &Arc<Vec<Arc<Event>>>, now: &Arc<Vec<Arc<Event>>>) -> Option<EventsPatch> {
    if Arc::ptr_eq(before, now) {
        return None;
    }
    let first = now.first();
    let start = before.iter().position(|old| first.is_some_and(|first| same(old, first))).unwrap_or(before.len());
    let kept = before.len() - start;
    let continues = kept <= now.len() && before[start..].iter().zip(now.iter()).all(|(a, b)| same(a, b));
    let (dropped, kept) = if continues { (start, kept) } else { (before.len(), 0) };
    let added: Vec<_> = now[kept..].to_vec();
    (dropped > 0 || !added.is_empty()).then_some(EventsPatch { dropped, added })
}
