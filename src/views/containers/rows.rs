//! Rows of the containers view: compose projects as groups, then containers of no project, and those that no engine
//! answers for at the end.

use crate::app::Scene;
use crate::model::{Container, ContainerId, Owner, State, Subject};
use crate::text::Outside;
use crate::views::view::Row;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A row's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A compose project.
    Project(Outside),
    /// A container.
    Container(ContainerId),
}

/// True when a container is listed with the present preferences.
pub fn is_listed(scene: &Scene, container: &Container) -> bool {
    scene.prefs.show_all || container.state.has_processes() || container.state == State::Restarting
}

/// Containers of a project that are listed, by name.
pub fn members<'a>(scene: &Scene<'a>, project: &Outside) -> Vec<&'a Arc<Container>> {
    let mut members: Vec<_> = scene
        .snapshot
        .containers
        .iter()
        .filter(|c| c.compose.as_ref().is_some_and(|compose| compose.project == *project) && is_listed(scene, c))
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

/// All rows.
pub fn rows(scene: &Scene) -> Vec<Row<Item>> {
    let mut projects: BTreeMap<&Outside, Vec<&Arc<Container>>> = BTreeMap::new();
    let mut single: Vec<&Arc<Container>> = Vec::new();
    for container in scene.snapshot.containers.iter().filter(|c| is_listed(scene, c)) {
        match &container.compose {
            Some(compose) => projects.entry(&compose.project).or_default().push(container),
            None => single.push(container),
        }
    }
    let mut rows = Vec::with_capacity(scene.snapshot.containers.len() + projects.len());
    for (project, mut members) in projects {
        rows.push(Row {
            item: Item::Project(project.clone()),
            subject: Subject::Project { name: project.clone() },
            depth: 0,
            is_group: true,
        });
        members.sort_by(|a, b| a.name.cmp(&b.name));
        rows.extend(members.into_iter().map(|c| row(c, 1)));
    }
    single.sort_by(|a, b| (a.owner != Owner::Engine, &a.name).cmp(&(b.owner != Owner::Engine, &b.name)));
    rows.extend(single.into_iter().map(|c| row(c, 0)));
    rows
}

fn row(container: &Container, depth: u8) -> Row<Item> {
    Row {
        item: Item::Container(container.id.clone()),
        subject: Subject::Container { id: container.id.clone() },
        depth,
        is_group: false,
    }
}

/// The row that a subject of another view leads to.
pub fn locate(scene: &Scene, subject: &Subject) -> Option<Subject> {
    let wiring = &scene.report.wiring;
    let id = match subject {
        Subject::Container { id } => Some(id),
        Subject::Project { name } => {
            let known =
                scene.snapshot.containers.iter().any(|c| c.compose.as_ref().is_some_and(|p| p.project == *name));
            return known.then(|| subject.clone());
        }
        Subject::Link { netns, ifindex } => wiring.attachment((*netns, *ifindex)).and_then(|a| a.containers.first()),
        Subject::Netns { inode } => wiring.by_netns.get(inode).and_then(|all| all.first()),
        Subject::Network { id } => scene
            .snapshot
            .containers
            .iter()
            .find(|c| c.endpoints.iter().any(|e| e.network_id.as_ref() == Some(id)))
            .map(|c| &c.id),
        Subject::Port { key } => scene.report.ports.iter().find(|p| p.key == *key).and_then(|p| p.container.as_ref()),
        Subject::Event { seq } => {
            scene.snapshot.events.iter().find(|e| e.seq == *seq).and_then(|e| e.container.as_ref())
        }
        Subject::Finding { key } => return crate::views::parts::mark::container_of(scene, key),
        Subject::Host | Subject::Daemon | Subject::Change { .. } | Subject::Group { .. } => None,
    }?;
    scene.snapshot.container(id).map(|c| Subject::Container { id: c.id.clone() })
}
