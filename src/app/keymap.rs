//! The one table of keys: what each does, where, and in which words. The help overlay and the footer are printed from
//! it; settings and presets change it.

use super::keys::Key;
use std::collections::BTreeMap;

/// Where a key works. A context that has the keys comes before `Anywhere`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// While a recording is shown.
    Playback,
    /// In the list.
    List,
    /// In the detail pane.
    Detail,
    /// In the log pane.
    Logs,
    /// In an overlay.
    Overlay,
    /// Everywhere but in text fields and overlays.
    Anywhere,
}

impl Context {
    /// Words for the help.
    pub fn title(self) -> &'static str {
        match self {
            Context::Playback => "Recording",
            Context::List => "List",
            Context::Detail => "Detail",
            Context::Logs => "Logs",
            Context::Overlay => "Overlays and menus",
            Context::Anywhere => "Anywhere",
        }
    }

    /// All contexts.
    pub const ALL: [Context; 6] =
        [Context::Anywhere, Context::List, Context::Detail, Context::Logs, Context::Overlay, Context::Playback];
}

macro_rules! actions {
    ($($name:ident = $id:literal),* $(,)?) => {
        /// What a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $id] $name),* }
        impl Action {
            /// All actions.
            pub const ALL: &'static [Action] = &[$(Action::$name),*];
            /// Its id in settings.
            pub fn id(self) -> &'static str {
                match self { $(Action::$name => $id),* }
            }
        }
    };
}

actions! {
    Up = "up", Down = "down", PageUp = "page-up", PageDown = "page-down", Top = "top", Bottom = "bottom",
    Open = "open", Back = "back", NextPane = "next-pane", PreviousPane = "previous-pane", NextTab = "next-tab",
    PreviousTab = "previous-tab", Left = "left", Right = "right", ToggleFold = "toggle-fold", FoldAll = "fold-all",
    UnfoldAll = "unfold-all", Filter = "filter", Find = "find", Sort = "sort", Reverse = "reverse",
    ShowAll = "show-all", FindingsOnly = "findings-only", Columns = "columns", Copy = "copy", Related = "related",
    Describe = "describe", Logs = "logs", Raw = "raw", InTopology = "in-topology", Palette = "palette",
    LastView = "last-view", View0 = "view-0", View1 = "view-1", View2 = "view-2", View3 = "view-3",
    View4 = "view-4", View5 = "view-5", View6 = "view-6", View7 = "view-7", View8 = "view-8", View9 = "view-9",
    Freeze = "freeze", Zoom = "zoom", Mouse = "mouse", Refresh = "refresh", Redraw = "redraw", Help = "help",
    Sources = "sources", Messages = "messages", Record = "record", Reveal = "reveal", Quit = "quit",
    QuitNow = "quit-now", Suspend = "suspend", Search = "search", NextMatch = "next-match",
    PreviousMatch = "previous-match", Wrap = "wrap", Follow = "follow", Times = "times", MatchesOnly = "matches-only",
    LogRange = "log-range", ShorterSpan = "shorter-span", LongerSpan = "longer-span", Choose = "choose",
    PlayPause = "play-pause", StepBack = "step-back", StepForward = "step-forward", SeekBack = "seek-back",
    SeekForward = "seek-forward", Slower = "slower", Faster = "faster",
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Where it works.
    pub context: Context,
    /// What it does.
    pub action: Action,
    /// The keys, as [`Key::parse`] reads them, the one to show first.
    pub keys: &'static [&'static str],
    /// What it does, in words for the help.
    pub words: &'static str,
    /// A short word for the footer; empty keeps it out.
    pub short: &'static str,
}

const fn e(
    context: Context,
    action: Action,
    keys: &'static [&'static str],
    words: &'static str,
    short: &'static str,
) -> Entry {
    Entry { context, action, keys, words, short }
}

use Action as A;
use Context::{Anywhere, Detail, List, Logs, Overlay, Playback};

/// The table, in the order of the footer and the help.
pub const TABLE: &[Entry] = &[
    e(Playback, A::PlayPause, &["space"], "play or pause the recording", "play"),
    e(Playback, A::StepBack, &["left", ","], "one step back", "step"),
    e(Playback, A::StepForward, &["right", "."], "one step forward", ""),
    e(Playback, A::SeekBack, &["("], "ten seconds back", "seek"),
    e(Playback, A::SeekForward, &[")"], "ten seconds forward", ""),
    e(Playback, A::Slower, &["{"], "half the speed", ""),
    e(Playback, A::Faster, &["}"], "twice the speed", ""),
    e(List, A::Open, &["enter"], "details of the selected row", "detail"),
    e(List, A::Filter, &["/"], "filter: words, field:value, field:>50, !not; all must hold", "filter"),
    e(List, A::Sort, &["s"], "choose what to sort by", "sort"),
    e(List, A::Reverse, &["r"], "reverse the order", ""),
    e(List, A::Logs, &["l"], "logs of the container", "logs"),
    e(List, A::Describe, &["d"], "describe: the first detail tab", ""),
    e(List, A::ShowAll, &["a"], "all, or only what runs", "all"),
    e(List, A::FindingsOnly, &["!"], "only rows with findings", "findings"),
    e(List, A::Columns, &["o"], "choose columns", ""),
    e(List, A::ToggleFold, &["+"], "fold or unfold the group", ""),
    e(List, A::FoldAll, &["<"], "fold all groups", ""),
    e(List, A::UnfoldAll, &[">"], "unfold all groups", ""),
    e(List, A::Left, &["left", "h"], "fold the group, or go to its head", ""),
    e(List, A::Right, &["right"], "unfold the group, or go to the detail pane", ""),
    e(List, A::Up, &["up", "k"], "up", ""),
    e(List, A::Down, &["down", "j"], "down", ""),
    e(List, A::PageUp, &["pgup", "ctrl+u", "ctrl+b"], "a page up", ""),
    e(List, A::PageDown, &["pgdn", "ctrl+d", "ctrl+f"], "a page down", ""),
    e(List, A::Top, &["g", "home"], "first row", ""),
    e(List, A::Bottom, &["G", "end"], "last row", ""),
    e(Logs, A::Search, &["/"], "search", "search"),
    e(Logs, A::NextMatch, &["n"], "next match", "next"),
    e(Logs, A::PreviousMatch, &["N"], "previous match", ""),
    e(Logs, A::Follow, &["f"], "follow what comes", "follow"),
    e(Logs, A::Times, &["t"], "times", "times"),
    e(Logs, A::Wrap, &["w"], "wrap long lines", "wrap"),
    e(Logs, A::MatchesOnly, &["&"], "only lines that match", "matches"),
    e(Logs, A::LogRange, &["s"], "how far back the log is read", "range"),
    e(Detail, A::Open, &["enter"], "go to what the line names", "go"),
    e(Detail, A::Search, &["/"], "search in the page", "search"),
    e(Detail, A::NextMatch, &["n"], "next match", ""),
    e(Detail, A::PreviousMatch, &["N"], "previous match", ""),
    e(Detail, A::Wrap, &["w"], "wrap long lines", "wrap"),
    e(Detail, A::ShorterSpan, &["<"], "charts over a shorter time", ""),
    e(Detail, A::LongerSpan, &[">"], "charts over a longer time", ""),
    e(Detail, A::Left, &["left", "h"], "left, when lines are not wrapped", ""),
    e(Detail, A::Right, &["right", "l"], "right, when lines are not wrapped", ""),
    e(Detail, A::Up, &["up", "k"], "up", ""),
    e(Detail, A::Down, &["down", "j"], "down", ""),
    e(Detail, A::PageUp, &["pgup", "ctrl+u", "ctrl+b"], "a page up", ""),
    e(Detail, A::PageDown, &["pgdn", "ctrl+d", "ctrl+f", "space"], "a page down", ""),
    e(Detail, A::Top, &["g", "home"], "beginning", ""),
    e(Detail, A::Bottom, &["G", "end"], "end", ""),
    e(Overlay, A::Choose, &["enter"], "choose", "choose"),
    e(Overlay, A::Up, &["up", "k", "backtab"], "up", ""),
    e(Overlay, A::Down, &["down", "j", "tab"], "down", ""),
    e(Overlay, A::PageUp, &["pgup", "ctrl+u"], "a page up", ""),
    e(Overlay, A::PageDown, &["pgdn", "ctrl+d"], "a page down", ""),
    e(Overlay, A::Top, &["home", "g"], "first", ""),
    e(Overlay, A::Bottom, &["end", "G"], "last", ""),
    e(Overlay, A::Back, &["esc", "q", "backspace"], "close", "close"),
    e(Anywhere, A::NextTab, &["]", "ctrl+right"], "next detail tab", "tabs"),
    e(Anywhere, A::PreviousTab, &["[", "ctrl+left"], "previous detail tab", ""),
    e(Anywhere, A::NextPane, &["tab"], "the other pane", ""),
    e(Anywhere, A::PreviousPane, &["backtab"], "the other pane", ""),
    e(Anywhere, A::Palette, &[":"], "commands, and any container, link or network by name", "command"),
    e(Anywhere, A::Find, &["f"], "find any container, link, network or address", "find"),
    e(Anywhere, A::Related, &["b"], "go to what belongs to the selected row", "related"),
    e(Anywhere, A::Back, &["esc", "backspace"], "back: leave the pane, clear the filter; never quits", "back"),
    e(Anywhere, A::InTopology, &["t"], "show it in the topology", "topology"),
    e(Anywhere, A::Copy, &["c"], "copy id, name, address, veth …", "copy"),
    e(Anywhere, A::Raw, &["y"], "the engine's raw answer", ""),
    e(Anywhere, A::Sources, &["i"], "host, rights, and health of every source", "host"),
    e(Anywhere, A::Freeze, &["p"], "freeze the picture", "freeze"),
    e(Anywhere, A::Zoom, &["z"], "the pane on the whole screen", "zoom"),
    e(Anywhere, A::LastView, &["-"], "the view before", ""),
    e(Anywhere, A::View1, &["1"], "view 1", ""),
    e(Anywhere, A::View2, &["2"], "view 2", ""),
    e(Anywhere, A::View3, &["3"], "view 3", ""),
    e(Anywhere, A::View4, &["4"], "view 4", ""),
    e(Anywhere, A::View5, &["5"], "view 5", ""),
    e(Anywhere, A::View6, &["6"], "view 6", ""),
    e(Anywhere, A::View7, &["7"], "view 7", ""),
    e(Anywhere, A::View8, &["8"], "view 8", ""),
    e(Anywhere, A::View9, &["9"], "view 9", ""),
    e(Anywhere, A::View0, &["0"], "view 0", ""),
    e(Anywhere, A::Record, &["w"], "record to a file, or stop recording", ""),
    e(Anywhere, A::Reveal, &["*"], "show or mask secret-looking values", ""),
    e(Anywhere, A::Messages, &["f2"], "messages so far", ""),
    e(Anywhere, A::Mouse, &["m"], "mouse on or off (off lets the terminal select text)", ""),
    e(Anywhere, A::Refresh, &["f5", "ctrl+r"], "read all again now", ""),
    e(Anywhere, A::Redraw, &["ctrl+l"], "draw the screen anew", ""),
    e(Anywhere, A::Help, &["?", "f1"], "this help", "help"),
    e(Anywhere, A::Quit, &["q"], "clear the filter, else quit", "quit"),
    e(Anywhere, A::QuitNow, &["ctrl+c"], "quit at once", ""),
    e(Anywhere, A::Suspend, &["ctrl+z"], "suspend to the shell", ""),
];

/// Capitals and the change each is kept for.
pub const RESERVED: &[(char, &str)] = &[
    ('B', "block or allow traffic"),
    ('C', "connect to a network"),
    ('D', "delete"),
    ('K', "kill"),
    ('N', "create a network"),
    ('P', "pause"),
    ('R', "restart"),
    ('S', "start or stop"),
    ('T', "set a traffic limit"),
    ('U', "undo the last change"),
    ('W', "allow changes for this session"),
    ('X', "disconnect from a network"),
];

/// What a capital would do, for the sentence that refuses it. `read_only` is the pinned mode.
pub fn refusal(capital: char, read_only: bool) -> String {
    let what = RESERVED.iter().find(|(c, _)| *c == capital).map(|(_, words)| *words);
    match (what, read_only) {
        (Some(what), true) => format!("{capital} ({what}) is refused: this console is read-only"),
        (Some(what), false) => format!("{capital} ({what}): this version only reads; changes come later"),
        (None, true) => format!("{capital} is not bound; capitals are kept for changes, and this console is read-only"),
        (None, false) => format!("{capital} is not bound; capitals are kept for changes, and this version only reads"),
    }
}

/// Keys that differ from the table in a preset.
type Remap = &'static [(Context, Action, &'static [&'static str])];

/// Presets by name: habits of users of other consoles. Every one only moves reading actions.
pub const PRESETS: &[(&str, Remap)] = &[
    ("bridgewatch", &[]),
    (
        "lazydocker",
        &[
            (Anywhere, A::Help, &["?", "x", "f1"]),
            (List, A::ShowAll, &["e", "a"]),
            (List, A::Logs, &["m", "l"]),
            (Anywhere, A::Mouse, &["ctrl+o"]),
            (Anywhere, A::Zoom, &["+", "z"]),
            (List, A::ToggleFold, &["="]),
        ],
    ),
    (
        "k9s",
        &[
            (Anywhere, A::Refresh, &["ctrl+r", "f5"]),
            (List, A::Columns, &["ctrl+w", "o"]),
            (Anywhere, A::Help, &["?", "f1"]),
        ],
    ),
    (
        "ctop",
        &[
            (List, A::Filter, &["f", "/"]),
            (Anywhere, A::Find, &["f3"]),
            (Anywhere, A::Help, &["?", "h", "f1"]),
            (List, A::Left, &["left"]),
            (List, A::Columns, &["c"]),
            (Anywhere, A::Copy, &["ctrl+y"]),
            (List, A::Describe, &["o", "d"]),
        ],
    ),
];

/// A key that can't be bound as asked, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// No such action.
    #[error("no action {name:?}{hint}")]
    NoAction {
        /// What was written.
        name: String,
        /// The nearest name.
        hint: String,
    },
    /// No such key.
    #[error("{action}: {key:?} is not a key (write it like \"x\", \"ctrl+x\", \"f5\", \"space\", \"pgup\")")]
    NoKey {
        /// The action.
        action: &'static str,
        /// What was written.
        key: String,
    },
    /// Capitals are kept for changes.
    #[error("{action}: {key} is a capital, and capitals are kept for changes")]
    Capital {
        /// The action.
        action: &'static str,
        /// The key.
        key: String,
    },
    /// Two actions on one key in one context.
    #[error("{key} is bound twice in {context}: {first} and {second}; {first} keeps it")]
    Clash {
        /// The key.
        key: String,
        /// Where.
        context: &'static str,
        /// Keeps it.
        first: &'static str,
        /// Loses it.
        second: &'static str,
    },
}

/// The live key map.
#[derive(Debug, Clone)]
pub struct Keymap {
    rows: Vec<(Entry, Vec<Key>)>,
    lookup: BTreeMap<(Context, Key), Action>,
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap::new("bridgewatch", &[]).0
    }
}

impl Keymap {
    /// The map of a preset with the operator's own bindings (action id, keys) over it, and what was wrong with them.
    /// An unknown preset is the default one.
    pub fn new(preset: &str, own: &[(String, Vec<String>)]) -> (Self, Vec<KeyProblem>) {
        let mut problems = Vec::new();
        let mut rows: Vec<(Entry, Vec<Key>)> =
            TABLE.iter().map(|entry| (*entry, entry.keys.iter().filter_map(|k| Key::parse(k)).collect())).collect();
        let remap = PRESETS.iter().find(|(name, _)| *name == preset).map_or(&[][..], |(_, remap)| remap);
        let mut moved: Vec<(Context, Key)> = Vec::new();
        for (context, action, keys) in remap {
            let keys: Vec<Key> = keys.iter().filter_map(|k| Key::parse(k)).collect();
            moved.extend(keys.iter().map(|k| (*context, *k)));
            rebind(&mut rows, |e| e.context == *context && e.action == *action, &keys);
        }
        for (name, keys) in own {
            let Some(action) = Action::ALL.iter().copied().find(|a| a.id() == name) else {
                let hint = super::settings::did_you_mean(name, Action::ALL.iter().map(|a| a.id()));
                problems.push(KeyProblem::NoAction { name: name.clone(), hint });
                continue;
            };
            let keys = own_keys(action, keys, &mut problems);
            for entry in TABLE.iter().filter(|e| e.action == action) {
                moved.extend(keys.iter().map(|k| (entry.context, *k)));
            }
            rebind(&mut rows, |e| e.action == action, &keys);
        }
        let lookup = index(&mut rows, &moved, &mut problems);
        (Keymap { rows, lookup }, problems)
    }

    /// The action of a key in the first of these contexts that has one.
    pub fn action(&self, contexts: &[Context], key: Key) -> Option<Action> {
        contexts.iter().find_map(|c| self.lookup.get(&(*c, key)).copied())
    }

    /// The table with the keys as they are now; actions that lost all their keys are left out.
    pub fn rows(&self) -> impl Iterator<Item = (&Entry, &[Key])> {
        self.rows.iter().filter(|(_, keys)| !keys.is_empty()).map(|(e, k)| (e, &k[..]))
    }

    /// The first key of an action, for hints.
    pub fn key_of(&self, action: Action) -> Option<Key> {
        self.rows().find(|(e, _)| e.action == action).and_then(|(_, keys)| keys.first().copied())
    }
}

fn own_keys(action: Action, keys: &[String], problems: &mut Vec<KeyProblem>) -> Vec<Key> {
    let mut out = Vec::new();
    for text in keys {
        match Key::parse(text) {
            Some(key) if key.is_capital() && !["G", "N"].contains(&text.as_str()) => {
                problems.push(KeyProblem::Capital { action: action.id(), key: text.clone() });
            }
            Some(key) => out.push(key),
            None => problems.push(KeyProblem::NoKey { action: action.id(), key: text.clone() }),
        }
    }
    out
}

fn rebind(rows: &mut [(Entry, Vec<Key>)], which: impl Fn(&Entry) -> bool, keys: &[Key]) {
    for (_, own) in rows.iter_mut().filter(|(e, _)| which(e)) {
        *own = keys.to_vec();
    }
}

/// Builds the lookup. A key that was moved on purpose is taken from the row that had it by default; two rows that
/// both want it on purpose are a clash, reported, and the first keeps it.
fn index(
    rows: &mut [(Entry, Vec<Key>)],
    moved: &[(Context, Key)],
    problems: &mut Vec<KeyProblem>,
) -> BTreeMap<(Context, Key), Action> {
    let mut lookup: BTreeMap<(Context, Key), Action> = BTreeMap::new();
    let is_default = |e: &Entry, key: &Key| e.keys.iter().any(|k| Key::parse(k) == Some(*key));
    for purpose in [true, false] {
        for (entry, keys) in rows.iter_mut() {
            keys.retain(|key| {
                let at = (entry.context, *key);
                let on_purpose = moved.contains(&at) && !is_default(entry, key);
                if on_purpose != purpose {
                    return true;
                }
                match lookup.get(&at) {
                    Some(first) if *first != entry.action => {
                        if on_purpose || !moved.contains(&at) {
                            problems.push(KeyProblem::Clash {
                                key: key.to_string(),
                                context: entry.context.title(),
                                first: first.id(),
                                second: entry.action.id(),
                            });
                        }
                        false
                    }
                    _ => {
                        lookup.insert(at, entry.action);
                        true
                    }
                }
            });
        }
    }
    lookup
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice_in_a_context() {
        for (preset, _) in PRESETS {
            let (map, problems) = Keymap::new(preset, &[]);
            assert_eq!(problems, [], "{preset}");
            let mut seen = std::collections::BTreeSet::new();
            for (entry, keys) in map.rows() {
                for key in keys {
                    assert!(seen.insert((entry.context, *key)), "{preset}: {key} twice in {:?}", entry.context);
                }
            }
        }
    }

    #[test]
    fn every_key_of_the_table_is_a_key_and_every_action_has_words() {
        for entry in TABLE {
            for key in entry.keys {
                assert!(Key::parse(key).is_some(), "{key}");
            }
            assert!(!entry.words.is_empty());
        }
        for action in Action::ALL {
            assert!(TABLE.iter().any(|e| e.action == *action), "{} has no row", action.id());
        }
    }

    #[test]
    fn capitals_only_move_or_search() {
        for (entry, keys) in Keymap::default().rows() {
            for key in keys.iter().filter(|k| k.is_capital()) {
                assert!(matches!(entry.action, A::Bottom | A::PreviousMatch), "{key} does {:?}", entry.action);
            }
        }
        for capital in 'A'..='Z' {
            assert!(refusal(capital, true).contains("read-only"));
        }
    }

    #[test]
    fn own_bindings_win_and_clashes_are_told() {
        let own = |name: &str, keys: &[&str]| (name.to_owned(), keys.iter().map(|k| (*k).to_owned()).collect());
        let (map, problems) = Keymap::new("bridgewatch", &[own("sort", &["f7"]), own("quit", &["s"])]);
        assert_eq!(problems, []);
        assert_eq!(map.action(&[List, Anywhere], Key::char('s')), Some(A::Quit));
        assert_eq!(map.action(&[List], Key::plain(super::super::keys::Code::F(7))), Some(A::Sort));
        let (_, problems) = Keymap::new("bridgewatch", &[own("sort", &["x"]), own("filter", &["x"])]);
        assert!(matches!(&problems[..], [KeyProblem::Clash { .. }]), "{problems:?}");
        let (_, problems) = Keymap::new("bridgewatch", &[own("sorrt", &["x"]), own("sort", &["S", "wat"])]);
        assert!(problems[0].to_string().contains("did you mean sort"), "{problems:?}");
        assert_eq!(problems.len(), 3);
    }
}
