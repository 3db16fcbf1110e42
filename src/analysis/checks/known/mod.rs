//! Tables the checks decide by: capabilities, host paths, devices, masked paths, names of secrets.
//!
//! Data and the functions that look it up; no evidence, no verdict.

pub mod caps;
pub mod devices;
pub mod paths;
pub mod ports;
pub mod secrets;
