//! What is read at every refresh: cgroup counters, interface counters, the machine's clocks.

use crate::model::{Gap, HostSample, IfIndex, Link, LinkCounters, LinkSample, NsInode, Pid, QdiscSample, Sample, Tc};
use crate::model::{SourceState, SourceStatus};
use crate::sources::cgroup::{Layout, MachineClock, Sampler, Target};
use crate::sources::netlink::LinkStatsReader;
use crate::sources::netlink::tc::{TcReader, with_classes};
use crate::sources::proc::{NetDev, ProcRoot};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// Readers with their kept descriptors.
pub struct Meters {
    sampler: Result<Sampler, Gap>,
    clock: Option<MachineClock>,
    links: Result<LinkStatsReader, Gap>,
    counters: Vec<(IfIndex, LinkCounters)>,
    /// Opened when there is something to count.
    qdiscs: Option<TcReader>,
    /// What is counted of traffic control: interfaces with classes, and whether defaults are counted too; none is
    /// nothing.
    qdiscs_of: Option<(BTreeSet<IfIndex>, bool)>,
    /// Namespaces that are counted from the inside.
    inner: BTreeMap<NsInode, InnerReader>,
    ours: Option<NsInode>,
    buffer: Vec<u8>,
}

/// How to get into a namespace.
#[derive(Debug, Clone, Default)]
pub struct Ways {
    /// Processes in it.
    pub processes: Vec<Pid>,
    /// Where it is mounted.
    pub mounts: Vec<PathBuf>,
}

struct InnerReader {
    file: NetDev,
    names: BTreeMap<Vec<u8>, IfIndex>,
}

/// One refresh's worth of counters.
pub struct Reading {
    /// Of containers, sorted by id.
    pub samples: Arc<Vec<Sample>>,
    /// Of interfaces, sorted.
    pub links: Arc<Vec<LinkSample>>,
    /// Of the machine.
    pub host: HostSample,
}

impl Meters {
    /// Opens what can be opened; what can't is a gap.
    pub fn open(root: &ProcRoot) -> Self {
        Meters {
            sampler: Layout::read(root).map(Sampler::new),
            clock: MachineClock::open(&root.proc).ok(),
            links: LinkStatsReader::open().map_err(|e| e.gap()),
            counters: Vec::new(),
            qdiscs: None,
            qdiscs_of: None,
            inner: BTreeMap::new(),
            // Known before the first reading: what is counted only from the second one on has its rates a refresh later.
            ours: crate::sources::netlink::netns::of_this_thread().ok(),
            buffer: Vec::new(),
        }
    }

    /// The cgroup hierarchies, if there are any.
    pub fn layout(&self) -> Option<&Layout> {
        self.sampler.as_ref().ok().map(Sampler::layout)
    }

    /// Says which cgroups to meter.
    pub fn aim(&mut self, targets: Vec<Target>) {
        if let Ok(sampler) = &mut self.sampler {
            sampler.aim(targets);
        }
    }

    /// Says which namespaces are to be counted from the inside, and by which ways. True when one was opened or has
    /// other interfaces than before, so that a reading has something new.
    pub fn aim_inside(&mut self, root: &ProcRoot, wanted: &BTreeMap<NsInode, Ways>, links: &[Link]) -> bool {
        self.inner.retain(|netns, _| wanted.contains_key(netns));
        let mut is_new = false;
        for (netns, ways) in wanted {
            let from = links.partition_point(|l| l.netns < *netns);
            let names: BTreeMap<Vec<u8>, IfIndex> = links[from..]
                .iter()
                .take_while(|l| l.netns == *netns)
                .map(|l| (l.name.raw().as_bytes().to_vec(), l.ifindex))
                .collect();
            match self.inner.get_mut(netns) {
                Some(reader) => {
                    is_new |= reader.names != names;
                    reader.names = names;
                }
                None => {
                    // What can't be opened has no counters, and its interfaces say so by having none.
                    if let Ok(file) = NetDev::open(root, *netns, &ways.processes, &ways.mounts) {
                        self.inner.insert(*netns, InnerReader { file, names });
                        is_new = true;
                    }
                }
            }
        }
        is_new
    }

    /// Says which qdiscs to count: none where nobody made one, unless `is_watched`.
    pub fn aim_qdiscs(&mut self, tc: Option<&Tc>, is_watched: bool) {
        let tc = tc.filter(|tc| is_watched || tc.qdiscs.iter().any(|q| !q.is_default()));
        self.qdiscs_of = tc.map(|tc| (with_classes(tc), is_watched));
        if self.qdiscs_of.is_none() {
            self.qdiscs = None;
        }
    }

    /// True when some qdiscs are to be counted.
    pub fn counts_qdiscs(&self) -> bool {
        self.qdiscs_of.is_some()
    }

    /// Reads counters of qdiscs, sorted; empty when nothing is to be counted or the kernel refuses.
    pub fn read_qdiscs(&mut self) -> Vec<QdiscSample> {
        let (Some((classes, defaults)), Some(ours)) = (&self.qdiscs_of, self.ours) else { return Vec::new() };
        if self.qdiscs.is_none() {
            self.qdiscs = TcReader::open().ok();
        }
        let Some(reader) = &mut self.qdiscs else { return Vec::new() };
        match reader.samples(ours, classes, *defaults) {
            Ok(samples) => samples,
            Err(_) => {
                // Whatever was left unread in the old socket goes with it.
                self.qdiscs = None;
                Vec::new()
            }
        }
    }

    /// Reads all counters once.
    pub fn read(&mut self) -> Reading {
        let (samples, host) = match (&mut self.sampler, &mut self.clock) {
            (Ok(sampler), Some(clock)) => sampler.sample(clock),
            (Err(_), Some(clock)) => (Vec::new(), clock.read()),
            _ => (Vec::new(), HostSample::default()),
        };
        Reading { samples: Arc::new(samples), links: Arc::new(self.read_links()), host }
    }

    fn read_links(&mut self) -> Vec<LinkSample> {
        let mut all = Vec::with_capacity(self.counters.len() + self.inner.len() * 2);
        if let (Ok(reader), Some(ours)) = (&mut self.links, self.ours) {
            self.counters.clear();
            if reader.read(&mut self.counters).is_ok() {
                all.extend(self.counters.iter().map(|(ifindex, counters)| LinkSample {
                    netns: ours,
                    ifindex: *ifindex,
                    counters: *counters,
                }));
            }
        }
        for (netns, reader) in &self.inner {
            let Ok(rows) = reader.file.read(&mut self.buffer) else { continue };
            for (name, counters) in rows {
                if let Some(ifindex) = reader.names.get(name) {
                    all.push(LinkSample { netns: *netns, ifindex: *ifindex, counters });
                }
            }
        }
        all.sort_unstable_by_key(|s| (s.netns, s.ifindex));
        all
    }

    /// Health of the counters.
    pub fn status(&self) -> SourceStatus {
        let (state, reason) = match (&self.sampler, &self.links) {
            (Ok(_), Ok(_)) => (SourceState::Ok, String::new()),
            (Err(gap), _) => (SourceState::Down, gap.reason.clone()),
            (Ok(_), Err(gap)) => (SourceState::Partial, gap.reason.clone()),
        };
        SourceStatus { name: "cgroup".into(), state, reason, age_ms: Some(0), resyncs: 0 }
    }
}
