//! What is read at every refresh: cgroup counters, interface counters, the machine's clocks.

use crate::model::{Gap, HostSample, IfIndex, Link, LinkCounters, LinkSample, NsInode, Pid, Sample};
use crate::model::{SourceState, SourceStatus};
use crate::sources::cgroup::{Layout, MachineClock, Sampler, Target};
use crate::sources::netlink::LinkStatsReader;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Readers with their kept descriptors.
pub struct Meters {
    sampler: Result<Sampler, Gap>,
    clock: Option<MachineClock>,
    links: Result<LinkStatsReader, Gap>,
    counters: Vec<(IfIndex, LinkCounters)>,
    /// Namespaces whose interfaces have no end outside: read through a process in them.
    inner: BTreeMap<NsInode, InnerReader>,
    ours: Option<NsInode>,
}

struct InnerReader {
    file: File,
    pid: Pid,
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
    pub fn open(proc: &Path) -> Self {
        Meters {
            sampler: Layout::read(proc).map(Sampler::new),
            clock: MachineClock::open(proc).ok(),
            links: LinkStatsReader::open().map_err(|e| e.gap()),
            counters: Vec::new(),
            inner: BTreeMap::new(),
            ours: None,
        }
    }

    /// The cgroup hierarchies, if there are any.
    pub fn layout(&self) -> Option<&Layout> {
        self.sampler.as_ref().ok().map(Sampler::layout)
    }

    /// Says which namespace interface counters without a name are of.
    pub fn set_netns(&mut self, ours: Option<NsInode>) {
        self.ours = ours;
    }

    /// Says which cgroups to meter.
    pub fn aim(&mut self, targets: Vec<Target>) {
        if let Ok(sampler) = &mut self.sampler {
            sampler.aim(targets);
        }
    }

    /// Says which namespaces have interfaces that can only be counted inside, and through which process.
    pub fn aim_inside(&mut self, proc: &Path, wanted: &BTreeMap<NsInode, Pid>, links: &[Link]) {
        self.inner.retain(|netns, reader| wanted.get(netns) == Some(&reader.pid));
        for (netns, pid) in wanted {
            let names = links
                .iter()
                .filter(|l| l.netns == *netns)
                .map(|l| (l.name.raw().as_bytes().to_vec(), l.ifindex))
                .collect();
            match self.inner.get_mut(netns) {
                Some(reader) => reader.names = names,
                None => {
                    if let Ok(file) = File::open(proc.join(format!("{pid}/net/dev"))) {
                        self.inner.insert(*netns, InnerReader { file, pid: *pid, names });
                    }
                }
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
        let mut buffer = [0u8; 8192];
        for (netns, reader) in &self.inner {
            let Ok(length) = reader.file.read_at(&mut buffer, 0) else { continue };
            for (name, counters) in parse_net_dev(&buffer[..length]) {
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

/// Rows of `/proc/PID/net/dev`: `name: rx_bytes packets errs drop fifo frame compressed multicast tx_bytes packets errs
/// drop …`.
fn parse_net_dev(bytes: &[u8]) -> impl Iterator<Item = (&[u8], LinkCounters)> {
    bytes.split(|b| *b == b'\n').filter_map(|line| {
        // A name may hold a colon (`eth0:1` aliases don't show here), so the last one before the numbers counts.
        let colon = line.iter().rposition(|b| *b == b':')?;
        let mut fields = [0u64; 12];
        let mut words = line[colon + 1..].split(|b| *b == b' ').filter(|w| !w.is_empty());
        for field in &mut fields {
            *field = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
        }
        let counters = LinkCounters {
            rx_bytes: fields[0],
            rx_packets: fields[1],
            rx_errors: fields[2],
            rx_dropped: fields[3],
            tx_bytes: fields[8],
            tx_packets: fields[9],
            tx_errors: fields[10],
            tx_dropped: fields[11],
        };
        Some((line[..colon].trim_ascii(), counters))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn net_dev_rows() {
        let text = b"Inter-|   Receive  |  Transmit\n face |bytes packets\n    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n  eth0:    1024      10    1    2    0     0          0         0      2048      20    3    4    0     0       0          0\n";
        let rows: Vec<_> = parse_net_dev(text).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].0, b"eth0");
        assert_eq!((rows[1].1.rx_bytes, rows[1].1.tx_bytes, rows[1].1.tx_dropped), (1024, 2048, 4));
    }
}
