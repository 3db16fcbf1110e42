//! Memory over hours, in seconds: the host as it is, with counters that go on, fed through analysis and history.

use bridgewatch::analysis::{Analyst, History};
use bridgewatch::live::{LiveOptions, Patience, read_once};
use bridgewatch::model::{Fact, Snapshot};
use std::sync::Arc;

/// Hours that are played.
const HOURS: u64 = 3;

/// Prints resident memory at ten points of the way.
///
/// # Errors
/// The live host can't be read.
pub fn run() -> Result<(), String> {
    let patience = Patience { rates: true, ..Patience::default() };
    let (_, base) = read_once(LiveOptions::default(), patience).map_err(|e| e.to_string())?;
    let (mut analyst, mut history) = (Analyst::new(), History::default());
    let steps = HOURS * 3600;
    let pid = i32::try_from(std::process::id()).unwrap_or(0);
    for step in 1..=steps {
        let next = Arc::new(later(&base, step));
        let report = analyst.update(&next);
        history.push(&report.rates, 1.0);
        if step.is_multiple_of(steps / 10) || step == 60 {
            println!("{:.2} {:.2}", step as f64 / 3600.0, crate::cpu::resident(pid));
        }
    }
    Ok(())
}

/// The host after so many seconds of steady work.
fn later(base: &Snapshot, seconds: u64) -> Snapshot {
    let mut samples = base.samples.as_ref().clone();
    for (n, sample) in samples.iter_mut().enumerate() {
        sample.at_ns += seconds * 1_000_000_000;
        sample.system_cpu_ns += seconds * 2_000_000_000;
        sample.cpu_ns = Fact::Known(sample.cpu_ns.get().unwrap_or(0) + seconds * 1_000_000 * (n as u64 % 40));
        sample.memory_bytes = Fact::Known((1 << 20) + (seconds * 4096 * (n as u64 + 1)) % (64 << 20));
    }
    let mut links = base.link_samples.as_ref().clone();
    for (n, link) in links.iter_mut().enumerate() {
        link.counters.rx_bytes += seconds * 1000 * n as u64;
        link.counters.tx_bytes += seconds * 500 * n as u64;
    }
    let mut next = base.clone();
    next.at_ns += seconds * 1_000_000_000;
    (next.samples, next.link_samples) = (Arc::new(samples), Arc::new(links));
    next
}
