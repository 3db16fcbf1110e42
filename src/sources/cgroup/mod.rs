//! Control groups: which there are, which are containers, and what their files count.
//!
//! Works on v1, v2 and the hybrid of both, under the cgroupfs and the systemd driver, because no path is built from
//! an id: directories are found by walking the tree, and the other hierarchies by what `/proc/PID/cgroup` says.

mod discover;
mod files;
mod layout;
mod meter;
mod sampler;

pub use discover::{Found, Shape, discover, first_process_of};
pub use files::{FlatKeyed, Io, parse_blkio, parse_io_stat, parse_limit, parse_pressure};
pub use layout::{CgroupPaths, Layout};
pub use meter::Meter;
pub use sampler::{MachineClock, Sampler, Target, monotonic_ns};
