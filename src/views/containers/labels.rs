//! Labels of a container. Values that look like secrets stay masked here too: labels are read by many tools.

use crate::app::Scene;
use crate::model::Container;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, names, word};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    if container.labels.is_empty() {
        page.note("No label is set.");
    }
    for (name, value) in &container.labels {
        let value = names::value(scene, name, value);
        page.spans([word(name, Role::Name), Span::new(" = ", Role::Dim), value], 4);
    }
    page.finish()
}
