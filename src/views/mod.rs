//! One file a view: pure functions from a scene to rows, cells and pages of text with roles.

pub mod containers;
pub mod content;
pub mod events;
pub mod flow;
pub mod journal;
#[cfg(test)]
mod laws;
pub mod namespaces;
pub mod networks;
pub mod parts;
pub mod ports;
pub mod registry;
pub mod security;
#[cfg(test)]
pub mod testing;
pub mod topology;
pub mod traffic;
pub mod view;

pub use containers::Containers;
pub use content::{Cell, Chart, Content, Line, SortKey, Span, Spark};
pub use events::Events;
pub use journal::Changes;
pub use namespaces::Namespaces;
pub use networks::Networks;
pub use ports::Ports;
pub use security::Security;
pub use topology::TopologyView;
pub use traffic::Traffic;
pub use view::{Column, Copyable, ListView, Row, Tab};
