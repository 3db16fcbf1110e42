//! The impure half: readers of the engine, the kernel and the files of the host. Each fills the model, runs on its
//! own and says in words what it could not read. None knows a view, a check or the terminal.

pub mod netlink;
