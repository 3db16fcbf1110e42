//! The record of one finding, as views and exports have it.

use super::{Cis, Fix, Grade, Observed, Severity, Status};
use crate::model::Subject;
use crate::text::Outside;
use jiff::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// What kind of thing a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectKind {
    /// The host.
    Host,
    /// The daemon.
    Daemon,
    /// A file.
    File,
    /// An image.
    Image,
    /// A container.
    Container,
    /// A service.
    Service,
    /// An engine network.
    Network,
    /// A volume.
    Volume,
}

impl SubjectKind {
    /// The word, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            SubjectKind::Host => "host",
            SubjectKind::Daemon => "daemon",
            SubjectKind::File => "file",
            SubjectKind::Image => "image",
            SubjectKind::Container => "container",
            SubjectKind::Service => "service",
            SubjectKind::Network => "network",
            SubjectKind::Volume => "volume",
        }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct About {
    /// Kind.
    pub kind: SubjectKind,
    /// Name.
    pub name: Outside,
    /// The engine's id; empty for the host and the daemon.
    pub id: String,
    /// Compose project.
    pub project: Option<Outside>,
    /// Compose or swarm service.
    pub service: Option<Outside>,
    /// The same as a selection that views understand.
    #[serde(skip)]
    pub subject: Subject,
    /// The name that survives a re-creation: `project/service`, else the name.
    #[serde(skip)]
    pub stable: String,
}

/// Someone has taken the risk knowingly. None yet: the record has its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiver {
    /// Who.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub expires: Timestamp,
}

/// A check that failed, or deviates, on one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Id of the check.
    pub id: &'static str,
    /// [`Status::Fail`] or [`Status::Warn`].
    pub status: Status,
    /// Severity after modifiers.
    pub severity: Severity,
    /// Severity before them.
    pub severity_base: Severity,
    /// Grade of the decisive evidence.
    pub grade: Grade,
    /// What it is about.
    pub subject: Arc<About>,
    /// Stable identity, see [`super::key::key`].
    pub key: Arc<str>,
    /// What was found, in one sentence. It may quote names: for people, clean it.
    pub title: Outside,
    /// What was seen.
    pub evidence: Arc<Vec<Observed>>,
    /// How to mend it.
    pub remediation: &'static str,
    /// In which way.
    pub fix: Fix,
    /// CIS ids.
    pub cis: Arc<[Cis]>,
    /// When it was first seen in this run.
    pub first_seen: Timestamp,
    /// When it was last seen.
    pub last_seen: Timestamp,
    /// The container does not run: it becomes real at the next start.
    pub dormant: bool,
    /// Who took the risk.
    pub waiver: Option<Waiver>,
    /// Ids of checks that belong to the picture, the ones it speaks for included.
    pub related: Vec<&'static str>,
    /// Why the severity is not the base, in words.
    pub modifiers: Vec<&'static str>,
    /// Other things it marks.
    #[serde(skip)]
    pub also: Vec<Subject>,
}
