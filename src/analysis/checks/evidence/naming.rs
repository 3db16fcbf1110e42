//! Containers as subjects of findings, under names that survive a re-creation.

use super::super::finding::{About, SubjectKind};
use super::Evidence;
use crate::model::{Container, Subject};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Label that compose numbers the containers of a service with.
const COMPOSE_NUMBER: &str = "com.docker.compose.container-number";
/// Label that swarm names a task's service with.
const SWARM_SERVICE: &str = "com.docker.swarm.service.name";

impl Evidence<'_> {
    /// A container as the subject of a finding.
    pub fn about(&self, container: &Container) -> About {
        let compose = container.compose.as_ref();
        let swarm = container.labels.get(SWARM_SERVICE).cloned();
        About {
            kind: SubjectKind::Container,
            name: container.name.clone(),
            id: container.id.as_str().to_owned(),
            project: compose.map(|c| c.project.clone()),
            service: compose.and_then(|c| c.service.clone()).or(swarm),
            subject: Subject::Container { id: container.id.clone() },
            stable: self.stable_name(container),
        }
    }

    /// `project/service` (with its number from the second replica on), else the container's name. Two containers
    /// whose labels claim the same go by their names.
    fn stable_name(&self, container: &Container) -> String {
        let index = self.stable.get_or_init(|| {
            let mut count: BTreeMap<String, usize> = BTreeMap::new();
            let all: Vec<_> = self.snapshot.containers.iter().map(|c| (c, claimed_name(c))).collect();
            for (_, name) in &all {
                *count.entry(name.clone()).or_default() += 1;
            }
            all.into_iter()
                .map(|(c, name)| (&c.id, if count[&name] > 1 { c.name.raw().to_owned() } else { name }))
                .collect()
        });
        index.get(&container.id).cloned().unwrap_or_else(|| container.name.raw().to_owned())
    }
}

fn claimed_name(container: &Arc<Container>) -> String {
    let Some(compose) = &container.compose else { return container.name.raw().to_owned() };
    let Some(service) = &compose.service else { return container.name.raw().to_owned() };
    let base = format!("{}/{}", compose.project.raw(), service.raw());
    match container.labels.get(COMPOSE_NUMBER).map(|number| number.raw()) {
        Some("1") | None => base,
        Some(number) => format!("{base}#{number}"),
    }
}
