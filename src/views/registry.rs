//! The views of the console, in the order of their tabs: one line each.

use crate::app::{Scene, Slot};
use crate::theme::Role;

/// All views.
pub fn registry() -> Vec<Slot> {
    vec![
        // One line a view: `Slot::new("containers", "Containers", '1', Box::new(ListScreen::new(Containers))),`
    ]
}

/// Findings by severity for the header, gravest first, without those of which there are none.
pub fn finding_counts(_scene: &Scene<'_>) -> Vec<(Role, &'static str, usize)> {
    Vec::new()
}
