//! The result of an audit: findings in order, what could not be decided, marks for other views, counts.

use super::finding::{About, Finding};
use super::{Check, Evidence, Reason, Severity, Status, registry};
use crate::model::{Daemon, Engine, Locality, Subject};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A check that could not decide for one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownRow {
    /// Id of the check.
    pub id: &'static str,
    /// What is checked.
    pub title: &'static str,
    /// Severity it would have.
    pub severity: Severity,
    /// About what.
    pub subject: Arc<About>,
    /// Class of reason.
    pub code: Reason,
    /// The reason in words.
    pub reason: String,
    /// What would lift it.
    pub lift: Option<String>,
}

/// A check that passed, does not apply or is for a person: kept on request only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuietRow {
    /// Id of the check.
    pub id: &'static str,
    /// What is checked.
    pub title: &'static str,
    /// The status.
    pub status: Status,
    /// About what.
    pub subject: Arc<About>,
    /// The note or the reason.
    pub note: String,
}

/// What views put beside a row that findings are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Mark {
    /// Worst severity.
    pub worst: Severity,
    /// Number of findings.
    pub count: usize,
}

/// A part of the evidence that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingPart {
    /// What.
    pub what: String,
    /// Why.
    pub reason: String,
}

/// What could be looked at (BW-H-025).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    /// Evidence of the kernel is at hand.
    pub kernel: bool,
    /// Evidence of the engine is at hand.
    pub api: bool,
    /// Evidence of the daemon's files is at hand.
    pub file: bool,
    /// Number of checks in the catalogue of this version.
    pub checks: usize,
    /// Checks that could not decide for at least one subject.
    pub undecided: Vec<&'static str>,
    /// Parts that could not be read.
    pub missing: Vec<MissingPart>,
}

/// The engine that was audited.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct AuditedEngine {
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// API version.
    pub api_version: String,
    /// Endpoint.
    pub endpoint: String,
    /// It does not answer any more: what it said is old.
    pub stale: bool,
}

/// The result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Time of the snapshot it was made from: the last in which something that matters changed.
    pub taken_at: Timestamp,
    /// The engine; none when it could not be read.
    pub engine: Option<AuditedEngine>,
    /// Findings, the worst first.
    pub findings: Vec<Arc<Finding>>,
    /// What could not be decided, the worst first.
    pub unknowns: Vec<UnknownRow>,
    /// Passed, not applicable and manual results, when they were asked for.
    pub quiet: Vec<QuietRow>,
    /// Marks by subject: containers, networks, links, host and daemon.
    pub by_subject: BTreeMap<Subject, Mark>,
    /// Findings by severity.
    pub severities: BTreeMap<Severity, usize>,
    /// Results by status: findings for `fail` and `warn`, else one for each check and subject.
    pub statuses: BTreeMap<Status, usize>,
    /// Findings that another finding already says.
    pub suppressed: usize,
    /// Hits that have to hold a little longer before they are findings.
    pub waiting: usize,
    /// What could be looked at.
    pub coverage: Coverage,
}

impl Audit {
    /// Number of findings of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.severities.get(&severity).copied().unwrap_or(0)
    }

    /// The mark of a subject.
    pub fn mark(&self, subject: &Subject) -> Option<Mark> {
        self.by_subject.get(subject).copied()
    }

    /// A finding by its key.
    pub fn finding(&self, key: &str) -> Option<&Arc<Finding>> {
        self.findings.iter().find(|finding| &*finding.key == key)
    }

    /// Findings about a subject, in order.
    pub fn about<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Arc<Finding>> {
        self.findings
            .iter()
            .filter(move |finding| finding.subject.subject == *subject || finding.also.contains(subject))
    }

    /// Sorts and counts. The order does not depend on the order of what it was made from.
    pub(super) fn finish(&mut self) {
        let exposed: BTreeSet<Subject> =
            self.findings.iter().filter(|f| f.id == "BW-N-001").map(|f| f.subject.subject.clone()).collect();
        // A hole to the host on a container that the world can reach comes before everything else; within one
        // severity what is exposed comes first.
        self.findings.sort_by_cached_key(|f| {
            let open = exposed.contains(&f.subject.subject);
            let first = open && f.severity == Severity::Critical && f.id.starts_with("BW-R-");
            (!first, std::cmp::Reverse(f.severity), !open, f.id, f.subject.stable.clone(), f.key.clone())
        });
        self.unknowns.sort_by(|a, b| {
            (b.severity, a.id, &a.subject.stable, &a.subject.id).cmp(&(
                a.severity,
                b.id,
                &b.subject.stable,
                &b.subject.id,
            ))
        });
        self.quiet
            .sort_by(|a, b| (a.id, &a.subject.stable, &a.subject.id).cmp(&(b.id, &b.subject.stable, &b.subject.id)));
        for finding in &self.findings {
            *self.severities.entry(finding.severity).or_default() += 1;
            *self.statuses.entry(finding.status).or_default() += 1;
            for subject in std::iter::once(&finding.subject.subject).chain(&finding.also) {
                let mark = self.by_subject.entry(subject.clone()).or_insert(Mark { worst: finding.severity, count: 0 });
                mark.worst = mark.worst.max(finding.severity);
                mark.count += 1;
            }
        }
        let undecided: BTreeSet<&'static str> = self.unknowns.iter().map(|row| row.id).collect();
        self.coverage.undecided = undecided.into_iter().collect();
    }
}

/// What the evidence holds, before anything is decided.
pub(super) fn coverage(evidence: &Evidence) -> Coverage {
    let host = &evidence.snapshot.host;
    let missing = super::check("BW-H-025").map(|check| decide_once(evidence, check)).unwrap_or_default();
    Coverage {
        kernel: matches!(host.locality, Locality::Local { .. }) || !evidence.snapshot.kernel.is_empty(),
        api: host.engine.known().is_some(),
        file: host.daemon.known().is_some_and(|daemon: &Daemon| daemon.config_file.known().is_some()),
        checks: registry().count(),
        undecided: Vec::new(),
        missing,
    }
}

fn decide_once(evidence: &Evidence, check: &Check) -> Vec<MissingPart> {
    let super::Decide::Host(decide) = check.decide else { return Vec::new() };
    let verdict = decide(evidence).unwrap_or_else(|verdict| verdict);
    verdict
        .hits()
        .iter()
        .flat_map(|hit| hit.evidence.iter())
        .map(|seen| MissingPart { what: seen.path.raw().to_owned(), reason: seen.value.raw().to_owned() })
        .collect()
}

/// The engine as the report names it.
pub(super) fn engine(evidence: &Evidence) -> Option<AuditedEngine> {
    let host = &evidence.snapshot.host;
    host.engine.known().map(|engine: &Engine| AuditedEngine {
        product: engine.product.clone(),
        version: engine.version.clone(),
        api_version: engine.api_version.clone(),
        endpoint: host.endpoint.url.clone(),
        stale: evidence.snapshot.engine_is_stale(),
    })
}
