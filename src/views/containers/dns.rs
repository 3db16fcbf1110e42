//! Names: which names lead to a container, from where, and how the container itself resolves names.

use crate::app::Scene;
use crate::model::{Container, Endpoint, Fact, NetworkMode, Subject};
use crate::text::Outside;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, word};

/// Address of the engine's embedded DNS inside a container's network namespace.
const EMBEDDED: &str = "127.0.0.11";

/// The page.
pub fn content(scene: &Scene, container: &Container, width: u16) -> Content {
    let mut page = Page::new(width);
    names(&mut page, scene, container);
    hosts_elsewhere(&mut page, scene, container);
    own(&mut page, scene, container);
    page.finish()
}

/// Names that the embedded DNS answers for an endpoint: what the engine lists from API 1.44 on, else what is known to
/// be registered: the container's name, its short id and the aliases.
fn dns_names(container: &Container, endpoint: &Endpoint) -> Vec<Outside> {
    let mut names: Vec<Outside> = endpoint.dns_names.clone();
    if names.is_empty() {
        names.push(container.name.clone());
        names.extend(endpoint.aliases.iter().cloned());
        names.push(Outside::from(container.id.short()));
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| !name.is_empty() && seen.insert(name.clone()));
    names
}

/// The default bridge and the special networks have no embedded DNS.
fn has_embedded_dns(endpoint: &Endpoint) -> bool {
    !matches!(endpoint.network.raw(), "bridge" | "host" | "none")
}

/// Section: which names lead to the container, by network.
pub fn names(page: &mut Page, scene: &Scene, container: &Container) {
    page.heading("names that lead here");
    match &container.network_mode {
        NetworkMode::Host => {
            page.note("Host network: the embedded DNS does not know it; the host's own names lead to it.")
        }
        NetworkMode::None => page.note("Network none: no name leads to it."),
        NetworkMode::Container(owner) => {
            page.spans(
                [
                    Span::plain("Names of the container whose namespace it joined: "),
                    crate::views::parts::names::container(scene, owner),
                ],
                2,
            );
        }
        NetworkMode::Networks | NetworkMode::Unknown => {}
    }
    for endpoint in &container.endpoints {
        if !has_embedded_dns(endpoint) {
            if endpoint.network.raw() == "bridge" {
                page.spans(
                    [
                        Span::plain("on "),
                        Span::outside(&endpoint.network, Role::Network),
                        Span::plain(
                            ": no name (the default bridge has no DNS; only hosts files of containers that link to it)",
                        ),
                    ],
                    2,
                );
            }
            continue;
        }
        let mut spans =
            vec![Span::plain("from "), Span::outside(&endpoint.network, Role::Network), Span::plain(" by DNS: ")];
        for (n, name) in dns_names(container, endpoint).iter().enumerate() {
            if n > 0 {
                spans.push(Span::plain(", "));
            }
            spans.push(Span::outside(name, Role::Name));
        }
        if let Some(cidr) = endpoint.ipv4.or(endpoint.ipv6) {
            spans.push(Span::new(format!("  = {}", cidr.addr), Role::Address));
        } else {
            spans.push(Span::new("  (not running: it does not resolve now)", Role::Notice));
        }
        let before = page.len();
        page.spans(spans, 4);
        if let Some(id) = &endpoint.network_id {
            page.link_from(before, &Subject::Network { id: id.clone() });
        }
    }
    if container.endpoints.is_empty() && container.network_mode == NetworkMode::Unknown {
        page.note("not known: no engine tells");
    }
}

/// Section: other containers whose hosts file names one of this container's addresses.
fn hosts_elsewhere(page: &mut Page, scene: &Scene, container: &Container) {
    let mine: Vec<std::net::IpAddr> =
        container.endpoints.iter().flat_map(|e| [e.ipv4, e.ipv6]).flatten().map(|c| c.addr).collect();
    let mut found = Vec::new();
    for other in scene.snapshot.containers.iter().filter(|c| c.id != container.id) {
        let Some(hosts) = scene.snapshot.kernel_of(&other.id).and_then(|k| k.hosts.known()) else { continue };
        for (address, names) in hosts_entries(hosts.raw()) {
            if mine.contains(&address) {
                found.push((other, names.to_owned()));
            }
        }
    }
    if found.is_empty() {
        return;
    }
    page.heading("hosts files of others that name it");
    for (other, names) in found {
        page.spans(
            [Span::plain("in "), Span::outside(&other.name, Role::Name), Span::plain(": "), word(&names, Role::Text)],
            4,
        );
    }
}

/// Entries of a hosts file: an address and the names after it.
fn hosts_entries(text: &str) -> impl Iterator<Item = (std::net::IpAddr, &str)> {
    text.lines().filter_map(|line| {
        let line = line.split('#').next().unwrap_or("").trim();
        let (address, names) = line.split_once(char::is_whitespace)?;
        Some((address.parse().ok()?, names.trim()))
    })
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
        if nameservers(text.raw()).any(|server| server == EMBEDDED) {
            page.note(format!(
                "The engine's embedded DNS ({EMBEDDED}) answers names of its networks and forwards the rest."
            ));
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
                    page.spans([word(line, Role::Text)], 4);
                }
            }
        }
    }
}

fn nameservers(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.trim().strip_prefix("nameserver")).map(str::trim)
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
