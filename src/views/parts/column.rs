//! Short ways to write the columns of a list.

use crate::views::view::Column;

/// A column of text, sorted from a to z.
pub const fn text(id: &'static str, title: &'static str, size: (u16, u16), rank: u8, help: &'static str) -> Column {
    Column { id, title, min: size.0, max: size.1, rank, right: false, descending: false, help }
}

/// A column of numbers at the right edge, sorted from the largest.
pub const fn number(id: &'static str, title: &'static str, size: u16, rank: u8, help: &'static str) -> Column {
    Column { id, title, min: size, max: size, rank, right: true, descending: true, help }
}
