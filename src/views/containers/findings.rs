//! Findings of a container, worst first, each with its evidence and the way to mend it.

use crate::app::Scene;
use crate::model::{Container, Subject};
use crate::views::content::Content;
use crate::views::parts::{Page, mark};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    mark::page(&mut page, scene, &Subject::Container { id: container.id.clone() });
    page.finish()
}
