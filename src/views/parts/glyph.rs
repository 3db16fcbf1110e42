//! Signs for states, exposures and histories, each with a plain ASCII stand-in. A sign always goes with a word or
//! stands where its column names it.

use crate::analysis::Exposure;
use crate::model::{Container, Health, State};
use crate::theme::Role;

/// The sign of a container's state.
pub fn state(state: &State, ascii: bool) -> &'static str {
    let (sign, plain) = match state {
        State::Running => ("●", "*"),
        State::Paused => ("‖", "="),
        State::Restarting => ("↻", "@"),
        State::Created => ("○", "o"),
        State::Exited => ("□", "-"),
        State::Removing => ("◌", "~"),
        State::Dead => ("×", "x"),
        State::Other(_) => ("?", "?"),
    };
    if ascii { plain } else { sign }
}

/// What the state says: running is good, an end with an error is bad.
pub fn state_role(container: &Container) -> Role {
    match (&container.state, container.exit_code) {
        (State::Running, _) => Role::Good,
        (State::Paused | State::Restarting | State::Removing, _) => Role::Notice,
        (State::Dead, _) => Role::Bad,
        (State::Exited, Some(code)) if code != 0 => Role::Bad,
        (State::Other(_), _) => Role::Unknown,
        _ => Role::Dim,
    }
}

/// What a health word says.
pub fn health_role(health: &Health) -> Role {
    match health.status.as_str() {
        "healthy" => Role::Good,
        "unhealthy" => Role::Bad,
        "starting" => Role::Notice,
        _ => Role::Unknown,
    }
}

/// Sign, word and role of an exposure.
pub fn exposure(exposure: Exposure, ascii: bool) -> (&'static str, &'static str, Role) {
    let (sign, plain, word, role) = match exposure {
        Exposure::AllInterfaces => ("●", "*", "all interfaces", Role::High),
        Exposure::Address => ("◐", "+", "one address", Role::Notice),
        Exposure::Loopback => ("○", "o", "loopback", Role::Good),
        Exposure::Unpublished => ("·", ".", "unpublished", Role::Dim),
    };
    (if ascii { plain } else { sign }, word, role)
}

/// Arrow for received, sent.
pub fn directions(ascii: bool) -> (&'static str, &'static str) {
    if ascii { ("rx", "tx") } else { ("↓", "↑") }
}

/// The sign between the two ends of a veth pair.
pub fn pair(ascii: bool) -> &'static str {
    if ascii { "<->" } else { "⇄" }
}

/// An arrow from one step to the next.
pub fn arrow(ascii: bool) -> &'static str {
    if ascii { "->" } else { "→" }
}

/// The sign before a warning.
pub fn warning(ascii: bool) -> &'static str {
    if ascii { "!" } else { "▲" }
}

/// Separates short statements on one line.
pub fn dot(ascii: bool) -> &'static str {
    if ascii { "-" } else { "·" }
}

/// Points as bars, one column each, the largest (or `full`, when that is larger) being a whole bar. A gap is a blank.
pub fn spark(points: &[f32], full: f32, ascii: bool) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const PLAIN: [char; 8] = ['_', '.', ',', '-', '=', '+', '*', '#'];
    let bars = if ascii { PLAIN } else { BARS };
    let top = points.iter().copied().filter(|p| p.is_finite()).fold(full.max(f32::MIN_POSITIVE), f32::max);
    points
        .iter()
        .map(|p| if p.is_finite() { bars[((p.max(0.0) / top * 7.0).round() as usize).min(7)] } else { ' ' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_in_a_history_is_a_blank_and_not_a_zero() {
        assert_eq!(spark(&[0.0, f32::NAN, 100.0, 50.0], 100.0, false), "▁ █▅");
        assert_eq!(spark(&[0.0, f32::INFINITY], 0.0, true), "_ ");
    }
}
