//! The audit: evidence in, verdicts out.
//!
//! A check is one file in one of the folders below, entered in its folder's list. It knows the evidence and nothing
//! else: not how it was read, not how it is shown. What it could not see is its verdict's reason, never a pass.

mod audit;
mod auditor;
mod cells;
mod changes;
mod check;
mod collapse;
mod evidence;
mod finding;
mod record;
mod settling;
mod severity;
mod transitions;
mod verdict;

pub mod key;
pub mod known;
mod prelude;
pub mod resolve;

mod daemon;
mod host;
mod network;
mod operations;
mod runtime;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod regressions;
#[cfg(test)]
mod testing;

pub use audit::{Audit, AuditedEngine, Coverage, Mark, MissingPart, QuietRow, UnknownRow};
pub use auditor::Auditor;
pub use check::{Check, Cis, Decide, Fix, FixKind, Inputs, Patience};
pub use collapse::{AuditRow, collapse};
pub use evidence::Evidence;
pub use finding::{About, Finding, SubjectKind, Waiver};
pub use record::Circumstances;
pub use severity::{Grade, Severity, Status};
pub use verdict::{Decision, Hit, Observed, Reason, Undecided, Verdict};

/// Version of the catalogue: raised when a check is added or decides differently.
pub const CATALOGUE_VERSION: &str = "2026.1";

/// Every check, in the catalogue's order of families.
pub fn registry() -> impl Iterator<Item = &'static Check> {
    host::CHECKS
        .iter()
        .chain(daemon::CHECKS)
        .chain(runtime::CHECKS)
        .chain(network::CHECKS)
        .chain(operations::CHECKS)
        .copied()
}

/// A check by its id.
pub fn check(id: &str) -> Option<&'static Check> {
    registry().find(|check| check.id == id)
}
