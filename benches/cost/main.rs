//! What bridgewatch costs the host it watches: tables of CPU, memory, bytes, start and key times, each as a ratio to a
//! reference measured in the same run.
//!
//! ```text
//! cargo bench --bench cost -- [--count 5,50,200] [--seconds 25] [--only floor,hub,…] [--keep]
//! ```
//!
//! It needs root and the lab's tools. For each count it brings up a lab of its own (`tests/lab/lab up bwbench`), enters
//! its network namespace, hides the containers of other engines of this machine, and measures there. What is missing
//! is said, and is an exit code of 1: a bench that measured nothing must not look like one that passed.

mod children;
mod console;
mod cpu;
mod engine;
mod floor;
mod inside;
mod lab;
#[path = "../../tests/support/proxy.rs"]
mod proxy;
mod pty;
mod soak;
mod table;

use std::process::ExitCode;

/// What was asked for on the command line.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Numbers of containers, one lab each.
    pub counts: Vec<usize>,
    /// Length of each steady measurement.
    pub seconds: u64,
    /// Names of the measurements; empty means all.
    pub only: Vec<String>,
    /// Leave the last lab up.
    pub keep: bool,
}

impl Wishes {
    fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut wishes = Wishes { counts: vec![5, 50, 200], seconds: 25, only: Vec::new(), keep: false };
        let mut rest = arguments.iter();
        while let Some(word) = rest.next() {
            let mut value = || rest.next().ok_or(format!("{word} needs a value"));
            let number = |text: &str| text.parse::<usize>().map_err(|_| format!("`{text}` is not a number"));
            match word.as_str() {
                "--count" => wishes.counts = value()?.split(',').map(number).collect::<Result<_, _>>()?,
                "--seconds" => wishes.seconds = number(value()?)?.max(3) as u64,
                "--only" => wishes.only = value()?.split(',').map(str::to_owned).collect(),
                "--keep" => wishes.keep = true,
                // Cargo says so to every bench.
                "--bench" => {}
                other => return Err(format!("unknown option `{other}`")),
            }
        }
        Ok(wishes)
    }

    /// True when a measurement is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((word, rest)) if word == "--child" => children::run(rest),
        Some((word, rest)) if word == "--inside" => Wishes::parse(rest).and_then(|wishes| inside::run(&wishes)),
        _ => Wishes::parse(&arguments).and_then(|wishes| lab::run(&wishes, &arguments)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("cost: {reason}");
            ExitCode::FAILURE
        }
    }
}
