//! The security view: what is wrong, worst first, and what could not be looked at.
//!
//! ```text
//! SEVERITY      CHECK     ABOUT   FINDING                                  AGE
//! ▲ critical    BW-R-002  agent   the engine's socket is mounted            3m
//! △ medium ×12  BW-R-006          root file system is writable
//! ? 4                             could not be decided
//! ```
//!
//! A default of the engine that many containers share is one group, as the audit collapses it.

mod cells;
mod detail;

use super::content::{Cell, Content, Line, SortKey, Span};
use super::parts::column::{number, text};
use super::parts::{mark, names, word};
use super::view::{Column, Copyable, ListView, Row, Tab};
use crate::analysis::checks::{AuditRow, Finding, UnknownRow, collapse};
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;
use std::sync::Arc;

/// The view.
#[derive(Debug, Clone, Copy, Default)]
pub struct Security;

/// A row's item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// One finding, by its key.
    Finding(Arc<str>),
    /// One check on many containers, by its id.
    Group(&'static str),
    /// The heading of what could not be decided.
    Undecided,
    /// One check that could not decide for one reason, whoever it is about: id of the check, and the first subject.
    Unknown(&'static str, Subject),
}

const COLUMNS: &[Column] = &[
    text("severity", "SEVERITY", (11, 15), 0, "How bad it is, after what aggravates and mitigates it."),
    text("check", "CHECK", (8, 9), 3, "Id of the check."),
    text("subject", "ABOUT", (10, 28), 1, "What it is about."),
    text("title", "FINDING", (28, 120), 1, "What was found, in one sentence."),
    text(
        "status",
        "STATUS",
        (6, 7),
        4,
        "fail: bad; warn: only local policy can say; unknown: could not be read, which is never a pass.",
    ),
    number("age", "AGE", 4, 2, "Time since it was first seen in this run."),
    text("grade", "SEEN IN", (7, 7), 6, "Where the decisive evidence came from: kernel, api or file."),
    text("cis", "CIS", (5, 14), 7, "Ids of the CIS Docker Benchmark."),
];

fn finding<'a>(scene: &Scene<'a>, key: &str) -> Option<&'a Arc<Finding>> {
    let audit: &'a crate::analysis::checks::Audit = &scene.report.audit;
    audit.finding(key)
}

fn unknown<'a>(scene: &Scene<'a>, id: &str, subject: &Subject) -> Option<&'a UnknownRow> {
    let rows: &'a [UnknownRow] = &scene.report.audit.unknowns;
    rows.iter().find(|row| row.id == id && row.subject.subject == *subject)
}

/// All rows that share check and reason with this one: they stand on one line.
fn alike<'a>(scene: &Scene<'a>, row: &'a UnknownRow) -> impl Iterator<Item = &'a UnknownRow> {
    let rows: &'a [UnknownRow] = &scene.report.audit.unknowns;
    rows.iter().filter(move |other| other.id == row.id && other.reason == row.reason)
}

fn group_subject(id: &str) -> Subject {
    Subject::Group { key: Arc::from(id) }
}

/// A name for a subject within a key: what tells two rows of one check apart.
fn unknown_subject(row: &UnknownRow) -> Subject {
    let about = if row.subject.id.is_empty() { &row.subject.stable } else { &row.subject.id };
    Subject::Group { key: Arc::from(format!("undecided/{}/{}/{about}", row.id, row.subject.kind.as_str())) }
}

impl ListView for Security {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn rows(&self, scene: &Scene) -> Vec<Row<Item>> {
        let one = |finding: &Finding, depth| Row {
            item: Item::Finding(finding.key.clone()),
            subject: Subject::Finding { key: finding.key.clone() },
            depth,
            is_group: false,
        };
        let mut rows = Vec::new();
        for row in collapse(&scene.report.audit) {
            match row {
                AuditRow::One(finding) => rows.push(one(&finding, 0)),
                AuditRow::Group { id, findings, .. } => {
                    rows.push(Row { item: Item::Group(id), subject: group_subject(id), depth: 0, is_group: true });
                    rows.extend(findings.iter().map(|finding| one(finding, 1)));
                }
            }
        }
        if !scene.report.audit.unknowns.is_empty() {
            rows.push(Row { item: Item::Undecided, subject: group_subject("undecided"), depth: 0, is_group: true });
            let mut seen = std::collections::BTreeSet::new();
            let firsts = scene.report.audit.unknowns.iter().filter(|row| seen.insert((row.id, &row.reason)));
            rows.extend(firsts.map(|row| Row {
                item: Item::Unknown(row.id, row.subject.subject.clone()),
                subject: unknown_subject(row),
                depth: 1,
                is_group: false,
            }));
        }
        rows
    }

    fn cell(&self, scene: &Scene, item: &Item, column: &Column) -> Cell {
        cells::cell(scene, item, column.id)
    }

    fn sort_key(&self, scene: &Scene, item: &Item, column: &Column) -> SortKey {
        cells::sort_key(scene, item, column.id)
    }

    fn field(&self, scene: &Scene, item: &Item, field: &str) -> Option<String> {
        cells::field(scene, item, field)
    }

    fn fields(&self) -> &'static [&'static str] {
        &["container", "project", "service", "kind", "evidence"]
    }

    fn haystack(&self, scene: &Scene, item: &Item) -> String {
        let fields = ["severity", "check", "subject", "title", "status", "project", "service", "cis", "evidence"];
        fields.iter().filter_map(|f| cells::field(scene, item, f)).collect::<Vec<_>>().join("\n")
    }

    fn tabs(&self, _: &Scene, item: &Item) -> Vec<Tab> {
        let detail = Tab { id: "detail", title: "Finding", key: Some('d') };
        match item {
            Item::Finding(_) | Item::Unknown(..) => vec![detail, Tab { id: "subject", title: "All of it", key: None }],
            Item::Group(_) | Item::Undecided => vec![detail],
        }
    }

    fn tab(&self, scene: &Scene, item: &Item, tab: &Tab, width: u16) -> Content {
        match (item, tab.id) {
            (_, "subject") => detail::subject(scene, item, width),
            (Item::Finding(key), _) => detail::finding(scene, key, width),
            (Item::Group(id), _) => detail::group(scene, id, width),
            (Item::Undecided, _) => detail::undecided(scene, width),
            (Item::Unknown(id, subject), _) => detail::unknown(scene, id, subject, width),
        }
    }

    fn relations(&self, scene: &Scene, item: &Item) -> Vec<(String, Subject)> {
        let words = |subject: &Subject| {
            let name: String = names::subject(scene, subject).into_iter().map(|s| s.text).collect();
            (name, subject.clone())
        };
        match item {
            Item::Finding(key) => {
                let Some(finding) = finding(scene, key) else { return Vec::new() };
                std::iter::once(&finding.subject.subject).chain(&finding.also).map(words).collect()
            }
            Item::Unknown(_, subject) => vec![words(subject)],
            Item::Group(id) => {
                let members = scene.report.audit.findings.iter().filter(|f| f.id == *id);
                members.map(|f| words(&f.subject.subject)).collect()
            }
            Item::Undecided => Vec::new(),
        }
    }

    fn copyables(&self, scene: &Scene, item: &Item) -> Vec<Copyable> {
        let Item::Finding(key) = item else { return Vec::new() };
        let Some(finding) = finding(scene, key) else { return Vec::new() };
        vec![
            Copyable { what: "finding", text: self.full_text(scene, item) },
            Copyable { what: "check", text: finding.id.to_owned() },
            Copyable { what: "fix", text: finding.remediation.to_owned() },
            Copyable { what: "key", text: finding.key.to_string() },
        ]
    }

    fn empty(&self, scene: &Scene) -> Vec<Line> {
        let mut lines = Vec::new();
        let coverage = &scene.report.audit.coverage;
        if coverage.checks == 0 {
            lines.push(Line::of([Span::plain("Nothing was looked at yet.")]));
        } else {
            lines.push(Line::of([Span::new(format!("{} checks found nothing.", coverage.checks), Role::Good)]));
        }
        for part in &coverage.missing {
            lines.push(Line::of([
                Span::unknown(),
                Span::plain(" not seen: "),
                word(&part.what, Role::Text),
                Span::plain(", "),
                word(&part.reason, Role::Text),
            ]));
        }
        lines
    }

    fn full_text(&self, scene: &Scene, item: &Item) -> String {
        ["severity", "check", "subject", "title"]
            .map(|column| cells::cell(scene, item, column).text())
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("  ")
    }

    fn locate(&self, scene: &Scene, subject: &Subject) -> Option<Subject> {
        match subject {
            Subject::Finding { key } => finding(scene, key).map(|_| subject.clone()),
            Subject::Group { .. } => self.rows(scene).into_iter().find(|r| r.subject == *subject).map(|r| r.subject),
            other => scene.report.audit.about(other).next().map(|f| Subject::Finding { key: f.key.clone() }),
        }
    }
}

/// Sign, word and role of a finding's severity.
fn severity_cell(scene: &Scene, severity: crate::analysis::checks::Severity) -> Span {
    Span::new(mark::words_of(severity, scene.prefs.ascii), mark::role(severity))
}

#[cfg(test)]
mod tests;
