//! What the command line asks of a live host.

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
}

impl Default for LiveOptions {
    fn default() -> Self {
        LiveOptions { host: None, context: None, interval: Duration::from_secs(1) }
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
