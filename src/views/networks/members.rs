//! Members of a network: what the engine lists, with the kernel's side of each, and who is there without being listed.

use crate::app::Scene;
use crate::model::{Fact, Network, NetworkId, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, figure, names, word};

/// The page.
pub fn content(scene: &Scene, id: &NetworkId, width: u16) -> Content {
    let mut page = Page::new(width);
    match super::network(scene, id) {
        Some(network) => lines(&mut page, scene, network),
        None => page.note("This network is gone."),
    }
    page.finish()
}

/// The section.
pub fn lines(page: &mut Page, scene: &Scene, network: &Network) {
    page.heading("members");
    let mut grid = Grid::new(&["container", "state", "address", "mac", "host end", ">rx/s", ">tx/s"]);
    let attachments: Vec<_> =
        scene.report.wiring.attachments.iter().filter(|a| a.network.as_ref() == Some(&network.id)).collect();
    let members = network.members.known().map_or(&[][..], Vec::as_slice);
    for member in members {
        let attachment = attachments.iter().find(|a| a.containers.first() == Some(&member.container));
        let container = scene.snapshot.container(&member.container);
        let state = container
            .map_or(Cell::new("no container", Role::Bad), |c| Cell { spans: vec![word(c.state.as_str(), Role::Text)] });
        let address =
            [member.ipv4, member.ipv6].into_iter().flatten().map(|c| c.to_string()).collect::<Vec<_>>().join(", ");
        let rates = attachment.map_or((None, None), |a| crate::views::traffic::directed(scene, a));
        grid.row_to(
            Subject::Container { id: member.container.clone() },
            [
                Cell::outside(&member.name, Role::Name),
                state,
                Cell::new(address, Role::Address),
                Cell::new(member.mac.as_ref().map_or(String::new(), ToString::to_string), Role::Dim),
                attachment
                    .and_then(|a| a.outer)
                    .map_or(Cell::unknown(), |key| Cell { spans: vec![names::link_span(scene, key)] }),
                figure::traffic(rates.0, Role::Rx),
                figure::traffic(rates.1, Role::Tx),
            ],
        );
    }
    for attachment in &attachments {
        let listed = attachment.containers.iter().any(|id| members.iter().any(|m| m.container == *id));
        if listed {
            continue;
        }
        let rates = crate::views::traffic::directed(scene, attachment);
        let link = scene.snapshot.link(attachment.link.0, attachment.link.1);
        let mut who = names::containers(scene, &attachment.containers);
        if who.is_empty() {
            who = names::netns(scene, attachment.link.0);
        }
        grid.row_to(
            names::link_subject(attachment.link),
            [
                Cell { spans: who },
                Cell::new(if network.members.known().is_some() { "not listed" } else { "on the wire" }, Role::Notice),
                Cell { spans: link.map(crate::views::parts::link::addresses).unwrap_or_default() },
                Cell::new(link.map_or(String::new(), |l| l.mac.to_string()), Role::Dim),
                attachment.outer.map_or(Cell::unknown(), |key| Cell { spans: vec![names::link_span(scene, key)] }),
                figure::traffic(rates.0, Role::Rx),
                figure::traffic(rates.1, Role::Tx),
            ],
        );
    }
    if let Fact::Unknown { unknown } = &network.members {
        page.missing("members as the engine lists them", unknown);
    } else if grid.is_empty() {
        page.note("none");
    }
    if !grid.is_empty() {
        let columns = page.width();
        page.lines(grid.lines(columns));
        page.spans([Span::new("directions: the containers'", Role::Dim)], 2);
    }
}
