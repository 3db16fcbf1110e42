//! The `bridgewatch` program: parse, run, exit code.

use bridgewatch::cli;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::run(cli::args::Cli::parse()))
}
