//! What the views share: formatting, signs, names, pages and tables. Knows no single view.

pub mod column;
pub mod event;
pub mod figure;
pub mod finding;
pub mod format;
pub mod glyph;
pub mod grid;
pub mod limit;
pub mod link;
pub mod mark;
pub mod names;
pub mod page;
pub mod path;
pub mod wrap;

pub use grid::Grid;
pub use page::{Page, word};
