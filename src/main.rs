//! The `bridgewatch` program: parse, run, exit code.

use bridgewatch::cli;
use clap::Parser;
use std::process::ExitCode;

/// One heap for all threads, given back where it can be. The system's allocator keeps one for each, which with a dozen
/// threads that rarely do anything is a third of all memory.
#[global_allocator]
static HEAP: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    ExitCode::from(cli::run(cli::args::Cli::parse()))
}
