//! What the palette finds: commands, views, themes, and every named thing of the host.

use super::keymap::{Action, Context};
use super::overlay::{Command, Entry, Palette};
use super::state::App;
use crate::model::{Container, NetworkId, Snapshot, Subject};
use crate::text::clean_line;
use std::collections::BTreeMap;

/// Most entries that are listed.
const MAX_FOUND: usize = 100;

/// Pages of a container that can be asked for by its name and theirs (`web network`), by the id of their tab.
const PAGES: &[(&str, &str, &str)] = &[
    ("summary", "summary", "what it is, how it is"),
    ("network", "network", "path to the wire, interfaces, routes"),
    ("security", "security", "findings, with evidence and fix"),
    ("logs", "logs", "what it writes"),
    ("events", "events", "what happened to it"),
    ("dns", "DNS names", "names that lead to it, and where it asks"),
    ("limits", "limits", "what it may use, what the kernel enforces"),
    ("processes", "processes", "what runs in it"),
    ("namespaces", "namespaces", "which are its own, which it shares"),
    ("env", "environment", "variables, secrets masked"),
    ("mounts", "mounts", "volumes and binds"),
    ("charts", "charts", "use over time"),
];

/// How well a text matches: smaller is better. None when it does not.
fn score(text: &str, query: &str) -> Option<u8> {
    let lower = text.to_lowercase();
    let at = lower.find(query)?;
    Some(match at {
        0 if lower.len() == query.len() => 0,
        0 => 1,
        _ if !lower[..at].ends_with(|c: char| c.is_alphanumeric()) => 2,
        _ => 3,
    })
}

struct Finder {
    query: String,
    found: Vec<(u8, u8, Entry)>,
}

impl Finder {
    /// Adds an entry when the query matches one of `texts` (raw); `class` orders equal matches.
    fn offer(&mut self, class: u8, texts: &[&str], label: &str, detail: String, command: Command) {
        let best = texts.iter().filter_map(|t| score(t, &self.query)).min();
        if let Some(score) = best {
            let label = clean_line(label).into_owned();
            self.found.push((score, class, Entry { label, detail, marked: false, command }));
        }
    }
}

/// Searches anew for what is typed.
pub fn search(app: &App, palette: &mut Palette) {
    let query = palette.input.text().trim().to_lowercase();
    let mut finder = Finder { query, found: Vec::new() };
    if !palette.subjects_only {
        commands(app, &mut finder);
    }
    if !finder.query.is_empty() || palette.subjects_only {
        subjects(app.scene().snapshot, app, &mut finder);
    }
    finder.found.sort_by_key(|(score, class, _)| (*score, *class));
    palette.more = finder.found.len().saturating_sub(MAX_FOUND);
    palette.found = finder.found.into_iter().take(MAX_FOUND).map(|(_, _, entry)| entry).collect();
    palette.cursor = 0;
}

fn commands(app: &App, finder: &mut Finder) {
    for (n, slot) in app.slots.iter().enumerate() {
        finder.offer(0, &[slot.title, slot.id], slot.title, format!("view {}", slot.key), Command::View(n));
    }
    for name in crate::theme::names() {
        finder.offer(
            2,
            &[&format!("theme {name}")],
            &format!("theme {name}"),
            String::new(),
            Command::Theme(name.into()),
        );
    }
    finder.offer(2, &["utc times"], "times in UTC or local time", String::new(), Command::ToggleUtc);
    finder.offer(2, &["ascii glyphs"], "ASCII or all glyphs", String::new(), Command::ToggleAscii);
    let contexts = app.contexts();
    let mut listed: Vec<Action> = vec![Action::Palette, Action::Back, Action::Up, Action::Down];
    for (entry, keys) in app.options.keymap.rows() {
        let here = contexts.contains(&entry.context)
            || matches!(entry.context, Context::Anywhere | Context::List | Context::Change);
        let is_view = entry.action.id().starts_with("view-");
        if !here || is_view || listed.contains(&entry.action) {
            continue;
        }
        listed.push(entry.action);
        let key = keys.first().map(|k| format!("key {k}")).unwrap_or_default();
        finder.offer(1, &[entry.words, entry.action.id()], entry.words, key, Command::Do(entry.action));
    }
    let keyless = super::keymap::TABLE.iter().filter(|e| app.options.keymap.key_of(e.action).is_none());
    for entry in keyless.filter(|e| e.context == Context::Change) {
        finder.offer(1, &[entry.words, entry.action.id()], entry.words, "change".to_owned(), Command::Do(entry.action));
    }
    for tab in &app.detail.tabs {
        finder.offer(1, &[tab.title, tab.id], tab.title, "detail tab".to_owned(), Command::Tab(tab.id));
    }
    if let Some(playback) = &app.playback {
        let percent: Option<u32> = finder.query.strip_suffix('%').and_then(|p| p.trim().parse().ok());
        if let Some(percent) = percent.filter(|p| *p <= 100) {
            let label = format!("go to {percent} % of the recording");
            let entry = Entry { label, detail: String::new(), marked: false, command: Command::SeekTo(percent * 10) };
            finder.found.push((0, 0, entry));
        }
        if let Some(seconds) = clock(&finder.query, playback.at, &app.zone()) {
            let label = format!("go to {} in the recording", finder.query);
            let entry = Entry { label, detail: String::new(), marked: false, command: Command::Seek(seconds) };
            finder.found.push((0, 0, entry));
        }
    }
}

/// Seconds from `at` to a time of the same day written as `12:33` or `12:33:05`.
fn clock(text: &str, at: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> Option<i64> {
    let parts: Vec<i8> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let (hour, minute, second) = match parts[..] {
        [h, m] => (h, m, 0),
        [h, m, s] => (h, m, s),
        _ => return None,
    };
    let now = at.to_zoned(zone.clone());
    let then = now.with().hour(hour).minute(minute).second(second).build().ok()?;
    Some(then.timestamp().as_second() - at.as_second())
}

fn subjects(snapshot: &Snapshot, app: &App, finder: &mut Finder) {
    let typed = !finder.query.is_empty();
    for c in snapshot.containers.iter() {
        let go = || Command::GoTo(Subject::Container { id: c.id.clone() });
        let detail = format!("container, {}, {}", clean_line(c.state.as_str()), c.image.shown());
        finder.offer(3, &[c.name.raw(), c.id.as_str()], c.name.raw(), detail, go());
        pages(c, finder);
        for end in &c.endpoints {
            for address in end.ipv4.iter().chain(&end.ipv6).map(|cidr| cidr.to_string()) {
                let detail = format!("address of container {} on {}", c.name.shown(), end.network.shown());
                finder.offer(5, &[&address], &address, detail, go());
            }
            for alias in end.aliases.iter().filter(|a| typed && a.raw() != c.name.raw()) {
                let detail = format!("alias of container {} on {}", c.name.shown(), end.network.shown());
                finder.offer(6, &[alias.raw()], alias.raw(), detail, go());
            }
        }
    }
    let mut projects: BTreeMap<&str, usize> = BTreeMap::new();
    for compose in snapshot.containers.iter().filter_map(|c| c.compose.as_ref()) {
        *projects.entry(compose.project.raw()).or_default() += 1;
    }
    for (name, count) in projects {
        let go = Command::GoTo(Subject::Project { name: name.into() });
        finder.offer(4, &[name], name, format!("compose project, {count} containers"), go);
    }
    for n in snapshot.networks.iter() {
        let go = Command::GoTo(Subject::Network { id: n.id.clone() });
        finder.offer(
            4,
            &[n.name.raw(), n.id.as_str()],
            n.name.raw(),
            format!("network, {}", clean_line(&n.driver)),
            go,
        );
    }
    for ns in snapshot.netns.iter() {
        let inode = ns.inode.to_string();
        let go = Command::GoTo(Subject::Netns { inode: ns.inode });
        finder.offer(6, &[&inode], &inode, "network namespace".to_owned(), go);
    }
    links(snapshot, app, finder);
}

/// Pages are offered once the whole name is typed: `web`, `web net`.
fn pages(container: &Container, finder: &mut Finder) {
    let name = container.name.raw().to_lowercase();
    let rest = finder.query.strip_prefix(&name).filter(|rest| rest.is_empty() || rest.starts_with(' '));
    if name.is_empty() || rest.is_none() {
        return;
    }
    for (tab, words, detail) in PAGES {
        let subject = Subject::Container { id: container.id.clone() };
        let label = format!("{} {words}", container.name.raw());
        finder.offer(8, &[&label], &label, (*detail).to_owned(), Command::Show("containers", subject, tab));
    }
}

fn links(snapshot: &Snapshot, app: &App, finder: &mut Finder) {
    let report = app.scene().report;
    let ours = snapshot.our_netns();
    let name_of = |id: &NetworkId| snapshot.networks.iter().find(|n| n.id == *id).map(|n| n.name.shown().into_owned());
    for link in snapshot.links.iter().filter(|l| l.kind != "loopback") {
        let key = (link.netns, link.ifindex);
        let mut detail = clean_line(&link.kind).into_owned();
        if Some(link.netns) != ours {
            detail.push_str(&format!(" in netns {}", link.netns));
        }
        if let Some(attachment) = report.wiring.attachment(key) {
            let owners = attachment.containers.iter().filter_map(|id| snapshot.container(id));
            let owners: Vec<String> = owners.map(|c| c.name.shown().into_owned()).collect();
            if !owners.is_empty() {
                detail.push_str(&format!(" of {}", owners.join(", ")));
            }
            if let Some(network) = attachment.network.as_ref().and_then(name_of) {
                detail.push_str(&format!(" on {network}"));
            }
        }
        let subject = Subject::Link { netns: link.netns, ifindex: link.ifindex };
        let go = match link.bridge {
            Some(_) => Command::Show("networks", subject, "bridge"),
            None => Command::GoTo(subject),
        };
        let mac = link.mac.to_string();
        // Names in the host's namespace come first: `eth0` is in every container.
        let class = if Some(link.netns) == ours { 5 } else { 7 };
        finder.offer(class, &[link.name.raw(), &mac], link.name.raw(), detail, go);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_come_before_parts() {
        assert_eq!(score("web", "web"), Some(0));
        assert_eq!(score("Web-1", "web"), Some(1));
        assert_eq!(score("shop-web", "web"), Some(2));
        assert_eq!(score("cobweb", "web"), Some(3));
        assert_eq!(score("db", "web"), None);
    }

    #[test]
    fn a_clock_time_is_a_way_to_go() {
        let at: jiff::Timestamp = "2026-01-01T12:00:00Z".parse().expect("time");
        assert_eq!(clock("12:33", at, &jiff::tz::TimeZone::UTC), Some(33 * 60));
        assert_eq!(clock("11:59:59", at, &jiff::tz::TimeZone::UTC), Some(-1));
        assert_eq!(clock("25:00", at, &jiff::tz::TimeZone::UTC), None);
        assert_eq!(clock("1:2:3:4", at, &jiff::tz::TimeZone::UTC), None);
    }
}
