//! One file a view: pure functions from a scene to rows, cells and pages of text with roles.

pub mod content;
pub mod flow;
pub mod registry;
pub mod view;

pub use content::{Cell, Chart, Content, Line, SortKey, Span, Spark};
pub use view::{Column, Copyable, ListView, Row, Tab};
