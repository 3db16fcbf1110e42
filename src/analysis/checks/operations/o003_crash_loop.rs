//! BW-O-003: Crash loop.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-O-003",
    title: "Crash loop",
    severity: Severity::Medium,
    why: "It starts, fails and starts again: it does no work, and wears out what it depends on.",
    fix: "Read its log; mend the workload.",
    inputs: Inputs::CONTAINER.and(Inputs::EVENTS).and(Inputs::CLOCK),
    need: "A",
    way: Check::BY_HAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

const DEATHS: usize = 5;

fn decide(evidence: &Evidence, container: &Container) -> Decision {
    let now = evidence.snapshot.taken_at;
    let recent = |at: jiff::Timestamp| now.duration_since(at) < jiff::SignedDuration::from_mins(10);
    let deaths = evidence.incidents(&container.id).recent_deaths;
    if deaths >= DEATHS {
        return Ok(Hit::fail(Grade::Api)
            .says(format!("died {deaths} times in the last 10 minutes"))
            .saw("events", "die", deaths.to_string(), format!("fewer than {DEATHS} in 10 minutes"))
            .into());
    }
    // What happened before bridgewatch began shows in the engine's count only.
    let restarts = match &container.restart_count {
        Fact::Known(count) => *count,
        Fact::Unknown { .. } if container.owner != Owner::Engine => return Ok(Verdict::na("no engine restarts it")),
        fact => *need(fact)?,
    };
    if restarts >= DEATHS as u64 && container.started_at.is_some_and(recent) {
        return Ok(Hit::warn(Grade::Api)
            .says(format!("restarted {restarts} times, the last time less than 10 minutes ago"))
            .saw("inspect", "RestartCount", restarts.to_string(), format!("fewer than {DEATHS}"))
            .into());
    }
    Ok(Verdict::pass())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn died(times: usize, minutes_ago: i64) -> Host {
        one(container()).snapshot(|s| {
            let at = now().checked_sub(jiff::SignedDuration::from_mins(minutes_ago)).expect("time");
            let event = crate::model::Event {
                seq: 1,
                at,
                origin: crate::model::Origin::Engine,
                class: "container".into(),
                action: "die".into(),
                weight: crate::model::Weight::Notice,
                subject: Subject::Host,
                name: "web".into(),
                container: Some(s.containers[0].id.clone()),
                text: "".into(),
                attributes: Default::default(),
            };
            let event = std::sync::Arc::new(event);
            s.events = std::sync::Arc::new(std::iter::repeat_n(event, times).collect());
        })
    }

    #[test]
    fn by_events_and_by_count() {
        decides(
            &CHECK,
            [
                ("quiet", one(container()), Pass),
                ("often", died(5, 1), Fail),
                ("long ago", died(5, 11), Pass),
                ("seldom", died(4, 1), Pass),
                (
                    "by the engine's count",
                    one(container().container(|c| {
                        c.restart_count = Fact::Known(9);
                        c.started_at = Some(now());
                    })),
                    Warn,
                ),
                ("a count of long ago", one(container().container(|c| c.restart_count = Fact::Known(9))), Pass),
                ("not inspected", one(container().container(|c| c.restart_count = Fact::default())), Unknown),
            ],
        );
    }
}
