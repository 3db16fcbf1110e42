//! BW-O-004: Unhealthy.

use crate::analysis::checks::prelude::*;

/// The check.
pub const CHECK: Check = Check {
    id: "BW-O-004",
    title: "Unhealthy",
    severity: Severity::Medium,
    why: "Its own check says that it does not work.",
    fix: "Read the output of the check.",
    inputs: Inputs::CONTAINER,
    need: "A",
    way: Check::BY_HAND,
    decide: Decide::Container(decide),
    ..Check::PLAIN
};

fn decide(_: &Evidence, container: &Container) -> Decision {
    let Some(health) = container.health.as_ref().filter(|_| container.state.has_processes()) else {
        return Ok(Verdict::na("no health check that runs"));
    };
    match health.status.as_str() {
        "healthy" => return Ok(Verdict::pass()),
        "starting" => return Ok(Verdict::noted("still starting")),
        "unhealthy" => {}
        "none" | "" => return Ok(Verdict::na("no health check")),
        other => return Err(Verdict::unknown(Reason::Parse, format!("health is `{other}`"))),
    }
    let config = container.config.known();
    let retries = config.and_then(|c| c.healthcheck.as_ref()).map_or(0, |check| check.retries).max(0).unsigned_abs();
    let retries = if retries == 0 { 3 } else { retries };
    let long = health.failing_streak.is_some_and(|streak| streak >= retries.saturating_add(2));
    let hit = if long { Hit::fail(Grade::Api) } else { Hit::warn(Grade::Api) };
    let streak = health.failing_streak.map_or_else(|| "?".to_owned(), |streak| streak.to_string());
    Ok(hit.says("its health check fails").saw("inspect", "State.Health.FailingStreak", streak, "healthy").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::checks::testing::*;

    fn health(status: &str, failing_streak: Option<u64>) -> Host {
        let health = Health { status: status.into(), failing_streak, last_output: None, last_at: None };
        one(container().container(|c| c.health = Some(health)))
    }

    #[test]
    fn two_intervals_beyond_the_retries() {
        decides(
            &CHECK,
            [
                ("no check", one(container()), Na),
                ("healthy", health("healthy", Some(0)), Pass),
                ("starting", health("starting", Some(1)), Pass),
                ("just now", health("unhealthy", Some(3)), Warn),
                ("for long", health("unhealthy", Some(5)), Fail),
                ("by the list alone", health("unhealthy", None), Warn),
                ("a new word", health("dizzy", None), Unknown),
            ],
        );
    }
}
