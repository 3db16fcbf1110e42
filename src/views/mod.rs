//! One file a view: pure functions from a scene to rows, cells and pages of text with roles.

pub mod containers;
pub mod content;
pub mod namespaces;
pub mod parts;
pub mod ports;
pub mod view;

pub use containers::Containers;
pub use content::{Cell, Chart, Content, Line, SortKey, Span, Spark};
pub use namespaces::Namespaces;
pub use ports::Ports;
pub use view::{Column, Copyable, ListView, Row, Tab};
