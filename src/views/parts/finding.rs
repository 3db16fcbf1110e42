//! A finding as a block on a page: what was found, the evidence, why it matters, how it is mended.

use super::{Grid, Page, format, mark, names, word};
use crate::analysis::checks::{Check, Finding, Fix, FixKind, UnknownRow, check};
use crate::app::Scene;
use crate::theme::Role;
use crate::views::content::{Cell, Span};

/// The block.
pub fn block(page: &mut Page, scene: &Scene, finding: &Finding) {
    page.heading(finding.title.shown().into_owned());
    let severity = mark::words_of(finding.severity, scene.prefs.ascii);
    let mut spans = vec![Span::new(severity, mark::role(finding.severity))];
    if finding.severity != finding.severity_base {
        spans.push(Span::new(format!("  (base {}", finding.severity_base.as_str()), Role::Dim));
        for why in &finding.modifiers {
            spans.push(Span::new(format!("; {why}"), Role::Dim));
        }
        spans.push(Span::new(")", Role::Dim));
    }
    page.field("severity", spans);
    page.field(
        "check",
        [Span::new(finding.id, Role::Text), Span::new(format!("  {}", finding.status.as_str()), Role::Dim)],
    );
    page.field_to("about", names::subject(scene, &finding.subject.subject), Some(finding.subject.subject.clone()));
    if finding.dormant {
        page.field("state", [Span::new("not running: it becomes real at the next start", Role::Notice)]);
    }
    evidence(page, scene, finding);
    let known = check(finding.id);
    if let Some(check) = known {
        page.text("why", check.why);
    }
    page.text("fix", finding.remediation);
    page.text("in force by", way(finding.fix));
    if let Some(check) = known {
        background(page, finding, check);
    }
    if !finding.related.is_empty() {
        page.text("related", finding.related.join(", "));
    }
    let age = format::duration(format::age_seconds(scene.now, finding.first_seen));
    page.text("first seen", format!("{} ({age} ago)", format::date_time(finding.first_seen, scene.prefs.utc)));
    if let Some(waiver) = &finding.waiver {
        let until = format::date_time(waiver.expires, scene.prefs.utc);
        page.field("waived by", [word(&format!("{} until {until}: {}", waiver.owner, waiver.reason), Role::Notice)]);
    }
}

fn evidence(page: &mut Page, scene: &Scene, finding: &Finding) {
    page.text(
        "evidence",
        match finding.grade.as_str() {
            "kernel" => "as the kernel shows it now",
            "api" => "as the engine says it configured it",
            _ => "as files declare it",
        },
    );
    let mut grid = Grid::new(&["source", "where", "seen", "good would be"]);
    for seen in finding.evidence.iter() {
        grid.row([
            Cell::new(seen.source, Role::Dim),
            Cell::outside(&seen.path, Role::Text),
            Cell::outside(&seen.value, mark::role(finding.severity)),
            // A line that only explains names no better value.
            match seen.expected.as_ref() {
                "" | "-" => Cell::none(),
                expected => Cell { spans: vec![word(expected, Role::Good)] },
            },
        ]);
    }
    if !grid.is_empty() {
        let columns = page.width();
        page.lines(grid.lines(columns));
    }
    if let Some(read_at) = finding.evidence.iter().filter_map(|seen| seen.read_at).min() {
        page.text("read at", format::date_time(read_at, scene.prefs.utc));
    }
}

/// In which way a fix takes effect.
fn way(fix: Fix) -> &'static str {
    match (fix.kind, fix.reversible) {
        (FixKind::None, _) => "hand: nothing a tool could do",
        (FixKind::Command, true) => "a command on the running host; it can be undone",
        (FixKind::Command, false) => "a command on the running host; it can't be undone",
        (FixKind::DaemonJson, _) => "a key in daemon.json and a restart of the daemon",
        (FixKind::Recreate, _) => "making the container anew with other options",
    }
}

fn background(page: &mut Page, finding: &Finding, check: &Check) {
    let mut by_id: Vec<(&str, Vec<&str>)> = Vec::new();
    for cis in finding.cis.iter() {
        match by_id.iter_mut().find(|(id, _)| *id == cis.id) {
            Some((_, versions)) => versions.push(cis.version),
            None => by_id.push((cis.id, vec![cis.version])),
        }
    }
    let ids: Vec<String> = by_id.iter().map(|(id, versions)| format!("{id} (in {})", versions.join(", "))).collect();
    if !ids.is_empty() {
        page.text("CIS Docker", ids.join(", "));
    }
    if !check.blind.is_empty() {
        page.text("can't see", check.blind);
    }
}

/// Checks that could not decide, by reason, each reason once with what would lift it.
pub fn undecided<'a>(page: &mut Page, rows: impl Iterator<Item = &'a UnknownRow>) {
    let mut by_reason: Vec<(&UnknownRow, Vec<&UnknownRow>)> = Vec::new();
    for row in rows {
        match by_reason.iter_mut().find(|(first, _)| first.reason == row.reason && first.lift == row.lift) {
            Some((_, rows)) if rows.iter().any(|known| known.id == row.id) => {}
            Some((_, rows)) => rows.push(row),
            None => by_reason.push((row, vec![row])),
        }
    }
    for (first, rows) in by_reason {
        page.spans([Span::unknown(), Span::plain(" "), word(&first.reason, Role::Text)], 2);
        if let Some(lift) = &first.lift {
            page.spans([Span::new("  to see it: ", Role::Dim), word(lift, Role::Notice)], 4);
        }
        for row in rows {
            page.spans([Span::new(format!("    {} ", row.id), Role::Dim), Span::plain(row.title)], 6);
        }
    }
}
