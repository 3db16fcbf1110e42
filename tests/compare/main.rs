//! What the command line says of a live host, compared field by field with what the reference tools say of it: `ip`,
//! `bridge`, `docker`, `iptables-save`, `ss`, `lsns` and /proc. Everything here needs root and the lab.
//!
//! The host goes on living meanwhile: the tool is asked before and after, what differs between its two answers is left
//! out, and a counter lies between the two.

mod churn;
mod engine;
mod failure;
#[path = "../support/lab.rs"]
#[allow(dead_code)] // Each test crate takes what it needs.
mod lab;
mod latency;
mod links;
mod ports;
mod stats;
mod tools;
mod traffic;
