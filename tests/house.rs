//! The house rules as tests: who may know whom, what every file says of itself, and that every list is complete.
//! It reads the source text, so it needs no build of the crate.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A room: its name, what it is, the rooms it may use, and what it must not know.
struct Room(&'static str, &'static str, &'static [&'static str], &'static str);

/// The rooms in the order in which data runs, and their table in ARCHITECTURE.md.
const ROOMS: &[Room] = &[
    Room("text", "outside text, cleaned and measured in one place; secrets", &[], "containers, terminals, themes"),
    Room(
        "model",
        "pure nouns: one `Snapshot` of a host; `Fact` and `Gap`",
        &["text"],
        "how anything is read, judged or drawn; the clock",
    ),
    Room(
        "sources",
        "the impure readers: engine, netlink, proc, cgroup, firewall",
        &["model", "text"],
        "views, reports, the console",
    ),
    Room(
        "live",
        "all sources of the running host merged into snapshots",
        &["sources", "journal", "recording", "feed", "model", "text"],
        "views, reports, the terminal",
    ),
    Room(
        "analysis",
        "pure verbs: snapshots in, one `Report` out; the checks",
        &["model", "text"],
        "I/O, async, the clock, how anything is shown",
    ),
    Room(
        "plan",
        "what may be done, as data: wishes, plans, what takes them back",
        &["analysis", "model", "text"],
        "I/O, the clock, how anything is carried out or shown",
    ),
    Room(
        "journal",
        "what was changed, on disk; limits that are wanted",
        &["model", "plan", "text"],
        "who asks, who acts",
    ),
    Room(
        "actions",
        "the hands: the only room that changes a host",
        &["journal", "model", "plan", "sources", "text"],
        "views, the console",
    ),
    Room(
        "recording",
        "snapshots in a file and back; what is scrubbed",
        &["feed", "model", "text"],
        "sources, views, the terminal",
    ),
    Room("feed", "where snapshots come from, as the console sees it", &["model", "text"], "which feed it is"),
    Room("playback", "a recording as a feed", &["recording", "feed", "model", "text"], "sources, views"),
    Room("theme", "roles and their styles; colours of terminals", &["text"], "containers, views"),
    Room(
        "app",
        "state and update of the console, keys, lists, overlays",
        &["analysis", "feed", "model", "plan", "text", "theme", "views"],
        "drawing, I/O, async, sources",
    ),
    Room(
        "views",
        "rows, cells and pages of every screen, as data",
        &["analysis", "app", "model", "plan", "text", "theme"],
        "ratatui, sources, the terminal, async",
    ),
    Room(
        "widgets",
        "drawing parts: tables, charts, frames, bars",
        &["text", "theme", "views"],
        "containers, the console's state",
    ),
    Room(
        "screen",
        "the whole screen, composed of widgets from the state",
        &["app", "model", "text", "theme", "views", "widgets"],
        "sources, bytes, terminals",
    ),
    Room(
        "terminal",
        "raw mode, input, signals, output, the loop",
        &["app", "feed", "plan", "screen", "text", "theme", "views"],
        "any rule of the domain",
    ),
    Room(
        "cli",
        "the command line, and what its commands print",
        &[
            "actions",
            "analysis",
            "app",
            "feed",
            "journal",
            "live",
            "model",
            "plan",
            "playback",
            "recording",
            "terminal",
            "text",
            "theme",
        ],
        "ratatui, how a source reads",
    ),
];

/// Crates that only some rooms may name.
const CRATES: &[(&str, &[&str])] = &[
    ("bollard", &["sources", "actions"]),
    ("hyper", &["actions"]),
    ("hyper_util", &["actions"]),
    ("http_body_util", &["actions"]),
    ("tokio_rustls", &["actions"]),
    ("rtnetlink", &["sources", "actions"]),
    ("netlink_proto", &["sources", "actions"]),
    ("procfs", &["sources"]),
    ("nix", &["actions", "sources", "live", "terminal", "recording", "cli", "journal"]),
    ("tokio", &["actions", "sources", "live", "playback", "feed", "cli", "terminal"]),
    ("ratatui", &["theme", "widgets", "screen", "terminal"]),
    ("crossterm", &["terminal"]),
    ("clap", &["cli"]),
    ("std::process::Command", &["sources", "actions", "cli"]),
    ("std::fs", &["actions", "journal", "sources", "live", "recording", "cli", "terminal"]),
];

/// Files above 500 lines, with the reason.
const LONG: &[(&str, &str)] = &[
    ("analysis/checks/testing.rs", "one builder for the evidence of all checks' tests"),
    ("app/state.rs", "the console's state, its start and its settling are one story"),
];

/// What bounds memory and time against what comes from outside: file, constant, value, what it bounds.
const CAPS: &[(&str, &str, &str, &str)] = &[
    ("sources/engine/client.rs", "ONE", "8 << 20", "bytes of one answer of the engine"),
    ("sources/engine/client.rs", "ELEMENT", "4 << 20", "bytes of one element of a list"),
    ("sources/engine/client.rs", "EVENT", "1 << 20", "bytes of one event"),
    ("sources/engine/client.rs", "AT_ONCE", "8", "questions to the engine at once"),
    ("sources/engine/watch/session/mod.rs", "QUEUE", "64", "events that wait for the session"),
    ("sources/engine/happening.rs", "ATTRIBUTES", "64", "attributes kept of an event"),
    ("sources/engine/convert/container.rs", "PROBE_OUTPUT", "4096", "bytes kept of a health check's output"),
    ("sources/engine/logs/follow.rs", "WAITING_LINES", "5_000", "log lines on their way to the console"),
    ("sources/engine/logs/follow.rs", "WAITING_BYTES", "4 << 20", "bytes of them"),
    ("sources/engine/logs/assembler.rs", "LINE", "16 << 10", "bytes of a log line in the making"),
    ("actions/engine/client.rs", "ANSWER", "1 << 20", "bytes of an engine's answer to a change"),
    ("sources/netlink/monitor.rs", "KERNEL_BUFFER", "8 << 20", "bytes of multicast the kernel keeps for us"),
    ("sources/proc/process.rs", "CMDLINE_BYTES", "4096", "bytes kept of a command line"),
    ("sources/proc/beneath.rs", "MAX_BYTES", "64 * 1024", "bytes read of a file inside a container"),
    ("sources/firewall/tool.rs", "OUTPUT_BYTES", "32 << 20", "bytes read of a firewall tool"),
    ("sources/cgroup/discover.rs", "MAX_DIRS", "20_000", "cgroups looked at"),
    ("sources/firewall/apart.rs", "ANSWER", "64 << 20", "bytes of rules as a line"),
    ("live/timeline.rs", "KEPT", "2_000", "events in a snapshot"),
    ("analysis/nat.rs", "STEPS", "200_000", "rules walked for one question"),
    ("app/logs.rs", "MAX_LINES", "10_000", "log lines in the pane"),
    ("app/logs.rs", "MAX_BYTES", "4 << 20", "bytes of them"),
    ("app/raw.rs", "MAX_LINES", "20_000", "lines of a raw answer"),
    ("app/state.rs", "MAX_NOTES", "200", "messages kept"),
    ("app/input.rs", "MAX_CHARS", "256", "characters of a text field"),
    ("terminal/decode.rs", "MAX_PASTE", "64 << 10", "bytes taken of a paste"),
    ("terminal/clipboard.rs", "MAX_BYTES", "70_000", "bytes sent to the clipboard"),
    ("recording/format.rs", "MAX_PLAIN", "256 << 20", "bytes of an unpacked frame"),
    ("recording/format.rs", "MAX_STORED", "64 << 20", "bytes of a packed frame"),
    ("journal/read.rs", "MAX_JOURNAL", "64 << 20", "newest bytes read of the journal"),
    ("journal/read.rs", "MAX_ENTRIES", "2_000", "newest entries kept of it"),
    ("journal/wanted.rs", "MAX_WANTED", "1 << 20", "bytes of the file of wanted limits"),
    ("cli/console.rs", "MAX_SETTINGS", "1 << 20", "bytes of a settings file"),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder of the repository whose names end so.
fn files(folder: &str, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_str().is_some_and(|p| p.ends_with(end)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Path below `src`, with slashes.
fn inside(path: &Path) -> String {
    path.strip_prefix(root().join("src")).expect("below src").to_string_lossy().replace('\\', "/")
}

/// A file that is compiled for tests only, by its name.
fn is_test(path: &str) -> bool {
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
    let names = ["tests", "laws", "testing", "sample", "fixture", "regressions", "story"];
    names.contains(&stem) || stem.ends_with("_tests") || path.contains("/tests/")
}

/// The code of a file without its tests and comments.
fn code(path: &Path) -> String {
    let text = read(path);
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Rooms named after `crate::`, alone or in braces.
fn named(code: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let list = rest.strip_prefix('{').map_or(rest, |list| list.split_once("};").map_or(list, |(list, _)| list));
        let parts = if rest.starts_with('{') { list.split(',').collect() } else { vec![rest] };
        for part in parts {
            let name = part.trim().split(|c: char| !(c.is_ascii_lowercase() || c == '_')).next().unwrap_or_default();
            if ROOMS.iter().any(|room| room.0 == name) {
                found.insert(name);
            }
        }
    }
    found
}

fn room_of(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

#[test]
fn every_room_is_in_the_table() {
    let mut found: BTreeSet<String> = files("src", ".rs").iter().map(|p| room_of(&inside(p)).to_owned()).collect();
    found.remove("lib");
    found.remove("main");
    let table: BTreeSet<String> = ROOMS.iter().map(|room| room.0.to_owned()).collect();
    assert_eq!(found, table);
}

#[test]
fn no_room_knows_more_than_the_table_says() {
    let mut wrong = Vec::new();
    for path in files("src", ".rs") {
        let name = inside(&path);
        let Some(Room(room, _, may, _)) = ROOMS.iter().find(|room| room.0 == room_of(&name)) else { continue };
        if is_test(&name) {
            continue;
        }
        let code = code(&path);
        let far = named(&code).into_iter().filter(|other| other != room && !may.contains(other)).map(str::to_owned);
        wrong.extend(far.map(|other| format!("{name} uses {other}")));
        for (krate, rooms) in CRATES {
            let uses = [format!("use {krate}"), format!("{krate}::")].iter().any(|needle| {
                code.match_indices(needle.as_str())
                    .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'))
            });
            if uses && !rooms.contains(room) {
                wrong.push(format!("{name} uses {krate}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_entry_of_the_table_is_idle() {
    // What nobody uses is not promised.
    let mut used = BTreeSet::new();
    for path in files("src", ".rs") {
        let (name, code) = (inside(&path), code(&path));
        used.extend(named(&code).into_iter().map(|other| (room_of(&name).to_owned(), other.to_owned())));
    }
    let idle = |room: &Room| -> Vec<String> {
        let kept = room.2.iter().filter(|other| !used.contains(&(room.0.to_owned(), (**other).to_owned())));
        kept.map(|other| format!("{} -> {other}", room.0)).collect()
    };
    let idle: Vec<String> = ROOMS.iter().flat_map(idle).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

fn table_of_rooms() -> String {
    let mut out = "| room | what it is | may use | must not know |\n| --- | --- | --- | --- |\n".to_owned();
    for Room(name, what, may, not) in ROOMS {
        let may = if may.is_empty() { "std".to_owned() } else { may.join(", ") };
        out.push_str(&format!("| `{name}` | {what} | {may} | {not} |\n"));
    }
    out
}

fn table_of_caps() -> String {
    let mut out = "| at most | of | set by |\n| --- | --- | --- |\n".to_owned();
    for (file, name, value, what) in CAPS {
        out.push_str(&format!("| `{value}` | {what} | `{name}` in `{file}` |\n"));
    }
    out
}

#[test]
fn the_architecture_page_has_the_tables() {
    let page = read(&root().join("ARCHITECTURE.md"));
    for table in [table_of_rooms(), table_of_caps()] {
        assert!(page.contains(&table), "ARCHITECTURE.md should hold:\n\n{table}");
    }
}

#[test]
fn every_cap_is_as_the_table_says() {
    for (file, name, value, _) in CAPS {
        let text = read(&root().join("src").join(file));
        let found = text.lines().any(|line| {
            let line = line.trim().trim_start_matches("pub(super) ").trim_start_matches("pub ");
            line.starts_with(&format!("const {name}: ")) && line.ends_with(&format!("= {value};"))
        });
        assert!(found, "{file}: {name} = {value}");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .filter(|path| !read(path).starts_with("//! "))
        .map(|path| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

#[test]
fn no_file_is_too_long() {
    let mut long: Vec<String> =
        files("src", ".rs").iter().filter(|path| read(path).lines().count() > 500).map(|path| inside(path)).collect();
    long.retain(|name| !LONG.iter().any(|(known, _)| known == name));
    assert!(long.is_empty(), "{long:?}");
    for (name, _) in LONG {
        assert!(read(&root().join("src").join(name)).lines().count() > 500, "{name} is no exception any more");
    }
}

#[test]
fn nothing_is_unwrapped_outside_of_tests() {
    let marks = [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "unsafe {"];
    for path in files("src", ".rs") {
        let name = inside(&path);
        if is_test(&name) {
            continue;
        }
        let code = code(&path);
        let found: Vec<&&str> = marks.iter().filter(|mark| code.contains(**mark)).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}

#[test]
fn every_check_is_in_its_list() {
    for family in ["daemon", "host", "network", "operations", "runtime"] {
        let folder = format!("src/analysis/checks/{family}");
        let list = read(&root().join(&folder).join("mod.rs"));
        for path in files(&folder, ".rs") {
            let stem = path.file_stem().and_then(|s| s.to_str()).expect("a name");
            if stem == "mod" {
                continue;
            }
            assert!(list.contains(&format!("mod {stem};")), "{family}/{stem} is no module");
            assert!(list.contains(&format!("&{stem}::CHECK")), "{family}/{stem} is not in the list");
        }
    }
}

#[test]
fn every_theme_and_every_view_is_in_its_list() {
    let list = read(&root().join("src/theme/load.rs"));
    for path in files("themes", ".toml") {
        let name = path.file_name().and_then(|s| s.to_str()).expect("a name");
        assert!(list.contains(&format!("include_str!(\"../../themes/{name}\")")), "{name}");
    }
    let registry = read(&root().join("src/views/registry.rs"));
    let folder = root().join("src/views");
    for path in files("src/views", ".rs") {
        let text = read(&path);
        let Some(view) = text.split("impl ListView for ").nth(1).and_then(|rest| rest.split([' ', '<']).next()) else {
            continue;
        };
        if !is_test(&inside(&path)) && path.starts_with(&folder) {
            assert!(registry.contains(&format!("ListScreen::new({view})")), "{view} is not registered");
        }
    }
}

#[test]
fn no_place_of_a_machine_and_no_name_of_a_tool_is_told() {
    // Put together, so that this file does not hold them.
    let words = [["/wo", "rk/"], ["clau", "de"], ["anth", "ropic"], ["cop", "ilot"], ["chat", "gpt"], ["open", "ai"]];
    let words: Vec<String> = words.iter().map(|parts| parts.concat()).collect();
    let mut all = Vec::new();
    for (folder, end) in
        [("src", ".rs"), ("tests", ""), ("themes", ".toml"), ("snapshots", ".snap"), ("snapshots", ".md"), ("docs", "")]
    {
        if root().join(folder).exists() {
            all.extend(files(folder, end));
        }
    }
    let pages = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml"];
    all.extend(pages.iter().map(|name| root().join(name)).filter(|path| path.exists()));
    for path in all {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let text = text.to_lowercase();
        let found: Vec<&String> = words.iter().filter(|word| text.contains(word.as_str())).collect();
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}
