//! What could not be seen, and why. Unknown is never zero and never empty.

use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// Why a fact is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// Not read yet; the next pass will.
    NotYet,
    /// The kernel or the engine refused: rights are missing.
    Permission,
    /// There is no engine, or it can't be reached.
    EngineDown,
    /// The engine accepted the connection and does not answer.
    EngineSilent,
    /// The engine's containers don't run on this kernel.
    NotLocal,
    /// This kernel (or cgroup version, or engine version) does not have it.
    Unsupported,
    /// The thing vanished while it was read.
    Gone,
    /// The container is not running, so the kernel knows nothing of it.
    NotRunning,
    /// Nobody answered within the deadline.
    Timeout,
    /// The answer could not be understood.
    Unparsable,
    /// A program that reads this is not installed.
    ToolMissing,
    /// Several candidates and no way to tell which is meant.
    Ambiguous,
    /// The recording does not hold it.
    NotRecorded,
}

/// One thing that could not be seen: the reason in words, and what would lift it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// The class of reason.
    pub kind: GapKind,
    /// The reason as a person reads it, with the operation and the error, e.g. `read /proc/812/ns/net: permission denied`.
    pub reason: String,
    /// What would make it visible, e.g. `run as root or grant CAP_SYS_PTRACE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lift: Option<String>,
}

impl Gap {
    /// A gap with a reason and no known remedy.
    pub fn new(kind: GapKind, reason: impl Into<String>) -> Self {
        Gap { kind, reason: reason.into(), lift: None }
    }

    /// Adds what would lift the gap.
    pub fn lifted_by(mut self, lift: impl Into<String>) -> Self {
        self.lift = Some(lift.into());
        self
    }

    /// The gap for a failed file operation: `operation path: error`, classed by the error.
    pub fn from_io(operation: &str, path: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        // ESRCH (3) and ENODEV (19) are what a kept descriptor of a dead process or cgroup answers.
        let kind = match (error.kind(), error.raw_os_error()) {
            (ErrorKind::PermissionDenied, _) => GapKind::Permission,
            (ErrorKind::NotFound, _) | (_, Some(3 | 19)) => GapKind::Gone,
            (ErrorKind::TimedOut, _) => GapKind::Timeout,
            _ => GapKind::Unsupported,
        };
        Gap::new(kind, format!("{operation} {path}: {error}"))
    }
}

/// A fact that was seen, or the reason why it was not.
///
/// Serialises as the value itself, or as `{"unknown": {"kind": …, "reason": …, "lift": …}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fact<T> {
    /// It could not be seen.
    Unknown {
        /// Why.
        unknown: Arc<Gap>,
    },
    /// It was seen, and this is it.
    Known(T),
}

impl<T> Fact<T> {
    /// An unknown fact.
    pub fn unknown(kind: GapKind, reason: impl Into<String>) -> Self {
        Fact::Unknown { unknown: Arc::new(Gap::new(kind, reason)) }
    }

    /// An unknown fact from a gap.
    pub fn gap(gap: Gap) -> Self {
        Fact::Unknown { unknown: Arc::new(gap) }
    }

    /// The value, if it was seen.
    pub fn known(&self) -> Option<&T> {
        match self {
            Fact::Known(value) => Some(value),
            Fact::Unknown { .. } => None,
        }
    }

    /// The value by copy, if it was seen.
    pub fn get(&self) -> Option<T>
    where
        T: Copy,
    {
        self.known().copied()
    }

    /// The reason, if it was not seen.
    pub fn why(&self) -> Option<&Arc<Gap>> {
        match self {
            Fact::Known(_) => None,
            Fact::Unknown { unknown } => Some(unknown),
        }
    }

    /// Applies `f` to a seen value and keeps a gap as it is.
    pub fn map<U>(&self, f: impl FnOnce(&T) -> U) -> Fact<U> {
        match self {
            Fact::Known(value) => Fact::Known(f(value)),
            Fact::Unknown { unknown } => Fact::Unknown { unknown: unknown.clone() },
        }
    }
}

impl<T> Default for Fact<T> {
    fn default() -> Self {
        static NOT_YET: LazyLock<Arc<Gap>> = LazyLock::new(|| Arc::new(Gap::new(GapKind::NotYet, "not read yet")));
        Fact::Unknown { unknown: Arc::clone(&NOT_YET) }
    }
}

impl<T> From<T> for Fact<T> {
    fn from(value: T) -> Self {
        Fact::Known(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_survives_json_and_is_not_zero() {
        let gap: Fact<u64> = Fact::unknown(GapKind::Permission, "no");
        let text = serde_json::to_string(&gap).expect("serialises");
        assert!(text.contains("permission"));
        assert_eq!(serde_json::from_str::<Fact<u64>>(&text).expect("parses"), gap);
        assert_eq!(serde_json::from_str::<Fact<u64>>("0").expect("parses"), Fact::Known(0));
    }
}
