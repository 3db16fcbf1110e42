//! What an operator finds in this view.

use super::*;
use crate::views::testing::{exercise, list, page, stage};

#[test]
fn t09_findings_of_a_container_with_evidence_and_fix() {
    let stage = stage();
    let scene = stage.scene();
    let text = list(&Security, &scene, &["severity", "check", "subject", "title"]);
    let agent = text.lines().find(|l| l.contains("| agent |")).unwrap_or_else(|| panic!("{text}"));
    let check = agent.split(" | ").nth(1).expect("an id").to_owned();
    let row = Security
        .rows(&scene)
        .into_iter()
        .find(|row| Security.full_text(&scene, &row.item).contains("agent"))
        .expect("a row");
    let tab = Security.tabs(&scene, &row.item)[0];
    let Content::Page(lines) = Security.tab(&scene, &row.item, &tab, 78) else { panic!("a page") };
    let text = crate::views::testing::text(&lines);
    for part in [check.as_str(), "evidence", "why", "fix"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let text = page(&crate::views::Containers, &scene, "agent", "security", 78);
    assert!(text.contains(&check), "{text}");
}

#[test]
fn what_could_not_be_decided_is_a_group_with_reasons() {
    let stage = stage();
    let scene = stage.scene();
    assert!(!scene.report.audit.unknowns.is_empty());
    let text = page(&Security, &scene, "?", "detail", 78);
    assert!(text.contains("checks without an answer"), "{text}");
    exercise(&Security, &scene);
    let mut subjects: Vec<Subject> = Security.rows(&scene).into_iter().map(|r| r.subject).collect();
    let all = subjects.len();
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), all);
}
