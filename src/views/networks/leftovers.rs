//! What is left over on the host: bridges without networks, links without containers, dead endpoints.

use crate::app::Scene;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, word};

/// The page.
pub fn content(scene: &Scene, width: u16) -> Content {
    let mut page = Page::new(width);
    lines(&mut page, scene);
    page.finish()
}

/// The section.
pub fn lines(page: &mut Page, scene: &Scene) {
    page.heading("left over");
    if scene.report.leftovers.is_empty() {
        page.note("Nothing that looks stale was found.");
    }
    for leftover in scene.report.leftovers.iter() {
        let before = page.len();
        page.spans(
            [
                Span::outside(&leftover.name, Role::Name),
                Span::new(format!("  {}", leftover.what), Role::Notice),
                Span::plain(": "),
                word(&leftover.reason, Role::Text),
            ],
            4,
        );
        page.link_from(before, &leftover.subject);
    }
    if scene.snapshot.engine_is_stale() {
        page.note("The engine does not answer: what belongs to it can't be told from what is left over now.");
    }
}
