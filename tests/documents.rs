//! Documents that describe the program, held against it: `docs/json.md` against what the commands print, and
//! `docs/keys.md`, `docs/checks.md`, `docs/settings.toml` against the tables they are printed from.
//!
//! `UPDATE=1 cargo test --test documents` writes the printed ones anew.

use bridgewatch::analysis::Analyst;
use bridgewatch::analysis::checks::{Check, registry};
use bridgewatch::app::keymap::{Context, Keymap, PRESETS, RESERVED, TABLE};
use bridgewatch::app::settings::SAMPLE;
use bridgewatch::cli::limits;
use bridgewatch::model::Snapshot;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

// ---- docs/json.md ----------------------------------------------------------------------------------------------------

/// A documented field.
struct Field {
    name: String,
    kind: String,
    is_optional: bool,
}

/// Tables of the document by the anchor of the heading above them; a heading without one describes in words.
struct Book(BTreeMap<String, Vec<Field>>);

impl Book {
    fn read() -> Self {
        let text = std::fs::read_to_string(here().join("docs/json.md")).expect("docs/json.md");
        let (mut sections, mut current) = (BTreeMap::<String, Vec<Field>>::new(), String::new());
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("### ").or_else(|| line.strip_prefix("## ")) {
                current = title.to_lowercase();
                assert!(sections.insert(current.clone(), Vec::new()).is_none(), "two headings {title}");
            } else if let Some(row) = line.strip_prefix("| `") {
                let mut cells = row.split(" | ");
                let name = cells.next().expect("a cell").trim_end_matches('`').to_owned();
                let kind = cells.next().unwrap_or_else(|| panic!("no type: {line}"));
                let words = cells.next().unwrap_or_else(|| panic!("no meaning: {line}"));
                assert!(words.len() > 3, "{current}.{name} has no meaning");
                let is_optional = kind.ends_with(", optional");
                let kind = kind.trim_end_matches(", optional").to_owned();
                sections.get_mut(&current).expect("a heading").push(Field { name, kind, is_optional });
            }
        }
        Book(sections)
    }

    fn section(&self, anchor: &str) -> &[Field] {
        self.0.get(anchor).unwrap_or_else(|| panic!("no heading for #{anchor}"))
    }
}

/// One comparison of a document with the book.
struct Reading<'a> {
    book: &'a Book,
    met: BTreeSet<String>,
    wrong: BTreeSet<String>,
}

impl Reading<'_> {
    fn value(&mut self, value: &Value, kind: &str, at: &str) {
        let kind = kind.trim();
        if let Some(inner) = kind.strip_prefix('(').and_then(|k| k.strip_suffix(')')) {
            return self.value(value, inner, at);
        }
        if let Some(inner) = kind.strip_suffix(" or gap") {
            return match value.get("unknown") {
                Some(gap) => self.object(gap, "gap", at),
                None => self.value(value, inner, at),
            };
        }
        if let Some(inner) = kind.strip_suffix(" or null") {
            if !value.is_null() {
                self.value(value, inner, at);
            }
            return;
        }
        if let Some(inner) = kind.strip_prefix("array of ") {
            let Some(list) = value.as_array() else { return self.complain(at, kind, value) };
            return list.iter().for_each(|value| self.value(value, inner, at));
        }
        if let Some(inner) = kind.strip_prefix("map of ") {
            let Some(map) = value.as_object() else { return self.complain(at, kind, value) };
            return map.values().for_each(|value| self.value(value, inner, at));
        }
        if let Some((_, anchor)) = kind.strip_prefix('[').and_then(|link| link.strip_suffix(')')?.split_once("](#")) {
            let anchor = anchor.to_owned();
            if !self.book.section(&anchor).is_empty() {
                self.object(value, &anchor, at);
            }
            return;
        }
        let fits = match kind {
            "text" => value.is_string(),
            "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "time" => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
            "any" => true,
            other => panic!("{at}: the document knows no type {other:?}"),
        };
        if !fits {
            self.complain(at, kind, value);
        }
    }

    fn object(&mut self, value: &Value, anchor: &str, at: &str) {
        let Some(map) = value.as_object() else { return self.complain(at, anchor, value) };
        self.met.insert(anchor.to_owned());
        let fields = self.book.section(anchor);
        for key in map.keys().filter(|key| !fields.iter().any(|f| f.name == **key)) {
            self.wrong.insert(format!("{at}: {anchor}.{key} is printed and not documented"));
        }
        for field in fields {
            match map.get(&field.name) {
                Some(value) => self.value(value, &field.kind, &format!("{at}.{}", field.name)),
                None if field.is_optional => {}
                None => drop(self.wrong.insert(format!("{at}: {anchor}.{} is documented and not printed", field.name))),
            }
        }
    }

    fn complain(&mut self, at: &str, kind: &str, value: &Value) {
        let value: String = value.to_string().chars().take(80).collect();
        self.wrong.insert(format!("{at}: documented as {kind}, printed as {value}"));
    }
}

/// What a command prints.
fn print(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bridgewatch"))
        .args(arguments)
        .env("DOCKER_HOST", "unix:///nonexistent/bridgewatch-test.sock")
        .output()
        .expect("the program runs");
    // `audit` answers 1 when it has findings.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Objects that a recording of one host may not hold.
const RARE: [&str; 6] = ["waiver", "device", "exec", "unknownrow", "missingpart", "ulimit"];

#[test]
fn every_json_field_is_documented_and_every_documented_field_is_there() {
    let book = Book::read();
    let mut reading = Reading { book: &book, met: BTreeSet::new(), wrong: BTreeSet::new() };
    let demo = here().join("recordings/demo.bwr");
    let demo = demo.to_str().expect("a path");
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    for (command, kind) in [
        (&["snapshot", "--from", demo][..], "[](#snapshot)"),
        (&["links", "--format", "json", "--from", demo], "array of [](#links)"),
        (&["ns", "--format", "json", "--from", demo], "array of [](#ns)"),
        (&["ports", "--format", "json", "--from", demo], "array of [](#ports)"),
        (&["topology", "--format", "json", "--from", demo], "array of [](#topology)"),
        (&["audit", "--all", "--format", "json", "--from", demo], "[](#audit)"),
        (&["doctor", "--format", "json"], "array of [](#doctor)"),
    ] {
        reading.value(&json(&print(command)), kind, command[0]);
    }
    let limited = limited_host(json(&print(&["snapshot", "--from", demo])));
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), limited.to_string()).expect("written");
    let file = file.path().to_str().expect("a path");
    reading.value(&json(&print(&["snapshot", "--from", file])), "[](#snapshot)", "limited");
    let host: Arc<Snapshot> = Arc::new(serde_json::from_value(limited).expect("a snapshot"));
    let mut analyst = Analyst::new();
    let limits = limits::document(&host, analyst.update(&host), None);
    reading.value(&serde_json::to_value(&limits).expect("JSON"), "[](#limits)", "limits");
    for entry in json(&print(&["networks", "--format", "json", "--from", demo])).as_array().expect("an array") {
        let anchor = if entry["kind"] == "engine-network" { "networkdoc" } else { "bridgedoc" };
        reading.object(entry, anchor, "networks");
    }
    for (command, anchor) in [("events", "event"), ("stats", "stats")] {
        for line in print(&[command, "--format", "json", "--from", demo]).lines() {
            reading.object(&json(line), anchor, command);
        }
    }
    let (plan, entry) = change();
    reading.value(&plan, "[](#plan)", "plan");
    reading.value(&entry, "[](#journal)", "journal");
    assert!(reading.wrong.is_empty(), "{:#?}", reading.wrong);
    let unmet = book.0.iter().filter(|(anchor, fields)| !fields.is_empty() && !reading.met.contains(*anchor));
    let unmet: Vec<_> = unmet.map(|(anchor, _)| anchor.as_str()).filter(|a| !RARE.contains(a)).collect();
    assert!(unmet.is_empty(), "described, and never met in the demo: {unmet:?}");
}

/// A plan with something in every part, and its entry.
fn change() -> (Value, Value) {
    use bridgewatch::cli::change::{EntryDoc, PlanDoc};
    let plan = r#"{"title": "forget", "wish": null, "undoes": "20261128-211530-7f3a", "rows": ["web"], "identities": [],
        "steps": [{"row": 0, "op": {"by": "ledger", "op": "forget", "container": {"id": "c", "name": "web"}, "network": null},
            "undo": [], "gone_with": null, "lasting": "it is gone"}],
        "affects": ["web"], "lasting": ["it is gone"], "notes": ["so"], "risk": {"confirm": "grave", "word": "web", "why": "so"},
        "cutoff": {"why": "your way", "seconds": 30}, "left_out": [{"row": "db", "why": "it is gone"}]}"#;
    let plan: bridgewatch::plan::Plan = serde_json::from_str(plan).expect("a plan");
    let document = serde_json::to_value(PlanDoc::of(&plan)).expect("JSON");
    let entry = serde_json::json!({
        "id": "20261128-211531-7f3b", "at": "2026-11-28T21:15:31Z", "ended_at": null, "who": {"user": "root"},
        "plan": plan, "results": [{"state": "begun", "detail": "", "undo": []}], "state": "half-done", "reason": "",
        "confirm_by": null, "undone_by": null,
    });
    let entry: bridgewatch::plan::Entry = serde_json::from_value(entry).expect("an entry");
    (document, serde_json::to_value(EntryDoc::of(&entry)).expect("JSON"))
}

/// The demo's host with a limit on a container, another that is wanted, and one of everything that traffic control has.
fn limited_host(mut host: Value) -> Value {
    let ours = host["host"]["namespaces"]["net"].clone();
    let links = host["links"].as_array().expect("links");
    let veth = links.iter().find(|l| l["netns"] == ours && l["kind"] == "veth" && l["peer"]["netns"].is_u64());
    let ifindex = veth.expect("a host end")["ifindex"].clone();
    let container = host["containers"][0]["id"].clone();
    let netem = json!({
        "delay_us": 1, "jitter_us": 0, "loss_percent": 0.5, "duplicate_percent": 0, "reorder_percent": 0, "rate_bps": 0,
        "limit_packets": 1000, "more": ""
    });
    let shape = json!({ "rate_bps": 1, "burst_bytes": null, "latency_us": null, "netem": netem, "police": false });
    let mut setup = netem.clone();
    setup["kind"] = json!("netem");
    let at = json!({ "netns": ours, "ifindex": ifindex, "handle": 458_752, "parent": u32::MAX });
    let with = |more: Value| {
        let mut all = at.clone();
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    };
    host["tc"] = json!({
        "qdiscs": [with(json!({ "name": "netem", "setup": setup }))],
        "classes": [with(json!({
            "name": "htb", "leaf": null, "rate_bps": 1, "ceil_bps": 1, "burst_bytes": 1, "ceil_burst_bytes": 1, "priority": 0
        }))],
        "filters": [with(json!({
            "name": "u32", "preference": 1, "protocol": 3, "chain": 0, "class": null, "takes": "everything", "actions": []
        }))],
        "parts": { "sch_tbf": true }
    });
    host["qdisc_samples"] = json!([with(json!({
        "bytes": 1, "packets": 1, "drops": 0, "overlimits": 0, "backlog_bytes": 0, "queued": 0
    }))]);
    host["wanted"] = json!([{
        "container": container, "name": "one", "network": null, "down": shape, "up": shape, "since": "2026-01-01T00:00:00Z"
    }]);
    host
}

// ---- printed documents -----------------------------------------------------------------------------------------------

/// Compares a file with what it is printed from; writes it with `UPDATE=1`.
fn assert_fresh(path: &str, text: &str) {
    let file = here().join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("."))).expect("a directory");
        std::fs::write(&file, text).expect("written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    let at = there.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(there == text, "{path} is stale (line {:?}): UPDATE=1 cargo test --test documents", at.map(|n| n + 1));
}

#[test]
fn the_list_of_keys_is_fresh() {
    let map = Keymap::default();
    let mut text = String::from(
        "# Keys\n\nPrinted from the table of keys that the console uses; `?` shows the ones that work where you are. A key of the\n\
         list, the detail pane or the logs comes before one that works anywhere.\n",
    );
    for context in Context::ALL {
        let _ = write!(text, "\n## {}\n\n| key | action | what it does |\n| --- | --- | --- |\n", context.title());
        for (entry, keys) in map.rows().filter(|(entry, _)| entry.context == context) {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(text, "| {} | `{}` | {} |", keys.join(" "), entry.action.id(), entry.words);
        }
        for entry in TABLE.iter().filter(|e| e.context == context && e.keys.is_empty()) {
            let _ = writeln!(text, "| in the menu of actions | `{}` | {} |", entry.action.id(), entry.words);
        }
    }
    text.push_str(
        "\n## Capitals\n\nCapitals change something, lower case reads; nothing that changes is on Ctrl and a letter. What changes is shown as\n\
         a plan first. Read-only consoles and recordings refuse them and say why. Kept for changes to come:\n\n\
         | key | kept for |\n| --- | --- |\n",
    );
    for (key, words) in RESERVED {
        let _ = writeln!(text, "| `{key}` | {words} |");
    }
    text.push_str("\n## Presets\n\n`preset = \"NAME\"` in the settings gives the keys of another console; these differ from the table above.\n");
    for (name, _) in PRESETS.iter().filter(|(_, remap)| !remap.is_empty()) {
        let _ = write!(text, "\n### {name}\n\n| key | action |\n| --- | --- |\n");
        let usual: BTreeMap<_, _> = map.rows().map(|(e, keys)| ((e.context, e.action), keys.to_vec())).collect();
        for (entry, keys) in Keymap::new(name, &[]).0.rows() {
            if usual.get(&(entry.context, entry.action)).is_none_or(|usual| usual != keys) {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                let _ = writeln!(text, "| {} | {} |", keys.join(" "), entry.words);
            }
        }
    }
    assert_fresh("docs/keys.md", &text);
}

#[test]
fn the_list_of_checks_is_fresh() {
    let mut text = String::from(
        "# Security checks\n\nPrinted from the checks themselves. `audit` runs them all once; the Security view runs each when something that it\n\
         reads has changed. A check that can't see what it needs says *unknown* with the reason, never *pass*. The severity is\n\
         the one a check has by itself; circumstances raise or lower it, and the finding says why.\n\n\
         Rights: A engine API, U any user, P CAP_SYS_PTRACE, N CAP_NET_ADMIN in the daemon's network namespace, R root.\n\n\
         | id | severity | what is checked |\n| --- | --- | --- |\n",
    );
    for check in registry() {
        let (anchor, severity) = (check.id.to_lowercase(), check.severity.as_str());
        let _ = writeln!(text, "| [{}](#{anchor}) | {severity} | {} |", check.id, cell(check.title));
    }
    registry().for_each(|check| describe(&mut text, check));
    assert_fresh("docs/checks.md", &text);
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn describe(text: &mut String, check: &Check) {
    let _ = write!(
        text,
        "\n### {}\n\n**{}** ({}). {}\n\n- Fix: {}\n",
        check.id,
        check.title,
        check.severity.as_str(),
        check.why,
        check.fix
    );
    let _ = writeln!(text, "- Rights: {}", check.need);
    if !check.blind.is_empty() {
        let _ = writeln!(text, "- Can't see: {}", check.blind);
    }
    let mut ids: Vec<(String, Vec<&str>)> = Vec::new();
    for cis in check.cis_ids() {
        match ids.iter_mut().find(|(id, _)| id == cis.id) {
            Some((_, versions)) => versions.push(cis.version),
            None => ids.push((cis.id.to_owned(), vec![cis.version])),
        }
    }
    if !ids.is_empty() {
        let ids: Vec<String> = ids.iter().map(|(id, versions)| format!("{id} ({})", versions.join(", "))).collect();
        let _ = writeln!(text, "- CIS Docker Benchmark: {}", ids.join("; "));
    }
}

#[test]
fn the_sample_of_settings_is_fresh() {
    assert_fresh("docs/settings.toml", SAMPLE);
}

#[test]
fn the_man_page_has_every_option_exit_code_variable_and_file() {
    let page = print(&["man"]).replace("\\-", "-");
    for words in ["EXIT STATUS", "ENVIRONMENT", "FILES", "DOCKER_HOST", "NO_COLOR", "BRIDGEWATCH_THEME", "config.toml"]
    {
        assert!(page.contains(words), "{words} is missing");
    }
    for (command, option) in [("stats", "--no-stream"), ("audit", "--fail-on"), ("record", "--scrub")] {
        let at = page.find(&format!("bridgewatch {command}")).unwrap_or_else(|| panic!("{command} is missing"));
        assert!(page[at..].contains(option), "{command} {option} is missing");
    }
    for code in 0..=6 {
        assert!(page.contains(&format!(".B {code}")), "exit code {code} is missing");
    }
}

#[test]
fn the_demo_is_one_host_that_shows_every_kind_of_thing() {
    let demo = here().join("recordings/demo.bwr");
    let size = std::fs::metadata(&demo).expect("the demo").len();
    assert!(size < 700_000, "the demo is a part of the program: {size} bytes");
    let demo = demo.to_str().expect("a path");
    let text = print(&["snapshot", "--from", demo]);
    for word in ["bridgewatch-lab", "/tmp/", "hunter2", "not-real"] {
        assert!(!text.contains(word), "{word} is in the demo");
    }
    let snapshot: Value = serde_json::from_str(&text).expect("JSON");
    let words = |list: &str, key: &str| -> BTreeSet<String> {
        let list = snapshot[list].as_array().expect("a list");
        list.iter().filter_map(|entry| entry[key].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(words("containers", "owner"), BTreeSet::from(["engine".to_owned()]));
    for state in ["running", "paused", "restarting", "created", "exited"] {
        assert!(words("containers", "state").contains(state), "no container is {state}");
    }
    for driver in ["bridge", "host", "null", "macvlan"] {
        assert!(words("networks", "driver").contains(driver), "no network of driver {driver}");
    }
    for class in ["container", "network", "link", "address"] {
        assert!(words("events", "class").contains(class), "no event of class {class}");
    }
    for severity in ["critical", "high", "medium", "low"] {
        assert!(words("findings", "severity").contains(severity), "no finding is {severity}");
    }
}
