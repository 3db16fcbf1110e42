//! Drawing parts: text, frames, tables, pages, charts, bars. They know no container and no state of the console, and
//! are safe in any area: what does not fit is not drawn.

pub mod bar;
pub mod chart;
pub mod glyphs;
pub mod ink;
pub mod page;
pub mod spark;
pub mod table;

pub use ink::Ink;
