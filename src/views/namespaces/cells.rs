//! Cells of the matrix and of the list of network namespaces.

use super::{MATRIX, NETNS};
use crate::analysis::{Share, SharingRow};
use crate::app::Scene;
use crate::model::{Netns, NsInode, NsKind, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, mark, names};

/// A heading with its count.
pub fn heading(scene: &Scene, title: &str) -> Cell {
    let count = match title {
        MATRIX => scene.report.sharing.len(),
        NETNS => scene.snapshot.netns.len(),
        _ => 0,
    };
    Cell::of([Span::new(title, Role::Heading), Span::new(format!(" {count}"), Role::Dim)])
}

fn kind(column: &str) -> Option<NsKind> {
    NsKind::ALL.into_iter().find(|kind| kind.as_str() == column)
}

/// A namespace of a container in a word. That a container shares the host's time or (without user namespaces) user
/// namespace is the rule; that it shares the host's network, processes or IPC is worth a look.
fn share(scene: &Scene, kind: NsKind, share: &Share) -> Cell {
    if share.inode.why().is_some() {
        return Cell::unknown();
    }
    if share.is_host == Some(true) {
        let usual = matches!(kind, NsKind::User | NsKind::Time | NsKind::Cgroup);
        return Cell::new("HOST", if usual { Role::Text } else { Role::High });
    }
    match share.with.as_slice() {
        [] if share.is_host.is_none() => Cell::new("own?", Role::Unknown),
        [] => Cell::new("own", Role::Dim),
        [first, rest @ ..] => {
            let mut spans = vec![Span::new(names::container(scene, first).text, Role::Notice)];
            if !rest.is_empty() {
                spans.push(Span::new(format!(" +{}", rest.len()), Role::Notice));
            }
            Cell { spans }
        }
    }
}

/// A cell of a container's row.
pub fn container(scene: &Scene, row: &SharingRow, column: &str) -> Cell {
    if let Some(kind) = kind(column) {
        return row.namespaces.get(&kind).map_or(Cell::unknown(), |s| share(scene, kind, s));
    }
    match column {
        "name" => {
            let mut cell = Cell::outside(&row.name, Role::Name);
            let mark = mark::of(scene, &Subject::Container { id: row.container.clone() });
            cell.spans.extend(mark.into_iter().flat_map(|m| [Span::plain(" "), m]));
            cell
        }
        "owner" => Cell::none(),
        _ => match scene.snapshot.netns_of(&row.container) {
            Some(inode) if column == "inode" => Cell::new(inode.to_string(), Role::Dim),
            Some(inode) => netns(scene, inode, column),
            None => Cell::unknown(),
        },
    }
}

/// What a container's row sorts by.
pub fn container_key(scene: &Scene, row: &SharingRow, column: &str) -> SortKey {
    match column {
        "name" => SortKey::Text(row.name.raw().to_lowercase()),
        "inode" => figure::key(scene.snapshot.netns_of(&row.container).map(|n| n.0 as f64)),
        _ if kind(column).is_some() => figure::text_key(&container(scene, row, column).text()),
        _ => scene.snapshot.netns_of(&row.container).map_or(SortKey::Unknown, |inode| netns_key(scene, inode, column)),
    }
}

/// Network namespace by inode.
pub fn find<'a>(scene: &Scene<'a>, inode: NsInode) -> Option<&'a Netns> {
    scene.snapshot.netns.iter().find(|n| n.inode == inode)
}

/// What holds a network namespace, in words.
pub fn owner(scene: &Scene, netns: &Netns) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let add = |more: Vec<Span>, spans: &mut Vec<Span>| {
        if !spans.is_empty() {
            spans.push(Span::plain(", "));
        }
        spans.extend(more);
    };
    if netns.is_init {
        add(vec![Span::plain("process 1")], &mut spans);
    }
    if netns.is_ours {
        add(vec![Span::plain("this console")], &mut spans);
    }
    if netns.is_engine == Some(true) {
        add(vec![Span::plain("engine")], &mut spans);
    }
    for id in scene.report.wiring.by_netns.get(&netns.inode).into_iter().flatten() {
        add(vec![names::container(scene, id)], &mut spans);
    }
    if spans.is_empty() {
        match netns.names.first() {
            // The directory of `ip netns` goes without saying.
            Some(name) => {
                let short = name.raw().strip_prefix("/run/netns/").unwrap_or(name.raw());
                add(vec![crate::views::parts::word(short, Role::Text)], &mut spans);
            }
            None if netns.process_count.get() == Some(0) => add(vec![Span::new("nobody", Role::Notice)], &mut spans),
            None => add(vec![Span::new("other processes", Role::Dim)], &mut spans),
        }
    }
    spans
}

/// A cell of a network namespace's row.
pub fn netns(scene: &Scene, inode: NsInode, column: &str) -> Cell {
    let Some(netns) = find(scene, inode) else { return Cell::none() };
    match column {
        "name" => {
            let mut spans = owner(scene, netns);
            if spans.len() > 5 {
                spans.truncate(5);
                spans.push(Span::plain(" …"));
            }
            Cell { spans }
        }
        "inode" => Cell::new(inode.to_string(), Role::Text),
        "nsid" => netns.nsid.map_or(Cell::none(), |id| Cell::new(id.to_string(), Role::Text)),
        "processes" => figure::count(netns.process_count.get().map(u64::from)),
        "links" if netns.links_gap.is_some() => Cell::unknown(),
        "links" => figure::count(Some(scene.snapshot.links_in(inode).len() as u64)),
        "owner" => Cell { spans: owner(scene, netns) },
        _ => Cell::none(),
    }
}

/// What a network namespace sorts by.
pub fn netns_key(scene: &Scene, inode: NsInode, column: &str) -> SortKey {
    let Some(netns) = find(scene, inode) else { return SortKey::Unknown };
    match column {
        "inode" => SortKey::Number(inode.0 as f64),
        "nsid" => figure::key(netns.nsid.map(f64::from)),
        "processes" => figure::key(netns.process_count.get().map(f64::from)),
        "links" if netns.links_gap.is_none() => SortKey::Number(scene.snapshot.links_in(inode).len() as f64),
        "name" | "owner" => figure::text_key(&owner(scene, netns).iter().map(|s| s.text.as_str()).collect::<String>()),
        _ => SortKey::Unknown,
    }
}

/// Raw text that a filter searches for a network namespace.
pub fn netns_haystack(scene: &Scene, inode: NsInode) -> String {
    let mut text = format!("netns {inode}\n");
    if let Some(netns) = find(scene, inode) {
        for name in &netns.names {
            text.push_str(name.raw());
            text.push('\n');
        }
    }
    for id in scene.report.wiring.by_netns.get(&inode).into_iter().flatten() {
        text.push_str(names::container_raw(scene, id));
        text.push('\n');
    }
    for link in scene.snapshot.links_in(inode) {
        text.push_str(link.name.raw());
        text.push('\n');
    }
    text
}
