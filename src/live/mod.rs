//! The running host as a feed: every source on its own, merged into snapshots that share what did not change.
//!
//! ```text
//! engine ──┐
//! netlink ─┤           ┌─► snapshots (a refresh, or a change gathered for some milliseconds)
//! probe ───┼──► hub ───┤
//! firewall ┤           └─► answers (logs, raw words)
//! meters ──┘
//! ```
//!
//! The hub's thread waits for events and never for an answer; what may block is on the probe's thread or has a
//! deadline. It knows no view.

mod answers;
mod beat;
mod containers;
mod hub;
mod meters;
mod once;
mod oom;
mod probe;
mod recorder;
mod timeline;
mod wanted;
mod wants;

pub use crate::sources::firewall::{Rules, serve as serve_rules};
pub use hub::Sink;
pub use once::{Patience, read_once, stream};
pub use wants::{LiveError, LiveOptions};

use crate::feed::Ask;
use crate::sources::engine;
use crate::sources::proc::ProcRoot;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Starts watching this host; updates go to `sink` until it answers false or [`Ask::Quit`] comes.
///
/// # Errors
/// The endpoint of the engine can't be settled (wrong context, contradicting options), or a thread can't be made. An
/// engine that does not answer is no error: the kernel's half is watched all the same.
pub fn start(options: LiveOptions, sink: Sink) -> Result<UnboundedSender<Ask>, LiveError> {
    let target = engine::resolve(options.host.as_deref(), options.context.as_deref())?;
    raise_file_limit();
    let (ask, asks) = unbounded_channel();
    let (replies_in, replies) = unbounded_channel();
    let root = ProcRoot::default();
    let jobs = probe::start(root.clone(), replies_in)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("bw-hub".into()).spawn(move || {
        runtime.block_on(async move {
            let (engine_in, engine) = unbounded_channel();
            let (engine_nudges, nudges) = unbounded_channel();
            tokio::spawn(crate::sources::engine::watch(target.clone(), engine_in, nudges));
            let (netlink_in, netlink) = unbounded_channel();
            let (netlink_nudges, nudges) = unbounded_channel();
            tokio::spawn(crate::sources::netlink::watch(netlink_in, nudges));
            let wires = hub::Wires { asks, engine, engine_nudges, netlink, netlink_nudges, replies, jobs };
            hub::run(options, Some(target), wires, sink, root).await;
        });
    })?;
    Ok(ask)
}

/// A dozen descriptors a container are kept open: the soft limit of 1024 would do for eighty.
fn raise_file_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(65_536);
        if soft < wanted {
            // Not raised is not fatal: containers beyond the limit have a gap that names it.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
        }
    }
}
