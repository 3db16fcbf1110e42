//! Names of things by their identities, as spans; an identity that nobody names is shown itself.

use crate::analysis::wiring::LinkKey;
use crate::app::Scene;
use crate::model::{Container, ContainerId, NetworkId, NsInode, Owner, Subject};
use crate::text::{Outside, secret};
use crate::theme::Role;
use crate::views::content::Span;

/// Name of a container, or its short id.
pub fn container(scene: &Scene, id: &ContainerId) -> Span {
    match scene.snapshot.container(id) {
        Some(container) => Span::outside(&container.name, Role::Name),
        None => super::page::word(id.short(), Role::Dim),
    }
}

/// Raw name of a container, for sorting and filters.
pub fn container_raw<'a>(scene: &Scene<'a>, id: &'a ContainerId) -> &'a str {
    scene.snapshot.container(id).map_or(id.as_str(), |c| c.name.raw())
}

/// Names of containers, separated by commas.
pub fn containers<'a>(scene: &Scene, ids: impl IntoIterator<Item = &'a ContainerId>) -> Vec<Span> {
    let mut spans = Vec::new();
    for id in ids {
        if !spans.is_empty() {
            spans.push(Span::plain(", "));
        }
        spans.push(container(scene, id));
    }
    spans
}

/// Name of an engine network, or its short id.
pub fn network(scene: &Scene, id: &NetworkId) -> Span {
    match scene.snapshot.networks.iter().find(|n| n.id == *id) {
        Some(network) => Span::outside(&network.name, Role::Network),
        None => super::page::word(id.short(), Role::Dim),
    }
}

/// Name of an interface; none when it is not in the snapshot.
pub fn link<'a>(scene: &Scene<'a>, key: LinkKey) -> Option<&'a Outside> {
    scene.snapshot.link(key.0, key.1).map(|link| &link.name)
}

/// Name of an interface as a span, or its index.
pub fn link_span(scene: &Scene, key: LinkKey) -> Span {
    match link(scene, key) {
        Some(name) => Span::outside(name, Role::Device),
        None => Span::new(format!("if{}", key.1), Role::Dim),
    }
}

/// A network namespace in words: whose it is, else its name, with its inode.
pub fn netns(scene: &Scene, inode: NsInode) -> Vec<Span> {
    let mut spans = Vec::new();
    let known = scene.snapshot.netns.iter().find(|n| n.inode == inode);
    if scene.snapshot.our_netns() == Some(inode) || known.is_some_and(|n| n.is_ours) {
        spans.push(Span::plain("this namespace "));
    } else if let Some(owner) = scene.report.wiring.owner_of(scene.snapshot, inode) {
        spans.push(container(scene, owner));
        spans.push(Span::plain(" "));
    } else if let Some(name) = known.and_then(|n| n.names.first()) {
        spans.push(Span::outside(name, Role::Name));
        spans.push(Span::plain(" "));
    }
    spans.push(Span::new(format!("netns {inode}"), Role::Dim));
    spans
}

/// Who runs a container, in words.
pub fn owner(container: &Container) -> String {
    match &container.owner {
        Owner::Engine => "engine".to_owned(),
        Owner::Unowned { looks_like } => {
            format!("no engine answers for it; it looks like {}'s", crate::text::clean_line(looks_like))
        }
        Owner::Unknown => "no engine answers for it; found by its network namespace".to_owned(),
    }
}

/// A subject's name for people.
pub fn subject(scene: &Scene, subject: &Subject) -> Vec<Span> {
    match subject {
        Subject::Host => vec![Span::plain("host")],
        Subject::Daemon => vec![Span::plain("engine daemon")],
        Subject::Container { id } => vec![container(scene, id)],
        Subject::Project { name } => vec![Span::plain("project "), Span::outside(name, Role::Name)],
        Subject::Network { id } => vec![Span::plain("network "), network(scene, id)],
        Subject::Link { netns, ifindex } => vec![link_span(scene, (*netns, *ifindex))],
        Subject::Netns { inode } => netns(scene, *inode),
        Subject::Port { key } => vec![Span::plain("port "), super::page::word(key, Role::Text)],
        Subject::Finding { key } => vec![Span::plain("finding "), super::page::word(key, Role::Text)],
        Subject::Event { seq } => vec![Span::plain(format!("event {seq}"))],
        Subject::Change { id } => vec![Span::plain("change "), super::page::word(id, Role::Text)],
        Subject::Group { key } => vec![super::page::word(key, Role::Text)],
    }
}

/// The subject of an interface.
pub fn link_subject(key: LinkKey) -> Subject {
    Subject::Link { netns: key.0, ifindex: key.1 }
}

/// A value as it may be shown beside its name: masked when it looks like a secret, unless the operator asked to see.
pub fn value(scene: &Scene, name: &str, value: &Outside) -> Span {
    let shown = if scene.prefs.reveal_secrets { value.raw().into() } else { secret::mask_value(name, value.raw()) };
    let role = if shown == value.raw() { Role::Text } else { Role::Notice };
    super::word(&shown, role)
}

/// A command line as it may be shown: what looks like a secret is masked, unless the operator asked to see.
pub fn command(scene: &Scene, line: &Outside) -> Span {
    if scene.prefs.reveal_secrets {
        return Span::outside(line, Role::Text);
    }
    super::word(&secret::scrub_command_line(line.raw()), Role::Text)
}
