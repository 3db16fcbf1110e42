//! What the engine answered, as what became of an operation.

use super::client::{Answer, Lost};
use crate::actions::HandError;
use crate::plan::EngineOp;
use crate::sources::engine::first_sentence;
use serde_json::Value;

/// The engine's sentence from its JSON, plain text or HTML: one line, cleaned and bounded.
pub(super) fn sentence(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body).ok().as_ref().and_then(|json| json.get("message")?.as_str()) {
        // The last lines say what was wrong where the first says only where.
        Some(message) => first_sentence(&message.split_whitespace().collect::<Vec<_>>().join(" ")),
        None => first_sentence(&String::from_utf8_lossy(body)),
    }
}

/// True for an operation that takes something away: that it is gone already is as good.
fn takes_away(op: &EngineOp) -> bool {
    matches!(
        op,
        EngineOp::Remove { .. }
            | EngineOp::RemoveImage { .. }
            | EngineOp::RemoveVolume { .. }
            | EngineOp::RemoveCheckpoint { .. }
            | EngineOp::RemoveNetwork { .. }
            | EngineOp::Disconnect { .. }
    )
}

/// An answer that is no success.
pub(super) fn failure(op: &EngineOp, what: String, answer: &Answer) -> HandError {
    let reason = answer.sentence();
    let lower = reason.to_ascii_lowercase();
    let is_route = lower.contains("page not found");
    if takes_away(op) && (answer.code == 404 && !is_route || lower.contains("is not connected to")) {
        return HandError::Gone { what };
    }
    // Something between us and the engine speaks: whether the engine did it, it does not know.
    if matches!(answer.code, 502..=504) || answer.code >= 500 && !answer.is_json {
        return HandError::Unknown { what, reason: format!("{} {reason}", answer.code) };
    }
    let way_out = way_out(op, answer.code, &lower, is_route).to_owned();
    HandError::Refused { what, reason: format!("the engine answered {}: {reason}", answer.code), way_out }
}

fn way_out(op: &EngineOp, code: u16, lower: &str, is_route: bool) -> &'static str {
    let is_checkpoint = matches!(
        op,
        EngineOp::Checkpoint { .. } | EngineOp::RemoveCheckpoint { .. } | EngineOp::Start { checkpoint: Some(_), .. }
    );
    if is_checkpoint && (is_route || lower.contains("criu") || lower.contains("experimental")) {
        return "it needs an engine with experimental features and the program criu on the engine's host";
    }
    if lower.contains("has active endpoints") {
        return "disconnect its members first";
    }
    if lower.contains("user configured subnets") {
        return "leave the address out, or make the network anew with a subnet of its own";
    }
    match code {
        403 if lower.contains("swarm") => "ask a manager of the swarm",
        409 if lower.contains("is already in use") => "choose another name",
        423 | 429 => "wait, the engine is busy with it",
        _ => "",
    }
}

/// No answer.
pub(super) fn lost(what: String, lost: Lost) -> HandError {
    match lost {
        Lost::NotSent(reason) => HandError::Refused { what, reason, way_out: "nothing was sent".to_owned() },
        Lost::Unknown(reason) => HandError::Unknown { what, reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(code: u16, kind: &str, body: &str) -> Answer {
        Answer { code, body: body.as_bytes().to_vec(), is_json: kind == "json" }
    }

    #[test]
    fn e08_errors_of_every_shape_are_one_clean_line() {
        assert_eq!(sentence(br#"{"message":"a\n\u001b[2Jb"}"#), "a \\x1b[2Jb");
        assert_eq!(sentence(b"<html><title>502 Bad Gateway</title>"), "502 Bad Gateway");
        assert_eq!(sentence(b"plain\nwords"), "plain");
        assert_eq!(sentence(b""), "(no words)");
    }

    #[test]
    fn e22_what_an_engine_refuses_is_told_from_what_nobody_knows() {
        let start = EngineOp::RemoveVolume { name: "v".into() };
        let told = |code, kind, body| failure(&start, "x".into(), &answer(code, kind, body));
        assert!(matches!(told(409, "json", r#"{"message":"in use"}"#), HandError::Refused { .. }));
        assert!(matches!(told(500, "json", r#"{"message":"no"}"#), HandError::Refused { .. }));
        assert!(matches!(told(502, "html", "<h1>Bad Gateway</h1>"), HandError::Unknown { .. }));
        assert!(matches!(told(500, "html", "oops"), HandError::Unknown { .. }));
        assert!(matches!(told(404, "json", r#"{"message":"no such volume"}"#), HandError::Gone { .. }));
        assert!(matches!(told(404, "text", "page not found"), HandError::Refused { .. }));
    }
}
