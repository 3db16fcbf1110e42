//! What stays the same when the engine says the same, and what a list may and may not undo.

use super::*;
use crate::model::GapKind;

fn row(id: &str, state: State) -> Container {
    let mut row = Container::named(id, format!("name-{id}"));
    row.state = state;
    row
}

fn full(id: &str, state: State) -> Container {
    let mut full = row(id, state);
    full.config = Fact::Known(Arc::default());
    full.inspected_at = Some(jiff::Timestamp::now());
    full
}

fn listed(store: &mut Store, rows: Vec<Container>) -> Differences {
    store.apply_list(rows, &BTreeSet::new())
}

#[test]
fn an_answer_that_says_the_same_keeps_its_identity() {
    let mut store = Store::default();
    listed(&mut store, vec![row("a", State::Running), row("b", State::Exited)]);
    assert!(store.apply_container(full("a", State::Running)));
    store.rebuild();
    let (list, one) = (store.containers_out.clone(), store.get(&"a".into()).expect("held").clone());
    assert!(!store.apply_container(full("a", State::Running)));
    let again = listed(&mut store, vec![row("a", State::Running), row("b", State::Exited)]);
    assert_eq!(again, Differences { unread: vec!["b".into()], ..Differences::default() });
    store.rebuild();
    assert!(Arc::ptr_eq(&list, &store.containers_out));
    assert!(Arc::ptr_eq(&one, store.get(&"a".into()).expect("held")));
}

#[test]
fn e17_the_list_corrects_what_events_missed() {
    let mut store = Store::default();
    listed(&mut store, vec![row("a", State::Running), row("b", State::Running)]);
    store.apply_container(full("a", State::Running));
    let out = listed(&mut store, vec![row("a", State::Exited), row("c", State::Running)]);
    assert_eq!(out.differ, ["a".into(), "c".into()]);
    assert_eq!(out.gone, ["b".into()]);
}

#[test]
fn e19_a_list_older_than_an_inspect_takes_nothing_away() {
    let mut store = Store::default();
    store.apply_container(full("new", State::Running));
    let fresh = BTreeSet::from(["new".into()]);
    assert_eq!(store.apply_list(vec![], &fresh).gone, []);
    assert_eq!(store.apply_list(vec![], &BTreeSet::new()).gone, ["new".into()]);
}

#[test]
fn e14_a_container_that_does_not_answer_says_why_and_keeps_its_row() {
    let mut store = Store::default();
    listed(&mut store, vec![row("a", State::Running)]);
    assert!(store.apply_failure(&"a".into(), Gap::new(GapKind::EngineSilent, "no answer for 5 s")));
    let held = store.get(&"a".into()).expect("held");
    assert_eq!(held.state, State::Running);
    assert_eq!(held.config.why().expect("unknown").reason, "no answer for 5 s");
    assert!(!store.apply_failure(&"a".into(), Gap::new(GapKind::EngineSilent, "no answer for 5 s")));
}

#[test]
fn a_shared_namespace_named_by_name_is_found_by_id() {
    let mut store = Store::default();
    listed(&mut store, vec![row("0123456789abcdef", State::Running)]);
    for word in ["name-0123456789abcdef", "0123456789ab"] {
        let mut other = full("b", State::Running);
        other.network_mode = NetworkMode::Container(word.into());
        store.apply_container(other);
        let mode = &store.get(&"b".into()).expect("held").network_mode;
        assert_eq!(*mode, NetworkMode::Container("0123456789abcdef".into()));
    }
}

#[test]
fn exec_sessions_are_bounded_and_end() {
    let mut store = Store::default();
    store.apply_container(full("a", State::Running));
    let exec = |n: usize, running| Exec {
        id: n.to_string(),
        command: "sh".into(),
        user: "".into(),
        privileged: false,
        running,
        pid: None,
    };
    for n in 0..40 {
        store.apply_exec(&"a".into(), exec(n, n == 3));
    }
    let held = store.get(&"a".into()).expect("held");
    assert_eq!(held.execs.len(), EXECS);
    assert!(held.execs.iter().any(|exec| exec.id == "3"), "the one that runs is kept");
    assert!(store.end_exec(&"a".into(), "3"));
    assert!(!store.end_exec(&"a".into(), "3"));
}
