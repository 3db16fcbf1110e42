//! The command line: what can be asked, and what is printed.

pub mod args;
pub mod audit;
pub mod doctor;
pub mod source;
