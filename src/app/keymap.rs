//! The live key map: the table of keys with a preset and the operator's own bindings over it.

use super::keys::Key;
pub use super::keytable::{Action, Context, Entry, PRESETS, RESERVED, TABLE, unbound};
use std::collections::BTreeMap;

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
    /// Changes are never on Control and a letter.
    #[error("{action}: {key} has Control or Alt, and changes are never on those")]
    Control {
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

    /// What an action does, in words.
    pub fn words_of(&self, action: Action) -> &'static str {
        TABLE.iter().find(|e| e.action == action).map_or("", |e| e.words)
    }

    /// The first key of an action in a context, for hints; a function key where letters are typed.
    pub fn key_in(&self, context: Context, action: Action, types: bool) -> String {
        let own = self.rows().find(|(e, _)| e.action == action && e.context == context).map(|(_, keys)| keys);
        let is_free = |k: &&Key| !types || !matches!(k.code, super::keys::Code::Char(_));
        own.and_then(|keys| keys.iter().find(is_free)).map(|k| k.to_string()).unwrap_or_default()
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
            Some(key) if key.is_capital() && !action.changes() && !["G", "N"].contains(&text.as_str()) => {
                problems.push(KeyProblem::Capital { action: action.id(), key: text.clone() });
            }
            Some(key) if action.changes() && (key.ctrl || key.alt) => {
                problems.push(KeyProblem::Control { action: action.id(), key: text.clone() });
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
    use super::Action as A;
    use super::Context::{Anywhere, Change, List};
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
            assert!(
                !entry.keys.is_empty() || entry.context == Change,
                "only the menu of actions lists what has no key"
            );
        }
        for action in Action::ALL {
            assert!(TABLE.iter().any(|e| e.action == *action), "{} has no row", action.id());
        }
    }

    #[test]
    fn capitals_change_and_lower_case_reads() {
        for (preset, _) in PRESETS {
            for (entry, keys) in Keymap::new(preset, &[]).0.rows() {
                for key in keys {
                    let only_moves = matches!(entry.action, A::Bottom | A::PreviousMatch);
                    let changes = entry.action.changes() && entry.action != A::Shell;
                    assert!(key.is_capital() == changes || only_moves || entry.action == A::Shell, "{preset}: {key}");
                    assert!(!(changes && (key.ctrl || key.alt)), "{preset}: {key}");
                }
            }
        }
    }

    #[test]
    fn own_bindings_win_and_clashes_are_told() {
        let own = |name: &str, keys: &[&str]| (name.to_owned(), keys.iter().map(|k| (*k).to_owned()).collect());
        let (map, problems) = Keymap::new("bridgewatch", &[own("sort", &["f7"]), own("quit", &["s"])]);
        assert_eq!(problems, []);
        assert_eq!(map.action(&[List, Anywhere], Key::char('s')), Some(A::Quit));
        assert_eq!(map.action(&[List], Key::plain(super::super::keys::Code::F(7))), Some(A::Sort));
        let (_, problems) = Keymap::new("bridgewatch", &[own("sort", &["v"]), own("filter", &["v"])]);
        assert!(matches!(&problems[..], [KeyProblem::Clash { .. }]), "{problems:?}");
        let (_, problems) = Keymap::new("bridgewatch", &[own("sorrt", &["x"]), own("sort", &["S", "wat"])]);
        assert!(problems[0].to_string().contains("did you mean sort"), "{problems:?}");
        assert_eq!(problems.len(), 3);
    }
}
