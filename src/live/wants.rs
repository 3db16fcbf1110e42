//! What the command line asks of a live host.

use crate::sources::firewall::Rules;
use std::time::Duration;

/// How a live feed is started.
#[derive(Debug, Clone)]
pub struct LiveOptions {
    /// `--host`.
    pub host: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// Time between two refreshes.
    pub interval: Duration,
    /// Count every interface of every namespace that can be read, from its own side. Without it, what is inside a
    /// container is counted only where no end outside shows the same traffic: two hundred files less at every
    /// refresh, and none held open that keeps a dead container's namespace alive.
    pub count_all: bool,
    /// Where the packet filter is read.
    pub rules: Rules,
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions {
            host: None,
            context: None,
            interval: Duration::from_secs(1),
            count_all: false,
            rules: Rules::Here,
        }
    }
}

/// The feed could not be started at all.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// The endpoint can't be settled.
    #[error(transparent)]
    Endpoint(#[from] crate::sources::engine::EndpointError),
    /// A thread or a runtime could not be made.
    #[error("start a thread: {0}")]
    Thread(#[from] std::io::Error),
}
