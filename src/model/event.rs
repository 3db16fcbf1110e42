//! The timeline: what the engine and the kernel said has changed.

use super::{ContainerId, Subject};
use crate::text::Outside;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who reported an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The engine's event stream.
    Engine,
    /// netlink or a cgroup file.
    Kernel,
    /// bridgewatch itself: a source came or went, a finding opened or closed.
    Watch,
}

/// How loud an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Everyday.
    Info,
    /// Worth a look: a container died with an error, a link went down.
    Notice,
    /// Something broke: an OOM kill, an engine that vanished.
    Alarm,
}

/// One entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Number in this run, rising.
    pub seq: u64,
    /// When, by the reporter's clock.
    pub at: Timestamp,
    /// Reporter.
    pub origin: Origin,
    /// What kind of thing: `container`, `network`, `image`, `volume`, `daemon`, `link`, `address`, `route`, `netns`,
    /// `oom`, `source`, `finding`.
    pub class: String,
    /// What happened: `start`, `die`, `up`, `down`, `added`, `removed`, …
    pub action: Outside,
    /// Loudness.
    pub weight: Weight,
    /// What it is about.
    pub subject: Subject,
    /// Its name at that time.
    pub name: Outside,
    /// The container concerned, where there is one.
    pub container: Option<ContainerId>,
    /// The sentence for people, without the name, e.g. `died with exit code 137 (SIGKILL)`.
    pub text: Outside,
    /// More, as the reporter gave it.
    pub attributes: BTreeMap<String, Outside>,
}
