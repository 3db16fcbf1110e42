//! The `bridgewatch` program: parse, run, exit code.

use bridgewatch::cli;
use clap::Parser;
use std::process::ExitCode;

/// One heap for all threads: the system's keeps one for each of the ten that read, analyse and paint, and what one frees
/// no other one uses. A tenth of what is resident is saved by that; allocations are far too few for its lock to matter.
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    ExitCode::from(cli::run(cli::args::Cli::parse()))
}
