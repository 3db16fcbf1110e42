//! Marks of findings on rows: the worst severity among what concerns a subject, as a sign and a letter; and findings
//! as lines on the pages of what they are about.

use super::wrap::wrap;
use super::{Page, finding, glyph};
use crate::analysis::checks::{Finding, Severity};
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;
use crate::views::content::{Line, Span};
use std::sync::Arc;

/// What a severity looks like.
pub fn role(severity: Severity) -> Role {
    match severity {
        Severity::Critical => Role::Critical,
        Severity::High => Role::High,
        Severity::Medium => Role::Medium,
        Severity::Low => Role::Low,
        Severity::Info => Role::Info,
    }
}

/// Sign and word of a severity.
pub fn words_of(severity: Severity, ascii: bool) -> String {
    let sign = match (severity, ascii) {
        (Severity::Critical | Severity::High, _) => glyph::warning(ascii),
        (Severity::Medium, false) => "△",
        (Severity::Medium, true) => "+",
        (_, false) => "·",
        (_, true) => ".",
    };
    format!("{sign} {}", severity.as_str())
}

/// The mark of a subject: a sign and the first letter of the worst severity; none when nothing of medium severity or
/// above is known.
pub fn of(scene: &Scene, subject: &Subject) -> Option<Span> {
    let worst = scene.report.audit.mark(subject)?.worst;
    let letter = match worst {
        Severity::Critical => "C",
        Severity::High => "H",
        Severity::Medium => "M",
        Severity::Low | Severity::Info => return None,
    };
    Some(Span::new(format!("{}{letter}", glyph::warning(scene.prefs.ascii)), role(worst)))
}

/// Ids and severities of the findings of a subject, for filters.
pub fn words(scene: &Scene, subject: &Subject) -> String {
    let found = scene.report.audit.about(subject);
    found.map(|f| format!("{} {} {}", f.id, f.severity.as_str(), f.title.raw())).collect::<Vec<_>>().join("\n")
}

/// The findings of a subject as ways to the security view.
pub fn findings_of(scene: &Scene, subject: &Subject) -> Vec<(String, Subject)> {
    let found = scene.report.audit.about(subject);
    found
        .map(|f| {
            (format!("{} {} {}", f.severity.as_str(), f.id, f.title.shown()), Subject::Finding { key: f.key.clone() })
        })
        .collect()
}

/// The container that a finding is about, as a subject.
pub fn container_of(scene: &Scene, key: &Arc<str>) -> Option<Subject> {
    let subject = &scene.report.audit.finding(key)?.subject.subject;
    matches!(subject, Subject::Container { .. }).then(|| subject.clone())
}

/// One line (or more, wrapped) for a finding.
pub fn line(scene: &Scene, finding: &Finding, width: usize) -> Vec<Line> {
    let spans = [
        Span::new(format!("{:<10} ", words_of(finding.severity, scene.prefs.ascii)), role(finding.severity)),
        Span::new(format!("{}  ", finding.id), Role::Dim),
        Span::outside(&finding.title, Role::Text),
    ];
    let indent = 11.min(width / 2);
    wrap(spans, width, width.saturating_sub(indent).max(8))
        .into_iter()
        .enumerate()
        .map(|(n, row)| {
            let lead = (n > 0).then(|| Span::plain(" ".repeat(indent)));
            Line::of(lead.into_iter().chain(row)).leading_to(Subject::Finding { key: finding.key.clone() })
        })
        .collect()
}

/// One line for each finding of a subject, worst first.
pub fn lines(scene: &Scene, subject: &Subject, width: usize) -> Vec<Line> {
    scene.report.audit.about(subject).flat_map(|f| line(scene, f, width)).collect()
}

/// The findings of a subject in full, worst first, and what could not be decided about it.
pub fn page(page: &mut Page, scene: &Scene, subject: &Subject) {
    let audit = &scene.report.audit;
    let found: Vec<_> = audit.about(subject).collect();
    let unknown: Vec<_> = audit.unknowns.iter().filter(|row| row.subject.subject == *subject).collect();
    if found.is_empty() {
        page.note(if unknown.is_empty() {
            "No finding."
        } else {
            "No finding; but not everything could be looked at, see below."
        });
    }
    for finding in found {
        finding::block(page, scene, finding);
    }
    if !unknown.is_empty() {
        page.heading("could not be decided");
        finding::undecided(page, unknown.into_iter());
    }
}
