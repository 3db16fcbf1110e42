//! The noise rule: a default of the engine that many containers share is one line, not one for each.

use super::{Audit, Finding, Severity, check};
use std::collections::BTreeMap;
use std::sync::Arc;

/// From this number on, containers with the same default fact are one line.
const MANY: usize = 6;

/// A row of the report as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditRow {
    /// One finding.
    One(Arc<Finding>),
    /// One check on many containers.
    Group {
        /// Id of the check.
        id: &'static str,
        /// What is checked.
        title: &'static str,
        /// Worst severity among them.
        severity: Severity,
        /// The findings, in their order.
        findings: Vec<Arc<Finding>>,
    },
}

/// The findings as rows, in their order; a group stands where its first finding would.
pub fn collapse(audit: &Audit) -> Vec<AuditRow> {
    let mut by_id: BTreeMap<&str, Vec<&Arc<Finding>>> = BTreeMap::new();
    for finding in &audit.findings {
        if check(finding.id).is_some_and(|check| check.default_fact) {
            by_id.entry(finding.id).or_default().push(finding);
        }
    }
    by_id.retain(|_, findings| findings.len() >= MANY);
    let mut rows = Vec::new();
    for finding in &audit.findings {
        match by_id.get(finding.id) {
            None => rows.push(AuditRow::One(Arc::clone(finding))),
            Some(findings) if Arc::ptr_eq(findings[0], finding) => rows.push(AuditRow::Group {
                id: finding.id,
                title: check(finding.id).map_or("", |check| check.title),
                severity: findings.iter().map(|f| f.severity).max().unwrap_or(finding.severity),
                findings: findings.iter().map(|f| Arc::clone(f)).collect(),
            }),
            Some(_) => {}
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Host, named};
    use super::super::{AuditRow, Auditor, collapse};

    fn groups(containers: usize) -> usize {
        let host = (0..containers).fold(Host::new(), |host, n| host.and(named(&format!("c{n}"))));
        let rows = collapse(&Auditor::once(&host.0, false));
        rows.iter().filter(|row| matches!(row, AuditRow::Group { .. })).count()
    }

    #[test]
    fn six_containers_with_the_same_default_are_one_line() {
        assert_eq!(groups(5), 0);
        assert!(groups(6) > 0);
    }

    #[test]
    fn no_finding_is_lost() {
        let host = (0..9).fold(Host::new(), |host, n| host.and(named(&format!("c{n}"))));
        let audit = Auditor::once(&host.0, false);
        let shown: usize = collapse(&audit)
            .iter()
            .map(|row| match row {
                AuditRow::One(_) => 1,
                AuditRow::Group { findings, .. } => findings.len(),
            })
            .sum();
        assert_eq!(shown, audit.findings.len());
    }
}
