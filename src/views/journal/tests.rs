//! The journal view on a journal of three changes.

use super::{Changes, state};
use crate::app::Journal;
use crate::model::Subject;
use crate::plan::{
    ContainerRef, EngineOp, Entry, EntryId, EntryState, Op, Plan, Risk, Step, StepResult, StepState, Who,
};
use crate::views::testing::{Stage, at, stage};
use crate::views::{Content, ListView};
use std::sync::Arc;

fn op(name: &str, pause: bool) -> Op {
    let container = ContainerRef { id: "0123456789abcdef".into(), name: name.into() };
    Op::Engine(if pause { EngineOp::Pause { container } } else { EngineOp::Unpause { container } })
}

fn entry(n: i64, name: &str, how: EntryState) -> Entry {
    let step = Step { row: 0, op: op(name, true), undo: vec![op(name, false)], gone_with: None, lasting: None };
    Entry {
        id: EntryId(format!("20260301-12330{n}-00ff")),
        at: at(n),
        ended_at: None,
        who: Who { user: "root".into(), sudo_user: Some("anna\u{1b}[2J".into()), ..Who::default() },
        plan: Plan {
            title: format!("pause {name}"),
            wish: None,
            undoes: None,
            rows: vec![name.to_owned()],
            identities: Vec::new(),
            steps: vec![step],
            affects: vec!["its connections wait".into()],
            lasting: Vec::new(),
            notes: Vec::new(),
            risk: Risk::Change,
            cutoff: None,
            left_out: Vec::new(),
        },
        results: vec![StepResult {
            state: if how == EntryState::Done { StepState::Done } else { StepState::Failed },
            detail: if how == EntryState::Done { String::new() } else { "no such\u{7} container".into() },
            undo: vec![op(name, false)],
        }],
        state: how,
        reason: String::new(),
        confirm_by: None,
        undone_by: None,
    }
}

fn with_journal() -> Stage {
    let mut stage = stage();
    let entries = vec![
        entry(1, "web", EntryState::Done),
        entry(2, "db", EntryState::RolledBack),
        entry(3, "x", EntryState::Done),
    ];
    stage.journal = Journal { entries: Arc::new(entries), gap: None, is_read: true };
    stage
}

fn text(content: Content) -> String {
    match content {
        Content::Page(lines) => lines.iter().map(|l| l.text() + "\n").collect(),
        _ => panic!("a page"),
    }
}

#[test]
fn the_newest_change_is_first() {
    let stage = with_journal();
    let rows = Changes.rows(&stage.scene());
    let ids: Vec<&str> = rows.iter().map(|r| &*r.item).collect();
    assert_eq!(ids, ["20260301-123303-00ff", "20260301-123302-00ff", "20260301-123301-00ff"]);
    let cells: Vec<String> =
        Changes.columns().iter().map(|c| Changes.cell(&stage.scene(), &rows[1].item, c).text()).collect();
    assert_eq!(cells[3..], ["✗ rolled back", "pause db"]);
}

#[test]
fn a_change_tells_its_steps_their_results_and_what_takes_it_back() {
    let stage = with_journal();
    let rows = Changes.rows(&stage.scene());
    let tab = Changes.tabs(&stage.scene(), &rows[1].item)[0];
    let page = text(Changes.tab(&stage.scene(), &rows[1].item, &tab, 70));
    for part in ["docker pause db", "failed: no such", "docker unpause db", "its connections wait", "root (anna"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.chars().any(|c| c != '\n' && c.is_control()), "{page:?}");
}

#[test]
fn a_journal_that_does_not_read_says_why() {
    let mut stage = with_journal();
    stage.journal = Journal { entries: Arc::default(), gap: Some("permission denied".into()), is_read: false };
    let lines: String = Changes.empty(&stage.scene()).iter().map(|l| l.text() + "\n").collect();
    assert!(lines.contains("nothing is changed") && lines.contains("permission denied"), "{lines}");
}

#[test]
fn every_state_has_a_word_of_its_own() {
    use EntryState as S;
    let all = [S::UnderWay, S::HalfDone, S::Done, S::Unconfirmed, S::RolledBack, S::PartlyDone, S::NotDone, S::Undone];
    let words: std::collections::BTreeSet<&str> = all.iter().map(|s| state(*s).2).collect();
    assert_eq!(words.len(), all.len());
    let subject = Subject::Change { id: "20260301-123301-00ff".into() };
    assert_eq!(Changes.locate(&with_journal().scene(), &subject), Some(subject));
}
