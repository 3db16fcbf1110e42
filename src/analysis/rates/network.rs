//! Network figures of containers: the interfaces of a namespace added up, each read where its counters are.

use super::Rates;
use crate::analysis::scope;
use crate::analysis::wiring::{Attachment, LinkKey, UNSEEN_NETNS, Wiring};
use crate::model::{ContainerId, NsInode, Snapshot};
use std::collections::BTreeMap;

/// Figures of one or several interfaces, from the container's side. A part that is not known makes the sum unknown.
#[derive(Debug, Clone, Copy)]
struct Total {
    rx: Option<u64>,
    tx: Option<u64>,
    rx_rate: Option<f64>,
    tx_rate: Option<f64>,
}

impl Total {
    const NOTHING: Total = Total { rx: Some(0), tx: Some(0), rx_rate: Some(0.0), tx_rate: Some(0.0) };
    const UNKNOWN: Total = Total { rx: None, tx: None, rx_rate: None, tx_rate: None };

    fn plus(self, other: Total) -> Total {
        Total {
            rx: self.rx.zip(other.rx).map(|(a, b)| a.saturating_add(b)),
            tx: self.tx.zip(other.tx).map(|(a, b)| a.saturating_add(b)),
            rx_rate: self.rx_rate.zip(other.rx_rate).map(|(a, b)| a + b),
            tx_rate: self.tx_rate.zip(other.tx_rate).map(|(a, b)| a + b),
        }
    }

    /// The same from the other end of a pair.
    fn mirrored(self) -> Total {
        Total { rx: self.tx, tx: self.rx, rx_rate: self.tx_rate, tx_rate: self.rx_rate }
    }
}

/// Adds up the interfaces of each namespace and gives the sum to its containers.
pub(super) fn add(rates: &mut Rates, next: &Snapshot, wiring: &Wiring) {
    let mut by_netns: BTreeMap<NsInode, Total> = BTreeMap::new();
    let mut unseen: BTreeMap<&ContainerId, (usize, Total)> = BTreeMap::new();
    for (n, attachment) in wiring.attachments.iter().enumerate() {
        let seen = of_attachment(rates, next, wiring, n, attachment);
        if attachment.link.0 == UNSEEN_NETNS {
            for id in &attachment.containers {
                let (count, total) = unseen.entry(id).or_insert((0, Total::NOTHING));
                (*count, *total) = (*count + 1, total.plus(seen));
            }
        } else {
            let total = by_netns.entry(attachment.link.0).or_insert(Total::NOTHING);
            *total = total.plus(seen);
        }
    }
    for (netns, ids) in &wiring.by_netns {
        let is_host = scope::is_host_netns(next, *netns);
        // A namespace that was read and has no interface but loopback moved nothing: that is a fact.
        let is_read = || next.links_in(*netns).iter().any(|l| l.kind == "loopback");
        let total = by_netns.get(netns).copied().or_else(|| is_read().then_some(Total::NOTHING));
        for (n, id) in ids.iter().enumerate() {
            give(rates, id, total.filter(|_| !is_host), is_host || n > 0);
        }
    }
    // Concluded without seeing the namespace: a total only when each of its networks was found.
    for (id, (count, total)) in unseen {
        let all = next.container(id).is_some_and(|c| c.endpoints.len() == count);
        give(rates, id, Some(total).filter(|_| all), false);
    }
}

fn give(rates: &mut Rates, id: &ContainerId, total: Option<Total>, is_shared: bool) {
    let Ok(at) = rates.containers.binary_search_by(|c| c.id.cmp(id)) else { return };
    let container = &mut rates.containers[at];
    container.is_network_shared = is_shared;
    if let Some(total) = total {
        (container.rx_bytes, container.tx_bytes) = (total.rx, total.tx);
        (container.rx_rate, container.tx_rate) = (total.rx_rate, total.tx_rate);
    }
}

/// Counted inside where that was done; else a pair is read at its outer end, where received and sent change places.
fn of_attachment(rates: &Rates, next: &Snapshot, wiring: &Wiring, n: usize, attachment: &Attachment) -> Total {
    let pair = attachment.outer.filter(|outer| wiring.by_outer.get(outer) == Some(&n));
    let outer = pair.and_then(|outer| of_link(rates, next, outer)).map(Total::mirrored);
    match (of_link(rates, next, attachment.link), outer) {
        // What is counted inside for the first time has no interval yet; the outer end may have.
        (Some(inner), Some(outer)) => {
            Total { rx_rate: inner.rx_rate.or(outer.rx_rate), tx_rate: inner.tx_rate.or(outer.tx_rate), ..inner }
        }
        (inner, outer) => inner.or(outer).unwrap_or(Total::UNKNOWN),
    }
}

fn of_link(rates: &Rates, next: &Snapshot, (netns, index): LinkKey) -> Option<Total> {
    let counters = next.link_sample(netns, index)?.counters;
    let rate = rates.link(netns, index);
    Some(Total {
        rx: Some(counters.rx_bytes),
        tx: Some(counters.tx_bytes),
        rx_rate: rate.and_then(|r| r.rx_rate),
        tx_rate: rate.and_then(|r| r.tx_rate),
    })
}
