//! Everything that is held of what happened to a container, newest first: engine events, OOM kills, changes of its
//! interfaces.

use crate::app::Scene;
use crate::model::{Container, Subject};
use crate::views::content::Content;
use crate::views::parts::{Page, event};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    let links: Vec<Subject> = scene
        .report
        .wiring
        .attachments_of(&container.id)
        .flat_map(|a| [Some(a.link), a.outer])
        .flatten()
        .map(crate::views::parts::names::link_subject)
        .collect();
    let columns = page.width();
    let lines = event::lines(scene, columns, 500, |e| {
        e.container.as_ref() == Some(&container.id) || links.contains(&e.subject)
    });
    if lines.is_empty() {
        page.note("No event of this container is held. Events are kept from the start of bridgewatch, bounded.");
    }
    page.lines(lines);
    page.finish()
}
