//! The `bridgewatch` program.
fn main() {}
