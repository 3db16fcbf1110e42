//! Pages of namespaces: inode numbers, who shares with whom in both directions, links and processes.

use super::{MATRIX, cells};
use crate::analysis::SharingRow;
use crate::app::Scene;
use crate::model::{ContainerId, Fact, NsInode, NsKind, Subject};
use crate::theme::Role;
use crate::views::content::{Cell, Content, Span};
use crate::views::parts::{Grid, Page, figure, link, names, word};

/// Most containers that are listed by name where their opposite is shorter.
const FEW: usize = 6;

/// The page of a heading: what is shared with the host, in sentences.
pub fn heading(scene: &Scene, title: &str, width: u16) -> Content {
    let mut page = Page::new(width);
    page.heading(title);
    if title == MATRIX {
        for kind in [NsKind::Net, NsKind::Pid, NsKind::Ipc, NsKind::Uts, NsKind::Mnt, NsKind::User] {
            let on_host = scene
                .report
                .sharing
                .iter()
                .filter(|row| row.namespaces.get(&kind).is_some_and(|s| s.is_host == Some(true)));
            let on_host: Vec<_> = on_host.map(|row| &row.container).collect();
            let others = scene.report.sharing.len() - on_host.len();
            let mut spans = names::containers(scene, on_host.iter().copied());
            if on_host.len() > FEW && others <= FEW {
                // The usual case of user namespaces: who is not in it is shorter.
                spans = vec![Span::plain(if others == 0 { "all of them" } else { "all but " })];
                let apart = scene.report.sharing.iter().map(|row| &row.container).filter(|id| !on_host.contains(id));
                spans.extend(names::containers(scene, apart));
            }
            if spans.is_empty() {
                spans.push(Span::new("nobody", Role::Dim));
            }
            page.field(&format!("host's {}", kind.as_str()), spans);
        }
        groups(&mut page, scene);
    } else {
        page.note("Every network namespace that was found: of processes, of names under /run/netns and of engines.");
    }
    page.finish()
}

/// Containers that share a namespace with each other and not with the host, each group once.
fn groups(page: &mut Page, scene: &Scene) {
    page.heading("shared among containers");
    let before = page.len();
    for kind in NsKind::ALL {
        let mut told: Vec<&ContainerId> = Vec::new();
        for row in scene.report.sharing.iter() {
            let Some(share) = row.namespaces.get(&kind) else { continue };
            if share.is_host != Some(false) || share.with.is_empty() || told.contains(&&row.container) {
                continue;
            }
            told.push(&row.container);
            told.extend(&share.with);
            let all = std::iter::once(&row.container).chain(&share.with);
            page.field(kind.as_str(), names::containers(scene, all));
        }
    }
    if page.len() == before {
        page.note("nothing");
    }
}

/// All namespaces of a container with who is in them.
pub fn share_lines(page: &mut Page, scene: &Scene, row: &SharingRow) {
    page.heading("namespaces");
    let mut grid = Grid::new(&["kind", "inode", "whose"]);
    for kind in NsKind::ALL {
        let Some(share) = row.namespaces.get(&kind) else {
            grid.row([Cell::new(kind.as_str(), Role::Text), Cell::unknown(), Cell::new("not read", Role::Dim)]);
            continue;
        };
        let inode = match &share.inode {
            Fact::Known(inode) => Cell::new(inode.to_string(), Role::Dim),
            Fact::Unknown { unknown } => {
                page.missing(&format!("{} namespace", kind.as_str()), unknown);
                Cell::unknown()
            }
        };
        let mut spans = Vec::new();
        match share.is_host {
            Some(true) => spans.push(Span::new("the host's", Role::High)),
            Some(false) if share.with.is_empty() => spans.push(Span::new("its own", Role::Dim)),
            Some(false) => {}
            None if share.with.is_empty() => spans.push(Span::unknown()),
            None => {}
        }
        if !share.with.is_empty() {
            if !spans.is_empty() {
                spans.push(Span::plain("; "));
            }
            spans.push(Span::plain("shared with "));
            spans.extend(names::containers(scene, &share.with));
        }
        grid.row([Cell::new(kind.as_str(), Role::Text), inode, Cell { spans }]);
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
}

/// The page of a container.
pub fn container(scene: &Scene, id: &ContainerId, width: u16) -> Content {
    let mut page = Page::new(width);
    page.field_to("container", [names::container(scene, id)], Some(Subject::Container { id: id.clone() }));
    match super::sharing(scene, id) {
        Some(row) => share_lines(&mut page, scene, row),
        None => page.note("Its namespaces were not read."),
    }
    if let Some(kernel) = scene.snapshot.kernel_of(id) {
        page.text("main pid", kernel.pid.to_string());
        page.fact("uid map", &kernel.uid_map, |map| {
            let words: Vec<String> = map
                .iter()
                .map(|(inside, outside, count)| format!("{inside} is {outside} on the host, {count} ids"))
                .collect();
            vec![Span::plain(words.join("; "))]
        });
    }
    page.finish()
}

/// The page of a network namespace.
pub fn netns(scene: &Scene, inode: NsInode, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(netns) = cells::find(scene, inode) else {
        page.say("This namespace is gone.", Role::Notice);
        return page.finish();
    };
    page.text("inode", inode.to_string());
    page.field("held by", cells::owner(scene, netns));
    for name in &netns.names {
        page.field("name", [Span::outside(name, Role::Text)]);
    }
    match netns.nsid {
        Some(id) => page.text("nsid", id.to_string()),
        None => page.field("nsid", [Span::new("none assigned", Role::Dim)]),
    }
    page.fact("user ns", &netns.user_ns, |inode| vec![Span::plain(inode.to_string())]);
    page.fact("processes", &netns.process_count, |n| vec![Span::plain(n.to_string())]);
    link_table(&mut page, scene, inode);
    process_list(&mut page, scene, inode);
    page.finish()
}

/// The links tab.
pub fn links(scene: &Scene, inode: NsInode, width: u16) -> Content {
    let mut page = Page::new(width);
    link_table(&mut page, scene, inode);
    page.finish()
}

fn link_table(page: &mut Page, scene: &Scene, inode: NsInode) {
    page.heading("links");
    let netns = cells::find(scene, inode);
    if let Some(gap) = netns.and_then(|n| n.links_gap.as_ref()) {
        page.missing("links", gap);
        return;
    }
    let mut grid = Grid::new(&[">if", "name", "kind", "state", ">rx/s", ">tx/s", "addresses"]);
    for entry in scene.snapshot.links_in(inode) {
        let rates = scene.report.rates.link(inode, entry.ifindex);
        grid.row_to(
            Subject::Link { netns: inode, ifindex: entry.ifindex },
            [
                Cell::new(entry.ifindex.to_string(), Role::Dim),
                Cell::outside(&entry.name, Role::Device),
                Cell { spans: vec![word(&entry.kind, Role::Text)] },
                Cell { spans: vec![word(&entry.operstate, link::state_role(entry))] },
                figure::traffic(rates.and_then(|r| r.rx_rate), Role::Rx),
                figure::traffic(rates.and_then(|r| r.tx_rate), Role::Tx),
                Cell { spans: link::addresses(entry) },
            ],
        );
    }
    if grid.is_empty() {
        page.note("no interface, not even loopback, was read");
        return;
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
}

/// The processes tab.
pub fn processes(scene: &Scene, inode: NsInode, width: u16) -> Content {
    let mut page = Page::new(width);
    process_list(&mut page, scene, inode);
    page.finish()
}

fn process_list(page: &mut Page, scene: &Scene, inode: NsInode) {
    page.heading("processes");
    let Some(netns) = cells::find(scene, inode) else { return };
    let pids = match &netns.processes {
        Fact::Known(pids) => pids,
        Fact::Unknown { unknown } => {
            page.missing("processes", unknown);
            return;
        }
    };
    if pids.is_empty() {
        page.note("none: a name or an open file keeps it alive");
    }
    let mut known = std::collections::BTreeMap::new();
    for kernel in scene.snapshot.kernel.values() {
        for process in kernel.processes.known().into_iter().flatten() {
            known.insert(process.pid, (process, &kernel.id));
        }
    }
    for pid in pids {
        let mut spans = vec![Span::plain(format!("{pid:>7}  ", pid = pid.0))];
        if let Some((process, id)) = known.get(pid) {
            spans.push(Span::outside(&process.comm, Role::Name));
            spans.push(Span::new("  of ", Role::Dim));
            spans.push(names::container(scene, id));
        }
        page.spans(spans, 9);
    }
    if let Some(all) = netns.process_count.get() {
        let more = usize::try_from(all).unwrap_or(usize::MAX).saturating_sub(pids.len());
        if more > 0 {
            page.note(format!("and {more} more"));
        }
    }
}
