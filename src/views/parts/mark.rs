//! Marks of findings on rows: the worst severity among what concerns a subject, as a sign and a letter.

use super::Page;
use crate::app::Scene;
use crate::model::Subject;
use crate::views::content::{Line, Span};
use std::sync::Arc;

/// The mark of a subject: a sign and the first letter of the severity; none when nothing worth a mark is known.
pub fn of(_scene: &Scene, _subject: &Subject) -> Option<Span> {
    None
}

/// Ids and severities of the findings of a subject, for filters.
pub fn words(_scene: &Scene, _subject: &Subject) -> String {
    String::new()
}

/// The findings of a subject as ways to the security view.
pub fn findings_of(_scene: &Scene, _subject: &Subject) -> Vec<(String, Subject)> {
    Vec::new()
}

/// The container that a finding is about, as a subject.
pub fn container_of(_scene: &Scene, _key: &Arc<str>) -> Option<Subject> {
    None
}

/// One line for each finding of a subject, worst first.
pub fn lines(_scene: &Scene, _subject: &Subject, _width: usize) -> Vec<Line> {
    Vec::new()
}

/// The findings of a subject in full.
pub fn page(page: &mut Page, _scene: &Scene, _subject: &Subject) {
    page.note("Not looked at yet.");
}
