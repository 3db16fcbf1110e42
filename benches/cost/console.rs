//! The real program, and `docker stats` for comparison, in a terminal: steady cost, start, keys.

use crate::inside::Steady;
use crate::pty::Pty;
use crate::table::{self, figure};
use crate::{cpu, lab};
use std::time::{Duration, Instant};

/// The program that is measured: built by cargo with this bench, in the same profile.
const PROGRAM: &str = env!("CARGO_BIN_EXE_bridgewatch");
/// Rows of the list that fit the terminal, with room for a line that says more.
const ROWS_SHOWN: usize = 40;
/// Keys that are typed for the latencies.
const KEYS: usize = 600;

/// Steady cost of bridgewatch in its first view.
///
/// # Errors
/// It can't be started or ends.
pub fn bridgewatch(engine: &[i32], window: Duration, settle: Duration) -> Result<Steady, String> {
    steady("bridgewatch", PROGRAM, &[], engine, window, settle)
}

/// Steady cost of the engine's own table.
///
/// # Errors
/// It can't be started or ends.
pub fn docker_stats(engine: &[i32], window: Duration) -> Result<Steady, String> {
    steady("docker stats", "docker", &["stats"], engine, window, Duration::from_secs(5))
}

fn steady(
    name: &'static str,
    program: &str,
    arguments: &[&str],
    engine: &[i32],
    window: Duration,
    settle: Duration,
) -> Result<Steady, String> {
    let mut pty = Pty::start(program, arguments, &[])?;
    let pid = pty.pid().ok_or("the program has no process id")?;
    pty.drain(settle)?;
    let faults = cpu::faults_of_children(pid);
    let (own, others, written, begin) = (cpu::of_all(&[pid]), cpu::of_all(engine), pty.written, Instant::now());
    pty.drain(window)?;
    let (own_after, others_after, wall) = (cpu::of_all(&[pid]), cpu::of_all(engine), begin.elapsed());
    if faults != cpu::faults_of_children(pid) {
        println!("\nNote: `{name}` spawned processes in its steady state.");
    }
    Ok(Steady {
        name,
        used: cpu::Use { own: cpu::rate(&own, &own_after, wall), engine: cpu::rate(&others, &others_after, wall) },
        resident: cpu::resident(pid),
        written: Some((pty.written - written) as f64 / wall.as_secs_f64()),
    })
}

/// Starts of the console, from the start of its process to what is on the screen.
///
/// # Errors
/// It can't be started, or something does not come.
pub fn starts(count: usize) -> Result<(), String> {
    let wanted = count.min(ROWS_SHOWN);
    let mut times: [Vec<f64>; 4] = Default::default();
    for _ in 0..9 {
        let mut pty = Pty::start(PROGRAM, &[], &[])?;
        let limit = Duration::from_secs(10);
        let moments = [
            pty.until("first byte", limit, |_| true)?,
            pty.until("names", limit, |screen| rows(screen).count() >= wanted)?,
            pty.until("names, memory and addresses", limit, |s| rows(s).filter(|r| is_complete(r)).count() >= wanted)?,
            pty.until("rates", limit, |screen| rows(screen).filter(|row| has_rates(row)).count() >= wanted)?,
        ];
        for (times, moment) in times.iter_mut().zip(moments) {
            times.push(moment.duration_since(pty.begin).as_secs_f64() * 1000.0);
        }
    }
    let names = ["first byte", "names", "names, memory, addresses", "first CPU and network rates"];
    let rows = names.iter().zip(&times).map(|(name, values)| {
        vec![(*name).to_owned(), figure(table::median(values)), figure(table::share(values, 1.0))]
    });
    table::print(
        &format!("Start of the console, ms, {count} containers"),
        &["on the screen", "median", "worst"],
        &rows.collect::<Vec<_>>(),
    );
    Ok(())
}

/// Rows of the list that show a container of the fleet.
fn rows(screen: &str) -> impl Iterator<Item = Vec<&str>> {
    screen.lines().filter_map(|line| {
        // The detail pane begins behind the frame of the list.
        let row = line.trim_start_matches('│').split('│').next()?;
        let words: Vec<&str> = row.split_whitespace().collect();
        words.iter().any(|w| w.starts_with("fleet-")).then_some(words)
    })
}

fn is_complete(row: &[&str]) -> bool {
    let is_size =
        |w: &&&str| w.len() > 1 && w.starts_with(|c: char| c.is_ascii_digit()) && w.ends_with(['k', 'M', 'G', 'B']);
    row.iter().find(is_size).is_some() && row.iter().any(|w| w.starts_with("10.200."))
}

/// CPU is the first figure with a decimal point; the rates are the two words before the networks.
fn has_rates(row: &[&str]) -> bool {
    let cpu = row
        .iter()
        .any(|w| w.split_once('.').is_some_and(|(a, b)| a.parse::<u32>().is_ok() && b.parse::<u32>().is_ok()));
    let network = row.iter().position(|w| *w == "fleet");
    let is_figure = |w: &&str| w.starts_with(|c: char| c.is_ascii_digit());
    cpu && network.is_some_and(|at| at >= 2 && row[at - 2..at].iter().all(is_figure))
}

/// Latency of keys while the counters are being read.
///
/// # Errors
/// The program ends.
pub fn keys(count: usize) -> Result<(), String> {
    let mut pty = Pty::start(PROGRAM, &[], &[])?;
    pty.drain(Duration::from_secs(8))?;
    let mut times = Vec::new();
    let mut unanswered = 0;
    // At the end of a short list a key has no answer.
    let way = count.saturating_sub(1).clamp(1, 30);
    for n in 0..KEYS {
        // Quiet before the key, so that what comes after it is its answer; the odd gap spreads the keys over the beat.
        pty.drain(Duration::from_millis(17))?;
        let begin = Instant::now();
        pty.keys(if (n / way).is_multiple_of(2) { b"j" } else { b"k" })?;
        match pty.next(Duration::from_millis(500))? {
            Some(at) => times.push(at.duration_since(begin).as_secs_f64() * 1000.0),
            None => unanswered += 1,
        }
    }
    let row = vec![
        times.len().to_string(),
        unanswered.to_string(),
        figure(table::median(&times)),
        figure(table::share(&times, 0.9)),
        figure(table::share(&times, 0.99)),
        figure(table::share(&times, 1.0)),
    ];
    let head = ["keys", "without an answer", "median", "p90", "p99", "worst"];
    table::print(&format!("Key to painted, ms, {count} containers, while sampling"), &head, &[row]);
    Ok(())
}

/// Environment of a program that speaks to the engine through a recording socket.
pub fn recorded_engine() -> String {
    format!("unix://{}", lab::state().join("recorded.sock").display())
}

/// Starts the console against another socket.
///
/// # Errors
/// It can't be started.
pub fn against(engine: &str) -> Result<Pty, String> {
    Pty::start(PROGRAM, &[], &[("DOCKER_HOST", engine)])
}
