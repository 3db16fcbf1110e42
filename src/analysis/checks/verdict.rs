//! What a check answers: a verdict, with the hits of a bad one and the reason of an undecided one.
//!
//! A deciding function returns [`Decision`], so that a missing input ends it with `?`: what could not be read can't
//! be taken for a pass by forgetting a branch.

use super::{Grade, Severity, Status};
use crate::model::{Fact, Gap, GapKind, Subject};
use crate::text::Outside;
use serde::Serialize;
use std::borrow::Cow;
use std::sync::Arc;

/// Why a check could not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// The engine's containers are not proven to run on this kernel.
    NotLocal,
    /// bridgewatch is in another network namespace than the engine's daemon.
    Netns,
    /// A right is missing.
    Eperm,
    /// Several candidates and no way to tell which is meant.
    Ambiguous,
    /// This engine, kernel or cgroup version does not say.
    ApiOld,
    /// A firewall rule on the path can't be evaluated.
    Rule,
    /// The thing was starting or vanishing while it was read.
    Race,
    /// Nobody answered in time.
    Timeout,
    /// The answer could not be understood.
    Parse,
    /// What is known is too old, because its source no longer answers.
    Stale,
    /// Not read: not yet, not by this version, or not in this recording.
    NotRead,
}

impl Reason {
    /// The code as reports print it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NotLocal => "NOT_LOCAL",
            Reason::Netns => "NETNS",
            Reason::Eperm => "EPERM",
            Reason::Ambiguous => "AMBIGUOUS",
            Reason::ApiOld => "API_OLD",
            Reason::Rule => "RULE",
            Reason::Race => "RACE",
            Reason::Timeout => "TIMEOUT",
            Reason::Parse => "PARSE",
            Reason::Stale => "STALE",
            Reason::NotRead => "NOT_READ",
        }
    }

    fn of(kind: GapKind) -> Self {
        match kind {
            GapKind::Permission => Reason::Eperm,
            GapKind::EngineDown => Reason::Stale,
            GapKind::EngineSilent | GapKind::Timeout => Reason::Timeout,
            GapKind::NotLocal => Reason::NotLocal,
            GapKind::Unsupported => Reason::ApiOld,
            GapKind::Gone => Reason::Race,
            GapKind::Unparsable => Reason::Parse,
            GapKind::Ambiguous => Reason::Ambiguous,
            GapKind::NotYet | GapKind::NotRunning | GapKind::ToolMissing | GapKind::NotRecorded => Reason::NotRead,
        }
    }
}

/// What could not be read, and what would make it readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undecided {
    /// Class of reason.
    pub code: Reason,
    /// The reason in words.
    pub reason: String,
    /// What would lift it.
    pub lift: Option<String>,
}

/// One thing that was seen, as evidence of a finding. Secrets are masked before they get here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// Where it was read: `inspect`, `info`, `proc`, `cgroup`, `netlink`, `netfilter`, `sockets`, `sysctl`, `args`,
    /// `file`, `events`.
    pub source: &'static str,
    /// Field or file.
    pub path: Outside,
    /// What was there.
    pub value: Outside,
    /// What would have been good.
    pub expected: Cow<'static, str>,
    /// When it was read; the time of the audit's snapshot when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<jiff::Timestamp>,
}

/// One bad thing on a subject. Several hits of one check on one subject are told apart by their sub-key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// [`Status::Fail`] or [`Status::Warn`].
    pub status: Status,
    /// What within the subject: a port, a path, a capability. Stable over restarts; empty when there is only one.
    pub sub_key: String,
    /// The severity the catalogue gives this case; the check's own when absent.
    pub severity: Option<Severity>,
    /// Steps up (aggravated) or down (mitigated) from there.
    pub steps: i8,
    /// Grade of the decisive evidence.
    pub grade: Grade,
    /// What was found, in one sentence; the check's title when empty.
    pub says: Outside,
    /// What was seen.
    pub evidence: Arc<Vec<Observed>>,
    /// Ids of checks whose result belongs to the picture.
    pub related: Vec<&'static str>,
    /// Other things the finding marks: an interface, a port.
    pub about: Vec<Subject>,
}

impl Hit {
    fn new(status: Status, grade: Grade) -> Self {
        Hit {
            status,
            sub_key: String::new(),
            severity: None,
            steps: 0,
            grade,
            says: Outside::default(),
            evidence: Arc::default(),
            related: Vec::new(),
            about: Vec::new(),
        }
    }

    /// A failure, by evidence of this grade.
    pub fn fail(grade: Grade) -> Self {
        Hit::new(Status::Fail, grade)
    }

    /// A deviation that only local policy can judge.
    pub fn warn(grade: Grade) -> Self {
        Hit::new(Status::Warn, grade)
    }

    /// Tells this hit from others of the same check on the same subject.
    pub fn on(mut self, sub_key: impl Into<String>) -> Self {
        self.sub_key = sub_key.into();
        self
    }

    /// Sets the severity the catalogue gives this case.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// One step worse when `yes`.
    pub fn raised_if(mut self, yes: bool) -> Self {
        self.steps += i8::from(yes);
        self
    }

    /// One step milder when `yes`.
    pub fn lowered_if(mut self, yes: bool) -> Self {
        self.steps -= i8::from(yes);
        self
    }

    /// The sentence for people.
    pub fn says(mut self, sentence: impl AsRef<str>) -> Self {
        self.says = Outside::shared(sentence.as_ref());
        self
    }

    /// Adds a piece of evidence.
    pub fn saw(
        mut self,
        source: &'static str,
        path: impl Into<Outside>,
        value: impl Into<Outside>,
        expected: impl Into<Cow<'static, str>>,
    ) -> Self {
        let evidence = Arc::make_mut(&mut self.evidence);
        // Hits are many, and each has one or two.
        evidence.reserve_exact(1);
        evidence.push(Observed {
            source,
            path: Outside::shared(path.into().raw()),
            value: Outside::shared(value.into().raw()),
            expected: expected.into(),
            read_at: None,
        });
        self
    }

    /// Names a check whose result belongs to the picture.
    pub fn related(mut self, id: &'static str) -> Self {
        self.related.push(id);
        self
    }

    /// Marks another thing besides the subject.
    pub fn about(mut self, subject: Subject) -> Self {
        self.about.push(subject);
        self
    }
}

/// What a check decided for one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Read and good.
    Pass {
        /// Something worth knowing all the same; often empty.
        note: Cow<'static, str>,
    },
    /// Read and bad: never empty.
    Found {
        /// Each bad thing.
        hits: Vec<Hit>,
    },
    /// The subject or feature does not exist here.
    NotApplicable {
        /// Why.
        reason: Cow<'static, str>,
    },
    /// Could not be read.
    Unknown(Box<Undecided>),
    /// A person has to attest.
    Manual {
        /// What was seen that helps.
        hint: Cow<'static, str>,
    },
}

/// The result of a deciding function; both sides are verdicts, the `Err` side being one that an input forced.
pub type Decision = Result<Verdict, Verdict>;

impl Verdict {
    /// Read and good.
    pub fn pass() -> Self {
        Verdict::Pass { note: Cow::Borrowed("") }
    }

    /// Read and good, with something worth knowing.
    pub fn noted(note: impl Into<Cow<'static, str>>) -> Self {
        Verdict::Pass { note: note.into() }
    }

    /// Does not apply.
    pub fn na(reason: impl Into<Cow<'static, str>>) -> Self {
        Verdict::NotApplicable { reason: reason.into() }
    }

    /// Could not be read.
    pub fn unknown(code: Reason, reason: impl Into<String>) -> Self {
        Verdict::Unknown(Box::new(Undecided { code, reason: reason.into(), lift: None }))
    }

    /// Could not be read, as a source explained it.
    pub fn from_gap(gap: &Gap) -> Self {
        let (code, reason) = (Reason::of(gap.kind), gap.reason.clone());
        Verdict::Unknown(Box::new(Undecided { code, reason, lift: gap.lift.clone() }))
    }

    /// Nobody knows, and nobody said why.
    pub fn not_known() -> Self {
        Verdict::unknown(Reason::NotRead, "not read yet")
    }

    /// Bad when there is a hit, else good.
    pub fn of(hits: Vec<Hit>) -> Self {
        if hits.is_empty() { Verdict::pass() } else { Verdict::Found { hits } }
    }

    /// The status; one bad hit makes the whole a failure.
    pub fn status(&self) -> Status {
        match self {
            Verdict::Pass { .. } => Status::Pass,
            Verdict::Found { hits } if hits.iter().any(|hit| hit.status == Status::Fail) => Status::Fail,
            Verdict::Found { .. } => Status::Warn,
            Verdict::NotApplicable { .. } => Status::NotApplicable,
            Verdict::Unknown(_) => Status::Unknown,
            Verdict::Manual { .. } => Status::Manual,
        }
    }

    /// The hits; none for anything that is not a finding.
    pub fn hits(&self) -> &[Hit] {
        match self {
            Verdict::Found { hits } => hits,
            _ => &[],
        }
    }
}

impl From<Hit> for Verdict {
    fn from(hit: Hit) -> Self {
        Verdict::Found { hits: vec![hit] }
    }
}

/// The value of a fact, or the verdict that follows from not having it.
pub fn need<T>(fact: &Fact<T>) -> Result<&T, Verdict> {
    match fact {
        Fact::Known(value) => Ok(value),
        Fact::Unknown { unknown } => Err(Verdict::from_gap(unknown)),
    }
}
