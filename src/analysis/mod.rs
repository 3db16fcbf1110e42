//! Pure verbs: what follows from a snapshot. No I/O, no clock, no async; nothing here can fail.

pub mod checks;
