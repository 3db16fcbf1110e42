//! Cells, keys and fields of findings.

use super::{Item, finding, severity_cell, unknown};
use crate::analysis::checks::{About, Finding, Severity, check};
use crate::app::Scene;
use crate::theme::Role;
use crate::views::content::{Cell, SortKey, Span};
use crate::views::parts::{figure, format};

/// A cell.
pub fn cell(scene: &Scene, item: &Item, column: &str) -> Cell {
    match item {
        Item::Finding(key) => finding(scene, key).map(|f| of_finding(scene, f, column)).unwrap_or_default(),
        Item::Group(id) => of_group(scene, id, column),
        Item::Undecided => match column {
            "severity" => {
                Cell::of([Span::unknown(), Span::new(format!(" {}", scene.report.audit.unknowns.len()), Role::Unknown)])
            }
            "title" => Cell::new("could not be decided", Role::Heading),
            _ => Cell::none(),
        },
        Item::Unknown(id, subject) => {
            let Some(row) = unknown(scene, id, subject) else { return Cell::none() };
            match column {
                "severity" => {
                    Cell::of([Span::unknown(), Span::new(format!(" {}", row.severity.as_str()), Role::Unknown)])
                }
                "check" => Cell::new(row.id, Role::Dim),
                "subject" => match super::alike(scene, row).count() {
                    0 | 1 => about(&row.subject),
                    many => Cell::new(format!("{many} of them"), Role::Dim),
                },
                "title" => Cell::of([
                    Span::plain(row.title),
                    Span::new(": ", Role::Dim),
                    crate::views::parts::word(&row.reason, Role::Dim),
                ]),
                "status" => Cell::new("unknown", Role::Unknown),
                _ => Cell::none(),
            }
        }
    }
}

fn about(about: &About) -> Cell {
    Cell::outside(&about.name, Role::Name)
}

fn of_finding(scene: &Scene, finding: &Finding, column: &str) -> Cell {
    match column {
        "severity" => Cell { spans: vec![severity_cell(scene, finding.severity)] },
        "check" => Cell::new(finding.id, Role::Dim),
        "subject" => about(&finding.subject),
        "title" => {
            let mut cell = Cell::outside(&finding.title, Role::Text);
            if finding.dormant {
                cell.spans.push(Span::new(" (not running)", Role::Dim));
            }
            if finding.waiver.is_some() {
                cell.spans.push(Span::new(" (waived)", Role::Dim));
            }
            cell
        }
        "status" => Cell::new(finding.status.as_str(), Role::Text),
        "age" => {
            let age = format::age_seconds(scene.now, finding.first_seen);
            Cell::new(format::short_duration(age), Role::Dim)
        }
        "grade" => Cell::new(finding.grade.as_str(), Role::Dim),
        "cis" => Cell::new(cis(finding), Role::Dim),
        _ => Cell::none(),
    }
}

/// Distinct CIS ids, the newest version's last.
fn cis(finding: &Finding) -> String {
    let mut ids: Vec<&str> = finding.cis.iter().map(|c| c.id).collect();
    ids.dedup();
    ids.join("/")
}

fn of_group(scene: &Scene, id: &str, column: &str) -> Cell {
    let members: Vec<_> = scene.report.audit.findings.iter().filter(|f| f.id == id).collect();
    match column {
        "severity" => match members.iter().map(|f| f.severity).max() {
            Some(worst) => Cell { spans: vec![severity_cell(scene, worst)] },
            None => Cell::none(),
        },
        "check" => members.first().map_or(Cell::none(), |f| Cell::new(f.id, Role::Dim)),
        "subject" => Cell::new(format!("{} containers", members.len()), Role::Dim),
        "title" => check(id).map_or(Cell::none(), |c| Cell::new(c.title, Role::Text)),
        _ => Cell::none(),
    }
}

/// What a row sorts by. Severities sort from the worst.
pub fn sort_key(scene: &Scene, item: &Item, column: &str) -> SortKey {
    let worst = match item {
        Item::Finding(key) => finding(scene, key).map(|f| f.severity),
        Item::Group(id) => scene.report.audit.findings.iter().filter(|f| f.id == *id).map(|f| f.severity).max(),
        Item::Unknown(id, subject) => unknown(scene, id, subject).map(|row| row.severity),
        Item::Undecided => None,
    };
    match (column, item) {
        (_, Item::Undecided) => SortKey::Unknown,
        ("severity", _) => figure::key(worst.map(|s| -f64::from(s as u8))),
        ("age", Item::Finding(key)) => {
            let age = finding(scene, key).map(|f| format::age_seconds(scene.now, f.first_seen));
            figure::key(age.map(|a| a as f64))
        }
        _ => figure::text_key(&cell(scene, item, column).text()),
    }
}

/// Raw text of a field.
pub fn field(scene: &Scene, item: &Item, field: &str) -> Option<String> {
    let found = match item {
        Item::Finding(key) => finding(scene, key),
        _ => None,
    };
    let about = match item {
        Item::Unknown(id, subject) => unknown(scene, id, subject).map(|row| &row.subject),
        _ => found.map(|f| &f.subject),
    };
    let text = |text: Option<&crate::text::Outside>| text.map_or(String::new(), |t| t.raw().to_owned());
    Some(match field {
        "subject" | "container" => match item {
            Item::Unknown(id, subject) => {
                let rows = unknown(scene, id, subject).into_iter().flat_map(|row| super::alike(scene, row));
                rows.map(|row| row.subject.name.raw()).collect::<Vec<_>>().join(" ")
            }
            _ => text(about.map(|a| &a.name)),
        },
        "project" => text(about.and_then(|a| a.project.as_ref())),
        "service" => text(about.and_then(|a| a.service.as_ref())),
        "kind" => about.map_or(String::new(), |a| a.kind.as_str().to_owned()),
        "title" if found.is_some() => text(found.map(|f| &f.title)),
        "evidence" => {
            let seen = found.into_iter().flat_map(|f| f.evidence.iter());
            seen.map(|e| format!("{} {}", e.path.raw(), e.value.raw())).collect::<Vec<_>>().join("\n")
        }
        "severity" => match item {
            Item::Unknown(id, subject) => unknown(scene, id, subject)?.severity.as_str().to_owned(),
            Item::Group(id) => {
                let members = scene.report.audit.findings.iter().filter(|f| f.id == *id);
                members.map(|f| f.severity).max().unwrap_or(Severity::Info).as_str().to_owned()
            }
            _ => found.map_or(String::new(), |f| f.severity.as_str().to_owned()),
        },
        "check" | "status" | "age" | "grade" | "cis" | "title" => cell(scene, item, field).text(),
        _ => return None,
    })
}
