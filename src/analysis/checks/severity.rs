//! How bad, how sure, how decided: the closed vocabularies of the audit.

use serde::Serialize;

/// How bad a finding is. The order of the questions that decide it is in the catalogue: root on the host (critical),
/// a whole layer gone (high), defence in depth missing (medium), hygiene (low), posture (info).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A posture fact.
    Info,
    /// Hygiene without a direct path to harm.
    Low,
    /// Defence in depth is missing, or a neighbour can be disturbed.
    Medium,
    /// A whole isolation layer is gone, or a service is reachable that was meant not to be.
    High,
    /// A process in the container, or a peer on the network, becomes root on the host without another bug.
    Critical,
}

impl Severity {
    /// From the worst to the mildest.
    pub const WORST_FIRST: [Severity; 5] =
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

    /// The word, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// Reads what [`Severity::as_str`] writes.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORST_FIRST.into_iter().find(|severity| severity.as_str() == word)
    }

    /// Raises (or lowers, when negative) by a number of steps, within the scale.
    pub fn shifted(self, steps: i8) -> Self {
        let at = (self as i8).saturating_add(steps).clamp(0, 4);
        Self::WORST_FIRST[4 - at as usize]
    }
}

/// What a check decided for one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Read, and good.
    Pass,
    /// Read, and bad.
    Fail,
    /// Read, deviates; only local policy can say whether it is bad.
    Warn,
    /// The subject or the feature does not exist here.
    #[serde(rename = "na")]
    NotApplicable,
    /// Could not be read. Never a pass.
    Unknown,
    /// Only a person can attest.
    Manual,
}

impl Status {
    /// All of them, in the order reports count them.
    pub const ALL: [Status; 6] =
        [Status::Fail, Status::Warn, Status::Unknown, Status::Manual, Status::Pass, Status::NotApplicable];

    /// The word, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Warn => "warn",
            Status::NotApplicable => "na",
            Status::Unknown => "unknown",
            Status::Manual => "manual",
        }
    }
}

/// Where the decisive evidence came from; the kernel's word beats the engine's, the engine's beats a file's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// What is declared on disk.
    File,
    /// What the engine says it configured.
    Api,
    /// What the kernel shows now.
    Kernel,
}

impl Grade {
    /// The word, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::File => "file",
            Grade::Api => "api",
            Grade::Kernel => "kernel",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_move_within_the_scale() {
        assert_eq!(Severity::High.shifted(1), Severity::Critical);
        assert_eq!(Severity::Critical.shifted(3), Severity::Critical);
        assert_eq!(Severity::Low.shifted(-4), Severity::Info);
        for severity in Severity::WORST_FIRST {
            assert_eq!(severity.shifted(0), severity);
            assert_eq!(Severity::parse(severity.as_str()), Some(severity));
        }
    }
}
