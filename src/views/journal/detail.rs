//! A change in full: who, when, why it ended so, each step with its result, and what takes it back.

use super::{state, who};
use crate::app::Scene;
use crate::app::change::page::{state_words, step_sign};
use crate::model::Subject;
use crate::plan::{Entry, Identity};
use crate::theme::Role;
use crate::views::parts::{Page, format, page::word};
use crate::views::{Content, Span};

pub(super) fn page(scene: &Scene, entry: Option<&Entry>, width: u16) -> Content {
    let mut page = Page::new(width);
    let Some(entry) = entry else {
        page.say("This change is no longer in the journal.", Role::Notice);
        return page.finish();
    };
    let utc = scene.prefs.utc;
    page.field("change", [word(&entry.plan.title, Role::Name)]);
    let (sign, role, _) = state(entry.state);
    page.field("state", [Span::new(format!("{sign} {}", state_words(entry.state)), role)]);
    if !entry.reason.is_empty() {
        page.field("reason", [word(&entry.reason, role)]);
    }
    page.text("begun", format::date_time(entry.at, utc));
    if let Some(end) = entry.ended_at {
        page.text("ended", format::date_time(end, utc));
    }
    page.field("by", [word(&who(entry), Role::Text), word(&from(entry), Role::Dim)]);
    page.field("id", [word(&entry.id.0, Role::Dim)]);
    if let Some(id) = &entry.plan.undoes {
        page.field_to("takes back", [word(&id.0, Role::Text)], Some(Subject::Change { id: id.0.as_str().into() }));
    }
    if let Some(id) = &entry.undone_by {
        page.field_to("taken back by", [word(&id.0, Role::Text)], Some(Subject::Change { id: id.0.as_str().into() }));
    }
    for (words, subject) in about(scene, entry) {
        page.field_to("about", [word(&words, Role::Name)], Some(subject));
    }
    page.heading("steps");
    steps(&mut page, entry);
    let undo: Vec<String> = entry.results.iter().rev().flat_map(|r| r.undo.iter()).map(|op| op.words()).collect();
    if !undo.is_empty() {
        page.heading("what takes it back");
        for line in &undo {
            page.spans([word(line, Role::Text)], 4);
        }
    }
    let notes =
        [("affected", &entry.plan.affects), ("can't be taken back", &entry.plan.lasting), ("notes", &entry.plan.notes)];
    for (title, sentences) in notes.into_iter().filter(|(_, s)| !s.is_empty()) {
        page.heading(title);
        for sentence in sentences {
            page.spans([word(sentence, Role::Text)], 4);
        }
    }
    page.finish()
}

fn from(entry: &Entry) -> String {
    let mut out = String::new();
    if let Some(ssh) = &entry.who.session.ssh {
        out.push_str(&format!(", over SSH from {}", ssh.client));
    }
    if let Some(tty) = &entry.who.tty {
        out.push_str(&format!(", {tty}"));
    }
    out
}

fn steps(page: &mut Page, entry: &Entry) {
    let mut row = None;
    for (step, result) in entry.plan.steps.iter().zip(&entry.results) {
        if entry.plan.rows.len() > 1 && row != Some(step.row) {
            row = Some(step.row);
            page.spans([word(entry.plan.rows.get(step.row).map_or("", String::as_str), Role::Name)], 2);
        }
        let (sign, role, words) = step_sign(result.state);
        page.spans([Span::new(format!("  {sign} "), role), word(&step.op.words(), Role::Text)], 4);
        let detail = if result.detail.is_empty() { words.to_owned() } else { format!("{words}: {}", result.detail) };
        page.spans([Span::plain("    "), word(&detail, role)], 6);
    }
    for left in &entry.plan.left_out {
        page.spans([word(&format!("  {}: left out: {}", left.row, left.why), Role::Notice)], 4);
    }
}

/// What the change was about: containers and networks that exist.
pub(super) fn about(scene: &Scene, entry: &Entry) -> Vec<(String, Subject)> {
    let mut out: Vec<(String, Subject)> = Vec::new();
    for identity in &entry.plan.identities {
        let (words, subject) = match identity {
            Identity::Container { id, name, .. } | Identity::ContainerExists { id, name } => {
                if scene.snapshot.container(id).is_none() {
                    continue;
                }
                (format!("container {}", name.shown()), Subject::Container { id: id.clone() })
            }
            Identity::Network { id, name } if scene.snapshot.networks.iter().any(|n| n.id == *id) => {
                (format!("network {}", name.shown()), Subject::Network { id: id.clone() })
            }
            _ => continue,
        };
        if !out.iter().any(|(_, s)| *s == subject) {
            out.push((words, subject));
        }
    }
    out
}
