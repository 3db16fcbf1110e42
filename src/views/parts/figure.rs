//! Cells and sort keys of figures. What is not known is `?`, never a zero.

use super::format;
use crate::model::Fact;
use crate::theme::Role;
use crate::views::content::{Cell, SortKey};

/// A figure as a cell; a zero steps back.
pub fn cell(value: Option<f64>, role: Role, show: fn(f64) -> String) -> Cell {
    match value {
        None => Cell::unknown(),
        Some(value) => Cell::new(show(value), if value == 0.0 { Role::Dim } else { role }),
    }
}

/// A memory figure.
pub fn memory(bytes: Option<f64>) -> Cell {
    cell(bytes, Role::Memory, format::short_memory)
}

/// A rate or a total of transferred bytes.
pub fn traffic(bytes: Option<f64>, role: Role) -> Cell {
    cell(bytes, role, format::short_traffic)
}

/// A count.
pub fn count(value: Option<u64>) -> Cell {
    cell(value.map(|v| v as f64), Role::Text, |v| format!("{v:.0}"))
}

/// A known number of a fact.
pub fn of(fact: &Fact<u64>) -> Option<f64> {
    fact.get().map(|value| value as f64)
}

/// Sorts by a number; unknown comes last.
pub fn key(value: Option<f64>) -> SortKey {
    match value {
        Some(value) if !value.is_nan() => SortKey::Number(value),
        _ => SortKey::Unknown,
    }
}

/// Sorts by text; empty comes last.
pub fn text_key(text: &str) -> SortKey {
    if text.is_empty() { SortKey::Unknown } else { SortKey::Text(text.to_lowercase()) }
}

/// Sorts by an address, numerically.
pub fn address_key(address: Option<std::net::IpAddr>) -> SortKey {
    match address {
        None => SortKey::Unknown,
        Some(std::net::IpAddr::V4(a)) => SortKey::Numbers(vec![4, u64::from(u32::from(a))]),
        Some(std::net::IpAddr::V6(a)) => {
            let bits = u128::from(a);
            SortKey::Numbers(vec![6, (bits >> 64) as u64, bits as u64])
        }
    }
}

/// A boolean of the kernel's or the engine's as a word, `?` when not known.
pub fn yes_no(value: Option<bool>) -> Cell {
    match value {
        Some(true) => Cell::new("yes", Role::Text),
        Some(false) => Cell::new("no", Role::Dim),
        None => Cell::unknown(),
    }
}

/// A sum over parts of which some may not be known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// Sum of the known parts.
    pub total: f64,
    /// How many parts were known.
    pub known: u32,
    /// How many were not.
    pub unknown: u32,
}

impl Sum {
    /// Adds a part.
    pub fn add(&mut self, part: Option<f64>) {
        match part {
            Some(part) if part.is_finite() => {
                self.total += part;
                self.known += 1;
            }
            _ => self.unknown += 1,
        }
    }

    /// The sum as a cell: nothing when there are no parts, `?` when none is known, with a `>` when some are not.
    pub fn cell(&self, role: Role, show: fn(f64) -> String) -> Cell {
        match (self.known, self.unknown) {
            (0, 0) => Cell::none(),
            (0, _) => Cell::unknown(),
            (_, 0) => cell(Some(self.total), role, show),
            _ => Cell::new(format!(">{}", show(self.total)), role),
        }
    }

    /// Its sort key.
    pub fn key(&self) -> SortKey {
        key((self.known > 0).then_some(self.total))
    }
}
