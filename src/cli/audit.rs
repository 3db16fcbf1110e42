//! `audit`: the report as text and as JSON, and the exit code.
//!
//! Parsing of arguments and reading of the host are elsewhere; this only says what was found.

use crate::analysis::checks::{
    Audit, AuditRow, AuditedEngine, CATALOGUE_VERSION, Coverage, Finding, QuietRow, Severity, Status, UnknownRow,
    check, collapse,
};
use crate::model::SCHEMA_VERSION;
use crate::text::{clean_line, width, write_ascii};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

/// What the text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Evidence, why and fix below each finding.
    pub details: bool,
    /// One line for a default of the engine that many containers share.
    pub collapse: bool,
    /// Results that passed or do not apply, as far as the audit kept them.
    pub all: bool,
    /// Findings below this severity are counted and not listed.
    pub least: Severity,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions { details: false, collapse: true, all: false, least: Severity::Info }
    }
}

/// Writes the report for people. Everything that comes from outside is cleaned.
///
/// # Errors
/// What the writer answers.
pub fn write_text(out: &mut impl Write, audit: &Audit, options: TextOptions) -> io::Result<()> {
    head(out, audit)?;
    let rows = match options.collapse {
        true => collapse(audit),
        false => audit.findings.iter().cloned().map(AuditRow::One).collect(),
    };
    let names = rows.iter().map(|row| width(&subject_words(row))).max().unwrap_or(0).clamp(7, 32);
    for row in &rows {
        if severity_of(row) >= options.least {
            write_row(out, row, names, options.details)?;
        }
    }
    if !rows.is_empty() {
        writeln!(out)?;
    }
    unknowns(out, audit)?;
    if options.all {
        quiet(out, audit)?;
    }
    summary(out, audit)
}

/// The report for people as a string.
pub fn text(audit: &Audit, options: TextOptions) -> String {
    let mut out = Vec::new();
    // A vector takes everything.
    let _ = write_text(&mut out, audit, options);
    String::from_utf8_lossy(&out).into_owned()
}

fn head(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    match &audit.engine {
        Some(engine) => {
            let stale = if engine.stale { ", does not answer any more: what it said is old" } else { "" };
            let line =
                format!("{} {} (API {}) at {}", engine.product, engine.version, engine.api_version, engine.endpoint);
            writeln!(out, "{}{stale}", clean_line(&line))?;
        }
        None => writeln!(out, "no engine: findings rest on the kernel alone")?,
    }
    writeln!(out)
}

fn severity_of(row: &AuditRow) -> Severity {
    match row {
        AuditRow::One(finding) => finding.severity,
        AuditRow::Group { severity, .. } => *severity,
    }
}

fn subject_words(row: &AuditRow) -> String {
    match row {
        AuditRow::One(finding) => finding.subject.name.shown().into_owned(),
        AuditRow::Group { findings, .. } => format!("{} containers", findings.len()),
    }
}

fn write_row(out: &mut impl Write, row: &AuditRow, names: usize, details: bool) -> io::Result<()> {
    let (id, title) = match row {
        AuditRow::One(finding) => (finding.id, finding.title.shown().into_owned()),
        AuditRow::Group { id, title, .. } => (*id, (*title).to_owned()),
    };
    let name = crate::text::pad(&subject_words(row), names, false);
    let dormant = matches!(row, AuditRow::One(finding) if finding.dormant);
    let dormant = if dormant { "  (not running)" } else { "" };
    writeln!(out, "{:8}  {id:8}  {name}  {title}{dormant}", severity_of(row).as_str())?;
    match row {
        AuditRow::One(finding) if details => more(out, finding),
        AuditRow::Group { findings, .. } if details => {
            let names: Vec<_> = findings.iter().map(|finding| finding.subject.name.shown()).collect();
            writeln!(out, "          on: {}", names.join(" "))?;
            findings.first().map_or(Ok(()), |first| words(out, first))
        }
        _ => Ok(()),
    }
}

fn more(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    for seen in finding.evidence.iter() {
        let (path, value) = (seen.path.shown(), seen.value.shown());
        let good = match &*seen.expected {
            // Seen for the picture, and neither good nor bad.
            "-" => String::new(),
            good => format!("; good: {}", clean_line(good)),
        };
        writeln!(out, "          {}: {path} is {value}{good}", seen.source)?;
    }
    for reason in &finding.modifiers {
        writeln!(out, "          severity {} by itself: {reason}", finding.severity_base.as_str())?;
    }
    words(out, finding)?;
    if !finding.related.is_empty() {
        writeln!(out, "          see: {}", finding.related.join(" "))?;
    }
    Ok(())
}

/// What is the same for all findings of a check.
fn words(out: &mut impl Write, finding: &Finding) -> io::Result<()> {
    if let Some(check) = check(finding.id) {
        writeln!(out, "          why: {}", check.why)?;
    }
    writeln!(out, "          fix: {}", finding.remediation)?;
    if let Some(cis) = finding.cis.last() {
        writeln!(out, "          CIS {}: {}", cis.version, cis.id)?;
    }
    Ok(())
}

/// What could not be decided, one line for each check and reason.
fn unknowns(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    let mut groups: Vec<(&UnknownRow, usize)> = Vec::new();
    for row in &audit.unknowns {
        match groups.iter_mut().find(|(known, _)| known.id == row.id && known.reason == row.reason) {
            Some((_, count)) => *count += 1,
            None => groups.push((row, 1)),
        }
    }
    for (row, count) in &groups {
        let whom = match count {
            1 => row.subject.name.shown().into_owned(),
            count => format!("{count} subjects"),
        };
        let lift = row.lift.as_deref().map_or_else(String::new, |lift| format!("; {}", clean_line(lift)));
        let reason = clean_line(&row.reason);
        writeln!(out, "unknown   {:8}  {whom}: {}: {} {reason}{lift}", row.id, row.title, row.code.as_str())?;
    }
    if groups.is_empty() { Ok(()) } else { writeln!(out) }
}

fn quiet(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    for row in &audit.quiet {
        let note = if row.note.is_empty() { String::new() } else { format!(": {}", clean_line(&row.note)) };
        writeln!(out, "{:8}  {:8}  {}  {}{note}", row.status.as_str(), row.id, row.subject.name.shown(), row.title)?;
    }
    if audit.quiet.is_empty() { Ok(()) } else { writeln!(out) }
}

fn summary(out: &mut impl Write, audit: &Audit) -> io::Result<()> {
    let found: Vec<String> = Severity::WORST_FIRST
        .iter()
        .filter(|severity| audit.count(**severity) > 0)
        .map(|severity| format!("{} {}", audit.count(*severity), severity.as_str()))
        .collect();
    let found = if found.is_empty() { "nothing found".to_owned() } else { found.join(", ") };
    let count = |status| audit.statuses.get(&status).copied().unwrap_or(0);
    writeln!(
        out,
        "{found}; {} unknown, {} passed, {} not applicable, {} checks",
        count(Status::Unknown),
        count(Status::Pass),
        count(Status::NotApplicable),
        audit.coverage.checks
    )?;
    for part in &audit.coverage.missing {
        writeln!(out, "not seen: {}: {}", clean_line(&part.what), clean_line(&part.reason))?;
    }
    Ok(())
}

/// The document of `audit --format json`; its fields stand in this order.
#[derive(Serialize)]
struct Document<'a> {
    tool: &'static str,
    version: &'static str,
    schema_version: u32,
    catalogue_version: &'static str,
    taken_at: jiff::Timestamp,
    engine: &'a Option<AuditedEngine>,
    coverage: &'a Coverage,
    counts: Counts,
    findings: &'a [Arc<Finding>],
    unknown: &'a [UnknownRow],
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<Vec<&'a QuietRow>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_applicable: Option<Vec<&'a QuietRow>>,
}

/// Counts by severity and by status; every word is there, also with 0.
#[derive(Serialize)]
struct Counts {
    severity: BTreeMap<&'static str, usize>,
    status: BTreeMap<&'static str, usize>,
    suppressed: usize,
}

/// Writes the report as one JSON document in ASCII, with a newline at its end. `all` adds what passed and what does
/// not apply, as far as the audit kept it.
///
/// # Errors
/// What the writer answers.
pub fn write_json(out: &mut impl Write, audit: &Audit, all: bool, pretty: bool) -> io::Result<()> {
    let rows = |status| all.then(|| audit.quiet.iter().filter(|row| row.status == status).collect());
    let document = Document {
        tool: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        schema_version: SCHEMA_VERSION,
        catalogue_version: CATALOGUE_VERSION,
        taken_at: audit.taken_at,
        engine: &audit.engine,
        coverage: &audit.coverage,
        counts: Counts {
            severity: Severity::WORST_FIRST.iter().map(|s| (s.as_str(), audit.count(*s))).collect(),
            status: Status::ALL.iter().map(|s| (s.as_str(), audit.statuses.get(s).copied().unwrap_or(0))).collect(),
            suppressed: audit.suppressed,
        },
        findings: &audit.findings,
        unknown: &audit.unknowns,
        passed: rows(Status::Pass),
        not_applicable: rows(Status::NotApplicable),
    };
    write_ascii(&mut *out, &document, pretty)?;
    writeln!(out)
}

/// The report as a string of JSON.
pub fn json(audit: &Audit, all: bool, pretty: bool) -> String {
    let mut out = Vec::new();
    // A vector takes everything, and the document has no map with keys that are no strings.
    let _ = write_json(&mut out, audit, all, pretty);
    String::from_utf8_lossy(&out).into_owned()
}

/// The exit code: 0 nothing at or above `fail_on`; 1 findings; 3 the engine can't be reached; 4, with `strict`,
/// something at or above `fail_on` could not be decided. 2 (usage) is the argument parser's.
///
/// A finding outranks what could not be decided, and an engine that is away outranks both: the report is then the
/// kernel's half alone.
pub fn exit_code(audit: &Audit, fail_on: Severity, strict: bool, engine_reachable: bool) -> u8 {
    let counts = |severity: Severity| severity >= fail_on;
    if !engine_reachable {
        3
    } else if audit.findings.iter().any(|finding| finding.waiver.is_none() && counts(finding.severity)) {
        1
    } else if strict && audit.unknowns.iter().any(|row| counts(row.severity)) {
        4
    } else {
        0
    }
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
