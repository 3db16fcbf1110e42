//! The settings file: TOML text in, settled settings and what is wrong with the file out. Reads no file itself.

use super::keymap::{Keymap, PRESETS};
use std::collections::BTreeMap;

/// A sample of the file with every key at its default.
pub const SAMPLE: &str = r#"# Settings of bridgewatch. Every key is at its default here; leave out what you don't change.

# Name of a built-in theme (default, light, contrast, sixteen, mono), path of a theme file, or "auto".
theme = "auto"

# Keys as in another console: "bridgewatch", "lazydocker", "k9s", "ctop".
preset = "bridgewatch"

# View to begin with, also with a detail tab: "containers/logs".
view = "containers"

# Milliseconds between two readings of the counters, 200 to 60000.
interval_ms = 1000

# Mouse: click and wheel. Off leaves selecting text to the terminal.
mouse = true

# Only ASCII, also where the locale allows more.
ascii = false

# Times in UTC instead of local time.
utc = false

# Containers that do not run are shown too.
show_all = true

# Minutes that charts span: 2, 12 or 60.
chart_minutes = 2

# Own keys: action = ["key", …]. The help (?) and `bridgewatch man` list the actions.
[keys]
# sort = ["s", "f7"]

# Columns of a view, in order.
[columns]
# containers = ["name", "cpu", "mem"]

# Column a view is sorted by at the start; "-" before it begins with the largest.
[sort]
# containers = "-cpu"
"#;

/// What is wrong with a settings file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct SettingsProblem {
    /// File.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, and what is allowed.
    pub reason: String,
}

/// Settled settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Theme name, path, or `auto`.
    pub theme: String,
    /// Preset of keys.
    pub preset: String,
    /// View to begin with.
    pub view: String,
    /// Milliseconds between two readings.
    pub interval_ms: u64,
    /// Mouse reports.
    pub mouse: bool,
    /// Only ASCII.
    pub ascii: bool,
    /// Times in UTC.
    pub utc: bool,
    /// Also containers that do not run.
    pub show_all: bool,
    /// Minutes that charts span.
    pub chart_minutes: u32,
    /// Own keys by action.
    pub keys: Vec<(String, Vec<String>)>,
    /// Columns by view.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Sort column by view.
    pub sort: BTreeMap<String, String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            theme: "auto".to_owned(),
            preset: "bridgewatch".to_owned(),
            view: "containers".to_owned(),
            interval_ms: 1000,
            mouse: true,
            ascii: false,
            utc: false,
            show_all: true,
            chart_minutes: 2,
            keys: Vec::new(),
            columns: BTreeMap::new(),
            sort: BTreeMap::new(),
        }
    }
}

const KEYS: [&str; 12] = [
    "theme",
    "preset",
    "view",
    "interval_ms",
    "mouse",
    "ascii",
    "utc",
    "show_all",
    "chart_minutes",
    "keys",
    "columns",
    "sort",
];

impl Settings {
    /// Reads the text of a settings file. What is wrong is left at its default and told.
    pub fn parse(file: &str, text: &str) -> (Self, Vec<SettingsProblem>) {
        let mut settings = Settings::default();
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |s| s.start).min(text.len());
                let line = text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1;
                let reason = crate::text::clean_line(error.message()).into_owned();
                return (settings, vec![SettingsProblem { file: file.to_owned(), line, reason }]);
            }
        };
        let mut reader = Reader { file, text, problems: Vec::new() };
        for (key, value) in &table {
            reader.read(&mut settings, key, value);
        }
        let (_, key_problems) = Keymap::new(&settings.preset, &settings.keys);
        for problem in key_problems {
            let words = problem.to_string();
            let line =
                settings.keys.iter().find(|(a, _)| words.contains(a.as_str())).map(|(a, _)| reader.line_of("keys", a));
            reader.problems.push(SettingsProblem { file: file.to_owned(), line: line.unwrap_or(1), reason: words });
        }
        (settings, reader.problems)
    }
}

impl Settings {
    /// The options these settings give a console; flags of the command line and what the terminal can show are put
    /// over them by the caller.
    pub fn options(&self) -> super::Options {
        let prefs = super::Prefs {
            show_all: self.show_all,
            ascii: self.ascii,
            utc: self.utc,
            chart_minutes: self.chart_minutes,
            ..super::Prefs::default()
        };
        super::Options {
            keymap: Keymap::new(&self.preset, &self.keys).0,
            prefs,
            mouse: self.mouse,
            view: self.view.clone(),
            columns: self.columns.clone(),
            sort: self.sort.clone(),
            ..super::Options::default()
        }
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    problems: Vec<SettingsProblem>,
}

impl Reader<'_> {
    fn read(&mut self, s: &mut Settings, key: &str, value: &toml::Value) {
        match key {
            "theme" => self.word(key, value, &mut s.theme),
            "view" => self.word(key, value, &mut s.view),
            "preset" => {
                let mut name = s.preset.clone();
                self.word(key, value, &mut name);
                if PRESETS.iter().any(|(n, _)| *n == name) {
                    s.preset = name;
                } else {
                    let known: Vec<&str> = PRESETS.iter().map(|(n, _)| *n).collect();
                    self.wrong(key, format!("no preset {name:?}; presets are {}", known.join(", ")));
                }
            }
            "mouse" => self.flag(key, value, &mut s.mouse),
            "ascii" => self.flag(key, value, &mut s.ascii),
            "utc" => self.flag(key, value, &mut s.utc),
            "show_all" => self.flag(key, value, &mut s.show_all),
            "interval_ms" => match value.as_integer() {
                Some(n @ 200..=60_000) => s.interval_ms = n as u64,
                _ => self.wrong(key, "must be a number from 200 to 60000".to_owned()),
            },
            "chart_minutes" => match value.as_integer() {
                Some(n @ (2 | 12 | 60)) => s.chart_minutes = n as u32,
                _ => self.wrong(key, "must be 2, 12 or 60".to_owned()),
            },
            "keys" | "columns" => {
                for (name, words) in self.entries(key, value) {
                    match words.as_array().map(|a| a.iter().map(|w| w.as_str().map(str::to_owned)).collect()) {
                        Some(Some(words)) if key == "keys" => s.keys.push((name, words)),
                        Some(Some(words)) => drop(s.columns.insert(name, words)),
                        _ => self.wrong_in(key, &name, "must be a list of words, like [\"a\", \"b\"]".to_owned()),
                    }
                }
            }
            "sort" => {
                for (name, word) in self.entries(key, value) {
                    match word.as_str() {
                        Some(word) => drop(s.sort.insert(name, word.to_owned())),
                        None => self.wrong_in(key, &name, "must be the id of a column, like \"-cpu\"".to_owned()),
                    }
                }
            }
            other => {
                let hint = did_you_mean(other, KEYS.into_iter());
                let shown = crate::text::clean_line(other).into_owned();
                self.wrong(other, format!("no such setting: {shown}{hint}"));
            }
        }
    }

    fn entries(&mut self, key: &str, value: &toml::Value) -> Vec<(String, toml::Value)> {
        match value.as_table() {
            Some(table) => table.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            None => {
                self.wrong(key, format!("must be a section, written [{key}]"));
                Vec::new()
            }
        }
    }

    fn word(&mut self, key: &str, value: &toml::Value, into: &mut String) {
        match value.as_str() {
            Some(text) => *into = text.to_owned(),
            None => self.wrong(key, "must be text in quotes".to_owned()),
        }
    }

    fn flag(&mut self, key: &str, value: &toml::Value, into: &mut bool) {
        match value.as_bool() {
            Some(on) => *into = on,
            None => self.wrong(key, "must be true or false".to_owned()),
        }
    }

    fn wrong(&mut self, key: &str, reason: String) {
        self.wrong_in("", key, reason);
    }

    fn wrong_in(&mut self, section: &str, key: &str, reason: String) {
        let line = self.line_of(section, key);
        let key = crate::text::clean_line(key).into_owned();
        let reason = if reason.contains(&key) { reason } else { format!("{key}: {reason}") };
        self.problems.push(SettingsProblem { file: self.file.to_owned(), line, reason });
    }

    /// The line that sets a key, from 1.
    fn line_of(&self, section: &str, key: &str) -> usize {
        let mut current = String::new();
        for (n, line) in self.text.lines().enumerate() {
            let line = line.trim_start();
            if let Some(name) = line.strip_prefix('[') {
                current = name.trim_start_matches('[').split(']').next().unwrap_or("").trim().to_owned();
                if section.is_empty() && current == key {
                    return n + 1;
                }
            }
            let name = line.split('=').next().unwrap_or("").trim().trim_matches('"');
            if current == section && name == key && line.contains('=') {
                return n + 1;
            }
        }
        1
    }
}

/// `; did you mean X?` for the nearest of some words; empty when none is near.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let near = known.map(|k| (distance(word, k), k)).min();
    match near {
        Some((d, k)) if d <= 2.max(k.len() / 3) => format!("; did you mean {k}?"),
        _ => String::new(),
    }
}

/// Letters to change, add or take away to get from one word to the other; long words count as far apart.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(40).collect(), b.chars().take(40).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_sample_is_the_defaults() {
        assert_eq!(Settings::parse("sample", SAMPLE), (Settings::default(), Vec::new()));
        for key in KEYS {
            assert!(SAMPLE.contains(&format!("{key} =")) || SAMPLE.contains(&format!("[{key}]")), "{key}");
        }
    }

    #[test]
    fn f01_each_mistake_has_its_line_and_what_is_allowed() {
        let told = |text: &str| {
            let (settings, problems) = Settings::parse("c.toml", text);
            assert_eq!(Settings { keys: Vec::new(), ..settings }, Settings::default(), "{text}");
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ")
        };
        assert_eq!(told("\nthme = \"x\""), "c.toml:2: no such setting: thme; did you mean theme?");
        assert_eq!(told("mouse = 1"), "c.toml:1: mouse: must be true or false");
        assert_eq!(told("\n\ninterval_ms = 1"), "c.toml:3: interval_ms: must be a number from 200 to 60000");
        assert!(told("preset = \"emacs\"").contains("presets are bridgewatch, lazydocker, k9s, ctop"));
        assert!(told("a = 1\na = 2").starts_with("c.toml:2: "));
        assert!(told("x = [").starts_with("c.toml:1: "));
        assert!(told("keys = 3").contains("must be a section"));
        assert_eq!(told("[keys]\nsoort = [\"x\"]"), "c.toml:2: no action \"soort\"; did you mean sort?");
        assert!(told("[keys]\nsort = [\"Q\"]").contains("c.toml:2: sort: Q is a capital"));
    }

    proptest! {
        #[test]
        fn f01_any_text_is_answered(text in "[a-z\\[\\]=\" .0-9\\n\\u{1b}é]{0,120}") {
            let _ = Settings::parse("c.toml", &text);
        }
    }
}
