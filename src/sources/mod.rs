//! Where facts come from. Each room reads one thing and fills the model; none knows a view, and none writes.

pub mod cgroup;
