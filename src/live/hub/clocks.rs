//! When what is due.

use std::time::{Duration, Instant};

/// How long changes are gathered before a snapshot without new counters is published.
pub const GATHER: Duration = Duration::from_millis(25);
/// The first interval is short, so that rates are on the screen soon after the start.
pub const FIRST_INTERVAL: Duration = Duration::from_millis(200);
/// Time a container gets to open its ports before they are looked for.
pub const SETTLE: Duration = Duration::from_secs(2);
/// Listening sockets, for which no event tells.
pub const SOCKETS_BEAT: Duration = Duration::from_secs(60);
/// While somebody looks at ports.
pub const SOCKETS_WATCHED: Duration = Duration::from_secs(2);
/// Walk of the cgroup tree beside an engine whose events tell.
pub const SEATS_BEAT: Duration = Duration::from_secs(60);
/// The same without an engine.
pub const SEATS_ALONE: Duration = Duration::from_secs(2);
/// Facts about the host that hardly change.
pub const HOST_BEAT: Duration = Duration::from_secs(60);
/// Question for the rule set's generation.
pub const FIREWALL_BEAT: Duration = Duration::from_secs(5);
/// State of the daemon's process.
pub const ENGINE_PROCESS_BEAT: Duration = Duration::from_secs(2);
/// A container's main process begins as its runtime's, with every right, and becomes the container's own by exec: facts
/// of one that just started are read once more after this time.
pub const GROW_UP: Duration = Duration::from_secs(2);
/// Facts that show a runtime's process in passing are read again after this time: before a check takes them for lasting.
pub const PASSING: Duration = Duration::from_millis(500);
/// All kernel facts are read again within this time, a few containers at a time.
pub const SWEEP: Duration = Duration::from_secs(300);

/// When what is due.
pub struct Clocks {
    /// The next refresh.
    pub tick: Instant,
    /// The next snapshot without new counters, when something changed.
    pub publish: Option<Instant>,
    /// The next walk of the cgroup tree.
    pub seats: Instant,
    /// The next look for listeners.
    pub sockets: Instant,
    /// The next reading of the host's facts.
    pub host: Instant,
    /// The next look at the packet filter's generation.
    pub firewall: Instant,
    /// The next look at the state of the daemon's process.
    pub engine_process: Instant,
    /// The next part of the sweep over kernel facts.
    pub sweep: Instant,
    /// Where in the list of containers the sweep is.
    pub sweep_at: usize,
    /// Refreshes so far.
    pub ticks: u64,
}
