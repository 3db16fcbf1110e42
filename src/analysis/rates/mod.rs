//! Two snapshots and the time between them: rates. Resets, restarts and wraps are handled here and nowhere else: an
//! interval in which a counter began anew has no rate, never a negative or an enormous one.

mod network;
#[cfg(test)]
mod tests;

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
        network::add(&mut rates, next, wiring);
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
