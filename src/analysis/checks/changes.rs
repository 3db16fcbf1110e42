//! What changed between two snapshots, as the inputs of checks. Parts are shared between snapshots, so this compares
//! pointers, not contents.

use super::Inputs;
use crate::model::{Container, ContainerId, Fact, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Parts.
    pub inputs: Inputs,
    /// Containers whose own inspect or kernel facts changed, or that are new.
    pub containers: BTreeSet<ContainerId>,
    /// A container came, went, started, stopped or changed its networks or ports.
    pub unsettled: bool,
}

/// Compares. Without a previous snapshot everything changed.
pub(super) fn between(previous: Option<&Snapshot>, now: &Snapshot) -> Changes {
    let Some(before) = previous else { return everything(now) };
    let mut changes = Changes::default();
    let mut note = |changed: bool, input: Inputs| {
        if changed {
            changes.inputs = changes.inputs.and(input);
        }
    };
    note(!Arc::ptr_eq(&before.host, &now.host), Inputs::HOST);
    note(!Arc::ptr_eq(&before.samples, &now.samples), Inputs::SAMPLES);
    note(!Arc::ptr_eq(&before.networks, &now.networks), Inputs::NETWORKS);
    note(!Arc::ptr_eq(&before.volumes, &now.volumes), Inputs::VOLUMES);
    note(!Arc::ptr_eq(&before.netns, &now.netns), Inputs::NETNS);
    note(!Arc::ptr_eq(&before.links, &now.links), Inputs::LINKS);
    note(!Arc::ptr_eq(&before.routes, &now.routes), Inputs::ROUTES);
    note(!Arc::ptr_eq(&before.fdb, &now.fdb), Inputs::FDB);
    note(!Arc::ptr_eq(&before.sockets, &now.sockets), Inputs::SOCKETS);
    note(!Arc::ptr_eq(&before.events, &now.events), Inputs::EVENTS);
    note(!Arc::ptr_eq(&before.sources, &now.sources), Inputs::SOURCES);
    note(!same_firewall(before, now), Inputs::FIREWALL);
    if !Arc::ptr_eq(&before.containers, &now.containers) {
        changes.unsettled = before.containers.len() != now.containers.len();
        for container in now.containers.iter() {
            match before.container(&container.id) {
                Some(old) if Arc::ptr_eq(old, container) => {}
                old => {
                    changes.unsettled |= old.is_none_or(|old| !is_settled(old, container));
                    changes.containers.insert(container.id.clone());
                }
            }
        }
        changes.inputs = changes.inputs.and(Inputs::CONTAINER).and(Inputs::CONTAINERS);
    }
    if !Arc::ptr_eq(&before.kernel, &now.kernel) {
        for (id, facts) in now.kernel.iter() {
            if !before.kernel.get(id).is_some_and(|old| Arc::ptr_eq(old, facts)) {
                changes.containers.insert(id.clone());
            }
        }
        changes.containers.extend(before.kernel.keys().filter(|id| !now.kernel.contains_key(*id)).cloned());
        changes.inputs = changes.inputs.and(Inputs::KERNEL).and(Inputs::CONTAINERS);
    }
    changes
}

fn everything(now: &Snapshot) -> Changes {
    // What began within the last seconds may not have its rules, proxies and listeners yet.
    let fresh = |container: &Arc<Container>| {
        container.started_at.is_some_and(|start| now.taken_at.duration_since(start) < super::auditor::SETTLE)
    };
    Changes {
        inputs: Inputs::ALL,
        containers: now.containers.iter().map(|container| container.id.clone()).collect(),
        unsettled: now.containers.iter().any(fresh),
    }
}

fn same_firewall(before: &Snapshot, now: &Snapshot) -> bool {
    match (&before.firewall, &now.firewall) {
        (Fact::Known(a), Fact::Known(b)) => Arc::ptr_eq(a, b),
        (Fact::Unknown { unknown: a }, Fact::Unknown { unknown: b }) => Arc::ptr_eq(a, b) || a == b,
        _ => false,
    }
}

fn is_settled(old: &Container, new: &Container) -> bool {
    (&old.state, old.pid, old.started_at) == (&new.state, new.pid, new.started_at)
        && old.endpoints == new.endpoints
        && old.ports == new.ports
}
