//! When the engine starts a container again by itself.

use crate::model::{Container, RestartPolicy, State};
use crate::plan::Refusal;
use crate::plan::draft::{Draft, container_ref, shown};
use crate::plan::op::EngineOp;
use crate::plan::words::policy_word;
use crate::text::clean_line;

/// Reads `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`.
pub fn parse_policy(text: &str) -> Option<RestartPolicy> {
    let (name, retries) = match text.trim().split_once(':') {
        Some((name, retries)) => (name, retries.parse().ok()?),
        None => (text.trim(), 0),
    };
    let policy = RestartPolicy { name: name.to_owned(), maximum_retries: retries };
    check(&policy).is_ok().then_some(policy)
}

fn check(policy: &RestartPolicy) -> Result<(), &'static str> {
    match (policy.name.as_str(), policy.maximum_retries) {
        ("on-failure", retries) if retries < 0 => Err("retries are not negative"),
        ("on-failure", _) | ("" | "no" | "always" | "unless-stopped", 0) => Ok(()),
        ("" | "no" | "always" | "unless-stopped", _) => Err("only on-failure has a number of retries"),
        _ => Err("no such policy"),
    }
}

pub(super) fn set(draft: &mut Draft<'_>, container: &Container, policy: &RestartPolicy) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("restart policy {} for {name}", clean_line(&policy_word(policy)));
    let words = "no, always, unless-stopped, on-failure or on-failure:RETRIES";
    check(policy).map_err(|why| Refusal::new(&what, why).instead(words).at("policy"))?;
    let Some(config) = container.config.known() else {
        return Err(Refusal::new(what, "its policy of now is not known yet").instead("try again in a moment"));
    };
    if matches!(container.state, State::Removing | State::Dead) {
        return Err(Refusal::new(what, "the engine is removing it"));
    }
    let policy_of = |policy: &RestartPolicy| match policy.name.as_str() {
        "" => RestartPolicy { name: "no".into(), maximum_retries: 0 },
        _ => policy.clone(),
    };
    let (before, after) = (policy_of(&config.restart_policy), policy_of(policy));
    if config.auto_remove && after.name != "no" {
        return Err(Refusal::new(what, "it was started with --rm, which excludes every policy but no").at("policy"));
    }
    if before == after {
        return Err(Refusal::new(what, "that is its policy already").at("policy"));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    let undo = vec![EngineOp::SetRestartPolicy { container: container_ref(container), policy: before.clone() }];
    draft.step(row, EngineOp::SetRestartPolicy { container: container_ref(container), policy: after }, undo);
    draft.note(format!("{name} had {}", clean_line(&policy_word(&before))));
    Ok(())
}
