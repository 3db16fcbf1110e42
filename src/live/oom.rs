//! OOM kills as events: the kernel counts them per cgroup, and a count that rose is news, with or without an engine.

use crate::model::{Container, Event, Fact, Origin, Sample, Subject, Weight};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Kills that happened between two readings of the counters, both sorted by id.
pub fn kills(before: &[Sample], now: &[Sample], containers: &[Arc<Container>]) -> Vec<Event> {
    let mut events = Vec::new();
    for (n, sample) in now.iter().enumerate() {
        let old = match before.get(n) {
            Some(old) if old.id == sample.id => old,
            _ => match before.binary_search_by(|b| b.id.cmp(&sample.id)) {
                Ok(at) => &before[at],
                Err(_) => continue,
            },
        };
        let (Fact::Known(then), Fact::Known(count)) = (&old.oom_kills, &sample.oom_kills) else { continue };
        if old.generation == sample.generation && count > then {
            events.push(event(sample, count - then, containers));
        }
    }
    events
}

fn event(sample: &Sample, kills: u64, containers: &[Arc<Container>]) -> Event {
    let found = containers.binary_search_by(|c| c.id.cmp(&sample.id)).ok().map(|at| &containers[at]);
    let tasks = if kills == 1 { "a task was".to_owned() } else { format!("{kills} tasks were") };
    Event {
        seq: 0,
        at: Timestamp::now(),
        origin: Origin::Kernel,
        class: "oom".into(),
        action: "kill".into(),
        weight: Weight::Alarm,
        subject: Subject::Container { id: sample.id.clone() },
        name: found.map_or_else(|| sample.id.short().into(), |c| c.name.clone()),
        container: Some(sample.id.clone()),
        text: format!("{tasks} killed for lack of memory").into(),
        attributes: BTreeMap::new(),
    }
}
