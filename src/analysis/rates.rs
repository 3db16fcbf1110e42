//! Two snapshots and the time between them: rates. Resets, restarts and wraps are handled here and nowhere else: an
//! interval in which a counter began anew has no rate, never a negative or an enormous one.

use super::Wiring;
use crate::model::{ContainerId, Fact, HostSample, IfIndex, NsInode, Sample, Snapshot};

/// Rates and shares of one container. `None` is "not known yet" or "not known"; the sample has the reason.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerRates {
    /// Whose.
    pub id: ContainerId,
    /// CPU use as `docker stats` computes it: 100 is one CPU.
    pub cpu_percent: Option<f64>,
    /// Share of the enforcement periods in which it was throttled, percent; none without a quota.
    pub throttled_percent: Option<f64>,
    /// Memory as `docker stats` computes it: usage less inactive file cache, bytes.
    pub memory_bytes: Option<u64>,
    /// The limit that applies, or the machine's memory.
    pub memory_limit_bytes: Option<u64>,
    /// True when a limit is set.
    pub is_memory_limited: bool,
    /// Received bytes since start, all interfaces but loopback.
    pub rx_bytes: Option<u64>,
    /// Sent bytes since start.
    pub tx_bytes: Option<u64>,
    /// Received, bytes per second.
    pub rx_rate: Option<f64>,
    /// Sent, bytes per second.
    pub tx_rate: Option<f64>,
    /// Network counters belong to another container's namespace, or to the host's: don't add them up.
    pub is_network_shared: bool,
    /// Read from block devices, bytes per second.
    pub io_read_rate: Option<f64>,
    /// Written to block devices, bytes per second.
    pub io_write_rate: Option<f64>,
}

/// Rates of one interface, from its own side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinkRates {
    /// Namespace.
    pub netns: NsInode,
    /// Index.
    pub ifindex: IfIndex,
    /// Received, bytes per second.
    pub rx_rate: Option<f64>,
    /// Sent, bytes per second.
    pub tx_rate: Option<f64>,
    /// Received packets per second.
    pub rx_packet_rate: Option<f64>,
    /// Sent packets per second.
    pub tx_packet_rate: Option<f64>,
    /// Drops per second, both directions.
    pub drop_rate: Option<f64>,
}

/// Rates of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HostRates {
    /// Busy share of all CPUs, percent of the machine (100 is all of them).
    pub cpu_percent: Option<f64>,
    /// Received on uplinks, bytes per second.
    pub rx_rate: Option<f64>,
    /// Sent on uplinks, bytes per second.
    pub tx_rate: Option<f64>,
}

/// All rates between two snapshots.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates {
    /// Sorted by id.
    pub containers: Vec<ContainerRates>,
    /// Sorted by (netns, ifindex).
    pub links: Vec<LinkRates>,
    /// The machine's.
    pub host: HostRates,
}

impl Rates {
    /// Rates of a container.
    pub fn container(&self, id: &ContainerId) -> Option<&ContainerRates> {
        self.containers.binary_search_by(|c| c.id.cmp(id)).ok().map(|n| &self.containers[n])
    }

    /// Rates of an interface.
    pub fn link(&self, netns: NsInode, ifindex: IfIndex) -> Option<&LinkRates> {
        self.links.binary_search_by(|l| (l.netns, l.ifindex).cmp(&(netns, ifindex))).ok().map(|n| &self.links[n])
    }

    /// Computes the rates of `next`; without a snapshot before it, only what needs no interval.
    pub fn between(before: Option<&Snapshot>, next: &Snapshot, wiring: &Wiring) -> Self {
        let links = link_rates(before, next);
        let containers = next
            .samples
            .iter()
            .enumerate()
            .map(|(n, sample)| {
                let old = before.and_then(|b| match b.samples.get(n) {
                    Some(s) if s.id == sample.id => Some(s),
                    _ => b.sample(&sample.id),
                });
                container_rates(old, sample, next.host_sample.memory_total_bytes, next.host_sample.cpus)
            })
            .collect();
        let mut rates = Rates { containers, links, host: HostRates::default() };
        rates.add_network(next, wiring);
        rates.host = host_rates(before.map(|b| &b.host_sample), &next.host_sample);
        for (key, link) in uplinks(next) {
            let _ = link;
            if let Some(r) = rates.link(key.0, key.1).copied() {
                rates.host.rx_rate = sum(rates.host.rx_rate, r.rx_rate);
                rates.host.tx_rate = sum(rates.host.tx_rate, r.tx_rate);
            }
        }
        rates
    }

    /// Adds up the interfaces of each namespace and gives the sum to its containers. A veth that was not counted
    /// inside is taken from its outer end, where received and sent change places.
    fn add_network(&mut self, next: &Snapshot, wiring: &Wiring) {
        use std::collections::BTreeMap;
        let ours = next.our_netns();
        let mut by_netns: BTreeMap<NsInode, (u64, u64, Option<f64>, Option<f64>)> = BTreeMap::new();
        for (n, attachment) in wiring.attachments.iter().enumerate() {
            let (inner_ns, inner_if) = attachment.link;
            let mirrored =
                attachment.outer.filter(|outer| Some(outer.0) == ours && wiring.by_outer.get(outer) == Some(&n));
            let outside = || {
                let (ns, index) = mirrored?;
                let (sample, r) = (next.link_sample(ns, index)?, self.link(ns, index));
                let (rx, tx) = (r.and_then(|r| r.tx_rate), r.and_then(|r| r.rx_rate));
                Some((sample.counters.tx_bytes, sample.counters.rx_bytes, rx, tx))
            };
            let inside = next.link_sample(inner_ns, inner_if).map(|s| {
                let r = self.link(inner_ns, inner_if);
                (s.counters.rx_bytes, s.counters.tx_bytes, r.and_then(|r| r.rx_rate), r.and_then(|r| r.tx_rate))
            });
            // What was counted inside for the first time just now has no interval yet; the outer end may have.
            let seen = match inside {
                Some((rx, tx, None, None)) => {
                    let rates = outside().map_or((None, None), |(_, _, rx, tx)| (rx, tx));
                    Some((rx, tx, rates.0, rates.1))
                }
                Some(seen) => Some(seen),
                None => outside(),
            };
            if let Some((rx, tx, rx_rate, tx_rate)) = seen {
                let total = by_netns.entry(inner_ns).or_insert((0, 0, None, None));
                total.0 = total.0.saturating_add(rx);
                total.1 = total.1.saturating_add(tx);
                total.2 = sum(total.2, rx_rate);
                total.3 = sum(total.3, tx_rate);
            }
        }
        for (netns, ids) in &wiring.by_netns {
            let is_ours = super::scope::is_host_netns(next, *netns);
            for (n, id) in ids.iter().enumerate() {
                let Ok(at) = self.containers.binary_search_by(|c| c.id.cmp(id)) else { continue };
                let container = &mut self.containers[at];
                container.is_network_shared = is_ours || n > 0;
                if is_ours {
                    continue;
                }
                // A namespace that was read and has no interface but loopback moved nothing: that is a fact.
                let (rx, tx, rx_rate, tx_rate) = match by_netns.get(netns) {
                    Some(total) => *total,
                    None if next.links_in(*netns).iter().any(|l| l.kind == "loopback") => (0, 0, Some(0.0), Some(0.0)),
                    None => continue,
                };
                container.rx_bytes = Some(rx);
                container.tx_bytes = Some(tx);
                container.rx_rate = rx_rate;
                container.tx_rate = tx_rate;
            }
        }
    }
}

/// Interfaces of our own namespace that lead outside: they carry a default route, or are devices of no virtual kind
/// with an address of global scope.
pub fn uplinks(snapshot: &Snapshot) -> Vec<((NsInode, IfIndex), &crate::model::Link)> {
    let Some(ours) = snapshot.our_netns() else { return Vec::new() };
    let by_route =
        |index| snapshot.routes.iter().any(|r| r.dst.is_default() && r.oif == Some(index) && r.kind == "unicast");
    snapshot
        .links_in(ours)
        .iter()
        .filter(|l| l.master.is_none() && l.kind != "loopback")
        .filter(|l| by_route(l.ifindex) || (l.kind == "ether" && l.addresses.iter().any(|a| a.scope == "global")))
        .map(|l| ((l.netns, l.ifindex), l))
        .collect()
}

fn sum(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

/// Difference per second, none when time stood still or the counter went back.
fn per_second(old: u64, new: u64, seconds: f64) -> Option<f64> {
    if seconds <= 0.0 {
        return None;
    }
    new.checked_sub(old).map(|d| d as f64 / seconds)
}

fn fact_rate(old: Option<&Sample>, new: &Sample, read: impl Fn(&Sample) -> &Fact<u64>) -> Option<f64> {
    let old = old?;
    if old.generation != new.generation {
        return None;
    }
    let seconds = new.at_ns.checked_sub(old.at_ns)? as f64 / 1e9;
    per_second(read(old).get()?, read(new).get()?, seconds)
}

fn container_rates(old: Option<&Sample>, new: &Sample, machine_bytes: u64, cpus: u32) -> ContainerRates {
    let same = old.filter(|o| o.generation == new.generation);
    // Formula of the engine's command line: the container's share of the machine's CPU time, times the CPUs.
    let cpu_percent = same.and_then(|o| {
        let container = new.cpu_ns.get()?.checked_sub(o.cpu_ns.get()?)? as f64;
        let system = new.system_cpu_ns.checked_sub(o.system_cpu_ns).filter(|d| *d > 0)? as f64;
        Some((container / system * f64::from(cpus) * 100.0).min(f64::from(cpus) * 100.0))
    });
    let throttled_percent = same.and_then(|o| {
        let periods = new.periods.get()?.checked_sub(o.periods.get()?).filter(|d| *d > 0)? as f64;
        let throttled = new.throttled_periods.get()?.checked_sub(o.throttled_periods.get()?)? as f64;
        Some(throttled / periods * 100.0)
    });
    let limit = new.memory_limit_bytes.get().filter(|l| *l > 0 && (machine_bytes == 0 || *l < machine_bytes));
    // Usage alone, without knowing the inactive part, would be another figure under the same name.
    let memory_bytes = match (new.memory_bytes.get(), new.inactive_file_bytes.get()) {
        (Some(usage), Some(inactive)) => Some(if inactive < usage { usage - inactive } else { usage }),
        _ => None,
    };
    ContainerRates {
        id: new.id.clone(),
        cpu_percent,
        throttled_percent,
        memory_bytes,
        memory_limit_bytes: limit.or(Some(machine_bytes)).filter(|l| *l > 0),
        is_memory_limited: limit.is_some(),
        rx_bytes: None,
        tx_bytes: None,
        rx_rate: None,
        tx_rate: None,
        is_network_shared: false,
        io_read_rate: fact_rate(old, new, |s| &s.io_read_bytes),
        io_write_rate: fact_rate(old, new, |s| &s.io_write_bytes),
    }
}

fn link_rates(before: Option<&Snapshot>, next: &Snapshot) -> Vec<LinkRates> {
    let seconds = before.map_or(0.0, |b| next.at_ns.saturating_sub(b.at_ns) as f64 / 1e9);
    next.link_samples
        .iter()
        .enumerate()
        .map(|(n, new)| {
            let old = before.and_then(|b| match b.link_samples.get(n) {
                Some(s) if (s.netns, s.ifindex) == (new.netns, new.ifindex) => Some(s),
                _ => b.link_sample(new.netns, new.ifindex),
            });
            let rate = |read: fn(&crate::model::LinkCounters) -> u64| {
                old.and_then(|o| per_second(read(&o.counters), read(&new.counters), seconds))
            };
            LinkRates {
                netns: new.netns,
                ifindex: new.ifindex,
                rx_rate: rate(|c| c.rx_bytes),
                tx_rate: rate(|c| c.tx_bytes),
                rx_packet_rate: rate(|c| c.rx_packets),
                tx_packet_rate: rate(|c| c.tx_packets),
                drop_rate: rate(|c| c.rx_dropped.saturating_add(c.tx_dropped)),
            }
        })
        .collect()
}

fn host_rates(old: Option<&HostSample>, new: &HostSample) -> HostRates {
    let cpu_percent = old.and_then(|o| {
        let total = new.cpu_total_ns.checked_sub(o.cpu_total_ns).filter(|d| *d > 0)? as f64;
        let busy = new.cpu_busy_ns.checked_sub(o.cpu_busy_ns)? as f64;
        Some((busy / total * 100.0).clamp(0.0, 100.0))
    });
    HostRates { cpu_percent, rx_rate: None, tx_rate: None }
}
