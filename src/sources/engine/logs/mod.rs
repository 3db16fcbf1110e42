//! A container's log as a stream of bounded lines, followed across restarts of the container and of the engine.
//!
//! It knows no screen: a reader that falls behind gets the newest lines and the number of those it missed.

mod assembler;
mod follow;

pub use assembler::{Assembler, Framing, LogLine, Stream};
pub use follow::{LogBatch, LogStream};

use crate::model::ContainerId;
use crate::sources::engine::client::EngineReader;
use jiff::Timestamp;

/// What part of a log is wanted. Times always come along: lines are joined and seams are closed by them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRequest {
    /// Newest lines to begin with; none is all.
    pub tail: Option<u32>,
    /// Nothing older than this.
    pub since: Option<Timestamp>,
    /// Go on with what comes, also after a restart.
    pub follow: bool,
}

impl LogRequest {
    fn query(&self) -> String {
        let mut query = "stdout=1&stderr=1&timestamps=1".to_owned();
        if self.follow {
            query.push_str("&follow=1");
        }
        if let Some(tail) = self.tail {
            query.push_str(&format!("&tail={tail}"));
        }
        if let Some(since) = self.since {
            let ns = since.as_nanosecond();
            query.push_str(&format!("&since={}.{:09}", ns.div_euclid(1_000_000_000), ns.rem_euclid(1_000_000_000)));
        }
        query
    }
}

impl EngineReader {
    /// Streams the log of a container. `tty` is [`crate::model::Config::tty`]: with a terminal the engine sends no
    /// frames, and the bytes themselves, which the container chooses, never decide that.
    ///
    /// Must be called within a tokio runtime; the stream stops when it is dropped.
    pub fn logs(&self, id: &ContainerId, tty: bool, request: LogRequest) -> LogStream {
        LogStream::open(self.clone(), id.clone(), tty, request)
    }
}
