//! The impure edge: everything that is read from the engine, the kernel and files of this host, turned into the model.
//!
//! Each source stands alone, knows no other source and no view, and has no verb that changes anything.

pub mod engine;
