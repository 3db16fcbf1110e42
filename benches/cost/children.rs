//! What the bench runs in processes of their own, by starting itself: so that each has its own CPU clock and memory.

use bridgewatch::analysis::{Analyst, History};
use bridgewatch::feed::Update;
use bridgewatch::live::{LiveOptions, start};
use bridgewatch::model::Snapshot;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// Starts this program as a child that runs one thing.
///
/// # Errors
/// It can't be started.
pub fn spawn(what: &str, stdout: Stdio) -> Result<Child, String> {
    let own = std::env::current_exe().map_err(|e| format!("find the bench's own file: {e}"))?;
    Command::new(own)
        .args(["--child", what])
        .env("COST_BEGIN_NS", now_ns().to_string())
        .stdin(Stdio::null())
        .stdout(stdout)
        .spawn()
        .map_err(|e| format!("start the child `{what}`: {e}"))
}

/// The child's side.
///
/// # Errors
/// What the thing could not do.
pub fn run(arguments: &[String]) -> Result<(), String> {
    match arguments.first().map(String::as_str) {
        Some("floor") => crate::floor::run(),
        Some("hub") => hub(),
        Some("start") => first_words(),
        Some("soak") => crate::soak::run(),
        other => Err(format!("no child `{}`", other.unwrap_or(""))),
    }
}

fn now_ns() -> u64 {
    bridgewatch::sources::cgroup::monotonic_ns()
}

/// The console without its screen: every snapshot is analysed and kept in the history, as the console does.
fn hub() -> Result<(), String> {
    let (send, receive) = mpsc::channel();
    let _asks =
        start(LiveOptions::default(), Arc::new(move |update| send.send(update).is_ok())).map_err(|e| e.to_string())?;
    let (mut analyst, mut history) = (Analyst::new(), History::default());
    let (mut at_ns, mut count) = (0, 0u64);
    for update in receive {
        let Update::Snapshot(snapshot) = update else { continue };
        count += 1;
        let report = analyst.update(&snapshot);
        if snapshot.at_ns != at_ns {
            let seconds = if at_ns == 0 { 1.0 } else { snapshot.at_ns.saturating_sub(at_ns) as f64 / 1e9 };
            history.push(&report.rates, seconds);
            at_ns = snapshot.at_ns;
        }
        if std::env::var_os("COST_COUNT").is_some() {
            println!("{count}");
        }
    }
    Ok(())
}

/// Says when the first snapshots of each quality come, in milliseconds since the parent started us.
fn first_words() -> Result<(), String> {
    let begin: u64 = std::env::var("COST_BEGIN_NS").ok().and_then(|t| t.parse().ok()).unwrap_or_else(now_ns);
    let (send, receive) = mpsc::channel();
    let asks = start(LiveOptions::default(), Arc::new(move |update| send.send((now_ns(), update)).is_ok()))
        .map_err(|e| e.to_string())?;
    let mut analyst = Analyst::new();
    let mut out = std::io::stdout().lock();
    let mut said = [false; 3];
    let end = Instant::now() + Duration::from_secs(5);
    while let Ok((at, update)) = receive.recv_timeout(end.saturating_duration_since(Instant::now())) {
        let Update::Snapshot(snapshot) = update else { continue };
        let report = analyst.update(&snapshot);
        let running = snapshot.containers.iter().filter(|c| c.state.has_processes()).count();
        let rated = report.rates.containers.iter().filter(|c| c.cpu_percent.is_some() && c.rx_rate.is_some()).count();
        let marks = [true, is_complete(&snapshot), running > 0 && rated >= running];
        for (n, name) in ["first", "complete", "rates"].into_iter().enumerate() {
            if marks[n] && !said[n] {
                said[n] = true;
                let _ = writeln!(out, "{name} {:.2}", (at.saturating_sub(begin)) as f64 / 1e6);
            }
        }
        if said == [true; 3] {
            break;
        }
    }
    let _ = asks.send(bridgewatch::feed::Ask::Quit);
    Ok(())
}

/// Names, memory and addresses of every container that runs.
fn is_complete(snapshot: &Snapshot) -> bool {
    let mut running = snapshot.containers.iter().filter(|c| c.state.has_processes()).peekable();
    running.peek().is_some()
        && running.all(|c| {
            c.endpoints.iter().any(|e| e.ipv4.is_some())
                && snapshot.sample(&c.id).is_some_and(|s| s.memory_bytes.known().is_some())
        })
}
