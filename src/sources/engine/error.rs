//! What can go wrong between bridgewatch and an engine, in the words the operator reads.
//!
//! Texts of the engine are cut and cleaned here, once, so that an error can be shown anywhere.

use crate::model::{Gap, GapKind};
use crate::text::clean_line;

/// Longest piece of an engine's own sentence that is kept, in characters.
const SENTENCE: usize = 300;

/// An engine could not be asked, or its answer could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no socket file.
    #[error("no engine at {endpoint}: the socket {path} does not exist")]
    NotFound {
        /// Where the engine was looked for.
        endpoint: String,
        /// The file.
        path: String,
    },
    /// The socket is there and this user may not open it.
    #[error("connect {path}: permission denied; it belongs to group {group}")]
    Permission {
        /// The file.
        path: String,
        /// The group that may open it, by name where it has one.
        group: String,
    },
    /// Something is there, nobody listens.
    #[error("{endpoint} refused the connection: no engine is running behind it")]
    Refused {
        /// Where the engine was looked for.
        endpoint: String,
    },
    /// The network did not lead there.
    #[error("{endpoint} can't be reached: {detail}")]
    Unreachable {
        /// Where the engine was looked for.
        endpoint: String,
        /// The system's words.
        detail: String,
    },
    /// The connection was made, and no whole answer came in time.
    #[error("{what}: no answer for {seconds} s")]
    Silent {
        /// What was asked.
        what: String,
        /// How long was waited.
        seconds: u64,
    },
    /// The answer ended in the middle.
    #[error("{what}: the answer was cut ({detail})")]
    Cut {
        /// What was asked.
        what: String,
        /// The transport's words.
        detail: String,
    },
    /// The engine answered with an error.
    #[error("{what}: the engine answered {code}: {message}")]
    Status {
        /// What was asked.
        what: String,
        /// HTTP status.
        code: u16,
        /// First line of the engine's sentence, cleaned and bounded.
        message: String,
    },
    /// The engine does not know the thing (any more).
    #[error("{what}: the engine does not know it (any more)")]
    Gone {
        /// What was asked.
        what: String,
    },
    /// The answer is not what it should be.
    #[error("{what}: the answer can't be read: {detail}")]
    Unparsable {
        /// What was asked.
        what: String,
        /// Where and why.
        detail: String,
    },
    /// The answer is larger than what is kept.
    #[error("{what}: the answer is larger than {limit} MiB and is not shown")]
    TooBig {
        /// What was asked.
        what: String,
        /// The bound, MiB.
        limit: usize,
    },
    /// The engine wants a newer API than it was spoken to in.
    #[error("the engine refuses this API version as too old: {message}")]
    TooOld {
        /// The engine's sentence.
        message: String,
    },
    /// The engine speaks an older API only.
    #[error("the engine refuses this API version as too new: {message}")]
    TooNew {
        /// The engine's sentence.
        message: String,
    },
    /// TLS could not be set up.
    #[error("TLS to {endpoint}: {detail}")]
    Tls {
        /// Where the engine was looked for.
        endpoint: String,
        /// Which file or step, and why.
        detail: String,
    },
}

impl EngineError {
    /// The gap that this error leaves, with what would lift it.
    pub fn gap(&self) -> Gap {
        use EngineError as E;
        let (kind, lift) = match self {
            E::NotFound { .. } | E::Refused { .. } => {
                (GapKind::EngineDown, Some("start the engine, or name another endpoint with --host".to_owned()))
            }
            E::Unreachable { .. } | E::Tls { .. } => (GapKind::EngineDown, None),
            E::Permission { group, .. } => (
                GapKind::Permission,
                Some(format!("run as root, or as a member of group {group} (that group is as powerful as root)")),
            ),
            E::Silent { .. } => (GapKind::EngineSilent, None),
            E::Cut { .. } => (GapKind::EngineDown, None),
            E::Status { .. } | E::TooBig { .. } | E::TooNew { .. } | E::TooOld { .. } => (GapKind::Unsupported, None),
            E::Gone { .. } => (GapKind::Gone, None),
            E::Unparsable { .. } => (GapKind::Unparsable, None),
        };
        let gap = Gap::new(kind, self.to_string());
        match lift {
            Some(lift) => gap.lifted_by(lift),
            None => gap,
        }
    }

    /// True when the whole engine is away, not only the thing that was asked for.
    pub fn is_engine_away(&self) -> bool {
        use EngineError as E;
        matches!(
            self,
            E::NotFound { .. }
                | E::Permission { .. }
                | E::Refused { .. }
                | E::Unreachable { .. }
                | E::Cut { .. }
                | E::Tls { .. }
        )
    }

    /// Reads an error status of the engine: its JSON, plain text or HTML, of whatever length.
    pub(super) fn from_status(what: &str, code: u16, body: &str) -> Self {
        let what = what.to_owned();
        let message = first_sentence(body);
        let lower = message.to_ascii_lowercase();
        if code == 404 && !lower.contains("page not found") {
            return EngineError::Gone { what };
        }
        if code == 400 && lower.contains("client version") && lower.contains("too old") {
            return EngineError::TooOld { message };
        }
        if code == 400 && (lower.contains("client version") || lower.contains("client is newer")) {
            return EngineError::TooNew { message };
        }
        EngineError::Status { what, code, message }
    }
}

/// The first line with words in it, without tags, cleaned and bounded.
pub fn first_sentence(body: &str) -> String {
    let head: String = body.chars().take(8 * SENTENCE).collect();
    let mut text = String::new();
    let mut in_tag = false;
    let is_html = head.trim_start().starts_with('<');
    for c in head.chars() {
        match c {
            '<' if is_html => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push('\n');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("(no words)");
    let mut out: String = line.chars().take(SENTENCE).collect();
    if line.chars().nth(SENTENCE).is_some() {
        out.push('…');
    }
    clean_line(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e08_an_error_text_is_one_bounded_cleaned_line() {
        let html = "<html><head><title>502 Bad Gateway</title></head><body>\u{1b}[31mno</body></html>";
        assert_eq!(first_sentence(html), "502 Bad Gateway");
        assert_eq!(first_sentence("\n  \u{1b}[2Jboo\nmore"), "\\x1b[2Jboo");
        assert!(first_sentence(&"x".repeat(10_000_000)).chars().count() <= SENTENCE + 1);
        assert_eq!(first_sentence(""), "(no words)");
    }

    #[test]
    fn e10_a_refused_version_is_told_apart_from_other_errors() {
        let old = "client version 1.41 is too old. Minimum supported API version is 1.44, please upgrade";
        assert!(matches!(EngineError::from_status("list", 400, old), EngineError::TooOld { .. }));
        let new = "client version 1.53 is too new. Maximum supported API version is 1.41";
        assert!(matches!(EngineError::from_status("list", 400, new), EngineError::TooNew { .. }));
        assert!(matches!(EngineError::from_status("list", 400, "bad filter"), EngineError::Status { .. }));
        assert!(matches!(EngineError::from_status("list", 404, "No such container"), EngineError::Gone { .. }));
        assert!(matches!(EngineError::from_status("list", 404, "page not found"), EngineError::Status { .. }));
    }
}
