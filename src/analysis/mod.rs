//! Pure verbs: snapshots in, a report out. No I/O, no clock, no terminal; nothing here can fail.

pub mod addressing;
pub mod checks;
pub mod history;
#[cfg(test)]
mod laws;
pub mod names;
pub mod nat;
pub mod path;
pub mod picture;
pub mod ports;
pub mod rates;
pub mod report;
pub mod scope;
pub mod sharing;
#[cfg(test)]
pub mod testing;
pub mod topology;
pub mod traffic;
pub mod wiring;

pub use addressing::{Leftover, PoolUse};
pub use history::{History, Metric};
pub use picture::Picture;
pub use ports::{Conflict, Exposure, PortRow};
pub use rates::{ContainerRates, HostRates, LinkRates, Rates};
pub use report::{Analyst, Report};
pub use sharing::{Share, SharingRow};
pub use topology::{Branch, Node, Topology};
pub use traffic::{Shaped, Shaping, Traffic};
pub use wiring::{Attachment, LinkKey, Wiring};
