//! Options and labels of a network.

use crate::app::Scene;
use crate::model::NetworkId;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, word};

/// The page.
pub fn content(scene: &Scene, id: &NetworkId, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(network) = super::network(scene, id) else {
        page.note("This network is gone.");
        return page.finish();
    };
    for (title, map) in [("options", &network.options), ("labels", &network.labels)] {
        page.heading(title);
        if map.is_empty() {
            page.note("none");
        }
        for (name, value) in map {
            page.spans([word(name, Role::Name), Span::new(" = ", Role::Dim), Span::outside(value, Role::Text)], 4);
        }
    }
    page.finish()
}
