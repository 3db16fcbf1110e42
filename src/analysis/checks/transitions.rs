//! Findings over time: when each was first and last seen, and the events of those that open and close.

use super::finding::Finding;
use super::{Severity, SubjectKind};
use crate::model::{Event, Origin, Subject, Weight};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Findings that are open, and events nobody took yet.
#[derive(Default)]
pub(super) struct History {
    open: HashMap<Arc<str>, Arc<Finding>>,
    pub events: Vec<Event>,
}

/// Events nobody takes are not kept for ever.
const MOST_EVENTS: usize = 64;

impl History {
    /// Takes the findings that hold now and gives them back with their times. `lost` tells of a finding that is gone
    /// whether that is only because it can't be decided any more.
    pub fn follow(
        &mut self,
        now: HashMap<Arc<str>, Arc<Finding>>,
        first: bool,
        at: Timestamp,
        lost: impl Fn(&Finding) -> Option<String>,
    ) -> Vec<Arc<Finding>> {
        let mut events = Vec::new();
        let mut open = HashMap::with_capacity(now.len());
        for (key, mut finding) in now {
            match self.open.get(&key) {
                Some(known) => Arc::make_mut(&mut finding).first_seen = known.first_seen,
                None if !first => events.push(event(&finding, "opened", at, finding.title.raw().to_owned())),
                None => {}
            }
            open.insert(key, finding);
        }
        for (key, finding) in &self.open {
            if !open.contains_key(key) {
                let text = match lost(finding) {
                    Some(why) => format!("can no longer be decided: {why}"),
                    None => format!("no longer: {}", finding.title.raw()),
                };
                events.push(event(finding, "closed", at, text));
            }
        }
        events.sort_by(|a, b| (&a.name, &a.action, &a.text).cmp(&(&b.name, &b.action, &b.text)));
        self.events.extend(events);
        let excess = self.events.len().saturating_sub(MOST_EVENTS);
        self.events.drain(..excess);
        self.open = open;
        self.open.values().cloned().collect()
    }
}

fn event(finding: &Finding, action: &str, at: Timestamp, text: String) -> Event {
    let container = match &finding.subject.subject {
        Subject::Container { id } if finding.subject.kind == SubjectKind::Container => Some(id.clone()),
        _ => None,
    };
    let weight = match (action, finding.severity) {
        ("opened", Severity::Critical) => Weight::Alarm,
        ("opened", Severity::High) => Weight::Notice,
        _ => Weight::Info,
    };
    let attributes = [("id", finding.id), ("severity", finding.severity.as_str())];
    Event {
        seq: 0,
        at,
        origin: Origin::Watch,
        class: "finding".to_owned(),
        action: action.into(),
        weight,
        subject: Subject::Finding { key: Arc::clone(&finding.key) },
        name: finding.subject.name.clone(),
        container,
        text: text.into(),
        attributes: attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect::<BTreeMap<_, _>>(),
    }
}
