//! The views of the console, in the order of their tabs: one line each.

use super::{Changes, Containers, Events, Namespaces, Networks, Ports, Security, TopologyView, Traffic};
use crate::analysis::checks::Severity;
use crate::app::{ListScreen, Scene, Slot};
use crate::theme::Role;

/// All views. The digits 6 and 9 are kept for views to come; the journal
/// has no digit left and is opened by a letter of the key map.
pub fn registry() -> Vec<Slot> {
    vec![
        Slot::new("containers", "Containers", '1', Box::new(ListScreen::new(Containers))),
        Slot::new("networks", "Networks", '2', Box::new(ListScreen::new(Networks))),
        Slot::new("topology", "Topology", '3', Box::new(ListScreen::new(TopologyView))),
        Slot::new("ports", "Ports", '4', Box::new(ListScreen::new(Ports))),
        Slot::new("traffic", "Traffic", '5', Box::new(ListScreen::new(Traffic))),
        Slot::new("namespaces", "Namespaces", '7', Box::new(ListScreen::new(Namespaces))),
        Slot::new("security", "Security", '8', Box::new(ListScreen::new(Security))),
        Slot::new("events", "Events", '0', Box::new(ListScreen::new(Events))),
        Slot::new("journal", "Journal", 'u', Box::new(ListScreen::new(Changes))),
    ]
}

/// Findings by severity for the header, gravest first, without those of which there are none.
pub fn finding_counts(scene: &Scene<'_>) -> Vec<(Role, &'static str, usize)> {
    [(Severity::Critical, Role::Critical, "critical"), (Severity::High, Role::High, "high")]
        .into_iter()
        .map(|(severity, role, word)| (role, word, scene.report.audit.count(severity)))
        .filter(|(.., count)| *count > 0)
        .collect()
}
