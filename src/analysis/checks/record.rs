//! From a hit to a finding: severity modifiers, key, words.

use super::finding::{About, Finding};
use super::{Check, Cis, Hit, Severity, Status, key, registry};
use crate::text::Outside;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// What about the subject changes how bad a hit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circumstances {
    /// The container does not run.
    pub dormant: bool,
    /// Its root is an unprivileged user of the host.
    pub remapped: bool,
}

/// The severity after modifiers, and why it is not the base.
///
/// In order: the hit's own steps; one down (never below low) for an escape out of a container whose root is nobody on
/// the host; and for a container that does not run at most medium, high if it would be critical.
pub fn settled_severity(check: &Check, hit: &Hit, circumstances: Circumstances) -> (Severity, Vec<&'static str>) {
    let base = hit.severity.unwrap_or(check.severity);
    let mut severity = base.shifted(hit.steps);
    let mut why = Vec::new();
    if severity > base {
        why.push("aggravated by another setting of the same container");
    } else if severity < base {
        why.push("mitigated by where it is reachable from");
    }
    if circumstances.remapped && check.escape && severity > Severity::Low {
        severity = severity.shifted(-1);
        why.push("the container's root is an unprivileged user of the host");
    }
    if circumstances.dormant {
        let cap = if severity == Severity::Critical { Severity::High } else { Severity::Medium };
        if severity > cap {
            severity = cap;
            why.push("not running: becomes real at the next start");
        }
    }
    (severity, why)
}

/// The stable identity of a hit.
pub fn finding_key(check: &Check, about: &About, hit: &Hit) -> Arc<str> {
    key::key(&[check.id, about.kind.as_str(), &about.stable, &hit.sub_key]).into()
}

/// CIS ids of a check, taken apart once.
fn cis_of(check: &Check) -> Arc<[Cis]> {
    static ALL: LazyLock<HashMap<&'static str, Arc<[Cis]>>> =
        LazyLock::new(|| registry().map(|check| (check.id, check.cis_ids().into())).collect());
    ALL.get(check.id).cloned().unwrap_or_default()
}

/// The record.
pub fn finding(check: &Check, hit: &Hit, about: &Arc<About>, circumstances: Circumstances, at: Timestamp) -> Finding {
    debug_assert!(matches!(hit.status, Status::Fail | Status::Warn));
    let (severity, modifiers) = settled_severity(check, hit, circumstances);
    Finding {
        id: check.id,
        status: hit.status,
        severity,
        severity_base: hit.severity.unwrap_or(check.severity),
        grade: hit.grade,
        subject: Arc::clone(about),
        key: finding_key(check, about, hit),
        title: if hit.says.is_empty() { Outside::shared(check.title) } else { hit.says.clone() },
        evidence: hit.evidence.clone(),
        remediation: check.fix,
        fix: check.way,
        cis: cis_of(check),
        first_seen: at,
        last_seen: at,
        dormant: circumstances.dormant,
        waiver: None,
        related: hit.related.clone(),
        modifiers,
        also: hit.about.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::Grade;

    const ESCAPE: Check = Check { severity: Severity::Critical, escape: true, ..Check::PLAIN };

    fn settle(hit: Hit, dormant: bool, remapped: bool) -> Severity {
        settled_severity(&ESCAPE, &hit, Circumstances { dormant, remapped }).0
    }

    #[test]
    fn modifiers_are_applied_in_order() {
        let hit = || Hit::fail(Grade::Api);
        assert_eq!(settle(hit(), false, false), Severity::Critical);
        assert_eq!(settle(hit(), true, false), Severity::High);
        assert_eq!(settle(hit().severity(Severity::High), true, false), Severity::Medium);
        assert_eq!(settle(hit(), false, true), Severity::High);
        assert_eq!(settle(hit().severity(Severity::Low), false, true), Severity::Low);
        assert_eq!(settle(hit().severity(Severity::High).raised_if(true), false, false), Severity::Critical);
    }
}
