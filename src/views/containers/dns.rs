//! Names: which names lead to a container, from where, and how the container itself resolves names.

use crate::analysis::names::{Name, resolving_to};
use crate::analysis::path::parse_resolv_conf;
use crate::app::Scene;
use crate::model::{Container, Fact, NetworkMode, Subject};
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, word};

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    names(&mut page, scene, container, usize::MAX);
    own(&mut page, scene, container);
    page.finish()
}

/// Section: which names lead to the container, by network and means, and who can use them: at most so many are named.
pub fn names(page: &mut Page, scene: &Scene, container: &Container, most: usize) {
    page.heading("names that lead here");
    if let NetworkMode::Container(owner) = &container.network_mode {
        page.spans(
            [
                Span::plain("those of the container whose namespace it joined, "),
                crate::views::parts::names::container(scene, owner),
            ],
            2,
        );
    }
    let all = resolving_to(scene.snapshot, &container.id);
    if all.is_empty() {
        page.note(match &container.network_mode {
            NetworkMode::Host => "None: on the host's network only the host's own names lead to it.",
            NetworkMode::None => "None: it has no network.",
            NetworkMode::Unknown => "Not known: no engine tells.",
            _ if !container.state.has_processes() => "None now: it does not run.",
            _ => "None: its networks have no embedded DNS, and no hosts file that was read names it.",
        });
        return;
    }
    // Names of one network by one means for the same readers stand on one line.
    let mut at = 0;
    while at < all.len() {
        let first = &all[at];
        let like = |n: &Name| {
            (&n.network, n.means, &n.seen_by, &n.addresses)
                == (&first.network, first.means, &first.seen_by, &first.addresses)
        };
        let count = all[at..].iter().take_while(|n| like(n)).count();
        group(page, scene, container, &all[at..at + count], most);
        at += count;
    }
}

fn group(page: &mut Page, scene: &Scene, container: &Container, names: &[Name], most: usize) {
    let Some(first) = names.first() else { return };
    let mut spans = Vec::new();
    for name in names {
        if !spans.is_empty() {
            spans.push(Span::plain(", "));
        }
        spans.push(Span::outside(&name.name, Role::Name));
        if !name.also.is_empty() {
            spans.push(Span::new(" (also ", Role::Notice));
            spans.extend(crate::views::parts::names::containers(scene, &name.also));
            spans.push(Span::new(")", Role::Notice));
        }
    }
    for address in &first.addresses {
        spans.push(Span::new(format!(" = {address}"), Role::Address));
    }
    spans.push(Span::new(format!("  {}", first.means.as_str()), Role::Dim));
    if let Some(network) = &first.network_name {
        spans.push(Span::new(" of ", Role::Dim));
        spans.push(Span::outside(network, Role::Network));
    }
    let others: Vec<_> = first.seen_by.iter().filter(|id| **id != container.id).collect();
    spans.push(Span::new(", from ", Role::Dim));
    if others.is_empty() {
        spans.push(Span::new("nobody else now", Role::Dim));
    } else {
        let (named, rest) = others.split_at(others.len().min(most));
        spans.extend(crate::views::parts::names::containers(scene, named.iter().copied()));
        if !rest.is_empty() {
            spans.push(Span::new(format!(" and {} more", rest.len()), Role::Dim));
        }
    }
    let before = page.len();
    page.spans(spans, 4);
    if let Some(id) = &first.network {
        page.link_from(before, &Subject::Network { id: id.clone() });
    }
}

/// Section: how the container itself resolves names.
fn own(page: &mut Page, scene: &Scene, container: &Container) {
    let Some(kernel) = scene.snapshot.kernel_of(&container.id) else {
        page.heading("how it resolves names");
        page.note(if container.state.has_processes() {
            "Its files were not read."
        } else {
            "Not running: its files are not read."
        });
        asked(page, container);
        return;
    };
    page.heading("how it resolves names");
    if let Some(text) = kernel.resolv_conf.known() {
        if parse_resolv_conf(text.raw()).is_embedded {
            page.note("The engine's embedded DNS (127.0.0.11) answers names of its networks and forwards the rest.");
        } else {
            page.note("Not the engine's DNS: names of other containers resolve from its hosts file only.");
        }
    }
    asked(page, container);
    for (title, file) in
        [("/etc/hostname", &kernel.hostname), ("/etc/resolv.conf", &kernel.resolv_conf), ("/etc/hosts", &kernel.hosts)]
    {
        match file {
            Fact::Unknown { unknown } => page.missing(title, unknown),
            Fact::Known(text) => {
                page.heading(title);
                for line in text.raw().lines() {
                    // Tabs separate the columns of these files.
                    page.spans([word(&line.replace('\t', "  "), Role::Text)], 4);
                }
            }
        }
    }
}

fn asked(page: &mut Page, container: &Container) {
    let Some(config) = container.config.known() else { return };
    for (label, list) in [("dns", &config.dns), ("search", &config.dns_search), ("options", &config.dns_options)] {
        if !list.is_empty() {
            page.field(label, [word(&list.join(", "), Role::Text)]);
        }
    }
    for (label, list) in [("extra host", &config.extra_hosts), ("link", &config.links)] {
        for entry in list {
            page.field(label, [Span::outside(entry, Role::Text)]);
        }
    }
}
