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
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// The interfaces of other namespaces are read so much later than our own: names, addresses and memory go ahead.
const HEAD_START: Duration = Duration::from_millis(40);

/// Descriptors that the kernel's table has room for from the start: those of some six hundred containers.
const DESCRIPTORS: u64 = 8192;

/// Starts watching this host; updates go to `sink` until it answers false or [`Ask::Quit`] comes.
///
/// # Errors
/// The endpoint of the engine can't be settled (wrong context, contradicting options), or a thread can't be made. An
/// engine that does not answer is no error: the kernel's half is watched all the same.
pub fn start(options: LiveOptions, sink: Sink) -> Result<UnboundedSender<Ask>, LiveError> {
    let target = engine::resolve(options.host.as_deref(), options.context.as_deref())?;
    prepare();
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
            let head_start = if options.count_all { Duration::ZERO } else { HEAD_START };
            let (netlink_in, netlink) = unbounded_channel();
            let (netlink_nudges, nudges) = unbounded_channel();
            tokio::spawn(crate::sources::netlink::watch(netlink_in, nudges, head_start));
            let wires = hub::Wires { asks, engine, engine_nudges, netlink, netlink_nudges, replies, jobs };
            hub::run(options, Some(target), wires, sink, root).await;
        });
    })?;
    Ok(ask)
}

/// Makes room for the descriptors that are kept open, a dozen a container: the soft limit of 1024 would do for eighty.
/// [`start`] does so, too; called before the program's first further thread, it is done in microseconds.
pub fn prepare() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = hard.min(65_536);
    // Not raised is not fatal: containers beyond the limit have a gap that names it.
    let is_raised = soft < wanted && setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_ok();
    make_room_for_descriptors(if is_raised { wanted } else { soft });
}

/// Has the kernel make the table of descriptors large once. It grows by doubling, and each time waits for every CPU to
/// have passed through the scheduler as soon as there is a second thread: milliseconds each, seven times on the way to
/// two hundred containers (`expand_fdtable` in the kernel's fs/file.c).
fn make_room_for_descriptors(limit: u64) {
    use nix::fcntl::{FcntlArg, fcntl};
    let Ok(any) = std::fs::File::open("/proc/self/stat") else { return };
    let highest = limit.min(DESCRIPTORS).saturating_sub(1);
    let Ok(highest) = i32::try_from(highest) else { return };
    if let Ok(copy) = fcntl(&any, FcntlArg::F_DUPFD_CLOEXEC(highest)) {
        let _ = nix::unistd::close(copy);
    }
}
