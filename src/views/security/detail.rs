//! Pages of findings and of what could not be decided.

use super::Item;
use crate::analysis::checks::check;
use crate::app::Scene;
use crate::model::Subject;
use crate::theme::Role;
use crate::views::content::{Content, Span};
use crate::views::parts::{Page, finding as block, mark, names, word};

/// The page of a finding.
pub fn finding(scene: &Scene, key: &str, width: u16) -> Content {
    let mut page = Page::new(width);
    match super::finding(scene, key) {
        Some(finding) => block::block(&mut page, scene, finding),
        None => page.say("This finding is closed: what it was about is mended or gone.", Role::Good),
    }
    page.finish()
}

/// The page of one check on many containers.
pub fn group(scene: &Scene, id: &str, width: u16) -> Content {
    let mut page = Page::new(width);
    if let Some(check) = check(id) {
        page.heading(check.title);
        page.text("check", check.id);
        page.text("why", check.why);
        page.text("fix", check.fix);
    }
    page.heading("containers");
    for finding in scene.report.audit.findings.iter().filter(|f| f.id == id) {
        let before = page.len();
        let severity = mark::words_of(finding.severity, scene.prefs.ascii);
        page.spans(
            [
                Span::new(format!("{severity:<10} "), mark::role(finding.severity)),
                Span::outside(&finding.subject.name, Role::Name),
                Span::plain("  "),
                Span::outside(&finding.title, Role::Dim),
            ],
            11,
        );
        page.link_from(before, &Subject::Finding { key: finding.key.clone() });
    }
    page.finish()
}

/// Everything that could not be decided, and which parts of the evidence are missing.
pub fn undecided(scene: &Scene, width: u16) -> Content {
    let mut page = Page::new(width);
    let audit = &scene.report.audit;
    page.note("What could not be read is never taken for a pass.");
    if !audit.coverage.missing.is_empty() {
        page.heading("parts that could not be read");
        for part in &audit.coverage.missing {
            page.spans([word(&part.what, Role::Name), Span::plain(": "), word(&part.reason, Role::Text)], 4);
        }
    }
    page.heading("checks without an answer");
    block::undecided(&mut page, audit.unknowns.iter());
    page.finish()
}

/// One check that could not decide.
pub fn unknown(scene: &Scene, id: &str, subject: &Subject, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(row) = super::unknown(scene, id, subject) else {
        page.say("This has been decided by now.", Role::Good);
        return page.finish();
    };
    page.heading(row.title);
    page.text("check", row.id);
    page.text("severity", format!("{}, if it fails", row.severity.as_str()));
    page.field_to("about", names::subject(scene, subject), Some(subject.clone()));
    page.field(
        "not decided",
        [word(&row.reason, Role::Text), Span::new(format!("  {}", row.code.as_str()), Role::Dim)],
    );
    if let Some(lift) = &row.lift {
        page.field("to see it", [word(lift, Role::Notice)]);
    }
    if let Some(check) = check(id) {
        page.text("why", check.why);
        page.text("needs", needs(check.need));
    }
    page.finish()
}

/// The letters of a check's needs in words.
fn needs(letters: &str) -> String {
    let words = letters.chars().filter_map(|letter| match letter {
        'A' => Some("the engine's API"),
        'U' => Some("any user"),
        'P' => Some("CAP_SYS_PTRACE"),
        'N' => Some("CAP_NET_ADMIN in the daemon's network namespace"),
        'R' => Some("root"),
        _ => None,
    });
    words.collect::<Vec<_>>().join(", ")
}

/// All findings of the same subject.
pub fn subject(scene: &Scene, item: &Item, width: u16) -> Content {
    let mut page = Page::new(width);
    let subject = match item {
        Item::Finding(key) => super::finding(scene, key).map(|f| f.subject.subject.clone()),
        Item::Unknown(_, subject) => Some(subject.clone()),
        Item::Group(_) | Item::Undecided => None,
    };
    let Some(subject) = subject else {
        page.note("This finding is closed.");
        return page.finish();
    };
    page.field_to("about", names::subject(scene, &subject), Some(subject.clone()));
    mark::page(&mut page, scene, &subject);
    page.finish()
}
