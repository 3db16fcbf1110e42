//! What changed between two snapshots, as the inputs of checks. Parts are shared between snapshots, so this compares
//! pointers, not contents.

use super::Inputs;
use crate::model::{Container, ContainerId, Fact, KernelFacts, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Parts.
    pub inputs: Inputs,
    /// Containers whose own inspect or kernel facts changed, or that are new.
    pub containers: BTreeSet<ContainerId>,
    /// Containers that came, started, stopped, or changed their networks or ports.
    pub moved: BTreeSet<ContainerId>,
    /// A container went.
    pub gone: bool,
    /// The engine began or ceased to answer.
    pub staleness: bool,
}

/// Compares. Without a previous snapshot everything changed.
pub(super) fn between(previous: Option<&Snapshot>, now: &Snapshot) -> Changes {
    let Some(before) = previous else { return everything(now) };
    let mut changes = Changes { staleness: before.engine_is_stale() != now.engine_is_stale(), ..parts(before, now) };
    if !Arc::ptr_eq(&before.containers, &now.containers) {
        let mut kept = 0;
        for container in now.containers.iter() {
            let old = before.container(&container.id);
            kept += usize::from(old.is_some());
            if old.is_some_and(|old| Arc::ptr_eq(old, container) || old == container) {
                continue;
            }
            if old.is_none_or(|old| !is_settled(old, container)) {
                changes.moved.insert(container.id.clone());
            }
            changes.containers.insert(container.id.clone());
        }
        changes.gone = kept != before.containers.len();
        if changes.gone || !changes.containers.is_empty() {
            changes.inputs = changes.inputs.and(Inputs::CONTAINER).and(Inputs::CONTAINERS);
        }
    }
    if !Arc::ptr_eq(&before.kernel, &now.kernel) {
        let same = |id: &ContainerId, facts: &Arc<KernelFacts>| {
            before.kernel.get(id).is_some_and(|old| same_facts(old, facts))
        };
        let mut changed: Vec<ContainerId> =
            now.kernel.iter().filter(|(id, facts)| !same(id, facts)).map(|(id, _)| id.clone()).collect();
        changed.extend(before.kernel.keys().filter(|id| !now.kernel.contains_key(*id)).cloned());
        if !changed.is_empty() {
            changes.containers.extend(changed);
            changes.inputs = changes.inputs.and(Inputs::KERNEL).and(Inputs::CONTAINERS);
        }
    }
    changes
}

/// Parts other than containers and their kernel facts. A part that was read anew and is the same has not changed.
fn parts(before: &Snapshot, now: &Snapshot) -> Changes {
    fn differs<T: PartialEq>(a: &Arc<T>, b: &Arc<T>) -> bool {
        !Arc::ptr_eq(a, b) && a != b
    }
    let changed = [
        (differs(&before.host, &now.host), Inputs::HOST),
        (!Arc::ptr_eq(&before.samples, &now.samples), Inputs::SAMPLES),
        (differs(&before.networks, &now.networks), Inputs::NETWORKS),
        (differs(&before.volumes, &now.volumes), Inputs::VOLUMES),
        (differs(&before.netns, &now.netns), Inputs::NETNS),
        (differs(&before.links, &now.links), Inputs::LINKS),
        (differs(&before.routes, &now.routes), Inputs::ROUTES),
        (differs(&before.fdb, &now.fdb), Inputs::FDB),
        (differs(&before.sockets, &now.sockets), Inputs::SOCKETS),
        (!Arc::ptr_eq(&before.events, &now.events), Inputs::EVENTS),
        (!same_firewall(before, now), Inputs::FIREWALL),
    ];
    let inputs = changed.into_iter().filter(|(yes, _)| *yes).fold(Inputs::NONE, |all, (_, input)| all.and(input));
    Changes { inputs, ..Changes::default() }
}

fn everything(now: &Snapshot) -> Changes {
    // What began within the last seconds may not have its rules, proxies and listeners yet.
    let fresh = |container: &&Arc<Container>| {
        container.started_at.is_some_and(|start| now.taken_at.duration_since(start) < super::settling::SETTLE)
    };
    Changes {
        inputs: Inputs::ALL,
        containers: now.containers.iter().map(|container| container.id.clone()).collect(),
        moved: now.containers.iter().filter(fresh).map(|container| container.id.clone()).collect(),
        gone: false,
        staleness: true,
    }
}

fn same_firewall(before: &Snapshot, now: &Snapshot) -> bool {
    match (&before.firewall, &now.firewall) {
        (Fact::Known(a), Fact::Known(b)) => Arc::ptr_eq(a, b) || a == b,
        (Fact::Unknown { unknown: a }, Fact::Unknown { unknown: b }) => Arc::ptr_eq(a, b) || a == b,
        _ => false,
    }
}

/// Equal but for what ticks in a process: CPU time, memory, state letter and threads, which no check reads.
fn same_facts(old: &Arc<KernelFacts>, new: &Arc<KernelFacts>) -> bool {
    if Arc::ptr_eq(old, new) || old == new {
        return true;
    }
    let calm = |facts: &KernelFacts| {
        let mut facts = facts.clone();
        if let Fact::Known(processes) = &mut facts.processes {
            for process in processes {
                (process.cpu_ticks, process.rss_bytes, process.state, process.threads) = (0, 0, ' ', 0);
            }
        }
        facts
    };
    calm(old) == calm(new)
}

fn is_settled(old: &Container, new: &Container) -> bool {
    (&old.state, old.pid, old.started_at) == (&new.state, new.pid, new.started_at)
        && old.endpoints == new.endpoints
        && old.ports == new.ports
}
