//! Start, stop, restart, pause, unpause, and signals.

use super::effects;
use crate::model::{Container, NetworkMode, PublishedPort, State};
use crate::plan::Refusal;
use crate::plan::draft::{Draft, container_ref, is_running, shown, unfit};
use crate::plan::op::EngineOp;
use crate::text::clean_line;

/// Signals by name, as Linux numbers them on x86 and ARM.
const SIGNALS: [(&str, u8); 31] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
    ("SYS", 31),
];
/// Signals that programs take as a word and not as their end.
const WORDS: [&str; 9] = ["HUP", "USR1", "USR2", "CHLD", "CONT", "URG", "WINCH", "TTIN", "TTOU"];

pub(super) fn start(draft: &mut Draft<'_>, container: &Container) -> Result<(), Refusal> {
    let name = shown(container);
    may_start(draft, container, &format!("start {name}"))?;
    let row = draft.row(&name);
    draft.same_run(container);
    let stop = EngineOp::Stop { container: container_ref(container), timeout_s: None };
    draft.step(row, EngineOp::Start { container: container_ref(container), checkpoint: None }, vec![stop]);
    draft.change();
    Ok(())
}

/// Refuses what is known to keep a stopped container from starting.
pub(in crate::plan) fn may_start(draft: &Draft<'_>, container: &Container, what: &str) -> Result<(), Refusal> {
    let refuse = |why: String| Err(Refusal::new(what, why));
    let snapshot = draft.ground.snapshot;
    match &container.state {
        State::Created | State::Exited => {}
        State::Running => return refuse("it runs already".into()),
        State::Paused => return Err(Refusal::new(what, "it is paused").instead("unpause it")),
        state => {
            let (why, way_out) = unfit(state).unwrap_or(("it can't be started now", ""));
            return Err(Refusal::new(what, why).instead(way_out));
        }
    }
    if let NetworkMode::Container(other) = &container.network_mode {
        match snapshot.container(other) {
            None => return refuse(format!("it shares the network of {}, which is not there any more", other.short())),
            Some(other) if !is_running(other) => {
                let why = format!("it shares the network of {}, which does not run", shown(other));
                return Err(Refusal::new(what, why).instead(format!("start {} first", shown(other))));
            }
            Some(_) => {}
        }
    }
    for endpoint in &container.endpoints {
        if !snapshot.networks.is_empty() && !snapshot.networks.iter().any(|n| n.name == endpoint.network) {
            let why = format!("it is on network {}, which is not there any more", endpoint.network.shown());
            return Err(Refusal::new(what, why).instead("disconnect it from that network"));
        }
    }
    let bindings = container.config.known().map(|config| config.port_bindings.as_slice()).unwrap_or_default();
    for binding in bindings.iter().filter(|binding| binding.host_port.is_some_and(|port| port != 0)) {
        let holder = snapshot.containers.iter().find(|other| {
            other.id != container.id && is_running(other) && other.ports.iter().any(|port| collide(port, binding))
        });
        if let Some(holder) = holder {
            let port = binding.host_port.unwrap_or_default();
            let why = format!("port {port}/{} of this host is taken by {}", binding.proto, shown(holder));
            return Err(Refusal::new(what, why).instead(format!("stop {} first", shown(holder))));
        }
    }
    Ok(())
}

fn collide(one: &PublishedPort, other: &PublishedPort) -> bool {
    let is_any = |port: &PublishedPort| port.host_ip.is_none_or(|ip| ip.is_unspecified());
    one.proto == other.proto
        && one.host_port == other.host_port
        && (is_any(one) || is_any(other) || one.host_ip == other.host_ip)
}

pub(super) fn stop(draft: &mut Draft<'_>, container: &Container, timeout_s: Option<i64>) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("stop {name}");
    check_timeout(&what, timeout_s)?;
    if !is_running(container) && container.state != State::Restarting {
        return Err(Refusal::new(what, format!("it does not run ({})", clean_line(container.state.as_str()))));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    let undo = back_to_life(container);
    draft.step(row, EngineOp::Stop { container: container_ref(container), timeout_s }, undo);
    draft.change();
    if container.state == State::Paused {
        draft.note(format!("{name} is paused: its processes can't hear the stop signal and are killed in the end"));
    }
    stop_effects(draft, container);
    Ok(())
}

/// What every end of a container brings with it: lasting losses, others that are affected, a connection cut.
pub(in crate::plan) fn stop_effects(draft: &mut Draft<'_>, container: &Container) {
    let name = shown(container);
    draft.lasting(format!("what {name}'s processes hold in memory is gone; its connections end"));
    for sentence in effects::of_ending(draft.ground.snapshot, container) {
        draft.affects(sentence);
    }
    if is_auto_removed(container) {
        draft.lasting(format!("{name} was started with --rm: the engine removes it with its data when it ends"));
        draft.grave(&name, "it is removed when it ends (--rm)");
    }
}

fn is_auto_removed(container: &Container) -> bool {
    container.config.known().is_some_and(|config| config.auto_remove)
}

/// Starts it again after its end, as it was.
fn back_to_life(container: &Container) -> Vec<EngineOp> {
    if is_auto_removed(container) {
        return Vec::new();
    }
    let mut undo = vec![EngineOp::Start { container: container_ref(container), checkpoint: None }];
    if container.state == State::Paused {
        undo.push(EngineOp::Pause { container: container_ref(container) });
    }
    undo
}

fn check_timeout(what: &str, timeout_s: Option<i64>) -> Result<(), Refusal> {
    match timeout_s {
        Some(s) if !(-1..=86_400).contains(&s) => Err(Refusal::new(what, format!("{s} is no timeout"))
            .instead("0 to 86400 seconds, -1 waits for ever")
            .at("timeout")),
        _ => Ok(()),
    }
}

pub(super) fn restart(draft: &mut Draft<'_>, container: &Container, timeout_s: Option<i64>) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("restart {name}");
    check_timeout(&what, timeout_s)?;
    if let Some((why, way_out)) = unfit(&container.state).filter(|_| container.state != State::Restarting) {
        return Err(Refusal::new(what, why).instead(way_out));
    }
    let is_up = is_running(container);
    if !is_up && container.state != State::Restarting {
        may_start(draft, container, &what)?;
    }
    let row = draft.row(&name);
    draft.same_run(container);
    let undo = match is_up {
        true => Vec::new(),
        false => vec![EngineOp::Stop { container: container_ref(container), timeout_s: None }],
    };
    draft.step(row, EngineOp::Restart { container: container_ref(container), timeout_s }, undo);
    draft.change();
    if is_up {
        draft.lasting(format!("{name} begins anew: what its processes hold in memory is gone; its connections end"));
        for other in effects::sharers(draft.ground.snapshot, &container.id) {
            draft.affects(format!(
                "{} shares the network of {name} and has none until it is restarted, too",
                shown(other)
            ));
        }
        draft.note("limits of traffic on its interfaces go with them");
    }
    Ok(())
}

pub(super) fn pause(draft: &mut Draft<'_>, container: &Container) -> Result<(), Refusal> {
    let name = shown(container);
    match &container.state {
        State::Running => {}
        State::Paused => return Err(Refusal::new(format!("pause {name}"), "it is paused already")),
        _ => return Err(Refusal::new(format!("pause {name}"), "it does not run").instead("start it")),
    }
    let row = draft.row(&name);
    draft.same_run(container);
    let undo = vec![EngineOp::Unpause { container: container_ref(container) }];
    draft.step(row, EngineOp::Pause { container: container_ref(container) }, undo);
    draft.change();
    let ports = effects::published(container);
    if !ports.is_empty() {
        draft.affects(format!("connections to {} are taken and hang while {name} is paused", ports.join(", ")));
    }
    Ok(())
}

pub(super) fn unpause(draft: &mut Draft<'_>, container: &Container) -> Result<(), Refusal> {
    let name = shown(container);
    if container.state != State::Paused {
        let why = format!("it is not paused ({})", clean_line(container.state.as_str()));
        return Err(Refusal::new(format!("unpause {name}"), why));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    let undo = vec![EngineOp::Pause { container: container_ref(container) }];
    draft.step(row, EngineOp::Unpause { container: container_ref(container) }, undo);
    Ok(())
}

pub(super) fn kill(draft: &mut Draft<'_>, container: &Container, signal: &str) -> Result<(), Refusal> {
    let name = shown(container);
    let what = format!("send {} to {name}", clean_line(signal));
    let Some(signal) = signal_name(signal) else {
        return Err(Refusal::new(what, "no such signal")
            .instead("a name like TERM, KILL, HUP, USR1, RTMIN+3, or a number from 1 to 64")
            .at("signal"));
    };
    if !is_running(container) {
        let why = format!("it does not run ({})", clean_line(container.state.as_str()));
        return Err(Refusal::new(what, why));
    }
    let row = draft.row(&name);
    draft.same_run(container);
    let is_end =
        !WORDS.contains(&signal.as_str()) && !["STOP", "TSTP"].contains(&signal.as_str()) && !signal.starts_with("RT");
    let undo = match (is_end, signal.as_str()) {
        (true, _) => back_to_life(container),
        (false, "STOP" | "TSTP") => vec![EngineOp::Kill { container: container_ref(container), signal: "CONT".into() }],
        _ => Vec::new(),
    };
    draft.step(row, EngineOp::Kill { container: container_ref(container), signal: signal.clone() }, undo);
    draft.change();
    if container.state == State::Paused && signal != "KILL" {
        draft.note(format!("{name} is paused: it hears the signal when it goes on"));
    }
    if is_end {
        draft.grave(&name, &format!("{signal} ends its main process"));
        stop_effects(draft, container);
    } else {
        draft.lasting(format!("a signal can't be called back; what {name} does on {signal} is its own affair"));
    }
    Ok(())
}

/// The signal by its name without `SIG`, from a name or number; none when Linux has none such.
fn signal_name(text: &str) -> Option<String> {
    let upper = text.trim().to_ascii_uppercase();
    if let Ok(number) = upper.parse::<u8>() {
        return match SIGNALS.iter().find(|(_, n)| *n == number) {
            Some((name, _)) => Some((*name).to_owned()),
            None => (34..=64).contains(&number).then(|| format!("RTMIN+{}", number - 34)),
        };
    }
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let name = if name == "CLD" { "CHLD" } else { name };
    let is_real_time = || match name.strip_prefix("RTMIN").or(name.strip_prefix("RTMAX")) {
        Some("") => true,
        Some(offset) => {
            offset.strip_prefix(['+', '-']).is_some_and(|digits| digits.parse::<u8>().is_ok_and(|n| n <= 30))
        }
        None => false,
    };
    (SIGNALS.iter().any(|(known, _)| *known == name) || is_real_time()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_name_and_number() {
        for (text, want) in [
            ("sigterm", Some("TERM")),
            ("9", Some("KILL")),
            ("HUP", Some("HUP")),
            ("36", Some("RTMIN+2")),
            ("SIGRTMIN+3", Some("RTMIN+3")),
            ("RTMAX-2", Some("RTMAX-2")),
            ("0", None),
            ("65", None),
            ("SIGFOO", None),
            ("", None),
            ("RTMIN+é", None),
        ] {
            assert_eq!(signal_name(text).as_deref(), want, "{text}");
        }
    }
}
