//! The report on a snapshot, made anew only where the parts it is made from changed.

use super::checks::{Audit, Auditor};
use super::{Leftover, PoolUse, PortRow, Rates, SharingRow, Topology, Traffic, Wiring, addressing, ports, sharing};
use crate::model::{GapKind, NetworkId, Owner, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All that follows from a snapshot (and the one before it).
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// Joins.
    pub wiring: Arc<Wiring>,
    /// The picture.
    pub topology: Arc<Topology>,
    /// Ports.
    pub ports: Arc<Vec<PortRow>>,
    /// Namespaces.
    pub sharing: Arc<Vec<SharingRow>>,
    /// Address pools by network.
    pub pools: Arc<BTreeMap<NetworkId, Vec<PoolUse>>>,
    /// Leftovers.
    pub leftovers: Arc<Vec<Leftover>>,
    /// Rates since the counters before.
    pub rates: Arc<Rates>,
    /// Limits of traffic and what is reached under them.
    pub traffic: Arc<Traffic>,
    /// Findings of the checks, and marks by subject.
    pub audit: Arc<Audit>,
}

/// Makes reports on a run of snapshots and keeps what still holds.
#[derive(Default)]
pub struct Analyst {
    last: Option<Arc<Snapshot>>,
    /// The newest snapshot with other counters than `last`: where rates are reckoned from. A snapshot that follows a
    /// mere change of structure holds the same counters, and must not blank the rates.
    base: Option<Arc<Snapshot>>,
    auditor: Auditor,
    report: Report,
}

impl std::fmt::Debug for Analyst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analyst").finish_non_exhaustive()
    }
}

impl Analyst {
    /// Starts without a past.
    pub fn new() -> Self {
        Analyst::default()
    }

    /// The report on `next`. Snapshots are to be given in order of time; after a jump use [`Analyst::forget`].
    pub fn update(&mut self, next: &Arc<Snapshot>) -> &Report {
        let last = self.last.take();
        let changed = Changes::between(last.as_deref(), next);
        let report = &mut self.report;
        let structure = changed.containers || changed.kernel || changed.links || changed.networks || changed.host;
        if structure {
            report.wiring = Arc::new(Wiring::build(next));
            report.sharing = Arc::new(sharing::build(next));
        }
        if structure || changed.firewall || changed.routes {
            report.topology = Arc::new(Topology::build(next, &report.wiring));
        }
        if structure || changed.firewall || changed.sockets {
            report.ports = Arc::new(ports::build(next, &report.wiring));
        }
        if structure || changed.routes || changed.netns || changed.firewall {
            report.pools = Arc::new(addressing::pools(next, &report.wiring));
            report.leftovers = Arc::new(addressing::leftovers(next, &report.wiring));
        }
        let counted = last.as_ref().is_none_or(|l| l.at_ns != next.at_ns);
        if counted {
            self.base = last;
        }
        if counted || structure {
            report.rates = Arc::new(Rates::between(self.base.as_deref(), next, &report.wiring));
        }
        if (counted && !report.traffic.is_idle()) || structure || changed.tc {
            let traffic = Traffic::build(self.base.as_deref(), next, &report.wiring);
            if *report.traffic != traffic {
                report.traffic = Arc::new(traffic);
            }
        }
        if !knows_names_only(next) {
            report.audit = self.auditor.update(next);
        }
        self.last = Some(next.clone());
        report
    }

    /// Drops the past, so that the next report has no rates across a jump.
    pub fn forget(&mut self) {
        *self = Analyst::default();
    }

    /// The snapshot of the newest report.
    pub fn newest(&self) -> Option<&Snapshot> {
        self.last.as_deref()
    }

    /// The newest report.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

struct Changes {
    host: bool,
    containers: bool,
    kernel: bool,
    networks: bool,
    links: bool,
    routes: bool,
    netns: bool,
    sockets: bool,
    firewall: bool,
    tc: bool,
}

impl Changes {
    fn between(last: Option<&Snapshot>, next: &Snapshot) -> Self {
        let Some(last) = last else {
            return Changes {
                host: true,
                containers: true,
                kernel: true,
                networks: true,
                links: true,
                routes: true,
                netns: true,
                sockets: true,
                firewall: true,
                tc: true,
            };
        };
        let firewall = !same_arc(last.firewall.known(), next.firewall.known());
        Changes {
            host: !Arc::ptr_eq(&last.host, &next.host),
            containers: !Arc::ptr_eq(&last.containers, &next.containers),
            kernel: !same_namespaces(last, next),
            networks: !Arc::ptr_eq(&last.networks, &next.networks),
            links: !Arc::ptr_eq(&last.links, &next.links),
            routes: !Arc::ptr_eq(&last.routes, &next.routes),
            netns: !Arc::ptr_eq(&last.netns, &next.netns),
            sockets: !Arc::ptr_eq(&last.sockets, &next.sockets),
            firewall,
            tc: !same_arc(last.tc.known(), next.tc.known()) || !Arc::ptr_eq(&last.wanted, &next.wanted),
        }
    }
}

/// The engine has listed its containers and none is inspected yet: an audit would only say so, once for each check and
/// container.
fn knows_names_only(next: &Snapshot) -> bool {
    let mut listed = next.containers.iter().filter(|c| c.owner == Owner::Engine).peekable();
    listed.peek().is_some() && listed.all(|c| c.config.why().is_some_and(|gap| gap.kind == GapKind::NotYet))
}

fn same_arc<T>(a: Option<&Arc<T>>, b: Option<&Arc<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}

/// Processes come and go without moving anybody: only namespaces matter to the structure.
fn same_namespaces(last: &Snapshot, next: &Snapshot) -> bool {
    Arc::ptr_eq(&last.kernel, &next.kernel)
        || (last.kernel.len() == next.kernel.len()
            && last.kernel.iter().zip(next.kernel.iter()).all(|((id, a), (other, b))| {
                id == other
                    && (Arc::ptr_eq(a, b) || (a.pid == b.pid && a.namespaces == b.namespaces && a.routes == b.routes))
            }))
}
