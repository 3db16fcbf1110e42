//! Health of the sources, as a snapshot carries it.

use super::Hub;
use crate::model::{ContainerId, Fact, Gap, GapKind, SourceState, SourceStatus};
use crate::sources::engine::EngineState;
use std::time::Instant;

impl Hub {
    pub(super) fn statuses(&self, now: Instant) -> Vec<SourceStatus> {
        let age = |at: Option<Instant>| {
            at.map(|at| u64::try_from(now.saturating_duration_since(at).as_millis()).unwrap_or(u64::MAX))
        };
        let starting = |name: &str| SourceStatus {
            name: name.into(),
            state: SourceState::Starting,
            reason: "not answered yet".into(),
            age_ms: None,
            resyncs: 0,
        };
        let engine = self.engine.as_ref().map_or_else(|| starting("engine"), |e| engine_status(e, now));
        let netlink = self.netlink.as_ref().map_or_else(|| starting("netlink"), |n| n.status(now));
        let proc = match (self.kernel_gaps.iter().next(), &self.seats_gap) {
            (None, None) => SourceStatus {
                name: "proc".into(),
                state: SourceState::Ok,
                reason: String::new(),
                age_ms: Some(0),
                resyncs: 0,
            },
            (Some((id, gap)), _) => SourceStatus {
                name: "proc".into(),
                state: SourceState::Partial,
                reason: format!(
                    "{} of {} containers: {}",
                    self.kernel_gaps.len(),
                    self.kernel_gaps.len() + self.kernel.len(),
                    one(id, gap)
                ),
                age_ms: Some(0),
                resyncs: 0,
            },
            (None, Some(gap)) => SourceStatus {
                name: "proc".into(),
                state: SourceState::Partial,
                reason: gap.reason.clone(),
                age_ms: Some(0),
                resyncs: 0,
            },
        };
        let sockets = match self.sockets_read {
            None => starting("sockets"),
            Some(_) => {
                // A namespace that went away while it was read hides nothing.
                let unread =
                    self.sockets.iter().filter_map(|s| s.listeners.why()).find(|gap| gap.kind != GapKind::Gone);
                SourceStatus {
                    name: "sockets".into(),
                    state: if unread.is_some() { SourceState::Partial } else { SourceState::Ok },
                    reason: unread.map(|g| g.reason.clone()).unwrap_or_default(),
                    age_ms: age(self.sockets_read),
                    resyncs: 0,
                }
            }
        };
        let firewall = match (&self.firewall, self.firewall_read) {
            (_, None) => starting("firewall"),
            (Fact::Unknown { unknown }, Some(_)) => SourceStatus {
                name: "firewall".into(),
                state: SourceState::Down,
                reason: unknown.reason.clone(),
                age_ms: None,
                resyncs: 0,
            },
            (Fact::Known(rules), Some(_)) => SourceStatus {
                name: "firewall".into(),
                state: if rules.is_complete() { SourceState::Ok } else { SourceState::Partial },
                reason: rules.gaps.first().map(|g| g.reason.clone()).unwrap_or_default(),
                age_ms: age(self.firewall_read),
                resyncs: 0,
            },
        };
        // A file that nobody made is not missing: it is only told of when it can't be read.
        let wanted = self.wanted.failure.as_ref().map(|reason| SourceStatus {
            name: "wanted limits".into(),
            state: SourceState::Partial,
            reason: reason.clone(),
            age_ms: None,
            resyncs: 0,
        });
        [engine, netlink, self.meters.status(), proc, sockets, firewall].into_iter().chain(wanted).collect()
    }
}

fn one(id: &ContainerId, gap: &Gap) -> String {
    format!("{}: {}", id.short(), gap.reason)
}

fn engine_status(engine: &EngineState, now: Instant) -> SourceStatus {
    let age = engine.answered_at.map(|at| now.saturating_duration_since(at).as_millis());
    SourceStatus {
        name: "engine".into(),
        state: engine.status,
        reason: engine.reason.clone(),
        age_ms: age.map(|ms| u64::try_from(ms).unwrap_or(u64::MAX)),
        resyncs: engine.resyncs,
    }
}
