//! The measurements of one count, in the lab's namespace.

use crate::{Wishes, children, console, cpu, engine, proxy, table};
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};
use table::figure;

/// Time that a program gets to finish what it does once, before its steady state is measured.
const SETTLE: Duration = Duration::from_secs(8);

/// A row of the table of steady costs.
pub struct Steady {
    /// What ran.
    pub name: &'static str,
    /// Its CPU and the engine's meanwhile.
    pub used: cpu::Use,
    /// Resident memory, MiB.
    pub resident: f64,
    /// Bytes to the terminal a second.
    pub written: Option<f64>,
}

/// Measures what is wished for and prints tables.
///
/// # Errors
/// What could not be measured.
pub fn run(wishes: &Wishes) -> Result<(), String> {
    let count = wishes.counts.first().copied().unwrap_or(0);
    let own = engine::ids()?;
    let hidden = engine::hide_others(&own)?;
    println!("\n## {} containers (hidden for this: {hidden} of others)", own.len());
    if own.len() != count {
        return Err(format!("{} containers run instead of {count}", own.len()));
    }
    let pids = engine::processes();
    if pids.is_empty() {
        return Err("the engine's processes are not found".into());
    }
    let window = Duration::from_secs(wishes.seconds);
    steady(wishes, &pids, window, count)?;
    if wishes.wants("hub-start") {
        starts()?;
    }
    if wishes.wants("start") {
        console::starts(count)?;
    }
    if wishes.wants("keys") {
        console::keys(count)?;
    }
    if wishes.wants("requests") {
        requests(window.max(Duration::from_secs(61)))?;
    }
    if wishes.wants("soak") {
        soak()?;
    }
    let found = engine::found();
    if found != count {
        println!(
            "\nNote: {found} containers were visible at the end instead of {count}; others came or went meanwhile."
        );
    }
    Ok(())
}

fn steady(wishes: &Wishes, pids: &[i32], window: Duration, count: usize) -> Result<(), String> {
    let idle_before = cpu::watch(None, pids, window).engine;
    let floor_before = child("floor", &[], window, Duration::from_secs(2))?;
    let mut rows = Vec::new();
    if wishes.wants("hub") {
        rows.push(child("hub", pids, window, SETTLE)?);
    }
    if wishes.wants("console") {
        rows.push(console::bridgewatch(pids, window, SETTLE)?);
    }
    if wishes.wants("docker") {
        rows.push(console::docker_stats(pids, window)?);
    }
    let floor_after = child("floor", &[], window, Duration::from_secs(2))?;
    let idle_after = cpu::watch(None, pids, window).engine;
    let floor = f64::midpoint(floor_before.used.own, floor_after.used.own);
    let idle = f64::midpoint(idle_before, idle_after);
    println!(
        "\nFloor {} and {} ms/s ({:.1} µs a container). The engine idle: {} and {} ms/s; figures of it below are less that, and no surer than the two agree.",
        figure(floor_before.used.own),
        figure(floor_after.used.own),
        floor * 1000.0 / count as f64,
        figure(idle_before),
        figure(idle_after),
    );
    let cells = rows.iter().map(|row| {
        let caused = row.used.engine - idle;
        vec![
            row.name.to_owned(),
            figure(row.used.own),
            figure(caused),
            figure(row.used.own / floor),
            figure((row.used.own + caused.max(0.0)) / floor),
            figure(row.resident),
            row.written.map_or("–".into(), figure),
        ]
    });
    let head = ["what", "own ms/s", "engine ms/s", "own x floor", "total x floor", "RSS MiB", "bytes/s"];
    table::print(&format!("Steady state, {count} containers"), &head, &cells.collect::<Vec<_>>());
    Ok(())
}

fn child(name: &'static str, engine: &[i32], window: Duration, settle: Duration) -> Result<Steady, String> {
    let mut child = children::spawn(name, Stdio::null())?;
    let pid = i32::try_from(child.id()).map_err(|e| e.to_string())?;
    std::thread::sleep(settle);
    let faults = cpu::faults_of_children(pid);
    let used = cpu::watch(Some(pid), engine, window);
    let resident = cpu::resident(pid);
    let spawned = faults != cpu::faults_of_children(pid);
    let ended = child.try_wait().map_err(|e| e.to_string())?;
    let _ = child.kill();
    let _ = child.wait();
    if let Some(status) = ended {
        return Err(format!("the child `{name}` ended by itself: {status}"));
    }
    if spawned {
        println!("\nNote: `{name}` spawned processes in its steady state.");
    }
    Ok(Steady { name, used, resident, written: None })
}

/// Starts of the headless program, from the start of the process.
fn starts() -> Result<(), String> {
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..11 {
        let mut child = children::spawn("start", Stdio::piped())?;
        let mut text = String::new();
        if let Some(out) = &mut child.stdout {
            out.read_to_string(&mut text).map_err(|e| e.to_string())?;
        }
        let _ = child.wait();
        for line in text.lines() {
            let Some((name, value)) = line.split_once(' ') else { continue };
            let at = ["first", "complete", "rates"].iter().position(|n| *n == name);
            if let (Some(at), Ok(value)) = (at, value.parse()) {
                times[at].push(value);
            }
        }
    }
    let names = ["first snapshot", "names, memory, addresses", "first rates"];
    let rows = names.iter().zip(&times).map(|(name, values)| {
        vec![
            (*name).to_owned(),
            figure(table::median(values)),
            figure(table::share(values, 1.0)),
            values.len().to_string(),
        ]
    });
    table::print("Start of the hub, ms", &["what", "median", "worst", "runs"], &rows.collect::<Vec<_>>());
    Ok(())
}

/// What is asked of the engine once all is known.
fn requests(window: Duration) -> Result<(), String> {
    let path = crate::lab::state().join("recorded.sock");
    let log = proxy::start(&path, crate::lab::state().join("docker.sock"))?;
    let mut console = console::against(&console::recorded_engine())?;
    console.drain(SETTLE)?;
    let steady = Instant::now();
    console.drain(window)?;
    drop(console);
    let log = log.lock().map(|log| log.clone()).unwrap_or_default();
    let later: Vec<_> = log.iter().filter(|(at, _)| *at > steady).collect();
    println!(
        "\n### Requests to the engine\n\n{} to start, {} in the next {} s:",
        log.len() - later.len(),
        later.len(),
        window.as_secs()
    );
    for (at, request) in later {
        println!("- after {:.0} s: `{request}`", at.duration_since(steady).as_secs_f64());
    }
    if let Some((_, stats)) = log.iter().find(|(_, r)| r.contains("/stats")) {
        return Err(format!("statistics were asked of the engine: {stats}"));
    }
    Ok(())
}

fn soak() -> Result<(), String> {
    let mut child = children::spawn("soak", Stdio::piped())?;
    let mut text = String::new();
    if let Some(out) = &mut child.stdout {
        out.read_to_string(&mut text).map_err(|e| e.to_string())?;
    }
    let _ = child.wait();
    let rows: Vec<Vec<String>> = text.lines().map(|l| l.split(' ').map(str::to_owned).collect()).collect();
    table::print("Soak: resident memory", &["hours", "MiB"], &rows);
    Ok(())
}
