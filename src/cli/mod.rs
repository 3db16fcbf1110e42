//! The subcommands: what they print and how they exit. Knows no source and no terminal.

pub mod audit;
