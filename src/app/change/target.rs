//! Whom a change is meant for: the marked rows, or the selected one; what each row stands for.

use crate::analysis::LinkKey;
use crate::app::Scene;
use crate::app::state::App;
use crate::model::{Container, ContainerId, Network, NetworkId, Snapshot, Subject};
use crate::plan::EntryId;
use std::sync::Arc;

/// See the module. Identities only, so that they hold whatever the host does meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets {
    /// Containers, in the order of the list.
    pub containers: Vec<ContainerId>,
    /// Networks.
    pub networks: Vec<NetworkId>,
    /// Interfaces.
    pub links: Vec<LinkKey>,
    /// Entries of the journal.
    pub entries: Vec<EntryId>,
    /// They were marked, and not merely where the cursor stands.
    pub are_marked: bool,
}

impl Targets {
    /// The containers as they are now; those that vanished are left out.
    pub fn of<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a Arc<Container>> {
        self.containers.iter().filter_map(|id| snapshot.container(id))
    }

    /// The networks as they are now.
    pub fn networks_of<'a>(&'a self, snapshot: &'a Snapshot) -> impl Iterator<Item = &'a Network> {
        self.networks.iter().filter_map(|id| snapshot.networks.iter().find(|n| n.id == *id))
    }

    /// `web`, or `3 containers`.
    pub fn words(&self, snapshot: &Snapshot) -> String {
        let mut names = self.of(snapshot).map(|c| c.name.shown().into_owned());
        match (self.containers.len(), self.networks.len()) {
            (1, _) => names.next().unwrap_or_else(|| "a container that is gone".to_owned()),
            (0, 1) => self
                .networks_of(snapshot)
                .next()
                .map_or_else(|| "a network that is gone".to_owned(), |n| format!("network {}", n.name.shown())),
            (0, 0) if !self.links.is_empty() => {
                let name = |key: &LinkKey| snapshot.link(key.0, key.1).map(|l| l.name.shown().into_owned());
                self.links.iter().filter_map(name).collect::<Vec<_>>().join(", ")
            }
            (0, 0) => "nothing".to_owned(),
            (0, n) => format!("{n} networks"),
            (n, _) => format!("{n} containers"),
        }
    }

    fn container(&mut self, id: &ContainerId) {
        if !self.containers.contains(id) {
            self.containers.push(id.clone());
        }
    }

    /// Takes what a subject stands for. False when it stands for nothing that can be changed.
    fn take(&mut self, scene: &Scene<'_>, subject: &Subject) -> bool {
        match subject {
            Subject::Container { id } => self.container(id),
            Subject::Project { name } => {
                let of = |c: &&Arc<Container>| c.compose.as_ref().is_some_and(|compose| compose.project == *name);
                for c in scene.snapshot.containers.iter().filter(of) {
                    self.container(&c.id);
                }
            }
            Subject::Network { id } if !self.networks.contains(id) => self.networks.push(id.clone()),
            Subject::Network { .. } => {}
            Subject::Link { netns, ifindex } => {
                let key = (*netns, *ifindex);
                let is_ours = scene.snapshot.our_netns() == Some(*netns);
                // An interface of our own namespace is the container's when its other end is inside.
                let attachment = scene.report.wiring.attachment(key).filter(|a| !is_ours || a.outer == Some(key));
                for id in attachment.iter().flat_map(|a| &a.containers) {
                    self.container(id);
                }
                if attachment.is_none_or(|a| a.containers.is_empty()) && !self.links.contains(&key) {
                    self.links.push(key);
                }
            }
            Subject::Change { id } => self.entries.push(EntryId(id.to_string())),
            _ => return false,
        }
        true
    }
}

impl App {
    /// Whom a change is meant for now.
    pub fn targets(&self) -> Targets {
        let scene = self.newest_scene();
        let mut targets = Targets::default();
        let Some(slot) = self.slot() else { return targets };
        let state = slot.screen.state();
        if !state.marked.is_empty() {
            targets.are_marked = true;
            for row in state.shown.iter().filter(|r| state.marked.contains(&r.subject)) {
                targets.take(&scene, &row.subject);
            }
            // What a filter or a fold hides was marked all the same.
            for subject in &state.marked {
                targets.take(&scene, subject);
            }
            return targets;
        }
        let Some(subject) = state.selected() else { return targets };
        if !targets.take(&scene, subject) {
            // A port, a finding, an event: the one container it belongs to, when it is one.
            let related = slot.screen.relations(&scene);
            let mut owners = related.iter().map(|(_, s)| s).filter(|s| matches!(s, Subject::Container { .. }));
            if let (Some(owner), None) = (owners.next(), owners.next()) {
                targets.take(&scene, owner);
            }
        }
        targets
    }
}
